"""What fails is tried again, given up visibly, and holds up no other; what is old is forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from core.logs import JsonLines
from core.vault import Vault
from core.webhooks import ATTEMPTS_MAX, RETRY_DELAYS, Unrouted, WebhookState
from db import webhook_endpoints, webhook_events, webhook_inbox
from db.keys import HeldKeys
from db.tenant_keys import data_key
from pipeline.webhooks import Pass
from tests.fixtures.post_office import Box, Office, office_of
from tests.fixtures.postbox import told
from tests.fixtures.world import World


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


@pytest.fixture
async def box(office: Office) -> Box:
    return await office.box()


async def test_poison_is_tried_again_and_given_up_and_holds_up_no_other(
    office: Office, box: Box
) -> None:
    place = await office.linked("item")
    await office.receive(box, told(), told("poison"), told(), told("poison"), told())

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
    await office.receive(box, told("poison", item="nobody's"))

    for _ in range(ATTEMPTS_MAX):
        await office.process()
        await office.make_due()

    (row,) = await office.inbox()
    assert (row["state"], row["attempts"]) == ("dead", ATTEMPTS_MAX)


async def test_what_ends_the_worker_again_and_again_is_given_up(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await office.receive(box, told("deadly"), told())

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
    await office.receive(box, told())
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
    await office.receive(box, told())
    claimed = await webhook_inbox.claim(office.world.database, most=10, lease=timedelta(minutes=1))

    at_once = await office.process()
    await office.make_due()
    later = await office.process()

    assert (len(claimed), at_once, later) == (1, 0, 1)
    assert len(await office.events(place)) == len(await office.jobs(place)) == 1


async def test_several_workers_at_once_do_each_event_once(office: Office, box: Box) -> None:
    places = [await office.linked(f"item {number}") for number in range(4)]
    for number in range(4):
        await office.receive(box, *(told(item=f"item {number}") for _ in range(40)))

    await asyncio.gather(*(office.process() for _ in range(4)))

    for place in places:
        events = await office.events(place)
        assert [event["state"] for event in events] == ["done"] * 40
        assert {event["attempts"] for event in events} == {1}
        assert 1 <= len(await office.jobs(place)) <= 2


async def test_a_worker_that_lost_its_lease_changes_nothing(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await office.receive(box, told())
    slow = Pass(services=office.services, wake=_nobody, spread=lambda: 0)
    (claimed,) = await webhook_inbox.claim(office.world.database, most=10, lease=timedelta(0))
    await office.process()

    await slow._alone(claimed.id, slow._first(claimed))

    assert len(await office.events(place)) == len(await office.jobs(place)) == 1


async def test_a_worker_that_lost_an_event_ends_nothing_after_its_replay(
    office: Office, box: Box
) -> None:
    place = await office.linked("item")
    await office.receive(box, told("poison"))
    await office.process()
    await office.make_due()
    (event,) = await office.events(place)
    held = partial(
        webhook_events.claim,
        office.world.database,
        tenant_id=place.tenant_id,
        event_id=event["id"],
        lease=timedelta(0),
    )
    before = await held()
    assert before is not None
    await office.world.owner.execute(
        "update app.webhook_events set state = 'dead', attempts = 8, locked_until = null"
    )
    async with office.world.database.as_(place.user) as tx:
        await webhook_events.replay(tx, tenant_id=place.tenant_id, ids=[event["id"]])
    after = [await held()]
    while (last := after[-1]) is not None and last.attempts < before.attempts:
        after.append(await held())
    assert last is not None

    ending = webhook_events.Ending(state=WebhookState.DEAD)
    async with office.world.database.as_(place.worker) as tx:
        lost = await webhook_events.settle(tx, before, tenant_id=place.tenant_id, ending=ending)
        kept = await webhook_events.settle(tx, last, tenant_id=place.tenant_id, ending=ending)

    assert last.attempts == before.attempts, "the attempts alone do not tell them apart"
    assert (lost, kept) == (False, True)


async def test_an_event_that_nobody_has_yet_is_fenced_over_a_replay_too(
    office: Office, box: Box
) -> None:
    await office.receive(box, told("ping", item=None))
    claim = partial(webhook_inbox.claim, office.world.database, most=10, lease=timedelta(0))
    (before,) = await claim()
    await office.world.owner.execute(
        "update private.webhook_inbox set state = 'dead', locked_until = null"
    )
    async with office.world.database.as_(webhook_inbox.SCOPE) as tx:
        await webhook_endpoints.replay(tx, ids=[before.id])
    (after,) = await claim()

    settle = partial(webhook_inbox.settle, office.world.database, outcome=Unrouted.IGNORED)
    outcomes = [await settle(before), await settle(after)]

    assert before.attempts == after.attempts == 1
    assert outcomes == [False, True]


async def test_a_key_that_does_not_open_is_a_failure_of_its_tenants_events_alone(
    office: Office, box: Box
) -> None:
    broken, sound = await office.linked("broken"), await office.linked("sound")
    as_worker = partial(office.world.database.as_, broken.worker)
    await data_key(as_worker, Vault(HeldKeys.of("elsewhere", bytes(32))))
    await office.receive(box, told(item="broken"), told(item="sound"))

    await office.process()

    assert len(await office.events(sound)) == 1
    assert await office.events(broken) == []
    failed = [row for row in await office.inbox() if row["state"] == "failed"]
    assert [(row["item"], row["last_error_code"]) for row in failed] == [("broken", "seal-broken")]


async def test_old_events_are_forgotten_and_their_keys_with_them(office: Office, box: Box) -> None:
    place = await office.linked("item")
    await office.receive(box, told(id="old"), told("ping", item=None, id="nobody's"))
    await office.process()
    for table in ("private.webhook_inbox", "app.webhook_events"):
        await office.world.owner.execute(
            f"update {table} set received_at = now() - interval '91 days'"
        )
    await office.receive(box, told(id="new"))
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
    await office.receive(
        box,
        told("poison", item="a-private-item", note="a-private-note"),
        told("ping", item="a-private-item"),
        told(item="another-private-item"),
    )

    await office.process()

    own = [record for record in caplog.records if record.name == "pipeline.webhooks"]
    written = [JsonLines(reveal=False).format(record) for record in caplog.records]
    assert len(own) >= 3
    assert any(record.exc_info for record in own), "no failure was logged: this proves little"
    assert [line for line in written if "private" in line] == []


async def _nobody(_: object, __: object) -> None:
    """Wakes nobody."""
