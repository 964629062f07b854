"""Spellings of an account number: sources that mean one account meet in at least one of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from core.account_number import plain_number
from core.iban import Domestic, domestic, is_iban

_BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_BIC_BANK: Final = 8  # letters of a BIC that name the bank; what follows is a branch


class NumberKind(StrEnum):
    """What a spelling tells."""

    IBAN = "iban"
    ROUTED = "routed"  # the number with its bank's code: sort code, routing number, BIC
    NUMBER = "number"  # the number alone, which another bank may give out too


class Spelling(NamedTuple):
    """One way to write an account's number."""

    kind: NumberKind
    text: str


def spellings(number: str, institution: str | None) -> frozenset[Spelling]:
    """Every way to write the number that can be told from it and from the bank's code."""
    plain = plain_number(number)
    iban = is_iban(plain)
    inside = domestic(plain) if iban else None
    account = inside.account if inside else plain
    found = {Spelling(NumberKind.NUMBER, one) for one in (plain, account, _without_zeros(account))}
    if iban:
        found.add(Spelling(NumberKind.IBAN, plain))
    if inside is not None:
        found.add(_routed(inside))
    bank = bank_code(institution)
    if bank is not None and account and (inside is not None or not iban):
        found.add(_routed(Domestic(bank, account)))
    return frozenset(one for one in found if one.text)


def bank_code(institution: str | None) -> str | None:
    """What names the bank in a source's id of it, without the branch of a BIC."""
    plain = "" if institution is None else plain_number(institution)
    return (plain[:_BIC_BANK] if _BIC.fullmatch(plain) else plain) or None


def comparable(left: str, right: str) -> bool:
    """Whether two codes of banks are of one kind, so that unequal ones name unequal banks."""
    return _shape(left) == _shape(right) is not None


def _shape(code: str) -> str | None:
    if code.isdigit():
        return f"{len(code)} digits"
    if _BIC.fullmatch(code):
        return "bic"
    return None


def _routed(of: Domestic) -> Spelling:
    return Spelling(NumberKind.ROUTED, f"{of.bank}/{_without_zeros(of.account)}")


def _without_zeros(account: str) -> str:
    return account.lstrip("0") or account
