"""Sessions at Quiltt: one of a persona at a time, for a quarter of an hour, within its limits."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.models import Role
from resolvers import quiltt_sessions
from resolvers.context import Context
from resolvers.refusal import RefusalCode, Refused
from resolvers.refusing import Refusal
from sandbox.faults import FaultRule
from tests.fixtures.context import context
from tests.fixtures.personas import a_persona
from tests.fixtures.quiltt_linking import lives, session_states
from tests.fixtures.quiltt_service import API_KEY, Service
from tests.fixtures.quiltt_syncing import CONNECTOR_ID, Time
from tests.fixtures.world import Place, World

SESSIONS = "/v1/users/sessions"


async def test_a_browser_gets_a_token_for_fifteen_minutes(
    quiltt_world: World, quiltt: Service
) -> None:
    caller = context(quiltt_world, await quiltt_world.place())

    session = await _session(caller)

    row = await _only(quiltt_world, "app.quiltt_sessions")
    assert session.connector_id == CONNECTOR_ID
    assert session.expires_at - caller.services.clock() == timedelta(minutes=15)
    assert row["expires_at"] - row["issued_at"] == timedelta(minutes=15)
    assert (row["state"], row["user_id"]) == ("open", caller.user_id)
    assert session.token.encode() not in row["sealed"]
    assert quiltt.app.control._world.sessions.of(session.token)


async def test_whoever_asks_again_gets_the_same(quiltt_world: World, quiltt: Service) -> None:
    caller = context(quiltt_world, await quiltt_world.place())

    first, again = await _session(caller), await _session(caller)

    assert (again.id, again.token, again.expires_at) == (first.id, first.token, first.expires_at)
    assert len(quiltt.app.faults.requests(SESSIONS)) == 1


async def test_another_admin_gets_their_own_and_ends_that_of_the_first(
    quiltt_world: World, quiltt: Service
) -> None:
    place = await quiltt_world.place()
    persona = await a_persona(quiltt_world, place)
    first = await _session(context(quiltt_world, place), persona_id=persona)

    other = await _session(
        context(quiltt_world, await _member(quiltt_world, place, Role.ADMIN)), persona_id=persona
    )

    assert other.token != first.token
    assert other.profile_id == first.profile_id
    assert await session_states(quiltt_world) == ["expired", "open"]
    assert not lives(quiltt, first.token)


async def test_a_session_that_is_over_is_ended_at_quiltt_too(
    quiltt_world: World, quiltt: Service
) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    caller = context(world, await world.place())
    first = await _session(caller)
    time.ahead += timedelta(minutes=14)  # too little is left of it

    second = await _session(caller)
    time.ahead += timedelta(minutes=16)
    third = await _session(caller)

    assert len({first.token, second.token, third.token}) == 3
    assert await session_states(world) == ["expired", "expired", "open"]
    closed = await world.owner.fetch(
        "select closed_at is not null, sealed is null from app.quiltt_sessions"
        " where state = 'expired'"
    )
    assert [tuple(row) for row in closed] == [(True, True)] * 2
    assert [lives(quiltt, one.token) for one in (first, second, third)] == [False, False, True]


async def test_two_who_ask_at_once_make_one_session(quiltt_world: World, quiltt: Service) -> None:
    caller = context(quiltt_world, await quiltt_world.place())

    answers = await asyncio.gather(*(_session(caller) for _ in range(4)), return_exceptions=True)

    given = [one for one in answers if isinstance(one, quiltt_sessions.QuilttSession)]
    refused = [one for one in answers if isinstance(one, Refusal)]
    assert given
    assert len({one.token for one in given}) == 1
    assert {one.refused.code for one in refused} <= {RefusalCode.CONFLICT}
    assert len(given) + len(refused) == 4
    assert len(quiltt.app.faults.requests(SESSIONS)) == 1
    assert len(quiltt.http.get("/v1/profiles").json()) == 1


async def test_each_persona_has_one_profile_whoever_asks_and_however_often(
    quiltt_world: World, quiltt: Service
) -> None:
    place, other = await quiltt_world.place(), await quiltt_world.place()
    personas = [await a_persona(quiltt_world, place, name) for name in ("Kim", "Lee")]
    caller = context(quiltt_world, place)

    profiles = [(await _session(caller, persona_id=one)).profile_id for one in personas * 2]
    own = await _session(caller)
    foreign = await _session(context(quiltt_world, other))

    assert profiles[:2] == profiles[2:]
    assert len({*profiles, own.profile_id, foreign.profile_id}) == 4
    kept = await quiltt_world.owner.fetch("select external_id from app.quiltt_profiles")
    assert {row["external_id"] for row in kept} == {
        one["id"] for one in quiltt.http.get("/v1/profiles").json()
    }


async def test_a_crash_after_quiltt_had_answered_makes_no_second_profile(
    quiltt_world: World, quiltt: Service
) -> None:
    place = await quiltt_world.place()
    caller = context(quiltt_world, place)
    quiltt.app.faults.add(FaultRule(path=SESSIONS, kind="cut"))

    refused = await _refused(_session(caller))
    await _session(caller)

    assert refused.code is RefusalCode.CONFLICT
    assert await session_states(quiltt_world) == ["failed", "open"]
    assert len(quiltt.http.get("/v1/profiles").json()) == 1


async def test_who_stopped_while_making_one_is_not_waited_for_longer_than_a_minute(
    quiltt_world: World, quiltt: Service
) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    caller = context(world, await world.place())
    await _session(caller)
    await world.owner.execute("update app.quiltt_sessions set sealed = null")

    busy = await _refused(_session(caller))
    time.ahead += timedelta(seconds=61)
    await _session(caller)

    assert busy.code is RefusalCode.CONFLICT
    assert await session_states(world) == ["failed", "open"]
    assert len(quiltt.http.get("/v1/profiles").json()) == 1


async def test_quiltts_limits_are_kept_before_it_is_asked(
    quiltt_world: World, quiltt: Service
) -> None:
    place = await quiltt_world.place()
    caller = context(quiltt_world, place)
    await _session(caller)
    await _past(quiltt_world, count=10, ago=timedelta(minutes=50))
    asked = len(quiltt.app.faults.requests(SESSIONS))

    of_hour = await _refused(_session(caller, fresh=quiltt_world))
    await quiltt_world.owner.execute(
        "update app.quiltt_sessions set issued_at = issued_at - interval '2 hours',"
        " expires_at = expires_at - interval '2 hours'"
    )
    await _session(caller, fresh=quiltt_world)
    await _past(quiltt_world, count=10, ago=timedelta(hours=20))
    of_day = await _refused(_session(caller, fresh=quiltt_world))

    assert (of_hour.code, of_day.code) == (RefusalCode.LIMIT, RefusalCode.LIMIT)
    assert len(quiltt.app.faults.requests(SESSIONS)) == asked + 1


async def test_sessions_that_were_ended_at_quiltt_do_not_count(
    quiltt_world: World, quiltt: Service
) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    caller = context(world, await world.place())

    for _ in range(25):
        await _session(caller)
        time.ahead += timedelta(minutes=14)

    assert len(quiltt.app.faults.requests(SESSIONS)) == 25


async def test_only_admins_link_and_only_personas_of_their_tenant(
    quiltt_world: World, quiltt: Service
) -> None:
    place, other = await quiltt_world.place(), await quiltt_world.place()
    member = context(quiltt_world, await _member(quiltt_world, place, Role.MEMBER))
    caller = context(quiltt_world, place)
    foreign = await a_persona(quiltt_world, other)

    assert (await _refused(_session(member))).code is RefusalCode.NOT_ALLOWED
    assert (await _refused(_session(caller, persona_id=foreign))).code is RefusalCode.NOT_FOUND
    assert (await _refused(_session(caller, persona_id=uuid4()))).code is RefusalCode.NOT_FOUND
    assert (
        await _refused(_session(caller, connection_id=other.connection_id))
    ).code is RefusalCode.NOT_FOUND
    assert (
        await _refused(_session(caller, connection_id=place.connection_id))
    ).code is RefusalCode.NOT_FOUND  # a connection for statement files
    assert quiltt.app.faults.requests("/") == []


async def test_an_archived_persona_links_nothing_more(quiltt_world: World) -> None:
    place = await quiltt_world.place()
    persona = await a_persona(quiltt_world, place)
    await quiltt_world.owner.execute("update app.personas set status = 'archived'")

    refused = await _refused(_session(context(quiltt_world, place), persona_id=persona))

    assert refused.code is RefusalCode.CONFLICT


async def test_a_quiltt_that_takes_long_to_end_a_session_keeps_nobody_waiting(
    quiltt_world: World, quiltt: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiltt_sessions, "CLOSED_WITHIN_S", 0.2)
    time = Time()
    caller = context(quiltt_world.altered(clock=time), await quiltt_world.place())
    first = await _session(caller)
    time.ahead += timedelta(minutes=16)
    quiltt.app.faults.add(FaultRule(path="/v1/users/session", kind="slow", delay_s=5))

    begun = monotonic()
    second = await _session(caller)
    waited_s = monotonic() - begun

    assert second.token != first.token
    assert waited_s < 3


async def test_no_token_is_in_logs_or_in_what_is_shown(
    quiltt_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caller = context(quiltt_world, await quiltt_world.place())
    with caplog.at_level(logging.DEBUG):
        session = await _session(caller)
        await quiltt_sessions.close_ended(caller, persona_id=session.persona_id)

    shown = [repr(session), *(str(vars(record)) for record in caplog.records)]
    assert not any(session.token in text or API_KEY in text for text in shown)


async def _session(
    caller: Context,
    *,
    persona_id: UUID | None = None,
    connection_id: UUID | None = None,
    fresh: World | None = None,
) -> quiltt_sessions.QuilttSession:
    """A session; `fresh`: not the one that is open."""
    if fresh is not None:
        await fresh.owner.execute(
            "update app.quiltt_sessions set state = 'expired' where state = 'open'"
        )
    return await quiltt_sessions.session_for(
        caller, persona_id=persona_id, connection_id=connection_id
    )


async def _refused(call: Any) -> Refused:
    with pytest.raises(Refusal) as refusal:
        await call
    return refusal.value.refused


async def _member(world: World, place: Place, role: Role) -> Place:
    """Another person of the tenant."""
    user_id = uuid4()
    email = f"{user_id}@example.com"
    await world.owner.execute(
        "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
        user_id,
        email,
    )
    await world.owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role) values ($1, $2, $3, $4)",
        place.tenant_id,
        user_id,
        email,
        role.value,
    )
    return Place(tenant_id=place.tenant_id, user_id=user_id, connection_id=place.connection_id)


async def _past(world: World, *, count: int, ago: timedelta) -> None:
    """So many sessions like the newest, that long ago, which nobody could end at Quiltt."""
    await world.owner.execute(
        "insert into app.quiltt_sessions (tenant_id, persona_id, profile_id, user_id, state,"
        " issued_at, expires_at)"
        " select tenant_id, persona_id, profile_id, user_id, 'expired', issued_at - $2::interval,"
        " expires_at - $2::interval"
        " from (select * from app.quiltt_sessions order by issued_at desc limit 1) as newest,"
        " generate_series(1, $1)",
        count,
        ago,
    )


async def _only(world: World, table: str) -> Any:
    [row] = await world.owner.fetch(f"select * from {table}")
    return row
