"""What a simulated Quiltt tells, and what the engine makes of it: late, twice, in any order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from providers.webhooks import BadSignature
from resolvers import connection_access
from resolvers.refusal import Refused
from tests.fixtures.context import context
from tests.fixtures.quiltt_linking import begun, completed
from tests.fixtures.quiltt_mail import Mail, mail_of
from tests.fixtures.quiltt_service import Service
from tests.fixtures.quiltt_syncing import Syncing, Time
from tests.fixtures.world import Place, World


async def test_events_that_come_before_the_link_is_complete_are_not_lost(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    caller = context(quiltt_world, await quiltt_world.place())
    link = await begun(caller)
    profile_id = quiltt.app.control._world.sessions.of(link.token or "").profile.id
    external_id = quiltt.control.link(profile_id=profile_id)

    await mail.deliver()
    early = await mail.states()
    connection = await completed(caller, link, external_id)
    await mail.make_due()
    await mail.work()

    assert early["connection.synced.successful.initial"] == {"parked"}
    assert early["balance.created"] == {"ignored"}
    late = await mail.states()
    assert late["connection.synced.successful.initial"] == {"done"}
    assert late["connection.created"] == {"done"}
    found = await _connection(quiltt_world, connection.id)
    assert found["initial_complete_at"] is not None


async def test_what_happens_at_the_bank_is_here_when_quiltt_has_told_of_it(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    bank = await _linked(quiltt_world, quiltt, mail)
    quiltt.control.change(bank.external_id, posted=2, pending=2)

    await mail.deliver()

    assert await bank.rows() == bank.truth()


async def test_a_batch_of_several_profiles_reaches_each_tenant_with_its_own(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    banks = [await _linked(quiltt_world, quiltt, mail) for _ in range(2)]
    quiltt.control.hold_webhooks()
    for number, bank in enumerate(banks):
        quiltt.control.change(bank.external_id, posted=number + 1)
    quiltt.control.send_webhooks(is_together=True)
    requests = len(quiltt.taken()) - mail.opened

    await mail.deliver()

    assert requests == 1
    for bank in banks:
        assert await bank.rows() == bank.truth()
        told = await quiltt_world.owner.fetch(
            "select distinct connection_id from app.webhook_events where tenant_id = $1",
            bank.place.tenant_id,
        )
        assert [row["connection_id"] for row in told] == [bank.place.connection_id]


@pytest.mark.parametrize("mischief", [{"times": 3}, {"is_reversed": True},
                                      {"is_without_status": True}])  # fmt: skip
async def test_events_may_come_twice_in_disorder_and_without_what_records_have(
    quiltt_world: World, quiltt: Service, mischief: dict[str, Any]
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    bank = await _linked(quiltt_world, quiltt, mail)
    quiltt.control.hold_webhooks()
    quiltt.control.error(bank.external_id)
    quiltt.control.reconnect(bank.external_id)
    quiltt.control.change(bank.external_id, posted=2, pending=1)
    sent = quiltt.control.send_webhooks(**mischief)

    await mail.deliver()
    known, states, syncs = await _keys(quiltt_world), await mail.states(), await _syncs(bank)
    opened = mail.opened
    quiltt.control.send_webhooks(event_ids=sent)
    await mail.deliver()

    assert set(sent) <= set(known)
    assert len(known) == len(set(known)), "an event is kept twice"
    assert mail.opened > opened, "nothing came again: this proves nothing"
    assert await _keys(quiltt_world) == known
    assert (await mail.states(), await _syncs(bank)) == (states, syncs)
    assert await bank.rows() == bank.truth()
    assert (await _connection(quiltt_world, bank.place.connection_id))["status"] == "active"


async def test_a_broken_login_asks_for_a_person_until_it_is_repaired(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    bank = await _linked(quiltt_world, quiltt, mail)
    quiltt.control.error(bank.external_id)

    await mail.deliver()
    broken = await _connection(quiltt_world, bank.place.connection_id)
    quiltt.control.reconnect(bank.external_id)
    await mail.deliver()
    repaired = await _connection(quiltt_world, bank.place.connection_id)

    assert (broken["status"], broken["error_code"]) == ("reauth", "login-required")
    assert (repaired["status"], repaired["error_code"]) == ("active", None)


async def test_an_end_of_the_consent_is_told_and_keeps_the_rows(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    bank = await _linked(quiltt_world, quiltt, mail)
    rows = await bank.rows()
    quiltt.control.disconnect(bank.external_id)

    await mail.deliver()

    found = await _connection(quiltt_world, bank.place.connection_id)
    assert (found["status"], found["error_code"]) == ("reauth", "disconnected")
    assert await bank.rows() == rows


async def test_what_is_left_of_a_moved_connection_does_not_end_the_one_that_goes_on(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    bank = await _linked(quiltt_world, quiltt, mail)
    quiltt.control.error(bank.external_id)
    await mail.deliver()
    caller = context(quiltt_world, bank.place)
    link = await begun(caller, connection_id=bank.place.connection_id)
    moved = quiltt.control.reconnect(bank.external_id, mode="moved")
    await completed(caller, link, moved)

    await mail.deliver()
    await mail.make_due()
    await mail.work()

    found = await _connection(quiltt_world, bank.place.connection_id)
    assert (found["status"], found["external_id"]) == ("active", moved)
    assert await bank.rows() == bank.truth(moved)
    accounts = await quiltt_world.owner.fetchval("select count(*) from app.accounts")
    assert accounts == 3


async def test_nothing_leads_to_a_connection_that_was_disconnected_here(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    bank = await _linked(quiltt_world, quiltt, mail)
    caller = context(quiltt_world, bank.place)

    done = await connection_access.disconnect(caller, connection_id=bank.place.connection_id)
    await mail.deliver()

    assert not isinstance(done, Refused)
    assert quiltt.control.truth(bank.external_id)["connection"]["status"] == "DISCONNECTED"
    assert await quiltt_world.owner.fetchval("select count(*) from private.webhook_routes") == 0
    assert (await mail.states())["connection.disconnected"] == {"parked"}


@pytest.mark.parametrize("mischief", [{"is_forged": True}, {"age_s": 301}])
async def test_what_quiltt_did_not_sign_now_is_not_taken(
    quiltt_world: World, quiltt: Service, mischief: dict[str, Any]
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    quiltt.control.hold_webhooks()
    quiltt.profile()
    quiltt.control.send_webhooks(**mischief)
    came = quiltt.taken()

    assert came
    for request in came:
        with pytest.raises(BadSignature):
            await mail.take(request)
    assert await _keys(quiltt_world) == []


async def test_a_payload_without_events_is_taken_and_means_nothing(
    quiltt_world: World, quiltt: Service
) -> None:
    mail = await mail_of(quiltt_world, quiltt)
    quiltt.control.send_raw_webhook()

    await mail.deliver()

    assert await mail.states() == {}


async def _linked(world: World, quiltt: Service, mail: Mail) -> Syncing:
    """A tenant with a bank whose past is read, by nothing but what Quiltt has told."""
    place = await world.place()
    caller = context(world, place)
    link = await begun(caller)
    profile_id = quiltt.app.control._world.sessions.of(link.token or "").profile.id
    external_id = quiltt.control.link(profile_id=profile_id)
    connection = await completed(caller, link, external_id)
    there = Place(tenant_id=place.tenant_id, user_id=place.user_id, connection_id=connection.id)
    bank = Syncing(
        world=world,
        quiltt=quiltt,
        time=Time(),
        place=there,
        profile_id=profile_id,
        external_id=external_id,
    )
    await bank.run(
        await world.owner.fetchval(
            "select id from app.ingestion_jobs where tenant_id = $1", place.tenant_id
        )
    )
    await mail.deliver()
    await bank.settle()
    return bank


async def _keys(world: World) -> list[str]:
    """What tells events apart, of all that are kept: of tenants and of nobody."""
    rows = await world.owner.fetch(
        "select dedupe_key as key from private.webhook_inbox where tenant_id is null"
        " union all select dedupe_key from app.webhook_events order by key"
    )
    return [row["key"] for row in rows]


async def _syncs(bank: Syncing) -> int:
    """How many syncs the tenant has had."""
    return int(
        await bank.world.owner.fetchval(
            "select count(*) from app.ingestion_jobs where tenant_id = $1", bank.place.tenant_id
        )
    )


async def _connection(world: World, connection_id: UUID) -> asyncpg.Record:
    row = await world.owner.fetchrow("select * from app.connections where id = $1", connection_id)
    assert row is not None
    return row
