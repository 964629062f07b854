"""Account mappings: a member says which account an external one feeds, or that none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.jobs import JobKind
from core.models import Account, AccountMapping, Job, MappingState, Role
from core.page import Page
from db import accounts, audit, candidates, jobs
from db import mappings as stored
from db.jobs import NewJob
from db.mappings import Decision, MappingFilter, Refusal
from db.session import Tx
from matching.accounts import UNKNOWN_CURRENCY
from resolvers.accounts import NewAccount, checked, opened
from resolvers.context import Context
from resolvers.jobs import announce
from resolvers.refusing import conflict, invalid, missing, refusable, require
from resolvers.suggestions import Suggestion, suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping as it is now, and the job in which its rows follow, where there are any."""

    mapping: AccountMapping
    job: Job | None


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, AccountMapping]:
    """Mappings by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: MappingFilter, first: int, after: str | None
) -> Page[AccountMapping]:
    """Mappings, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def of_connections(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[AccountMapping]]:
    """What each connection's source calls accounts, newest first."""
    async with context.read() as tx:
        return await stored.of_connections(
            tx, tenant_id=context.tenant, connection_ids=ids, first=first, after=after
        )


async def of_accounts(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[AccountMapping]]:
    """What feeds each account, newest first."""
    async with context.read() as tx:
        return await stored.of_accounts(
            tx, tenant_id=context.tenant, account_ids=ids, first=first, after=after
        )


async def suggestions(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Suggestion]]:
    """The likeliest accounts of each mapping; none for one that is decided."""
    async with context.read() as tx:
        found = await candidates.find(tx, tenant_id=context.tenant, ids=ids)
    return {mapping_id: suggest(one) for mapping_id, one in found.items()}


async def refusals(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Refusal]]:
    """The accounts that each mapping is not, as people said."""
    async with context.read() as tx:
        return await stored.refusals(tx, tenant_id=context.tenant, ids=ids)


async def waiting_counts(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many rows of documents wait for each mapping; those for which none does are left out."""
    async with context.read() as tx:
        return await stored.waiting_counts(tx, tenant_id=context.tenant, ids=ids)


@refusable
async def set_account(context: Context, *, mapping_id: UUID, account_id: UUID) -> Mapped:
    """Says which account it is. A job moves rows that are there, and derives those that waited."""
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        account = await accounts.find(tx, tenant_id=context.tenant, account_id=account_id)
        if account is None:
            raise missing("account", "accountId")
        mapped = await _set(tx, context, before, account, path="accountId")
    return await _announced(context, mapped)


@refusable
async def create_account(context: Context, *, mapping_id: UUID, new: NewAccount) -> Mapped:
    """Opens an account and says that it is this one: both, or neither."""
    new = checked(new)
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        account = await opened(tx, context, new)
        mapped = await _set(tx, context, before, account, path="currency")
    return await _announced(context, mapped)


@refusable
async def unset(context: Context, *, mapping_id: UUID) -> Mapped:
    """Takes the decision back. A job takes rows out of the account; they and later ones wait."""
    return await _without_account(context, mapping_id, MappingState.PENDING, "mapping.unset")


@refusable
async def ignore(context: Context, *, mapping_id: UUID) -> Mapped:
    """Says that rows of this external account are not wanted. A job takes out those there are."""
    return await _without_account(context, mapping_id, MappingState.IGNORED, "mapping.ignored")


@refusable
async def refuse(context: Context, *, mapping_id: UUID, account_id: UUID) -> AccountMapping:
    """Says which account it is not: it is suggested no more, and no machine takes it."""
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        if before.account_id == account_id:
            raise conflict("It is this account. Take that away first.", "accountId")
        if await accounts.find(tx, tenant_id=context.tenant, account_id=account_id) is None:
            raise missing("account", "accountId")
        if await stored.refuse(
            tx,
            tenant_id=context.tenant,
            mapping_id=mapping_id,
            account_id=account_id,
            user_id=context.user_id,
        ):
            await _record(tx, "mapping.refused", before, None, accountId=str(account_id))
        return await _rated(tx, context, before)


@refusable
async def forgive(context: Context, *, mapping_id: UUID, account_id: UUID) -> AccountMapping:
    """Takes back that it is not this account."""
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        if not await stored.forgive(
            tx, tenant_id=context.tenant, mapping_id=mapping_id, account_id=account_id
        ):
            raise conflict("The account is not refused.", "accountId")
        await _record(tx, "mapping.refusal_undone", before, None, accountId=str(account_id))
        return await _rated(tx, context, before)


@refusable
async def verify(context: Context, *, mapping_id: UUID) -> Mapped:
    """Says that the mapping, which the system made, is right."""
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        if before.account_id is None:
            raise conflict("There is no account to verify. Set one.", "id")
        mapping = await _decided(
            tx, context, before, MappingState.MAPPED, account_id=before.account_id
        )
        await _record(tx, "mapping.verified", mapping, None)
    return Mapped(mapping=mapping, job=None)


async def _rated(tx: Tx, context: Context, before: AccountMapping) -> AccountMapping:
    """The mapping as it is now that other accounts are left, by what is known of them."""
    tenant = context.tenant
    found = await candidates.find(tx, tenant_id=tenant, ids=[before.id])
    left = suggest(found[before.id]) if before.id in found else ()
    score = left[0].score if left else None
    await stored.rate(tx, mapping_id=before.id, score=score)
    return (await stored.by_ids(tx, tenant_id=tenant, ids=[before.id]))[before.id]


async def _set(
    tx: Tx, context: Context, before: AccountMapping, account: Account, *, path: str
) -> Mapped:
    currencies = {account.currency, before.currency}
    if len(currencies) > 1 and UNKNOWN_CURRENCY not in currencies:
        raise invalid(
            f"The external account is in {before.currency}, this one in {account.currency}.", path
        )
    mapping = await _decided(tx, context, before, MappingState.MAPPED, account_id=account.id)
    job = await _followed(tx, context, before, mapping)
    await _record(tx, "mapping.set", mapping, job, accountId=str(account.id))
    return Mapped(mapping=mapping, job=job)


async def _without_account(
    context: Context, mapping_id: UUID, state: MappingState, event: str
) -> Mapped:
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        mapping = await _decided(tx, context, before, state, account_id=None)
        job = await _followed(tx, context, before, mapping)
        left = {} if before.account_id is None else {"accountId": str(before.account_id)}
        await _record(tx, event, mapping, job, **left)
    return await _announced(context, Mapped(mapping=mapping, job=job))


async def _announced(context: Context, mapped: Mapped) -> Mapped:
    if mapped.job is not None:
        await announce(context, mapped.job)
    return mapped


async def _locked(tx: Tx, context: Context, mapping_id: UUID) -> AccountMapping:
    await require(tx, context, Role.MEMBER)
    mapping = await stored.lock(tx, tenant_id=context.tenant, mapping_id=mapping_id)
    if mapping is None:
        raise missing("account mapping", "id")
    return mapping


async def _decided(
    tx: Tx,
    context: Context,
    before: AccountMapping,
    state: MappingState,
    *,
    account_id: UUID | None,
) -> AccountMapping:
    """Whoever decides signs; an undecided mapping has no signature.

    An account that it leaves is refused from now on, as the database remembers by itself.
    """
    if before.account_id is not None and before.account_id != account_id:
        await stored.leave(
            tx, tenant_id=context.tenant, account_id=before.account_id, mapping_id=before.id
        )
    signed = state is not MappingState.PENDING
    decision = Decision(
        account_id=account_id,
        state=state,
        verified_at=context.services.clock() if signed else None,
        verified_by=context.user_id if signed else None,
    )
    return await stored.decide(
        tx, tenant_id=context.tenant, mapping_id=before.id, decision=decision
    )


async def _followed(
    tx: Tx, context: Context, before: AccountMapping, mapping: AccountMapping
) -> Job | None:
    """The job that makes rows follow a decision; None where it changed nothing, or has no rows.

    Asked after the decision was written: a worker that has begun the job meanwhile waits for it.
    """
    if (before.state, before.account_id) == (mapping.state, mapping.account_id):
        return None
    tenant = context.tenant
    if not await stored.has_documents(
        tx, tenant_id=tenant, lineage_id=mapping.lineage_id
    ) and not await stored.has_rows(tx, tenant_id=tenant, mapping_id=mapping.id):
        return None
    waiting = await jobs.queued_derive(tx, tenant_id=tenant, mapping_id=mapping.id)
    if waiting is not None:
        return waiting
    return await jobs.create(
        tx,
        tenant_id=tenant,
        new=NewJob(kind=JobKind.DERIVE, connection_id=mapping.connection_id, mapping_id=mapping.id),
        created_by=context.user_id,
    )


async def _record(tx: Tx, event: str, mapping: AccountMapping, job: Job | None, **ids: str) -> None:
    data = {"mappingId": str(mapping.id), **ids}
    await audit.record(
        tx,
        event,
        connection_id=mapping.connection_id,
        job_id=None if job is None else job.id,
        data=data,
    )
