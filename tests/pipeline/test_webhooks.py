"""Webhooks from the inbox to their tenants: each is done once, or visibly not."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core.vault import Aad, Vault
from core.webhooks import ATTEMPTS_MAX, EVENT_PURPOSE, PARKED_FOR, RETRY_DELAYS
from db import webhook_events, webhook_inbox
from db.keys import HeldKeys
from db.tenant_keys import data_key
from db.webhook_inbox import NewEvent
from pipeline.webhooks import Pass
from providers.webhooks import Incoming
from tests.fixtures.post_office import Box, Office, office_of
from tests.fixtures.postbox import RECEIVERS, told
from tests.fixtures.world import Place, World


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


@pytest.fixture
async def box(office: Office) -> Box:
    return await office.box()


async def _receive(office: Office, box: Box, *events: dict[str, str]) -> None:
    """What the API does with a verified request."""
    receiver = RECEIVERS[box.provider].receiver
    content = json.dumps({"events": events}).encode()
    request = Incoming(headers={}, body=content, received_at=datetime.now(UTC), url="")
    await webhook_inbox.receive(
        office.world.database,
        [
            NewEvent(
                endpoint_id=box.id,
                headers={},
                key=event.key,
                type=event.type,
                environment=event.environment,
                item=event.item,
                at=event.at,
                body=event.body,
            )
            for event in receiver.events(request)
        ],
    )


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
    await _receive(office, box, told(id="evt_1"))

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
    await _receive(office, box, *(told() for _ in range(120)))

    await office.process()

    assert len(await office.events(place)) == 120
    assert len(await office.jobs(place)) == len(office.woken) == 1


async def test_a_body_of_two_tenants_tells_each_its_own(office: Office, box: Box) -> None:
    mine, theirs = await office.linked("mine"), await office.linked("theirs")
    await _receive(
        office,
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
    await _receive(office, box, told(item="whatever"), told(item=None))

    await office.process()

    assert [event["state"] for event in await office.events(place)] == ["done", "done"]


async def test_environments_keep_equal_names_apart(office: Office, box: Box) -> None:
    live, test = await office.world.place(), await office.world.place()
    assert await office.link(live, "item", environment="live")
    assert await office.link(test, "item", environment="test")
    await _receive(office, box, told(environment="test"))

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
    await _receive(office, box, told(type))

    await office.process()

    (event,) = await office.events(place)
    assert (event["state"], event["error_code"], event["next_attempt_at"]) == (state, code, None)
    assert await office.jobs(place) == []
    assert len(await _opened(office, place)) == 1


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
    await _receive(office, box, told(type, item=item))

    await office.process()

    (row,) = await office.inbox()
    assert (row["state"], row["last_error_code"], row["next_attempt_at"]) == ("ignored", code, None)
    assert row["body"]


async def test_an_unknown_item_is_parked_until_its_route_appears(office: Office, box: Box) -> None:
    await _receive(office, box, told(item="early"), told(item="never"))
    await office.process()
    parked = await office.inbox()

    place = await office.linked("early")
    processed = await office.process()

    assert [row["state"] for row in parked] == ["parked", "parked"]
    assert parked[0]["next_attempt_at"] > datetime.now(UTC) + timedelta(seconds=20)
    assert processed == 1
    assert len(await office.events(place)) == len(await office.jobs(place)) == 1
    assert sorted(row["state"] for row in await office.inbox()) == ["done", "parked"]


async def test_what_waits_too_long_for_a_route_is_given_up_visibly(
    office: Office, box: Box
) -> None:
    await _receive(office, box, told(item="never"))
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
    await _receive(office, box, told())
    await office.process()

    assert not taken
    assert len(await office.events(mine)) == 1
    assert await office.events(other) == []


async def test_a_connection_that_was_linked_anew_gets_what_comes(office: Office, box: Box) -> None:
    place = await office.linked("old", "new")
    async with office.world.database.as_(place.worker) as tx:
        removed = await webhook_inbox.remove_routes(tx, connection_id=place.connection_id)
    assert await office.link(place, "new")
    await _receive(office, box, told(item="old"), told(item="new"))

    await office.process()

    assert removed == 2
    assert [event["item"] for event in await office.events(place)] == ["new"]
    async with office.world.database.as_(webhook_inbox.SCOPE) as tx:
        found = await webhook_inbox.route(tx, provider="postbox", environment="", item="new")
    assert found == (place.tenant_id, place.connection_id)


async def test_poison_is_tried_again_and_given_up_and_holds_up_no_other(
    office: Office, box: Box
) -> None:
    place = await office.linked("item")
    await _receive(office, box, told(), told("poison"), told(), told("poison"), told())

    await office.process()
    after_one = sorted(event["state"] for event in await office.events(place))
    waits = []
    for _ in range(ATTEMPTS_MAX - 1):
        waits += await office.world.owner.fetch(
            "select next_attempt_at - updated_at as wait from app.webhook_events"
            " where state = 'failed' limit 1"
        )
        await office.make_due()
        await office.process()

    assert after_one == ["done", "done", "done", "failed", "failed"]
    assert [round(row["wait"].total_seconds()) for row in waits] == [
        delay.total_seconds() for delay in RETRY_DELAYS
    ]
    events = await office.events(place)
    dead = [event for event in events if event["state"] == "dead"]
    assert len(dead) == 2
    assert {(e["attempts"], e["error_code"], e["next_attempt_at"]) for e in dead} == {
        (ATTEMPTS_MAX, "internal", None)
    }
    await office.make_due()
    assert await office.process() == 0


async def test_poison_that_is_nobodys_is_given_up_too(office: Office, box: Box) -> None:
    await _receive(office, box, told("poison", item="nobody's"))

    for _ in range(ATTEMPTS_MAX):
        await office.process()
        await office.make_due()

    (row,) = await office.inbox()
    assert (row["state"], row["attempts"]) == ("dead", ATTEMPTS_MAX)


async def test_what_ends_the_worker_again_and_again_is_given_up(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await _receive(office, box, told("deadly"), told())

    for _ in range(ATTEMPTS_MAX):  # each claims and dies before it has settled
        await webhook_inbox.claim(office.world.database, most=10, lease=timedelta(0))
    await office.process()

    events = {event["type"]: event for event in await office.events(place)}
    assert (events["deadly"]["state"], events["deadly"]["error_code"]) == (
        "dead",
        "attempts-exhausted",
    )


async def test_a_replay_of_what_failed_is_done_when_the_cause_is_gone(
    office: Office, box: Box
) -> None:
    place = await office.linked("item")
    await _receive(office, box, told())
    services = office.services
    office.services = office.world.altered(receivers={}).services
    await office.process()
    failed = [(event["state"], event["error_code"]) for event in await office.events(place)]

    office.services = services
    async with office.world.database.as_(place.user) as tx:
        replayed = await webhook_events.replay(
            tx,
            tenant_id=place.tenant_id,
            ids=[event["id"] for event in await office.events(place)],
        )
    await office.process()

    (event,) = await office.events(place)
    assert failed == [("failed", "no-receiver")]
    assert replayed == 1
    assert (event["state"], event["attempts"], event["error_code"]) == ("done", 1, None)
    assert len(await office.jobs(place)) == 1


async def test_a_worker_that_died_leaves_its_events_to_the_next(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await _receive(office, box, told())
    claimed = await webhook_inbox.claim(office.world.database, most=10, lease=timedelta(minutes=1))

    at_once = await office.process()
    await office.make_due()
    later = await office.process()

    assert (len(claimed), at_once, later) == (1, 0, 1)
    assert len(await office.events(place)) == len(await office.jobs(place)) == 1


async def test_several_workers_at_once_do_each_event_once(office: Office, box: Box) -> None:
    places = [await office.linked(f"item {number}") for number in range(4)]
    for number in range(4):
        await _receive(office, box, *(told(item=f"item {number}") for _ in range(40)))

    await asyncio.gather(*(office.process() for _ in range(4)))

    for place in places:
        events = await office.events(place)
        assert [event["state"] for event in events] == ["done"] * 40
        assert {event["attempts"] for event in events} == {1}
        assert 1 <= len(await office.jobs(place)) <= 2


async def test_a_worker_that_lost_its_lease_changes_nothing(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await _receive(office, box, told())
    slow = Pass(services=office.services, wake=_nobody, spread=lambda: 0)
    (claimed,) = await webhook_inbox.claim(office.world.database, most=10, lease=timedelta(0))
    await office.process()

    await slow._alone(claimed.id, slow._first(claimed))

    assert len(await office.events(place)) == len(await office.jobs(place)) == 1


async def test_a_key_that_does_not_open_is_a_failure_of_its_tenants_events_alone(
    office: Office, box: Box
) -> None:
    broken, sound = await office.linked("broken"), await office.linked("sound")
    as_worker = partial(office.world.database.as_, broken.worker)
    await data_key(as_worker, Vault(HeldKeys.of("elsewhere", bytes(32))))
    await _receive(office, box, told(item="broken"), told(item="sound"))

    await office.process()

    assert len(await office.events(sound)) == 1
    assert await office.events(broken) == []
    failed = [row for row in await office.inbox() if row["state"] == "failed"]
    assert [(row["item"], row["last_error_code"]) for row in failed] == [("broken", "seal-broken")]


async def test_old_events_are_forgotten_and_their_keys_with_them(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await _receive(office, box, told(id="old"), told("ping", item=None, id="nobody's"))
    await office.process()
    for table in ("private.webhook_inbox", "app.webhook_events"):
        await office.world.owner.execute(
            f"update {table} set received_at = now() - interval '91 days'"
        )
    await _receive(office, box, told(id="new"))
    await office.process()

    gone = await webhook_inbox.prune(office.world.database, age=timedelta(days=90), most=100)

    assert gone == 3
    assert [event["dedupe_key"] for event in await office.events(place)] == ["new"]
    assert [row["dedupe_key"] for row in await office.inbox()] == ["new"]


async def test_nothing_of_an_event_but_its_id_and_provider_is_logged(
    office: Office, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await office.linked("a-private-item")
    await _receive(
        office,
        box,
        told("poison", item="a-private-item", note="a-private-note"),
        told("ping", item="a-private-item"),
        told(item="another-private-item"),
    )

    await office.process()

    lines = [str(vars(record)) for record in caplog.records if record.name == "pipeline.webhooks"]
    assert len(lines) >= 3
    texts = [line for line in lines if "exc_info': (" not in line]
    assert not [line for line in texts if "private" in line]


async def _nobody(_: object, __: object) -> None:
    """Wakes nobody."""
