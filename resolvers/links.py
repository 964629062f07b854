"""Links: a person connects an account at a provider, or connects it again."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID, uuid4

from core.errors import BadInput, BankfeedsError
from core.jobs import JobTrigger
from core.models import Connection, ConnectionStatus, ControlPolicy, Delivery, MappingPolicy, Role
from core.provider_error import Postponed, ProviderError
from core.syncs import SyncFrequency
from db import audit, credentials, links, syncs
from db import connections as stored
from db.connections import NewConnection
from db.links import NewLink, UsedLink
from db.session import Tx
from db.tenant_keys import data_key
from pipeline.access_tokens import access_ends, held_credentials
from providers import registry
from providers.base import Connector, Linkable, LinkAsk, Linked, LinkKind, LinkStep, PersonaLinkable
from providers.credentials import FormField
from providers.http import Client
from resolvers import quiltt_sessions, text, webhook_routes
from resolvers.callbacks import callback_page
from resolvers.context import Context
from resolvers.link_failures import undo
from resolvers.link_rules import check_answers, hash_of, reference_of, unlinked
from resolvers.provider_clients import client_of
from resolvers.refusing import Refusal, conflict, invalid, missing, refusable, require

LIFE: Final = timedelta(minutes=10)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What the person's browser is given. `state` comes back with them, or they are another."""

    id: UUID
    kind: LinkKind
    state: str = field(repr=False)
    url: str | None = field(repr=False)  # the state is in it
    token: str | None = field(repr=False)
    widget: Mapping[str, str]
    fields: tuple[FormField, ...]
    expires_at: datetime


@refusable
async def begin(
    context: Context,
    *,
    provider: str,
    connection_id: UUID | None,
    callback_url: str | None,
    select_accounts: bool,
    persona_id: UUID | None = None,
) -> Link:
    """The first step of a link; with a connection, of linking that one again.

    `persona_id`: whose connection it is to be; None: whose it was, or the caller's primary one's.
    """
    connector, client = await _reached(context, provider)
    if persona_id is not None and not isinstance(connector, PersonaLinkable):
        raise invalid("This provider links for the tenant; leave it out.", "personaId")
    held, external_id = None, None
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        if connection_id is not None:
            connection = await _again(tx, context, connection_id, provider)
            external_id = connection.external_id
    if connection_id is not None:
        held = await held_credentials(
            connector,
            tenant_id=context.tenant,
            connection_id=connection_id,
            database=context.services.database,
            vault=context.services.vault,
        )
    now = context.services.clock()
    link_id, state = uuid4(), secrets.token_urlsafe(32)
    ask = LinkAsk(
        now=now,
        reference=reference_of(context.tenant, context.user_id),
        callback_url=callback_page(context.services, provider, callback_url),
        state=state,
        credentials=held,
        external_id=external_id,
        select_accounts=select_accounts,
    )
    if isinstance(connector, PersonaLinkable):
        first = quiltt_sessions.first_step(
            context, connector, client, ask, persona_id=persona_id, connection_id=connection_id
        )
    else:
        first = connector.begin(client, ask)
    step = await _asked(first)
    await _keep(context, ask, step, link_id=link_id, provider=provider, connection_id=connection_id)
    return Link(
        id=link_id,
        kind=step.kind,
        state=state,
        url=step.url,
        token=step.token,
        widget=step.widget,
        fields=step.fields,
        expires_at=min(step.expires_at or now + LIFE, now + LIFE),
    )


@refusable
async def complete(
    context: Context, *, link_id: UUID, state: str, answers: Mapping[str, str], name: str | None
) -> Connection:
    """The linked connection, which is synced at once.

    A state is taken once, from the person who began, within ten minutes.
    """
    check_answers(answers)
    name = text.optional_name(name, "name")  # before what the provider does once
    now = context.services.clock()
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
    async with context.as_worker() as tx:
        used = await links.use(
            tx,
            tenant_id=context.tenant,
            link_id=link_id,
            user_id=context.user_id,
            state_hash=hash_of(state),
            now=now,
        )
    if used is None:
        raise conflict("The link is over, was used, or is not yours. Begin again.", "linkId")
    connector, client = await _reached(context, used.provider)
    key = await data_key(context.as_worker, context.services.vault)
    kept = json.loads(key.open_bytes(used.sealed, aad=links.aad(context.tenant, used.id)))
    held = None
    if used.connection_id is not None:
        held = await held_credentials(
            connector,
            tenant_id=context.tenant,
            connection_id=used.connection_id,
            database=context.services.database,
            vault=context.services.vault,
        )
    ask = LinkAsk(
        now=now,
        reference=reference_of(context.tenant, context.user_id),
        callback_url=used.callback_url,
        state=state,
        credentials=held,
        external_id=kept["external_id"],
    )
    linked = await _asked(connector.complete(client, ask, kept["kept"], answers))
    is_redirected = connector.link_kind is LinkKind.REDIRECT  # a widget is told whom to ask
    if is_redirected and ask.external_id not in (None, linked.external_id):
        # The connection's cursor and its rows are of the first login.
        raise conflict("That is another login at the bank. Link it anew.", "linkId")
    connection = await _linked(
        context, connector, client, used, linked=linked, kept=kept["kept"], name=name
    )
    if isinstance(connector, PersonaLinkable):
        await quiltt_sessions.close_ended(
            context, persona_id=UUID(kept["kept"][quiltt_sessions.PERSONA])
        )
    return connection


async def _linked(
    context: Context,
    connector: Connector,
    client: Client,
    used: UsedLink,
    *,
    linked: Linked,
    kept: Mapping[str, str],
    name: str | None,
) -> Connection:
    """Keeps what the provider gave, and lets the connection deliver."""
    slug = connector.facts.slug
    connection_id = used.connection_id
    if connection_id is None:
        async with context.as_worker() as tx:
            connection_id = await links.linked(
                tx, tenant_id=context.tenant, provider=slug, external_id=linked.external_id
            )
    is_new = connection_id is None
    try:
        if connection_id is None:
            connection_id = await _made(context, connector, linked, name=name)
        sealed = await context.services.vault.seal(
            linked.credentials.to_bytes(), aad=credentials.aad(context.tenant, connection_id)
        )
        job_id = await _opened(
            context, connector, connection_id, linked=linked, kept=kept, sealed=sealed
        )
    except (BankfeedsError, Refusal, asyncio.CancelledError) as error:
        if is_new:
            is_ours = not isinstance(error, Refusal)
            await undo(
                context, connector, client, linked, connection_id=connection_id, is_ours=is_ours
            )
        raise
    async with context.write() as tx:
        await audit.record(
            tx,
            "connection.linked",
            connection_id=connection_id,
            data={"provider": slug, "again": used.connection_id is not None},
        )
        connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
    assert connection is not None
    if job_id is not None:
        await context.services.queue.wake(context.tenant, job_id)
    await context.services.events.publish(context.tenant, "connection", connection_id)
    return connection


async def _opened(
    context: Context,
    connector: Connector,
    connection_id: UUID,
    *,
    linked: Linked,
    kept: Mapping[str, str],
    sealed: bytes,
) -> UUID | None:
    """Lets the connection deliver; the id of its first sync, None where one waits already."""
    now = context.services.clock()
    async with context.as_worker() as tx:
        if not await links.open_connection(
            tx,
            tenant_id=context.tenant,
            connection_id=connection_id,
            external_id=linked.external_id,
            consent_expires_at=linked.expires_at,
            now=now,
        ):
            raise conflict("The connection is closed for good. Link a new one.", "linkId")
        await credentials.put(
            tx,
            tenant_id=context.tenant,
            connection_id=connection_id,
            sealed=sealed,
            expires_at=access_ends(connector, linked.credentials),
        )
        if linked.institution_id is not None:
            await links.meet_institution(
                tx,
                tenant_id=context.tenant,
                connection_id=connection_id,
                external_id=linked.institution_id,
                name=linked.institution_name or linked.institution_id,
            )
        await webhook_routes.lead_to(tx, connector, connection_id=connection_id, linked=linked)
        if isinstance(connector, PersonaLinkable):
            await quiltt_sessions.spend(
                tx, tenant_id=context.tenant, connection_id=connection_id, kept=kept, now=now
            )
        return await syncs.request(
            tx,
            tenant_id=context.tenant,
            connection_id=connection_id,
            trigger=JobTrigger.LINK,
        )


async def _made(
    context: Context, connector: Connector, linked: Linked, *, name: str | None
) -> UUID:
    async with context.write() as tx:
        connection_id = await stored.create(
            tx,
            tenant_id=context.tenant,
            new=NewConnection(
                name=(name or linked.institution_name or connector.facts.name)[:200],
                provider=connector.facts.slug,
                currency=None,
                delivery=Delivery.CUMULATIVE,
                mapping_policy=MappingPolicy.CREATE,
                control_policy=ControlPolicy.WARN,
                profile_id=None,
                decimals={},
                institution_id=None,
                status=ConnectionStatus.PENDING,
                sync_frequency=SyncFrequency.REALTIME,
            ),
            created_by=context.user_id,
        )
        await audit.record(
            tx,
            "connection.created",
            connection_id=connection_id,
            data={"provider": connector.facts.slug},
        )
    return connection_id


async def _reached(context: Context, provider: str) -> tuple[Linkable, Client]:
    """The connector and a client for the tenant. Raises Refusal where it is not offered."""
    connector = registry.every().get(provider)
    if connector is None:
        raise missing("provider", "provider")
    if not isinstance(connector, Linkable):
        raise invalid("Nothing is linked at this provider.", "provider")
    return connector, await client_of(context, connector)


async def _again(tx: Tx, context: Context, connection_id: UUID, provider: str) -> Connection:
    connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
    if connection is None:
        raise missing("connection", "connectionId")
    if connection.provider != provider:
        raise invalid("The connection is of another provider.", "connectionId")
    if connection.status is ConnectionStatus.DISCONNECTED:
        raise conflict("The connection is closed for good. Link a new one.", "connectionId")
    return connection


async def _keep(
    context: Context,
    ask: LinkAsk,
    step: LinkStep,
    *,
    link_id: UUID,
    provider: str,
    connection_id: UUID | None,
) -> None:
    body = json.dumps({"kept": dict(step.kept), "external_id": ask.external_id}).encode()
    key = await data_key(context.as_worker, context.services.vault)
    sealed = key.seal_bytes(body, aad=links.aad(context.tenant, link_id))
    async with context.as_worker() as tx:
        await links.put(
            tx,
            tenant_id=context.tenant,
            new=NewLink(
                id=link_id,
                user_id=context.user_id,
                provider=provider,
                connection_id=connection_id,
                state_hash=hash_of(ask.state),
                sealed=sealed,
                callback_url=ask.callback_url,
                expires_at=ask.now + LIFE,
            ),
            now=ask.now,
        )


async def _asked(answer: Awaitable[Answer]) -> Answer:
    """What the provider answered. Raises Refusal in the words of its error."""
    try:
        return await answer
    except (ProviderError, Postponed, BadInput) as error:
        raise unlinked(error) from error
