"""/transactions/sync gives the ledger's changes by cursor, exactly as Plaid documents it."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.plaid_served import MUTATION, Mirror, Served, ids, mirrored, sync, truth


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


def test_stream_of_a_foreign_account_is_refused(plaid: Served) -> None:
    refused = plaid.refused(
        "/transactions/sync",
        access_token=plaid.link().access_token,
        options={"account_id": "none"},
    )

    assert refused["error_code"] == "INVALID_ACCOUNT_ID"


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
