"""Banks linked at a simulated Quiltt: synced, owned, linked again, and refused."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from resolvers import links
from resolvers.refusal import RefusalCode, Refused
from sandbox.faults import FaultRule
from tests.fixtures.context import context
from tests.fixtures.personas import a_persona
from tests.fixtures.quiltt_linking import begun, completed, lives, session_states
from tests.fixtures.quiltt_service import Service
from tests.fixtures.quiltt_syncing import CONNECTOR_ID, Syncing, Time
from tests.fixtures.world import Place, World


async def test_a_bank_is_linked_synced_owned_and_linked_again(
    quiltt_world: World, quiltt: Service
) -> None:
    place = await quiltt_world.place()
    caller = context(quiltt_world, place)

    link = await begun(caller)
    profile_id = quiltt.app.control._world.sessions.of(link.token or "").profile.id
    external_id = quiltt.control.link(profile_id=profile_id)
    connection = await completed(caller, link, external_id)
    bank = _syncing(
        quiltt_world,
        quiltt,
        replace(place, connection_id=connection.id),
        profile_id=profile_id,
        external_id=external_id,
    )
    job_id = await quiltt_world.owner.fetchval(
        "select id from app.ingestion_jobs where trigger = 'link'"
    )
    await bank.run(job_id)
    await bank.settle()
    owned = await _owned(quiltt_world)
    quiltt.control.error(external_id)
    again = await begun(caller, connection_id=connection.id)
    quiltt.control.reconnect(external_id)
    relinked = await completed(caller, again, external_id)
    await bank.run(
        await quiltt_world.owner.fetchval(
            "select id from app.ingestion_jobs where trigger = 'link' and state = 'queued'"
        )
    )

    assert relinked.id == connection.id
    assert dict(again.widget) == {"connectorId": CONNECTOR_ID, "connectionId": external_id}
    assert await bank.rows() == bank.truth()
    primary = await quiltt_world.owner.fetchval(
        "select id from app.personas where user_id = $1 and is_primary", place.user_id
    )
    assert len(owned) == 3
    assert {persona for persona, _ in owned} == {primary}
    assert await _owned(quiltt_world) == owned
    assert await session_states(quiltt_world) == ["used", "used"]
    assert not lives(quiltt, link.token or "")


async def test_a_second_bank_of_a_persona_is_beside_the_first(
    quiltt_world: World, quiltt: Service
) -> None:
    place = await quiltt_world.place()
    caller = context(quiltt_world, place)
    made = []
    for institution in ("Sandbox First Bank", "Sandbox Credit Union"):
        link = await begun(caller)
        profile = quiltt.app.control._world.sessions.of(link.token or "").profile
        external_id = quiltt.control.link(profile_id=profile.id, institution=institution)
        made.append((await completed(caller, link, external_id)).id)

    assert len(set(made)) == 2
    assert await quiltt_world.owner.fetchval("select count(*) from app.quiltt_profiles") == 1


async def test_a_link_that_names_anothers_connection_is_refused(
    quiltt_world: World, quiltt: Service
) -> None:
    caller = context(quiltt_world, await quiltt_world.place())
    link = await begun(caller)
    _, foreign = quiltt.linked()

    refused = await links.complete(
        caller, link_id=link.id, state=link.state, answers={"connectionId": foreign}, name=None
    )

    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.INVALID
    assert (
        await quiltt_world.owner.fetchval(
            "select count(*) from app.connections where provider = 'quiltt'"
        )
        == 0
    )


async def test_quiltt_that_does_not_answer_is_a_refusal_in_its_words(
    quiltt_world: World, quiltt: Service
) -> None:
    caller = context(quiltt_world, await quiltt_world.place())
    quiltt.app.faults.add(FaultRule(path="/v1/profiles", kind="status", status=403))

    refused = await links.begin(
        caller, provider="quiltt", connection_id=None, callback_url=None, select_accounts=False
    )

    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.CONFLICT
    assert "Ask the operator" in refused.message
    assert await session_states(quiltt_world) == ["failed"]


async def test_a_bank_is_linked_for_another_persona(quiltt_world: World, quiltt: Service) -> None:
    place = await quiltt_world.place()
    caller = context(quiltt_world, place)
    persona = await a_persona(quiltt_world, place, "Kim")

    link = await begun(caller, persona_id=persona)
    profile_id = quiltt.app.control._world.sessions.of(link.token or "").profile.id
    external_id = quiltt.control.link(profile_id=profile_id)
    connection = await completed(caller, link, external_id)
    bank = _syncing(
        quiltt_world,
        quiltt,
        replace(place, connection_id=connection.id),
        profile_id=profile_id,
        external_id=external_id,
    )
    await bank.run(await quiltt_world.owner.fetchval("select id from app.ingestion_jobs"))

    assert {owner for owner, _ in await _owned(quiltt_world)} == {persona}


async def test_a_persona_of_another_tenant_or_another_connection_is_refused(
    quiltt_world: World, quiltt: Service
) -> None:
    place, other = await quiltt_world.place(), await quiltt_world.place()
    caller = context(quiltt_world, place)
    kim, foreign = await a_persona(quiltt_world, place), await a_persona(quiltt_world, other)
    link = await begun(caller)
    profile_id = quiltt.app.control._world.sessions.of(link.token or "").profile.id
    own = await completed(caller, link, quiltt.control.link(profile_id=profile_id))

    refused = [
        await links.begin(
            caller,
            provider="quiltt",
            connection_id=connection_id,
            callback_url=None,
            select_accounts=False,
            persona_id=persona_id,
        )
        for persona_id, connection_id in ((foreign, None), (kim, own.id))
    ]

    assert [(one.code, tuple(one.path)) for one in refused if isinstance(one, Refused)] == [
        (RefusalCode.NOT_FOUND, ("personaId",)),
        (RefusalCode.INVALID, ("personaId",)),
    ]


def _syncing(
    world: World, quiltt: Service, place: Place, *, profile_id: str, external_id: str
) -> Syncing:
    return Syncing(
        world=world,
        quiltt=quiltt,
        time=Time(),
        place=place,
        profile_id=profile_id,
        external_id=external_id,
    )


async def _owned(world: World) -> set[tuple[UUID, UUID]]:
    rows = await world.owner.fetch(
        "select persona_id, asset_id from app.asset_personas where percentage = 100"
    )
    return {(row["persona_id"], row["asset_id"]) for row in rows}
