"""Which vanished rows go on in which new ones: each rule, and what none of them may do."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.records import (
    PENDING_REMOTE_ID,
    REMOTE_ID,
    TransactionRecord,
    TransactionStatus,
)
from db.stable_ids import Missing
from pipeline.batch import Entry
from pipeline.row_texts import stable_fingerprint
from pipeline.succession import successions

DAY = date(2026, 11, 20)
PENDING, POSTED = TransactionStatus.PENDING, TransactionStatus.POSTED


def test_a_pending_row_goes_on_in_the_booked_one_of_its_amount() -> None:
    assert _pairs([_old("p")], [_new("t", day=2)]) == {"p": "t"}


def test_a_week_apart_is_near_enough_and_more_is_not() -> None:
    assert _pairs([_old("p")], [_new("t", day=7)]) == {"p": "t"}
    assert _pairs([_old("p")], [_new("t", day=-7)]) == {"p": "t"}
    assert _pairs([_old("p")], [_new("t", day=8)]) == {}


def test_another_amount_currency_or_direction_is_another_transaction() -> None:
    assert _pairs([_old("p")], [_new("t", amount="-5.01")]) == {}
    assert _pairs([_old("p")], [_new("t", amount="5.00")]) == {}
    assert _pairs([_old("p")], [_new("t", currency="EUR")]) == {}


def test_a_row_that_could_go_on_in_two_goes_on_in_neither() -> None:
    assert _pairs([_old("p")], [_new("t", day=1), _new("u", day=2)]) == {}


def test_a_row_that_two_could_go_on_in_takes_neither() -> None:
    assert _pairs([_old("p"), _old("q", day=1)], [_new("t", day=2)]) == {}


def test_equal_texts_tell_apart_what_amounts_do_not() -> None:
    old = [_old("p", text="TEA"), _old("q", text="COFFEE")]
    new = [_new("t", text="COFFEE", day=1), _new("u", text="TEA HOUSE", day=1)]

    assert _pairs(old, new) == {"q": "t", "p": "u"}


def test_a_booked_row_goes_on_in_one_that_says_exactly_the_same() -> None:
    old = [_old("p", status=POSTED)]

    assert _pairs(old, [_new("t")]) == {"p": "t"}
    assert _pairs(old, [_new("t", day=1)]) == {}
    assert _pairs(old, [_new("t", text="TEA")]) == {}
    assert _pairs(old, [_new("t", status=PENDING)]) == {}


def test_equal_twins_go_on_each_in_one_of_the_new_twins() -> None:
    old = [_old("p", status=POSTED), _old("q", status=POSTED), _old("r", status=POSTED)]

    assert _pairs(old, [_new("t"), _new("u")]) == {"p": "t", "q": "u"}


def test_the_name_at_the_source_behind_decides_whatever_else_differs() -> None:
    old = [_old("p", remote_id="plaid-1"), _old("q")]
    new = [_new("t", amount="-6.00", day=30, pending_remote_id="plaid-1"), _new("u", day=1)]

    assert _pairs(old, new) == {"p": "t", "q": "u"}


def test_a_booked_row_is_no_pending_one_that_a_source_behind_names() -> None:
    old = [_old("p", status=POSTED, remote_id="plaid-1")]

    assert _pairs(old, [_new("t", amount="-6.00", pending_remote_id="plaid-1")]) == {}


_OLD = st.builds(
    lambda day, amount, text, status, remote: dict(
        day=day, amount=amount, text=text, status=status, remote_id=remote
    ),
    day=st.integers(0, 12),
    amount=st.sampled_from(["-5.00", "5.00", "-6.00"]),
    text=st.sampled_from(["TEA", "COFFEE"]),
    status=st.sampled_from([PENDING, POSTED]),
    remote=st.sampled_from([None, "a", "b"]),
)
_NEW = st.builds(
    lambda day, amount, text, status, remote: dict(
        day=day, amount=amount, text=text, status=status, pending_remote_id=remote
    ),
    day=st.integers(0, 12),
    amount=st.sampled_from(["-5.00", "5.00", "-6.00"]),
    text=st.sampled_from(["TEA", "COFFEE"]),
    status=st.sampled_from([PENDING, POSTED]),
    remote=st.sampled_from([None, "a", "b"]),
)


@given(olds=st.lists(_OLD, max_size=7), news=st.lists(_NEW, max_size=7), seed=st.integers(0, 99))
def test_each_row_is_in_one_pair_at_most_and_the_order_of_delivery_does_not_matter(
    olds: list[dict[str, object]], news: list[dict[str, object]], seed: int
) -> None:
    old = [_old(f"o{number}", **each) for number, each in enumerate(olds)]  # type: ignore[arg-type]
    old.sort(key=lambda row: (row.day, row.external_id))  # as the database gives them
    new = [_new(f"n{number}", **each) for number, each in enumerate(news)]  # type: ignore[arg-type]

    pairs = successions(old, new)
    shuffled = random.Random(seed).sample(new, len(new))  # noqa: S311 - no secret

    assert len({row.id for row, _ in pairs}) == len(pairs)
    assert len({entry.fingerprint for _, entry in pairs}) == len(pairs)
    assert successions(old, shuffled) == pairs


def _pairs(old: list[Missing], new: list[Entry]) -> dict[str, str | None]:
    return {row.external_id: entry.record.external_id for row, entry in successions(old, new)}


def _old(
    name: str,
    *,
    day: int = 0,
    amount: str = "-5.00",
    text: str = "COFFEE",
    status: TransactionStatus = PENDING,
    remote_id: str | None = None,
) -> Missing:
    return Missing(
        id=UUID(bytes=stable_fingerprint(name)),
        external_id=name,
        status=status,
        amount=Decimal(amount),
        currency="USD",
        day=DAY + timedelta(days=day),
        description=text,
        remote_id=remote_id,
        was_missed=False,
    )


def _new(
    name: str,
    *,
    day: int = 0,
    amount: str = "-5.00",
    currency: str = "USD",
    text: str = "COFFEE",
    status: TransactionStatus = POSTED,
    pending_remote_id: str | None = None,
) -> Entry:
    on = DAY + timedelta(days=day)
    extra = {REMOTE_ID: f"remote {name}"}
    if pending_remote_id is not None:
        extra[PENDING_REMOTE_ID] = pending_remote_id
    record = TransactionRecord(
        account="acct",
        amount=Decimal(amount),
        currency=currency,
        posted_date=on,
        status=status,
        description=text,
        description_raw=text,
        line=1,
        line_end=1,
        external_id=name,
        extra=extra,
    )
    return Entry(record, on, stable_fingerprint(name), 0, 0)
