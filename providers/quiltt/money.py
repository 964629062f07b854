"""Money as Quiltt writes it: GraphQL floats, which are exact numbers with the noise of sums.

Every amount is binary64 on its way, so `0.1 + 0.2` may come as `0.30000000000000004`. It is read as
text, digit by digit, and rounded only where the digits behind the currency's decimals can be
nothing but that noise: the number lies within a few units in the last place of a double from one
with fewer decimals, and within a thousandth of that decimal. Everything else stays as it is said,
so that no cent is lost, nor a tenth of a cent where someone means one.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from core.errors import InvalidMoney
from core.money import SCALE_MAX, minor_units, storable

_UNITS: Final = 64  # in the last place: what adding up some thousand amounts may lose
_LAST_PLACE: Final = Decimal(2) ** -52
_THOUSANDTH: Final = Decimal("0.001")
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


def exact(value: object, currency: str) -> Decimal:
    """The amount that a JSON number means in a currency. Raises InvalidMoney."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidMoney("not a number")
    number = Decimal(value)
    if not number.is_finite():
        raise InvalidMoney("not a finite number")
    return storable(without_noise(number, decimals=minor_units(currency)))


def without_noise(number: Decimal, *, decimals: int) -> Decimal:
    """The number with the fewest decimals, from `decimals` on, from which only noise parts it.

    The number itself where there is none.
    """
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() > SCALE_MAX * 4 or exponent >= -decimals:
        return number
    noise = _WIDE.multiply(abs(number), _LAST_PLACE * _UNITS)
    for places in range(decimals, min(SCALE_MAX, -exponent) + 1):
        unit = Decimal(1).scaleb(-places)
        near = number.quantize(unit, context=_WIDE)
        if abs(number - near) <= min(noise, unit * _THOUSANDTH):
            return near
    return number
