"""IBANs: whether a number is one, and the bank's code and account number that it is made of."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


class Domestic(NamedTuple):
    """An account as it is told inside its country."""

    bank: str
    account: str


# Where the two stand, counted from the country's letters. Only countries whose statements also
# name accounts so, and where nothing between the two is lost (ISO 13616 registry).
_LAYOUTS: Final[dict[str, tuple[int, slice, slice]]] = {
    "AT": (20, slice(4, 9), slice(9, 20)),
    "BG": (22, slice(4, 8), slice(14, 22)),
    "CH": (21, slice(4, 9), slice(9, 21)),
    "CZ": (24, slice(4, 8), slice(8, 24)),
    "DE": (22, slice(4, 12), slice(12, 22)),
    "ES": (24, slice(4, 12), slice(14, 24)),
    "FR": (27, slice(4, 14), slice(14, 25)),
    "GB": (22, slice(8, 14), slice(14, 22)),
    "IE": (22, slice(8, 14), slice(14, 22)),
    "IT": (27, slice(5, 15), slice(15, 27)),
    "LI": (21, slice(4, 9), slice(9, 21)),
    "NL": (18, slice(4, 8), slice(8, 18)),
    "SK": (24, slice(4, 8), slice(8, 24)),
}


def is_iban(plain: str) -> bool:
    """Whether a number without blanks and dashes is an IBAN whose check digits are right."""
    if not _IBAN.fullmatch(plain):
        return False
    layout = _LAYOUTS.get(plain[:2])
    if layout is not None and len(plain) != layout[0]:
        return False
    digits = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
    return int(digits) % 97 == 1


def domestic(iban: str) -> Domestic | None:
    """The bank's code and the account number inside an IBAN; None where we do not know them."""
    layout = _LAYOUTS.get(iban[:2])
    if layout is None:
        return None
    _, bank, account = layout
    return Domestic(iban[bank], iban[account])
