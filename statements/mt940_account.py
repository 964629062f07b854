"""The account of an MT940 statement: what :25: and the header of the message say of it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

IBAN_MAX: Final = 34
NUMBERLESS: Final = "default"  # the key of accounts that no :25: names

_BANK = re.compile(r"([A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?|[0-9]{8})/(.+)", re.S)
_CURRENCY = re.compile(r"(.*[A-Z0-9])(?:(?<=[0-9])|/)([A-Z]{3})")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_TERMINAL = re.compile(r"\{1:[A-Z][0-9]{2}([A-Z]{6}[A-Z0-9]{2})")
_OUTPUT = re.compile(r"\{2:O9[0-9]{2}[0-9]{10}([A-Z]{6}[A-Z0-9]{2})[A-Z0-9]{4}")
_MESSAGE = re.compile(r"\{2:[IO](9[0-9]{2})")
_INTERIM: Final = "942"


class Header(NamedTuple):
    """What the blocks before a message say."""

    sender: str | None  # BIC of eight letters
    interim: bool


class Identification(NamedTuple):
    """What a :25: says."""

    key: str  # without currency
    number: str | None
    institution: str | None
    currency: str | None  # some banks write it behind the number


def read_header(text: str) -> Header:
    """The header `{1:…}{2:…}{3:…}{4:`.

    Of an input message the sender is the terminal of block 1; of an output message block 1 is the
    receiver, and the sender stands in the reference of block 2, where a real one does.
    """
    told = _OUTPUT.search(text) or _TERMINAL.search(text)
    message = _MESSAGE.search(text)
    return Header(told[1] if told else None, message is not None and message[1] == _INTERIM)


def read_identification(lines: list[str]) -> Identification:
    """The account of a :25: or :25P:; the second line of 25P is the BIC of the servicer."""
    number = "".join(lines[0].split())
    servicer = "".join(lines[1].split()).upper() if len(lines) > 1 else ""
    found = _CURRENCY.fullmatch(number)
    if found is None or (number[:2].isalpha() and "/" not in number and not _is_iban(found[1])):
        currency = None
    else:
        number, currency = found[1], found[2].upper()
    if not number:
        return Identification(NUMBERLESS, None, None, None)
    bank = _BANK.fullmatch(number.upper())
    institution = servicer if _BIC.fullmatch(servicer) else (bank[1] if bank else None)
    return Identification(
        number, number[bank.start(2) :] if bank else number, institution, currency
    )


def _is_iban(text: str) -> bool:
    """Whether the check digits are right: an IBAN may itself end in three letters."""
    plain = text.upper()
    if not (4 < len(plain) <= IBAN_MAX and plain.isascii() and plain.isalnum()):
        return False
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return int(digits) % 97 == 1
