"""Transactions arrive as Plaid documents it: at once, later, created or refreshed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.sandbox.plaid_served import MUTATION, NOW, Served, mirrored, sync

TODAY = NOW.date()


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
