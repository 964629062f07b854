"""Kinds of accounts: what a source's own word for one is here."""

from __future__ import annotations

from typing import Final

from core.models import AccountType

_TYPES: Final = {
    # Words of providers (Plaid's subtypes, Quiltt's kinds, ISO 20022's cash account types).
    "checking": AccountType.CHECKING,
    "spending": AccountType.CHECKING,
    "cash management": AccountType.CHECKING,
    "cacc": AccountType.CHECKING,
    "savings": AccountType.SAVINGS,
    "svgs": AccountType.SAVINGS,
    "money market": AccountType.SAVINGS,
    "cd": AccountType.SAVINGS,
    "certificate of deposit": AccountType.SAVINGS,
    "health savings account": AccountType.SAVINGS,
    "credit": AccountType.CREDIT_CARD,
    "credit card": AccountType.CREDIT_CARD,
    "line of credit": AccountType.LOAN,
    "loan": AccountType.LOAN,
    "mortgage": AccountType.LOAN,
    "student": AccountType.LOAN,
    "investment": AccountType.INVESTMENT,
    "brokerage": AccountType.INVESTMENT,
}


def account_type(external: str | None) -> AccountType:
    """What a source's own kind of account is here; words before a slash are broader ones."""
    if external is None:
        return AccountType.OTHER
    words = external.casefold().replace("_", " ").split("/")
    found = (_TYPES[word] for word in reversed(words) if word in _TYPES)
    return next(found, AccountType.OTHER)
