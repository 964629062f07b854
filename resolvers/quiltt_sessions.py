"""Sessions at Quiltt: what a persona's browser opens the Connector with.

One is open at a time, for fifteen minutes; whoever asks again meanwhile gets the same. Quiltt's own
sessions live for a day and are counted, so that each that has ended here is ended there too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.errors import BankfeedsError, Conflict
from core.models import Role
from core.personas import PersonaStatus
from core.provider_error import Postponed, ProviderError
from db import connections, owned_accounts, personas
from db import quiltt_profiles as profiles
from db import quiltt_sessions as sessions
from db.quiltt_profiles import QuilttProfile
from db.quiltt_sessions import OpenSession, SessionState
from db.session import Tx
from pipeline import quiltt_sessions as at_quiltt
from providers.base import LinkAsk, LinkStep, PersonaLinkable
from providers.http import Client
from providers.quiltt.connector import QUILTT
from providers.quiltt.links import (
    SESSION_MAX,
    Session,
    make_profile,
    open_session,
    profile_uuid,
)
from resolvers.context import Context
from resolvers.link_rules import reference_of, unlinked
from resolvers.provider_clients import client_of
from resolvers.refusing import Refusal, conflict, invalid, limit, missing, require

log = logging.getLogger(__name__)

HOUR_MAX: Final = 10  # Quiltt's limits, of a profile's sessions that are not closed
DAY_MAX: Final = 20
GIVEN_AGAIN: Final = timedelta(minutes=2)  # with less than that left, another is made
MADE_WITHIN: Final = timedelta(seconds=60)  # whoever was making one for longer has failed
CLOSED_WITHIN_S: Final = 3  # the link is begun or done, and the person waits
SESSION, PERSONA = "session", "persona"  # what is kept of a begun link beside the connector's


@dataclass(frozen=True, slots=True, kw_only=True)
class QuilttSession:
    """A session for the caller's browser. The token is in no other answer than its own."""

    id: UUID
    persona_id: UUID
    profile_id: str
    environment_id: str
    connector_id: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What came of asking for a session: one that is open, or one that is to be made."""

    profile: QuilttProfile
    open: OpenSession | None = None
    new_id: UUID | None = None


async def session_for(
    context: Context, *, persona_id: UUID | None, connection_id: UUID | None
) -> QuilttSession:
    """A session of a persona: of the one that is named, of whose connection is to be linked again,
    or of the caller's primary one. For admins. Raises Refusal.
    """
    client = await client_of(context, QUILTT)
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        persona_id = await _persona(tx, context, persona_id, connection_id)
    turn = await _turn(context, client, persona_id)
    await close_ended(context, persona_id=persona_id)
    if turn.open is not None:
        return await _again(context, client, turn.profile, turn.open, persona_id)
    assert turn.new_id is not None
    return await _made(context, client, turn.profile, turn.new_id, persona_id)


async def first_step(
    context: Context,
    connector: PersonaLinkable,
    client: Client,
    ask: LinkAsk,
    *,
    persona_id: UUID | None,
    connection_id: UUID | None,
) -> LinkStep:
    """The first step of a link, in the persona's session."""
    kept = await session_for(context, persona_id=persona_id, connection_id=connection_id)
    session = Session(
        token=kept.token,
        profile_id=kept.profile_id,
        environment_id=kept.environment_id,
        expires_at=kept.expires_at,
    )
    step = await connector.begin(client, replace(ask, session=session))
    ours = {SESSION: str(kept.id), PERSONA: str(kept.persona_id)}
    return replace(step, kept={**step.kept, **ours})


async def spend(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, kept: Mapping[str, str], now: datetime
) -> None:
    """A link is complete: its session was used, and the connection is the persona's."""
    await owned_accounts.assign(
        tx, tenant_id=tenant_id, connection_id=connection_id, persona_id=UUID(kept[PERSONA])
    )
    await sessions.end(
        tx, tenant_id=tenant_id, session_id=UUID(kept[SESSION]), state=SessionState.USED, now=now
    )


async def close_ended(context: Context, *, persona_id: UUID) -> None:
    """Ends at Quiltt what has ended here. Never raises and soon returns: workers do what fails."""
    services = context.services
    try:
        async with asyncio.timeout(CLOSED_WITHIN_S):
            await at_quiltt.close_ended(
                await client_of(context, QUILTT),
                tenant_id=context.tenant,
                persona_id=persona_id,
                database=services.database,
                vault=services.vault,
                now=services.clock(),
            )
    except (BankfeedsError, Refusal, TimeoutError) as error:
        log.warning("quiltt.session_not_closed", extra={"error": type(error).__name__})


async def _persona(
    tx: Tx, context: Context, persona_id: UUID | None, connection_id: UUID | None
) -> UUID:
    owner = None
    if connection_id is not None:
        connection = await connections.find(
            tx, tenant_id=context.tenant, connection_id=connection_id
        )
        if connection is None or connection.provider != QUILTT.facts.slug:
            raise missing("connection", "connectionId")
        owner = await owned_accounts.persona_of(
            tx, tenant_id=context.tenant, connection_id=connection_id
        )
    if persona_id is None:
        if owner is not None:
            return owner
        return await personas.primary_of(tx, tenant_id=context.tenant, user_id=context.user_id)
    if owner is not None and owner != persona_id:
        raise invalid("The connection is another persona's.", "personaId")
    found = await personas.by_ids(tx, tenant_id=context.tenant, ids=[persona_id])
    if persona_id not in found:
        raise missing("persona", "personaId")
    if found[persona_id].status is not PersonaStatus.ACTIVE:
        raise conflict("The persona is archived.", "personaId")
    return persona_id


async def _turn(context: Context, client: Client, persona_id: UUID) -> _Turn:
    """The persona's open session, or the place of a new one, within Quiltt's limits."""
    now, tenant_id = context.services.clock(), context.tenant
    try:
        async with context.as_worker() as tx:
            profile = await profiles.take(
                tx,
                tenant_id=tenant_id,
                persona_id=persona_id,
                environment=client.app.environment,
            )
            found = await sessions.opened(tx, tenant_id=tenant_id, persona_id=persona_id, now=now)
            if found is not None:
                if _is_given_again(found, context, now):
                    return _Turn(profile=profile, open=found)
                if found.sealed is None and found.issued_at > now - MADE_WITHIN:
                    raise _busy()
                state = SessionState.FAILED if found.sealed is None else SessionState.EXPIRED
                await sessions.end(
                    tx, tenant_id=tenant_id, session_id=found.id, state=state, now=now
                )
            counts = await sessions.counts(tx, tenant_id=tenant_id, profile_id=profile.id, now=now)
            if counts.of_hour >= HOUR_MAX or counts.of_day >= DAY_MAX:
                raise limit(
                    f"Quiltt opens {HOUR_MAX} sessions an hour and {DAY_MAX} a day. "
                    "Try again later."
                )
            new_id = await sessions.put(
                tx,
                tenant_id=tenant_id,
                persona_id=persona_id,
                profile_id=profile.id,
                user_id=context.user_id,
                issued_at=now,
                expires_at=now + SESSION_MAX,
            )
    except Conflict:
        raise _busy() from None
    return _Turn(profile=profile, new_id=new_id)


def _is_given_again(found: OpenSession, context: Context, now: datetime) -> bool:
    """Only to whom it was given: another admin's browser gets its own."""
    return (
        found.sealed is not None
        and found.user_id == context.user_id
        and found.expires_at - now >= GIVEN_AGAIN
    )


async def _again(
    context: Context,
    client: Client,
    profile: QuilttProfile,
    found: OpenSession,
    persona_id: UUID,
) -> QuilttSession:
    assert found.sealed is not None
    assert profile.external_id is not None
    assert profile.external_environment is not None
    plain = await context.services.vault.open(
        found.sealed, aad=sessions.aad(context.tenant, found.id)
    )
    return QuilttSession(
        id=found.id,
        persona_id=persona_id,
        profile_id=profile.external_id,
        environment_id=profile.external_environment,
        connector_id=client.app.connector_id,
        token=plain.decode(),
        expires_at=found.expires_at,
    )


async def _made(
    context: Context, client: Client, profile: QuilttProfile, session_id: UUID, persona_id: UUID
) -> QuilttSession:
    """Asks Quiltt, and keeps what it gives. The profile is made where there is none."""
    tenant_id, now = context.tenant, context.services.clock()
    reference = reference_of(tenant_id, persona_id)
    try:
        if profile.external_id is None:
            await make_profile(client, reference)
        given = await open_session(client, profile.external_id or str(profile_uuid(reference)))
    except (ProviderError, Postponed) as error:
        async with context.as_worker() as tx:
            await sessions.end(
                tx,
                tenant_id=tenant_id,
                session_id=session_id,
                state=SessionState.FAILED,
                now=now,
            )
        raise unlinked(error) from error
    expires_at = min(now + SESSION_MAX, given.expires_at)
    sealed = await context.services.vault.seal(
        given.token.encode(), aad=sessions.aad(tenant_id, session_id)
    )
    async with context.as_worker() as tx:
        await profiles.answered(
            tx,
            tenant_id=tenant_id,
            profile_id=profile.id,
            external_id=given.profile_id,
            external_environment=given.environment_id,
        )
        if not await sessions.answered(
            tx,
            tenant_id=tenant_id,
            session_id=session_id,
            sealed=sealed,
            expires_at=expires_at,
        ):
            raise _busy()
    return QuilttSession(
        id=session_id,
        persona_id=persona_id,
        profile_id=given.profile_id,
        environment_id=given.environment_id,
        connector_id=client.app.connector_id,
        token=given.token,
        expires_at=expires_at,
    )


def _busy() -> Refusal:
    return conflict("A session is being made just now. Try again in a moment.", "provider")
