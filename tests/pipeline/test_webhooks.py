"""Webhooks from the inbox to their tenants: each is done once, or visibly not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core.vault import Aad
from core.webhooks import ATTEMPTS_MAX, EVENT_PURPOSE, PARKED_FOR
from db import webhook_inbox
from db.tenant_keys import data_key
from tests.fixtures.post_office import Box, Office, office_of
from tests.fixtures.postbox import told
from tests.fixtures.world import HeardEvents, Place, World


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


@pytest.fixture
async def box(office: Office) -> Box:
    return await office.box()


async def _opened(office: Office, place: Place) -> list[str]:
    """What the tenant's events say, in plain."""
    as_worker = partial(office.world.database.as_, place.worker)
    key = await data_key(as_worker, office.services.vault)
    return [
        key.open_bytes(
            event["sealed"],
            aad=Aad(tenant_id=place.tenant_id, purpose=EVENT_PURPOSE, record_id=event["id"]),
        ).decode()
        for event in await office.events(place)
    ]


async def test_an_event_goes_to_its_tenant_sealed_and_queues_a_sync(
    office: Office, box: Box
) -> None:
    place = await office.linked("item")
    await office.receive(box, told(id="evt_1"))

    processed = await office.process()

    (event,) = await office.events(place)
    (job,) = await office.jobs(place)
    assert processed == 1
    assert (event["state"], event["attempts"], event["error_code"]) == ("done", 1, None)
    assert event["processed_at"] >= event["received_at"]
    assert b"evt_1" not in event["sealed"]
    assert json.loads((await _opened(office, place))[0])["id"] == "evt_1"
    assert (job["kind"], job["connection_id"]) == ("sync", place.connection_id)
    assert office.woken == [job["id"]]
    (row,) = await office.inbox()
    assert (row["state"], row["body"]) == ("done", b"")


async def test_many_hints_for_one_connection_queue_one_sync(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await office.receive(box, *(told() for _ in range(120)))

    await office.process()

    assert len(await office.events(place)) == 120
    assert len(await office.jobs(place)) == len(office.woken) == 1


async def test_a_body_of_two_tenants_tells_each_its_own(office: Office, box: Box) -> None:
    mine, theirs = await office.linked("mine"), await office.linked("theirs")
    await office.receive(
        box,
        told(item="mine", note="of mine"),
        told(item="theirs", note="of theirs"),
        told(item="mine", note="of mine too"),
    )

    await office.process()

    assert ["theirs" in text for text in await _opened(office, mine)] == [False, False]
    assert ["mine" in text for text in await _opened(office, theirs)] == [False]
    assert len(await office.jobs(mine)) == len(await office.jobs(theirs)) == 1


async def test_an_endpoint_of_a_connection_needs_no_route(office: Office) -> None:
    place = await office.world.place(provider="letterbox")
    box = await office.own_box(place)
    await office.receive(box, told(item="whatever"), told(item=None))

    await office.process()

    assert [event["state"] for event in await office.events(place)] == ["done", "done"]


async def test_environments_keep_equal_names_apart(office: Office, box: Box) -> None:
    live, test = await office.world.place(), await office.world.place()
    assert await office.link(live, "item", environment="live")
    assert await office.link(test, "item", environment="test")
    await office.receive(box, told(environment="test"))

    await office.process()

    assert len(await office.events(test)) == 1
    assert await office.events(live) == []


@pytest.mark.parametrize(
    ("type", "state", "code"),
    [
        ("login.required", "done", None),
        ("access.revoked", "done", None),
        ("accounts.new", "done", None),
        ("ping", "ignored", None),
        ("nobody.has.heard.of", "ignored", "unknown-type"),
    ],
)
async def test_what_asks_for_no_sync_is_kept_too(
    office: Office, box: Box, type: str, state: str, code: str | None
) -> None:
    place = await office.linked("item")
    await office.receive(box, told(type))

    await office.process()

    (event,) = await office.events(place)
    assert (event["state"], event["error_code"], event["next_attempt_at"]) == (state, code, None)
    assert await office.jobs(place) == []
    assert len(await _opened(office, place)) == 1


@pytest.mark.parametrize(("type", "attempts"), [("login.required", 1), ("poison", ATTEMPTS_MAX)])
async def test_who_listens_for_notifications_hears_of_those_of_events_at_once(
    office: Office, box: Box, type: str, attempts: int
) -> None:
    place = await office.linked("item")
    await office.receive(box, told(type))

    for _ in range(attempts):
        await office.make_due()
        await office.process()

    (row,) = await office.world.owner.fetch("select id, tenant_id from app.notifications")
    events = office.services.events
    assert isinstance(events, HeardEvents)
    heard = [
        (tenant_id, key) for tenant_id, topic, key in events.published if topic == "notification"
    ]
    assert heard == [(place.tenant_id, row["id"])]


@pytest.mark.parametrize(
    ("type", "item", "code"),
    [
        ("ping", "nobody's", None),
        ("nobody.has.heard.of", "nobody's", "unknown-type"),
        ("nobody.has.heard.of", None, "unknown-type"),
        ("transactions.changed", None, "no-item"),
    ],
)
async def test_what_is_nobodys_and_asks_for_nothing_is_kept_in_the_inbox(
    office: Office, box: Box, type: str, item: str | None, code: str | None
) -> None:
    await office.receive(box, told(type, item=item))

    await office.process()

    (row,) = await office.inbox()
    assert (row["state"], row["last_error_code"], row["next_attempt_at"]) == ("ignored", code, None)
    assert row["body"]


async def test_an_unknown_item_is_parked_until_its_route_appears(office: Office, box: Box) -> None:
    await office.receive(box, told(item="early"), told(item="never"))
    await office.process()
    parked = await office.inbox()

    place = await office.linked("early")
    processed = await office.process()

    assert [row["state"] for row in parked] == ["parked", "parked"]
    assert parked[0]["next_attempt_at"] > datetime.now(UTC) + timedelta(seconds=20)
    assert processed == 1
    assert len(await office.events(place)) == len(await office.jobs(place)) == 1
    assert sorted(row["state"] for row in await office.inbox()) == ["done", "parked"]


async def test_an_event_that_was_looked_at_for_weeks_is_done_when_its_route_appears(
    office: Office, box: Box
) -> None:
    await office.receive(box, told(item="later"))
    for _ in range(3 * ATTEMPTS_MAX):
        await office.make_due()
        await office.process()
    (parked,) = await office.inbox()

    place = await office.linked("later")
    await office.process()

    assert parked["state"] == "parked"
    (event,) = await office.events(place)
    assert (event["state"], event["attempts"]) == ("done", 1)
    assert len(await office.jobs(place)) == 1


async def test_what_waits_too_long_for_a_route_is_given_up_visibly(
    office: Office, box: Box
) -> None:
    await office.receive(box, told(item="never"))
    await office.process()
    await office.world.owner.execute(
        "update private.webhook_inbox set received_at = now() - $1::interval",
        PARKED_FOR + timedelta(hours=1),
    )

    await office.make_due()
    await office.process()

    (row,) = await office.inbox()
    assert (row["state"], row["last_error_code"]) == ("dead", "no-route")
    assert row["body"], "a replay needs it"


async def test_a_route_of_another_tenant_is_refused(office: Office, box: Box) -> None:
    mine, other = await office.linked("item"), await office.world.place()

    taken = await office.link(other, "item")
    await office.receive(box, told())
    await office.process()

    assert not taken
    assert len(await office.events(mine)) == 1
    assert await office.events(other) == []


async def test_a_connection_that_was_linked_anew_gets_what_comes(office: Office, box: Box) -> None:
    place = await office.linked("old", "new")
    async with office.world.database.as_(place.worker) as tx:
        removed = await webhook_inbox.remove_routes(tx, connection_id=place.connection_id)
    assert await office.link(place, "new")
    await office.receive(box, told(item="old"), told(item="new"))

    await office.process()

    assert removed == 2
    assert [event["item"] for event in await office.events(place)] == ["new"]
    async with office.world.database.as_(webhook_inbox.SCOPE) as tx:
        found = await webhook_inbox.route(tx, provider="postbox", environment="", item="new")
    assert found == (place.tenant_id, place.connection_id)
