"""Rows as they are compared: what each says, made ready once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.links import MatchRow
from core.records import TransactionStatus
from matching.text import normal, reference, words

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """A transaction with what is asked of it often.

    `days` are ordinals, first the one that lists go by. `order` is total, and does not depend on
    how rows came. `signature` is what real twins have in common: which of them is which makes no
    difference.
    """

    of: MatchRow
    id: UUID
    size: Decimal  # of the amount, whichever way it went
    day: int
    days: tuple[int, ...]
    text: str
    words: frozenset[str]
    printed: frozenset[str]  # of the text as the bank printed it, where that is another one
    references: frozenset[str]
    order: tuple[int, str, UUID]
    signature: Hashable

    @property
    def is_pending(self) -> bool:
        """Whether its source has not booked it yet."""
        return self.of.status is TransactionStatus.PENDING


def prepared(rows: Iterable[MatchRow]) -> list[Row]:
    """The rows, ready, in an order of their own."""
    return sorted((_prepared(row) for row in rows), key=lambda row: row.order)


def _prepared(row: MatchRow) -> Row:
    text = normal(row.description)
    said = words(row.description)
    if row.merchant_name:
        said |= words(row.merchant_name)
    references = _NONE
    if row.reference is not None or row.customer_reference is not None:
        both = (reference(row.reference), reference(row.customer_reference))
        references = frozenset(one for one in both if one is not None)
    dates = (row.day, row.posted_date, row.transaction_date, row.value_date)
    days = tuple([one.toordinal() for one in dict.fromkeys(dates) if one is not None])
    return Row(
        of=row,
        id=row.id,
        size=abs(row.amount),
        day=days[0],
        days=days,
        text=text,
        words=said,
        printed=_NONE if row.description_raw is None else words(row.description_raw),
        references=references,
        order=(days[0], text, row.id),
        signature=(
            row.source,
            row.account_id,
            row.status,
            row.amount,
            row.currency,
            days,
            text,
            references,
            row.check_number,
            row.vouched,
        ),
    )


def gap(one: Row, other: Row) -> int:
    """Days between the two of their days that are nearest."""
    if one.days[0] == other.days[0]:
        return 0
    return min(abs(a - b) for a in one.days for b in other.days)


def working_gap(one: Row, other: Row) -> int:
    """The same, without Saturdays and Sundays."""
    if one.days[0] == other.days[0]:
        return 0
    return min(abs(_working(a) - _working(b)) for a in one.days for b in other.days)


def _working(ordinal: int) -> int:
    """Working days since the first one; a weekend counts as its Friday."""
    weeks, weekday = divmod(ordinal - date.min.toordinal(), 7)  # 0001-01-01 was a Monday
    return 5 * weeks + min(weekday, 4)
