"""Money: an exact decimal amount and its ISO 4217 currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Final

from core.errors import InvalidMoney

SCALE_MAX: Final = 8
_SMALLEST: Final = Decimal(1).scaleb(-SCALE_MAX)
_EXACT: Final = Context(prec=40, traps=[Inexact])
AMOUNT_LIMIT: Final = Decimal(10) ** 14  # exclusive; the database checks the same

# ISO 4217:2015 list one: the currencies whose minor unit is not two decimals.
_MINOR_UNITS: Final = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
MINOR_UNITS_DEFAULT: Final = 2


@dataclass(frozen=True, slots=True)
class Money:
    """Signed from the holder's side: money in is positive, owed is negative."""

    amount: Decimal
    currency: str


def minor_units(currency: str) -> int:
    """Decimals of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(currency, MINOR_UNITS_DEFAULT)


def storable(amount: Decimal) -> Decimal:
    """The amount, when the database can keep it exactly; zeros past the 8th decimal are dropped.

    Raises InvalidMoney for NaN, infinity, more than 8 decimals, or 15 and more integer digits;
    nothing is ever rounded to fit.
    """
    if not amount.is_finite():
        raise InvalidMoney("not a finite number")
    if abs(amount) >= AMOUNT_LIMIT:
        raise InvalidMoney("15 or more digits before the decimal point")
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= -SCALE_MAX:
        return amount
    try:
        return amount.quantize(_SMALLEST, context=_EXACT)
    except Inexact as error:
        raise InvalidMoney(f"more than {SCALE_MAX} decimals") from error


def is_currency(code: str) -> bool:
    """Whether the text has the shape of an ISO 4217 code: three capital letters."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
