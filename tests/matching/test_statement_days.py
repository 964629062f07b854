"""Balances prove days; a difference is of as few days as the balances allow, and is explained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.continuity import (
    Cause,
    Contradiction,
    DayState,
    DaySum,
    ProofRow,
    StatedBalance,
    StatementProof,
)
from core.records import BalanceKind, TransactionStatus
from matching.statement_days import differences, prove
from matching.statement_explain import explain
from tests.fixtures.candidates import one_id

FIRST = date(2026, 3, 1)
CLOSING, OPENING = BalanceKind.CLOSING_LEDGER, BalanceKind.OPENING_LEDGER


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _sum(number: int, amount: str | int) -> DaySum:
    return DaySum(day=_day(number), amount=Decimal(amount), rows=1)


def _stated(
    number: int, amount: str | int, kind: BalanceKind = CLOSING, raw: str = "raw"
) -> StatedBalance:
    return StatedBalance(
        day=_day(number),
        kind=kind,
        amount=Decimal(amount),
        raw_id=one_id(raw),
        job_id=one_id("job"),
    )


def _row(
    name: str, amount: str | int, status: str = "posted", *, raw: str = "raw", text: str = "x"
) -> ProofRow:
    return ProofRow(
        id=one_id(name),
        day=FIRST,
        amount=Decimal(amount),
        status=TransactionStatus(status),
        description=text,
        raw_id=one_id(raw),
    )


def test_days_that_add_up_are_proved() -> None:
    proofs = prove(
        [_sum(0, 5), _sum(1, 10), _sum(3, -4)], [_stated(0, 100), _stated(1, 110), _stated(3, 106)]
    )

    assert [one.state for one in proofs] == [DayState.UNPROVED, DayState.PROVED, DayState.PROVED]
    assert differences(proofs) == []


def test_a_difference_is_of_its_day_and_does_not_go_on() -> None:
    proofs = prove(
        [_sum(1, 10), _sum(2, 7), _sum(3, 1)],
        [_stated(0, 100), _stated(1, 110), _stated(2, 120), _stated(3, 121)],
    )

    (found,) = differences(proofs)

    assert (found.since, found.day, found.amount) == (_day(2), _day(2), Decimal(3))
    assert (found.expected, found.found) == (Decimal(120), Decimal(117))
    assert [one.state for one in proofs][2:] == [DayState.DIFFERS, DayState.PROVED]


def test_days_without_a_balance_are_one_span() -> None:
    proofs = prove([_sum(1, 10), _sum(3, 5)], [_stated(0, 100), _stated(4, 120)])

    (found,) = differences(proofs)

    assert (found.since, found.day, found.amount) == (_day(1), _day(4), Decimal(5))
    assert {one.state for one in proofs[1:3]} == {DayState.UNSTATED}


def test_an_opening_that_is_not_where_the_days_before_ended_is_a_gap_between_statements() -> None:
    stated = [
        _stated(0, 100),
        _stated(4, 150, OPENING, "next"),
        _stated(4, 160, CLOSING, "next"),
    ]

    (found,) = differences(prove([_sum(4, 10)], stated))

    assert (found.since, found.day, found.amount) == (_day(1), _day(3), Decimal(50))
    assert (
        explain(found, rows=[], stated=stated, currency="EUR").explanations[0].cause
        is Cause.MISSING
    )


def test_a_statement_of_several_days_tells_by_its_own_sum_whose_beginning_its_opening_is() -> None:
    # After a gap of -13; the first day of the statement has a row, and no balance of its own.
    begins = prove(
        [_sum(20, -5), _sum(22, -1)],
        [_stated(15, 93), _stated(20, 80, OPENING, "next"), _stated(25, 74, CLOSING, "next")],
    )
    # The same, dated by the last day before, which has a row of another source.
    ends = prove(
        [_sum(19, -5), _sum(20, -5), _sum(22, -1)],
        [_stated(15, 93), _stated(19, 80, OPENING, "next"), _stated(25, 74, CLOSING, "next")],
    )

    (gap,), (short,) = differences(begins), differences(ends)

    assert (gap.since, gap.day, gap.amount) == (_day(16), _day(19), Decimal(-13))
    assert (short.since, short.day, short.amount) == (_day(16), _day(19), Decimal(-8))


def test_an_opening_that_is_dated_by_the_day_before_is_no_gap() -> None:
    stated = [
        _stated(0, 100),
        _stated(0, 100, OPENING, "next"),
        _stated(1, 110, CLOSING, "next"),
        _stated(1, 110, OPENING, "last"),
        _stated(2, 111, CLOSING, "last"),
    ]

    proofs = prove([_sum(0, 40), _sum(1, 10), _sum(2, 1)], stated)

    assert differences(proofs) == []
    assert [one.state for one in proofs[1:]] == [DayState.PROVED, DayState.PROVED]


def test_one_statement_alone_is_proved_by_its_own_opening() -> None:
    proofs = prove([_sum(0, 10)], [_stated(0, 90, OPENING), _stated(0, 101)])

    (found,) = differences(proofs)

    assert (found.since, found.day, found.amount) == (FIRST, FIRST, Decimal(1))


def test_the_last_day_of_the_calendar_ends_a_span_like_any_other() -> None:
    (shown,) = prove([], [_stated((date.max - FIRST).days, 5)])

    assert (shown.day, shown.since) == (date.max, date.max)


def test_no_statement_proves_nothing() -> None:
    assert prove([], []) == []
    assert prove([_sum(0, 1)], [])[0].state is DayState.UNSTATED


def _cause(amount: int, *rows: ProofRow, stated: list[StatedBalance] | None = None) -> Cause:
    stated = stated or [_stated(-1, 0)]
    stated.append(_stated(0, sum(int(r.amount) for r in rows if r.status == "posted") + amount))
    posted = sum((row.amount for row in rows if row.status == "posted"), Decimal(0))
    (found,) = differences(prove([_sum(0, str(posted))], stated))
    return explain(found, rows=rows, stated=stated, currency="EUR").explanations[0].cause


def test_what_would_account_for_a_difference_is_told() -> None:
    assert _cause(-5, _row("a", 5), _row("b", 5), _row("c", 7)) is Cause.DUPLICATE
    assert _cause(-10, _row("a", 5), _row("c", 7)) is Cause.SIGN
    assert (
        _cause(3, _row("a", 5), _row("p", 1, "pending"), _row("q", 2, "pending")) is Cause.PENDING
    )
    assert _cause(4, _row("a", 5), _row("r", 4, "removed")) is Cause.REMOVED
    assert _cause(-7, _row("a", 5), _row("c", 7, raw="elsewhere")) is Cause.EXTRA
    assert _cause(-7, _row("a", 5), _row("c", 7)) is Cause.EXTRA  # also of its own document
    assert _cause(9, _row("a", 5)) is Cause.MISSING


def _told(
    amount: int, *rows: ProofRow, more_documents: Sequence[str] = (), **more: Any
) -> list[tuple[Cause, int]]:
    """Causes with what they account for, where the stated balance is so much more."""
    posted = sum((row.amount for row in rows if row.status == "posted"), Decimal(0))
    stated = [_stated(-1, 0), _stated(0, str(posted + amount))]
    stated += [_stated(0, str(posted + amount), raw=raw) for raw in more_documents]
    (found,) = differences(prove([_sum(0, str(posted))], stated))
    told = explain(found, rows=rows, stated=stated, currency="EUR", **more).explanations
    return [(one.cause, int(one.amount)) for one in told]


def _conflict(
    name: str, amount: int, said: int | None, *, said_of: int = 0, currency: str = "EUR"
) -> Contradiction:
    return Contradiction(
        transaction_id=one_id(name),
        day=FIRST,
        amount=Decimal(amount),
        said_day=None if said is None else _day(said_of),
        said_amount=None if said is None else Decimal(said),
        said_currency=None if said is None else currency,
        is_kept=False,
        review_item_id=one_id("item"),
    )


def test_two_causes_on_one_day_are_both_told() -> None:
    # Extra and missing: what is in no statement is told, and what is missing beside it.
    assert _told(30 - 7, _row("a", 5), _row("x", 7, raw="elsewhere")) == [
        (Cause.EXTRA, -7),
        (Cause.MISSING, 30),
    ]
    # The same row of two documents, and one that is missing.
    assert _told(
        30 - 7, _row("a", 7, raw="raw"), _row("b", 7, raw="raw2"), more_documents=("raw2",)
    ) == [(Cause.DUPLICATE, -7), (Cause.MISSING, 30)]
    # A sign and a duplicate, and whatever else comes to the same.
    assert _told(-22 - 7, _row("a", 11), _row("b", 7), _row("c", 7)) == [
        (Cause.DUPLICATE, -7),
        (Cause.SIGN, -22),
        (Cause.MISSING, -29),
    ]
    # A sign and a row that was taken back.
    assert _told(-22 + 4, _row("a", 11), _row("r", 4, "removed"))[:2] == [
        (Cause.REMOVED, 4),
        (Cause.SIGN, -22),
    ]


def test_what_a_source_says_against_a_row_is_told_with_what_it_accounts_for() -> None:
    rows = [_row("a", 10), _row("b", 20)]

    changed = _told(2, *rows, contradictions=[_conflict("a", 10, 12)])
    gone = _told(-10, *rows, contradictions=[_conflict("a", 10, None)])
    moved = _told(-10, *rows, contradictions=[_conflict("a", 10, 10, said_of=1)])
    other = _told(-10, *rows, contradictions=[_conflict("a", 10, 11, currency="USD")])
    both = _told(5, *rows, contradictions=[_conflict("a", 10, 12), _conflict("b", 20, 23)])
    part = _told(9, *rows, contradictions=[_conflict("a", 10, 12)])
    text = _told(9, *rows, contradictions=[_conflict("a", 10, 10)])

    assert changed[0] == (Cause.CONFLICT, 2)
    assert gone[0] == moved[0] == other[0] == (Cause.CONFLICT, -10)
    assert both == [(Cause.CONFLICT, 2), (Cause.CONFLICT, 3)]
    assert part == [(Cause.CONFLICT, 2), (Cause.MISSING, 7)]
    assert text == [(Cause.MISSING, 9)]


def test_documents_that_contradict_and_those_that_do_not_add_up_are_told() -> None:
    stated = [_stated(-1, 0), _stated(0, 12, raw="new"), _stated(0, 10, raw="old")]
    (found,) = differences(prove([_sum(0, 9)], stated))
    failing = StatementProof(
        from_date=FIRST,
        to_date=FIRST,
        opening_balance=Decimal(0),
        closing_balance=Decimal(12),
        entries_sum=Decimal(9),
        entries_count=1,
        currency="EUR",
        proof="fails",
        difference=Decimal(3),
        raw_id=one_id("new"),
    )

    explained = explain(
        found, rows=[], stated=stated, currency="EUR", statements=[failing], rejected=2
    )

    assert [one.cause for one in explained.explanations] == [
        Cause.CONTRADICTION,
        Cause.SOURCE,
        Cause.REJECTED,
        Cause.MISSING,
    ]
    assert "10, 12" in explained.explanations[0].text


AMOUNTS = st.lists(st.lists(st.integers(-50, 50), max_size=4), min_size=1, max_size=8)


@given(AMOUNTS, st.data())
def test_true_statements_prove_every_day_and_a_lost_row_is_found_on_its_own(
    days: list[list[int]], data: st.DataObject
) -> None:
    balance, stated = 1_000, [_stated(-1, 1_000)]
    for number, amounts in enumerate(days):
        balance += sum(amounts)
        stated.append(_stated(number, balance))
    sums = {number: sum(amounts) for number, amounts in enumerate(days)}
    assert differences(prove([_sum(n, a) for n, a in sums.items()], stated)) == []

    places = [(n, i) for n, amounts in enumerate(days) for i, a in enumerate(amounts) if a]
    if not places:
        return
    day, place = data.draw(st.sampled_from(places))
    sums[day] -= days[day][place]

    (found,) = differences(prove([_sum(n, a) for n, a in sums.items()], stated))
    assert (found.since, found.day, found.amount) == (
        _day(day),
        _day(day),
        Decimal(days[day][place]),
    )
