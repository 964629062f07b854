"""/transactions/sync gives the ledger's changes by cursor, exactly as Plaid documents it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.plaid_served import NOW, Linked, Mirror, Served, truth

TODAY = NOW.date()
MUTATION = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["transaction_id"] for row in rows]


def sync(plaid: Served, item: Linked, **body: Any) -> dict[str, Any]:
    return plaid.post("/transactions/sync", access_token=item.access_token, **body)


def mirrored(plaid: Served, item: Linked) -> Mirror:
    mirror = Mirror()
    mirror.apply(plaid.pages(item))
    return mirror


def test_without_cursor_everything_is_added(plaid: Served) -> None:
    item = plaid.link()

    omitted, empty = sync(plaid, item), sync(plaid, item, cursor="")

    assert ids(omitted["added"]) == ids(empty["added"])
    assert len(omitted["added"]) == 100
    assert (omitted["modified"], omitted["removed"], omitted["has_more"]) == ([], [], True)


def test_pages_hold_what_was_asked_for(plaid: Served) -> None:
    item = plaid.link()

    pages = plaid.pages(item, size=70)

    assert [len(page["added"]) for page in pages] == [70, 70, 40]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert {row["transaction_id"] for page in pages for row in page["added"]} == set(
        truth(plaid, item)
    )


def test_cursor_after_all_pages_tells_only_what_is_new(plaid: Served) -> None:
    item = plaid.link()
    mirror = mirrored(plaid, item)

    idle = sync(plaid, item, cursor=mirror.cursor)
    done = plaid.control.advance(item.item_id, added=2, modified=1, removed=1)
    page = sync(plaid, item, cursor=mirror.cursor)

    assert (idle["added"], idle["modified"], idle["removed"]) == ([], [], [])
    assert idle["next_cursor"] == mirror.cursor
    assert ids(page["added"]) == done.added
    assert ids(page["modified"]) == done.modified
    assert sorted(ids(page["removed"])) == sorted(done.removed)


def test_cursor_can_be_used_again(plaid: Served) -> None:
    item = plaid.link()
    cursor = plaid.pages(item)[-1]["next_cursor"]
    plaid.control.advance(item.item_id, added=3)

    assert sync(plaid, item, cursor=cursor)["added"] == sync(plaid, item, cursor=cursor)["added"]


def test_only_the_newest_state_of_a_row_is_told(plaid: Served) -> None:
    item = plaid.link()
    mirror = mirrored(plaid, item)
    for _ in range(3):
        plaid.control.advance(item.item_id, post=False, added=0, pending=0, modified=180)

    page = sync(plaid, item, cursor=mirror.cursor, count=500)

    assert len(page["modified"]) == 180
    mirror.apply([page])
    assert mirror.rows == truth(plaid, item)


def test_row_that_came_and_went_is_never_told(plaid: Served) -> None:
    item = plaid.link()
    mirror = mirrored(plaid, item)
    came = plaid.control.advance(item.item_id, post=False, added=0, pending=1).added
    plaid.control.advance(item.item_id, added=0, pending=0)

    page = sync(plaid, item, cursor=mirror.cursor)

    assert came[0] not in ids(page["removed"])
    assert came[0] in [row["pending_transaction_id"] for row in page["added"]]


def test_pending_row_is_replaced_by_a_posted_one(plaid: Served) -> None:
    item = plaid.link()
    before = mirrored(plaid, item)
    pending = {key for key, row in before.rows.items() if row["pending"]}

    plaid.control.advance(item.item_id, added=0, pending=0)
    page = sync(plaid, item, cursor=before.cursor)

    assert pending
    assert set(ids(page["removed"])) == pending
    assert {row["pending_transaction_id"] for row in page["added"]} == pending
    assert not any(row["pending"] for row in page["added"])


def test_posted_amount_may_exceed_the_pending_one(plaid: Served) -> None:
    item = plaid.link()
    before = mirrored(plaid, item)
    plaid.control.advance(item.item_id, post=False, added=0, pending=60)
    before.apply(plaid.pages(item, before.cursor))
    plaid.control.advance(item.item_id, added=0, pending=0)

    posted = sync(plaid, item, cursor=before.cursor)["added"]

    raised = [
        row
        for row in posted
        if row["amount"] > before.rows[row["pending_transaction_id"]]["amount"]
    ]
    assert raised
    assert all(row["merchant_name"] == "The Corner Table" for row in raised)


def test_link_to_the_pending_row_can_be_dropped(own_plaid: Served) -> None:
    item = own_plaid.link()
    cursor = own_plaid.pages(item)[-1]["next_cursor"]
    own_plaid.control.set_behaviour(drop_pending_links=True)
    own_plaid.control.advance(item.item_id, added=0, pending=0)

    page = sync(own_plaid, item, cursor=cursor)

    assert page["removed"]
    assert {row["pending_transaction_id"] for row in page["added"]} == {None}


def test_changes_between_pages_end_the_loop(plaid: Served) -> None:
    item = plaid.link()
    first = sync(plaid, item, count=50)
    plaid.control.advance(item.item_id)

    refused = plaid.refused(
        "/transactions/sync", access_token=item.access_token, cursor=first["next_cursor"]
    )

    assert (refused["error_type"], refused["error_code"]) == ("TRANSACTIONS_ERROR", MUTATION)
    mirror = Mirror()
    mirror.apply(plaid.pages(item, size=50))
    assert mirror.rows == truth(plaid, item)


def test_changes_between_pages_can_be_had_once(plaid: Served) -> None:
    item = plaid.link()
    plaid.control.mutate_during_pagination(item.item_id)

    first = sync(plaid, item, count=100)
    body = {"access_token": item.access_token, "cursor": first["next_cursor"]}
    refused = plaid.refused("/transactions/sync", **body)
    again = plaid.pages(item, size=100)

    assert refused["error_code"] == MUTATION
    assert len(again) == 2


def test_stored_cursor_can_be_stuck(plaid: Served) -> None:
    item = plaid.link()
    cursor = plaid.pages(item)[-1]["next_cursor"]
    plaid.control.get_cursors_stuck(item.item_id)
    plaid.control.advance(item.item_id, added=5)

    first = sync(plaid, item, cursor=cursor, count=2)
    body = {"access_token": item.access_token, "cursor": first["next_cursor"]}

    assert first["has_more"]
    assert plaid.refused("/transactions/sync", **body)["error_code"] == MUTATION
    assert len(plaid.pages(item, size=100)) == 2


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U=", "ü"])
def test_made_up_cursor_is_refused(plaid: Served, cursor: str) -> None:
    refused = plaid.refused(
        "/transactions/sync", access_token=plaid.link().access_token, cursor=cursor
    )

    assert refused["error_code"] == "INVALID_FIELD"
    assert "cursor not associated with access_token" in refused["error_message"]


def test_cursor_belongs_to_its_access_token(plaid: Served) -> None:
    mine, other = plaid.link(), plaid.link()
    cursor = plaid.pages(mine)[-1]["next_cursor"]
    rotated = plaid.post("/item/access_token/invalidate", access_token=mine.access_token)

    for token in (other.access_token, rotated["new_access_token"]):
        refused = plaid.refused("/transactions/sync", access_token=token, cursor=cursor)
        assert refused["error_code"] == "INVALID_FIELD"


def test_account_is_a_stream_of_its_own(plaid: Served) -> None:
    item = plaid.link()
    everything = plaid.pages(item)[-1]
    account_id = everything["added"][0]["account_id"]

    alone = plaid.pages(item, size=20, account_id=account_id)

    told = [row for page in alone for row in page["added"]]
    assert {row["account_id"] for row in told} == {account_id}
    assert ids(told) == [
        row["transaction_id"] for row in everything["added"] if row["account_id"] == account_id
    ]
    mixed = plaid.refused(
        "/transactions/sync", access_token=item.access_token, cursor=alone[-1]["next_cursor"]
    )
    assert mixed["error_code"] == "INVALID_FIELD"


def test_cursor_now_skips_everything(plaid: Served) -> None:
    item = plaid.link()

    page = sync(plaid, item, cursor="now")
    done = plaid.control.advance(item.item_id, post=False, added=1, pending=0)

    assert (page["added"], page["has_more"]) == ([], False)
    assert ids(sync(plaid, item, cursor=page["next_cursor"])["added"]) == done.added


def test_cursor_is_short_base64(plaid: Served) -> None:
    cursor = sync(plaid, plaid.link(), count=1)["next_cursor"]

    assert re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", cursor)
    assert len(cursor) <= 256


@pytest.mark.parametrize("count", [0, 501, -1, "100", 1.5, True])
def test_count_has_bounds(plaid: Served, count: object) -> None:
    refused = plaid.refused(
        "/transactions/sync", access_token=plaid.link().access_token, count=count
    )

    assert refused["error_code"] == "INVALID_FIELD"
    assert refused["error_message"].startswith("count")


def test_nothing_is_there_before_the_initial_update(own_plaid: Served) -> None:
    own_plaid.control.set_pace(initial_s=60, historical_s=120)
    item = own_plaid.link()

    early = sync(own_plaid, item)

    assert early["transactions_update_status"] == "NOT_READY"
    assert early["next_cursor"] == ""
    assert (early["accounts"], early["added"], early["has_more"]) == ([], [], False)


def test_thirty_days_come_first_and_the_rest_later(own_plaid: Served) -> None:
    own_plaid.control.set_pace(initial_s=60, historical_s=120)
    item = own_plaid.link()

    own_plaid.control.move_time(by_s=60)
    initial = own_plaid.pages(item)
    own_plaid.control.move_time(by_s=60)
    historical = own_plaid.pages(item, initial[-1]["next_cursor"])

    assert initial[0]["transactions_update_status"] == "INITIAL_UPDATE_COMPLETE"
    assert min(row["date"] for row in initial[0]["added"]) == str(TODAY - timedelta(days=29))
    assert historical[0]["transactions_update_status"] == "HISTORICAL_UPDATE_COMPLETE"
    assert max(row["date"] for row in historical[0]["added"]) == str(TODAY - timedelta(days=30))
    assert min(row["date"] for row in historical[0]["added"]) == str(TODAY - timedelta(days=89))


def test_history_waits_until_it_is_released(own_plaid: Served) -> None:
    own_plaid.control.set_pace(initial_s=None, historical_s=None)
    item = own_plaid.link()

    before = sync(own_plaid, item)["transactions_update_status"]
    own_plaid.control.release(item.item_id, historical=False)
    between = sync(own_plaid, item)["transactions_update_status"]
    own_plaid.control.release(item.item_id)
    after = sync(own_plaid, item)["transactions_update_status"]

    assert [before, between, after] == [
        "NOT_READY",
        "INITIAL_UPDATE_COMPLETE",
        "HISTORICAL_UPDATE_COMPLETE",
    ]


def test_history_that_arrives_between_pages_ends_the_loop(own_plaid: Served) -> None:
    own_plaid.control.set_pace(initial_s=0, historical_s=None)
    item = own_plaid.link()
    first = sync(own_plaid, item, count=10)
    own_plaid.control.release(item.item_id)

    body = {"access_token": item.access_token, "cursor": first["next_cursor"]}

    assert own_plaid.refused("/transactions/sync", **body)["error_code"] == MUTATION


def test_days_requested_are_fixed_when_transactions_begin(plaid: Served) -> None:
    item = plaid.link(days=10)

    [page] = plaid.pages(item, days_requested=730)

    assert min(row["date"] for row in page["added"]) == str(TODAY - timedelta(days=9))


def test_sync_initialises_transactions_where_linking_did_not(plaid: Served) -> None:
    item = plaid.link(products=("auth",))

    first = sync(plaid, item, options={"days_requested": 40})
    [page] = plaid.pages(item, days_requested=730)

    assert first["transactions_update_status"] == "NOT_READY"
    assert min(row["date"] for row in page["added"]) == str(TODAY - timedelta(days=39))
    told = plaid.post("/item/get", access_token=item.access_token)
    assert "transactions" in told["item"]["products"]


def test_transactions_are_not_everywhere(plaid: Served) -> None:
    item = plaid.link(institution_id="ins_133402", products=("auth",))

    refused = plaid.refused("/transactions/sync", access_token=item.access_token)
    early = plaid.refused("/transactions/refresh", access_token=item.access_token)

    assert refused["error_code"] == "PRODUCTS_NOT_SUPPORTED"
    assert early["error_code"] == "PRODUCT_NOT_READY"


def test_stream_of_a_foreign_account_is_refused(plaid: Served) -> None:
    refused = plaid.refused(
        "/transactions/sync",
        access_token=plaid.link().access_token,
        options={"account_id": "none"},
    )

    assert refused["error_code"] == "INVALID_ACCOUNT_ID"


def test_accounts_without_transactions_are_left_out(plaid: Served) -> None:
    item = plaid.link()

    told = {account["subtype"] for account in sync(plaid, item)["accounts"]}

    assert told == {"checking", "savings", "credit card"}


def test_categories_come_in_both_versions(plaid: Served) -> None:
    item = plaid.link()

    [second], [first] = (
        plaid.pages(item, personal_finance_category_version=version) for version in ("v2", "v1")
    )

    pairs = {
        (old["personal_finance_category"]["detailed"], new["personal_finance_category"]["detailed"])
        for old, new in zip(first["added"], second["added"], strict=True)
    }
    assert ("INCOME_WAGES", "INCOME_SALARY") in pairs
    assert ("TRANSFER_OUT_OTHER_TRANSFER_OUT", "OTHER_OTHER") in pairs
    assert ("FOOD_AND_DRINK_COFFEE", "FOOD_AND_DRINK_COFFEE") in pairs
    assert {row["personal_finance_category"]["version"] for row in first["added"]} == {"v1"}


def test_original_description_is_sent_on_request(plaid: Served) -> None:
    item = plaid.link()

    [plain], [described] = (
        plaid.pages(item, include_original_description=wanted) for wanted in (False, True)
    )

    assert {row["original_description"] for row in plain["added"]} == {None}
    assert all(row["original_description"] for row in described["added"])


def test_amounts_are_exact_numbers_with_cents(plaid: Served) -> None:
    amounts = [row["amount"] for row in plaid.pages(plaid.link())[0]["added"]]

    assert all(isinstance(amount, Decimal | int) for amount in amounts)
    assert any(amount % 1 for amount in amounts)
    assert all(Decimal(amount).as_tuple().exponent >= -2 for amount in amounts)  # type: ignore[operator]  # finite
    assert min(amounts) < 0 < max(amounts)


def test_account_in_a_currency_without_iso_code(plaid: Served) -> None:
    item = plaid.link("user_coins")

    rows = [row for row in plaid.pages(item)[0]["added"] if row["iso_currency_code"] is None]

    assert {row["unofficial_currency_code"] for row in rows} == {"BTC"}
    assert min(row["amount"] for row in rows if row["amount"] > 0) < Decimal("0.001")


def test_equal_transactions_of_one_day_are_two(plaid: Served) -> None:
    item = plaid.link()
    plaid.control.advance(item.item_id, twins=1)

    rows = plaid.pages(item)[0]["added"]

    counted = Counter((row["account_id"], row["date"], row["amount"], row["name"]) for row in rows)
    twins = [key for key, count in counted.items() if count == 2]
    assert len(twins) > 5
    assert str(TODAY) in {day for _, day, _, _ in twins}


def test_rows_are_repeated_and_strangers_removed_on_request(plaid: Served) -> None:
    item = plaid.link()
    mirror = mirrored(plaid, item)
    plaid.control.advance(item.item_id, post=False, added=0, pending=0, repeated=4, strangers=2)

    page = sync(plaid, item, cursor=mirror.cursor)

    assert len(page["added"]) == 4
    assert set(ids(page["added"])) <= set(mirror.rows)
    assert len(page["removed"]) == 2
    assert not set(ids(page["removed"])) & set(mirror.rows)
    mirror.apply([page])
    assert mirror.rows == truth(plaid, item)


def test_ten_thousand_transactions_are_quick(own_plaid: Served) -> None:
    own_plaid.control.set_history(days=730, per_day=14)
    item = own_plaid.link()

    pages = own_plaid.pages(item)

    assert sum(len(page["added"]) for page in pages) == 730 * 14
    assert len(pages) == 21


def test_created_transactions_happen_on_the_depository_account(plaid: Served) -> None:
    item = plaid.link("user_transactions_dynamic")
    mirror = mirrored(plaid, item)
    created = {
        "date_transacted": "2026-11-18",
        "date_posted": "2026-11-19",
        "amount": 12.34,
        "description": "A pie",
    }

    plaid.post(
        "/sandbox/transactions/create", access_token=item.access_token, transactions=[created]
    )

    [row] = sync(plaid, item, cursor=mirror.cursor)["added"]
    assert (row["name"], row["amount"], row["pending"]) == ("A pie", Decimal("12.34"), False)
    assert (row["date"], row["authorized_date"]) == ("2026-11-19", "2026-11-18")


@pytest.mark.parametrize(
    ("username", "wrong"),
    [
        ("user_good", {}),
        ("user_transactions_dynamic", {"date_posted": "2026-11-01"}),
        ("user_transactions_dynamic", {"date_posted": "2026-11-22"}),
        ("user_transactions_dynamic", {"date_posted": "yesterday"}),
        ("user_transactions_dynamic", {"amount": "much"}),
    ],
)
def test_created_transactions_are_checked(
    plaid: Served, username: str, wrong: dict[str, object]
) -> None:
    item = plaid.link(username)
    created = {
        "date_transacted": "2026-11-18",
        "date_posted": "2026-11-19",
        "amount": 1,
        "description": "A pie",
        **wrong,
    }

    refused = plaid.refused(
        "/sandbox/transactions/create", access_token=item.access_token, transactions=[created]
    )

    assert refused["error_code"] == "INVALID_FIELD"


def test_refresh_finds_new_transactions(plaid: Served) -> None:
    item = plaid.link()
    mirror = mirrored(plaid, item)

    plaid.post("/transactions/refresh", access_token=item.access_token)

    assert sync(plaid, item, cursor=mirror.cursor)["added"]
