"""Whatever happens at the bank and however it is paged, the changes add up to the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.plaid_control import Control
from sandbox.plaid_ledger import Transaction
from tests.sandbox.plaid_served import MUTATION, Linked, Mirror, Served, parsed, truth

TRIES_MAX = 10
Event = Callable[[Control, str], object]

steps = st.fixed_dictionaries(
    {
        "post": st.booleans(),
        "added": st.integers(0, 5),
        "pending": st.integers(0, 3),
        "twins": st.integers(0, 1),
        "modified": st.integers(0, 5),
        "removed": st.integers(0, 5),
        "repeated": st.integers(0, 3),
        "strangers": st.integers(0, 1),
    }
)


def advanced(step: dict[str, Any]) -> Event:
    return lambda control, item_id: control.advance(item_id, **step)


def mutating(times: int) -> Event:
    return lambda control, item_id: control.mutate_during_pagination(item_id, times=times)


events = st.one_of(
    steps.map(advanced),
    st.integers(1, 2).map(mutating),
    st.sampled_from([Control.change_account_ids, Control.release, Control.get_cursors_stuck]),
)
# After some events, the client pulls in pages of a size, or does not look.
schedules = st.lists(st.tuples(events, st.sampled_from([None, 3, 17, 500])), max_size=8)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(schedule=schedules, username=st.sampled_from([None, "user_coins"]))
def test_changes_of_any_schedule_add_up(
    slow_plaid: Served, schedule: list[tuple[Event, int | None]], username: str | None
) -> None:
    item = slow_plaid.link(username, days=60)
    mirror = Mirror()
    for event, size in schedule:
        event(slow_plaid.control, item.item_id)
        if size is not None:
            pull(slow_plaid, item, mirror, size)

    pull(slow_plaid, item, mirror, 100)

    assert mirror.rows == truth(slow_plaid, item)
    assert mirror.rows


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(schedule=st.lists(steps, max_size=6))
def test_balances_move_with_the_rows(plaid: Served, schedule: list[dict[str, Any]]) -> None:
    item = plaid.link()
    before = unexplained(plaid, item)

    for step in schedule:
        plaid.control.advance(item.item_id, **step)

    assert unexplained(plaid, item) == before


def test_pending_money_is_not_available_but_still_there(plaid: Served) -> None:
    item = plaid.link("user_coins")
    before = balances(plaid, item), balances(plaid, item, "available")

    done = plaid.control.advance(item.item_id, post=False, added=0, pending=8)

    rows = [
        row
        for row in plaid.control.truth(item.item_id).transactions
        if row.transaction_id in done.added and row.iso_currency_code == "USD"
    ]
    assert rows
    assert balances(plaid, item) == before[0]
    left = balances(plaid, item, "available")["0000"]
    assert before[1]["0000"] - left == sum(row.amount for row in rows)


@pytest.mark.parametrize("cursor_is_lost", [False, True])
def test_client_that_pulls_rarely_ends_where_one_does_that_pulls_often(
    plaid: Served, cursor_is_lost: bool
) -> None:
    item = plaid.link()
    often, rarely = Mirror(), Mirror()
    pull(plaid, item, rarely, 500)
    for _ in range(5):
        plaid.control.advance(item.item_id, added=3, modified=3, removed=3)
        pull(plaid, item, often, 7)

    if cursor_is_lost:
        rarely = Mirror()
    pull(plaid, item, rarely, 500)

    assert often.rows == rarely.rows == truth(plaid, item)


def test_person_who_links_again_has_the_same_transactions_under_other_ids(
    plaid: Served,
) -> None:
    first = plaid.link("user_good_1000")
    plaid.control.advance(first.item_id, added=3, modified=2, removed=2)
    second = plaid.link("user_good_1000")

    rows, again = (plaid.control.truth(item.item_id).transactions for item in (first, second))

    assert not {row.transaction_id for row in rows} & {row.transaction_id for row in again}
    assert not {row.account_id for row in rows} & {row.account_id for row in again}
    assert sorted(map(without_ids, rows)) == sorted(map(without_ids, again))
    assert balances(plaid, first) == balances(plaid, second)


def test_some_banks_keep_an_id_of_the_account(plaid: Served) -> None:
    first, second, other = (
        plaid.control.truth(plaid.link(name, institution_id=bank).item_id).accounts
        for name, bank in (
            ("user_good_1001", "ins_56"),
            ("user_good_1001", "ins_56"),
            ("user_good_1001", "ins_109508"),
        )
    )

    kept = [account.get("persistent_account_id") for account in first]
    assert kept == [account.get("persistent_account_id") for account in second]
    assert kept[0]
    assert kept[2] is None
    assert "persistent_account_id" not in other[0]


def pull(plaid: Served, item: Linked, mirror: Mirror, size: int) -> None:
    """All pages, begun again as Plaid says: from the stored cursor, then from none."""
    for attempt in range(TRIES_MAX):
        if attempt == TRIES_MAX // 2:
            mirror.cursor = ""
            mirror.rows = {}
        pages = tried(plaid, item, mirror.cursor, size)
        if pages is not None:
            if pages[-1]["next_cursor"]:
                mirror.apply(pages)
            return
    raise AssertionError("the ledger never came to rest")


def tried(plaid: Served, item: Linked, cursor: str, size: int) -> list[dict[str, Any]] | None:
    """The pages; None where the ledger changed between them."""
    pages: list[dict[str, Any]] = []
    while not pages or pages[-1]["has_more"]:
        body = {"access_token": item.access_token, "cursor": cursor, "count": size}
        reply = plaid.http.post("/transactions/sync", json=body)
        told = parsed(reply)
        if reply.status_code == 400:
            assert told["error_code"] == MUTATION
            return None
        pages.append(told)
        cursor = told["next_cursor"]
    return pages


def without_ids(row: Transaction) -> str:
    return repr(replace(row, transaction_id="", account_id="", pending_transaction_id=None))


def balances(plaid: Served, item: Linked, kind: str = "current") -> dict[str, Decimal]:
    accounts = plaid.control.truth(item.item_id).accounts
    return {account["mask"]: account["balances"][kind] for account in accounts}


def unexplained(plaid: Served, item: Linked) -> dict[str, Decimal]:
    """What of each balance is not the sum of the posted rows."""
    told = plaid.control.truth(item.item_id)
    left = {}
    for account in told.accounts:
        sign = 1 if account["type"] == "credit" else -1
        moved = sum(
            row.amount
            for row in told.transactions
            if row.account_id == account["account_id"] and not row.pending
        )
        left[account["mask"]] = account["balances"]["current"] - sign * moved
    return left
