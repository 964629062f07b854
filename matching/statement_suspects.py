"""What may be wrong with rows of a difference, one by one: several may account for it together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.continuity import Cause, Contradiction, Difference, Explanation, ProofRow
from core.records import TransactionStatus
from matching.reconcile_agreement import minor
from matching.subset import subsets

TOGETHER_MAX: Final = 3  # that account for a difference together
EVIDENT_MAX: Final = 5  # more of one kind are no evidence
_TURNED_MAX: Final = 20  # rows whose signs are looked at
_SUSPECTS_MAX: Final = 60


def contradicted(
    found: Difference, contradictions: Iterable[Contradiction], currency: str
) -> Iterator[Explanation]:
    """What would change in the days of a difference if sources were right in what they say."""
    for one in contradictions:
        amount = one.effect(since=found.since, day=found.day, currency=currency)
        if amount:
            yield Explanation(
                cause=Cause.CONFLICT,
                text=_said(one, currency)
                + (
                    "It was decided to keep what is stored."
                    if one.is_kept
                    else "Decide in the review which version counts."
                ),
                amount=amount,
                transaction_ids=(one.transaction_id,),
                review_item_id=one.review_item_id,
            )


def _said(one: Contradiction, currency: str) -> str:
    if one.said_day is None:
        return f"The source takes back a row of {one.amount} {currency}, which still counts. "
    return (
        f"The source says {one.said_amount} {one.said_currency} of {one.said_day} where "
        f"{one.amount} {currency} of {one.day} is stored. "
    )


class Suspects:
    """What each row of a difference's days, and each conflict, would account for by itself."""

    def __init__(
        self,
        rows: Sequence[ProofRow],
        *,
        documents: set[UUID],
        conflicts: Sequence[Explanation],
    ) -> None:
        self._conflicts = conflicts
        posted = [row for row in rows if row.status is TransactionStatus.POSTED and row.amount]
        foreign = [row for row in posted if row.raw_id not in documents]
        # Where no row is of the documents that state balances, these have none to show.
        self._foreign = foreign if len(foreign) < len(posted) else []
        seen = {row.id for row in self._foreign}
        doubled = [ones for ones in _alike(posted) if seen.isdisjoint(row.id for row in ones)]
        # Documents may have real twins; what each of two has once, there is once.
        self._doubled = [ones[-1] for ones in doubled if _is_of_one(ones)]
        self._delivered_twice = [ones[-1] for ones in doubled if not _is_of_one(ones)]
        seen |= {row.id for ones in doubled for row in ones}
        own = [row for row in posted if row.id not in seen]
        self._turned = own if len(own) <= _TURNED_MAX else []
        self._uncounted = [row for row in rows if row.status is not TransactionStatus.POSTED]

    def together(self, amount: Decimal) -> list[Explanation]:
        """The few that come to an amount, where no others do."""
        every = [*self._conflicts, *self._extra(), *self._weak()][:_SUSPECTS_MAX]
        found = subsets([minor(one.amount) for one in every], minor(amount), most=TOGETHER_MAX)
        return [every[i] for i in found.solutions[0]] if found.unique else []

    def evident(self) -> list[Explanation]:
        """What is wrong by itself, whether or not it accounts for everything."""
        extra = list(self._extra())
        return [*self._conflicts, *(extra if len(extra) <= EVIDENT_MAX else ())]

    def _extra(self) -> Iterator[Explanation]:
        for row in self._foreign:
            yield _one(Cause.EXTRA, "This row is in no statement of these days.", row, -row.amount)
        for row in self._delivered_twice:
            yield _one(Cause.DUPLICATE, "Another document has an equal row.", row, -row.amount)

    def _weak(self) -> Iterator[Explanation]:
        for row in self._doubled:
            yield _one(Cause.DUPLICATE, "Another row equals this one.", row, -row.amount)
        for row in self._uncounted:
            if row.status is TransactionStatus.PENDING:
                text = "The stated balance has this pending row in it."
                yield _one(Cause.PENDING, text, row, row.amount)
            else:
                yield _one(Cause.REMOVED, "This row was taken back.", row, row.amount)
        for row in self._turned:
            text = "Its sign may be the wrong way round."
            yield _one(Cause.SIGN, text, row, -2 * row.amount)


def _one(cause: Cause, text: str, row: ProofRow, amount: Decimal) -> Explanation:
    return Explanation(cause=cause, text=text, amount=amount, transaction_ids=(row.id,))


def _is_of_one(rows: Sequence[ProofRow]) -> bool:
    return len({row.raw_id for row in rows}) < len(rows)


def _alike(posted: Iterable[ProofRow]) -> Iterator[list[ProofRow]]:
    alike: dict[tuple[object, Decimal, str], list[ProofRow]] = defaultdict(list)
    for row in posted:
        alike[row.day, row.amount, row.description.casefold()].append(row)
    return (ones for ones in alike.values() if len(ones) > 1)
