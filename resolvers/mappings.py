"""Account mappings: a member says which account an external one feeds, or that none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.jobs import JobKind
from core.models import AccountMapping, Job, MappingState, Role
from core.page import Page
from db import accounts, audit, jobs
from db import mappings as stored
from db.jobs import NewJob
from db.mappings import Decision, MappingFilter
from db.session import Tx
from resolvers.context import Context
from resolvers.jobs import announce
from resolvers.refusing import conflict, invalid, limit, missing, refusable, require
from resolvers.suggestions import Suggestion, suggest

ROWS_MOVED_MAX: Final = 100_000  # what one statement moves well within its eight seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping as it is now, and the job that derives its rows, where there are any to derive."""

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
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)
        candidates = await stored.candidates(tx, tenant_id=context.tenant, ids=ids)
    return {one.id: suggest(one, candidates[one.id]) for one in found.values()}


@refusable
async def set_account(context: Context, *, mapping_id: UUID, account_id: UUID) -> Mapped:
    """Says which account it is. Rows that are there move; rows that waited are derived by a job.

    They move in one statement, which must end in time, so more than `ROWS_MOVED_MAX` are refused.
    """
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        account = await accounts.find(tx, tenant_id=context.tenant, account_id=account_id)
        if account is None:
            raise missing("account", "accountId")
        if account.currency != before.currency:
            raise invalid(
                f"The external account is in {before.currency}, this one in {account.currency}.",
                "accountId",
            )
        await _check_movable(tx, context, before, account_id)
        mapping = await _decided(tx, context, before, MappingState.MAPPED, account_id=account_id)
        job = None
        if before.state is not MappingState.MAPPED:
            job = await _derive(tx, context, mapping)
        await _record(tx, "mapping.set", mapping, accountId=str(account_id))
    if job is not None:
        await announce(context, job)
    return Mapped(mapping=mapping, job=job)


@refusable
async def unset(context: Context, *, mapping_id: UUID) -> Mapped:
    """Takes the decision back; rows that come later wait."""
    return await _without_account(context, mapping_id, MappingState.PENDING, "mapping.unset")


@refusable
async def ignore(context: Context, *, mapping_id: UUID) -> Mapped:
    """Says that rows of this external account are not wanted."""
    return await _without_account(context, mapping_id, MappingState.IGNORED, "mapping.ignored")


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
        await _record(tx, "mapping.verified", mapping)
    return Mapped(mapping=mapping, job=None)


async def _without_account(
    context: Context, mapping_id: UUID, state: MappingState, event: str
) -> Mapped:
    async with context.write() as tx:
        before = await _locked(tx, context, mapping_id)
        if await stored.has_rows(tx, tenant_id=context.tenant, mapping_id=mapping_id):
            raise conflict(
                "Transactions or balances came over this mapping. Set another account instead.",
                "id",
            )
        mapping = await _decided(tx, context, before, state, account_id=None)
        job = None
        if state is MappingState.IGNORED and before.state is not MappingState.IGNORED:
            # Imports that wait for this account learn from a derivation that they need not.
            job = await _derive(tx, context, mapping)
        await _record(tx, event, mapping)
    if job is not None:
        await announce(context, job)
    return Mapped(mapping=mapping, job=job)


async def _locked(tx: Tx, context: Context, mapping_id: UUID) -> AccountMapping:
    await require(tx, context, Role.MEMBER)
    mapping = await stored.lock(tx, tenant_id=context.tenant, mapping_id=mapping_id)
    if mapping is None:
        raise missing("account mapping", "id")
    return mapping


async def _check_movable(
    tx: Tx, context: Context, before: AccountMapping, account_id: UUID
) -> None:
    """Raises Refusal where more rows would follow the mapping than one request can move."""
    if before.account_id in (None, account_id):
        return
    count = await stored.row_count(
        tx, tenant_id=context.tenant, mapping_id=before.id, most=ROWS_MOVED_MAX + 1
    )
    if count > ROWS_MOVED_MAX:
        raise limit(
            f"More than {ROWS_MOVED_MAX} rows came over this mapping, too many to move at once. "
            "Rename the account instead, or ask the operator of this service to move them.",
            "id",
        )


async def _decided(
    tx: Tx,
    context: Context,
    before: AccountMapping,
    state: MappingState,
    *,
    account_id: UUID | None,
) -> AccountMapping:
    """Whoever decides signs; an undecided mapping has no signature."""
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


async def _derive(tx: Tx, context: Context, mapping: AccountMapping) -> Job | None:
    if not await stored.has_documents(tx, tenant_id=context.tenant, lineage_id=mapping.lineage_id):
        return None
    waiting = await jobs.queued_derive(tx, tenant_id=context.tenant, mapping_id=mapping.id)
    if waiting is not None:
        return waiting
    return await jobs.create(
        tx,
        tenant_id=context.tenant,
        new=NewJob(kind=JobKind.DERIVE, connection_id=mapping.connection_id, mapping_id=mapping.id),
        created_by=context.user_id,
    )


async def _record(tx: Tx, event: str, mapping: AccountMapping, **ids: str) -> None:
    data = {"mappingId": str(mapping.id), **ids}
    await audit.record(tx, event, connection_id=mapping.connection_id, data=data)
