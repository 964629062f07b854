"""Rows as sources deliver them, made in a line each."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final
from uuid import UUID

from core.links import Found, MatchRow
from core.records import TransactionStatus
from matching import duplicates, refunds, transfers
from matching.rates import Rates
from matching.rejected import Rejected
from matching.rows import prepared

DAY: Final = date(2026, 3, 2)  # a Monday
ACCOUNT: Final = UUID(int=1)
SAVINGS: Final = UUID(int=2)
BANK: Final = UUID(int=10)
FILE: Final = UUID(int=11)
THIRD: Final = UUID(int=12)

_RANKS: Final = {BANK: 1, FILE: 2, THIRD: 3}
_numbers = count(1_000)


def row(amount: str, text: str = "Coffee Corner", *, day: int = 0, **said: Any) -> MatchRow:
    """A row of a feed; `day`: how many after the first Monday."""
    number = next(_numbers)
    mapping_id = said.pop("mapping", BANK)
    pending = said.pop("pending", False)
    values: dict[str, Any] = {
        "id": UUID(int=number),
        "account_id": ACCOUNT,
        "mapping_id": mapping_id,
        "raw_id": mapping_id,
        "rank": _RANKS.get(mapping_id, 9),
        "status": TransactionStatus.PENDING if pending else TransactionStatus.POSTED,
        "amount": Decimal(amount),
        "currency": "EUR",
        "day": DAY + timedelta(days=day),
        "description": text,
    }
    return MatchRow(**{**values, **said})


def stated(amount: str, text: str = "COFFEE CORNER", *, day: int = 0, **said: Any) -> MatchRow:
    """A row of a statement of the same account."""
    return row(amount, text, day=day, **{"mapping": FILE, **said})


def twice(*rows: MatchRow, rejected: tuple[str, ...] = ()) -> list[Found]:
    """What is found of rows that are one booking."""
    return duplicates.find(prepared(rows), rejected=Rejected(rejected))


def moved(*rows: MatchRow, rates: Rates | None = None, **said: Any) -> list[Found]:
    """What is found of transfers."""
    given = {"accounts": {}, "rejected": Rejected(), **said}
    return transfers.find(prepared(rows), rates=rates or Rates(), **given)


def given_back(*rows: MatchRow) -> list[Found]:
    """What is found of refunds."""
    return refunds.find(prepared(rows), rejected=Rejected())


def sure(found: list[Found]) -> set[tuple[UUID, UUID]]:
    """The pairs that are linked unasked."""
    return {(one.transaction_id, one.other_id) for one in found if one.sure}


def asked(found: list[Found]) -> set[tuple[UUID, UUID]]:
    """The pairs that somebody is asked about."""
    return {(one.transaction_id, one.other_id) for one in found if not one.sure}
