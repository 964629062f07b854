"""Proves balances day by day: what was, and what was booked, must come to what is stated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.continuity import DayProof, DayState, DaySum, Difference, StatedBalance
from core.days import shifted
from core.records import BalanceKind

OPENINGS: Final = (BalanceKind.OPENING_LEDGER,)
# Which counts where a day has several, the first wins.
CLOSINGS: Final = (BalanceKind.CLOSING_LEDGER, BalanceKind.RUNNING)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """What is known of a day; the first of each list counts."""

    day: date
    entries: Decimal
    rows: int
    openings: Sequence[StatedBalance]
    closings: Sequence[StatedBalance]


def prove(sums: Iterable[DaySum], stated: Iterable[StatedBalance]) -> list[DayProof]:
    """The days that have rows or balances, in order. Of equal kinds and days, what comes first in
    `stated` counts."""
    proofs: list[DayProof] = []
    carried: Decimal | None = None
    since: date | None = None
    days = list(_days(sums, stated))
    of_first_days = _beginnings(days)
    for one in days:
        since = since or one.day
        closing = one.closings[0].amount if one.closings else None
        opening, ends_it = _opening(one, carried, of_first_days)
        if opening is not None and ends_it and closing is None:
            closing, opening = opening.amount, None
        gap = None
        if opening is not None and not ends_it:
            gap = None if carried is None else opening.amount - carried
            base: Decimal | None = opening.amount
        else:
            base = carried
        computed = None if base is None else base + one.entries
        difference = None if closing is None or computed is None else closing - computed
        proofs.append(
            DayProof(
                day=one.day,
                since=since,
                opening=base,
                entries=one.entries,
                rows=one.rows,
                stated=closing,
                computed=computed,
                difference=difference,
                gap=gap,
                state=_state(closing, difference, gap),
            )
        )
        carried = computed if closing is None else closing
        if closing is not None:
            since = shifted(one.day, _DAY)
    return proofs


def differences(proofs: Iterable[DayProof]) -> list[Difference]:
    """What differs, located as narrowly as balances allow."""
    found = []
    for proof in proofs:
        if proof.gap:
            assert proof.opening is not None
            found.append(
                Difference(
                    since=min(proof.since, proof.day - _DAY),
                    day=proof.day - _DAY,
                    expected=proof.opening,
                    found=proof.opening - proof.gap,
                    amount=proof.gap,
                )
            )
        if proof.difference:
            assert proof.stated is not None
            assert proof.computed is not None
            since = proof.since if proof.gap is None else proof.day
            found.append(
                Difference(
                    since=since,
                    day=proof.day,
                    expected=proof.stated,
                    found=proof.computed,
                    amount=proof.difference,
                )
            )
    return found


def _days(sums: Iterable[DaySum], stated: Iterable[StatedBalance]) -> Iterator[_Day]:
    of_day = {one.day: one for one in sums}
    balances: dict[date, list[StatedBalance]] = {}
    for one in stated:
        balances.setdefault(one.day, []).append(one)
    for day in sorted(of_day.keys() | balances.keys()):
        own = balances.get(day, [])
        entry = of_day.get(day)
        yield _Day(
            day=day,
            entries=Decimal(0) if entry is None else entry.amount,
            rows=0 if entry is None else entry.rows,
            openings=[one for one in own if one.kind in OPENINGS],
            closings=[one for kind in CLOSINGS for one in own if one.kind is kind],
        )


def _beginnings(days: Sequence[_Day]) -> set[StatedBalance]:
    """Openings from which their document's next closing, of a later day, is reached with the rows
    of their own day, and not without."""
    found: set[StatedBalance] = set()
    begun: dict[UUID, tuple[StatedBalance, Decimal, Decimal]] = {}  # up to that day, and with it
    total = Decimal(0)
    for one in days:
        before, total = total, total + one.entries
        for closing in one.closings:
            opening, since, after = begun.pop(closing.raw_id, (None, total, total))
            rest = None if opening is None else closing.amount - opening.amount
            if opening is not None and total - after != rest == total - since:
                found.add(opening)
        for opening in one.openings:
            begun[opening.raw_id] = opening, before, total
    return found


def _opening(
    one: _Day, carried: Decimal | None, of_first_days: set[StatedBalance]
) -> tuple[StatedBalance | None, bool]:
    """The opening balance that counts; and whether it is the end of its day.

    Some formats date an opening by the day that it is the beginning of, others by the last day
    before. What agrees with the days before is right; else the document's own closing tells.
    """
    if not one.openings:
        return None, False
    opening = one.openings[0]
    ends = {closing.amount for closing in one.closings}
    if carried is not None and opening.amount == carried:
        return opening, False
    if opening.amount in ends and one.entries:
        return opening, True
    if carried is not None and opening.amount == carried + one.entries:
        return opening, True
    closes_too = any(closing.raw_id == opening.raw_id for closing in one.closings)
    return opening, not closes_too and opening not in of_first_days


def _state(closing: Decimal | None, difference: Decimal | None, gap: Decimal | None) -> DayState:
    if gap or difference:
        return DayState.DIFFERS
    if closing is None:
        return DayState.UNSTATED
    return DayState.UNPROVED if difference is None else DayState.PROVED
