"""Accounts: the tenant's own, with their balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from core.errors import BadInput
from core.jobs import JobKind
from core.models import Account, AccountStatus, AccountType, Balance, Job, Role
from core.page import Page
from core.records import BalanceKind
from db import accounts as stored
from db import audit, balances, institutions, jobs, mappings, matching
from db.accounts import AccountFilter
from db.balances import DailyBalance
from db.jobs import NewJob
from db.session import Tx
from resolvers import text
from resolvers.context import Context
from resolvers.jobs import announce
from resolvers.refusing import conflict, missing, refusable, require

MASKED_MAX = 20
DAYS_MAX = 366
# What an account holds at the end of a day, by how final the figure is.
LEDGER_KINDS = (BalanceKind.CLOSING_LEDGER, BalanceKind.CURRENT_LEDGER, BalanceKind.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account that somebody wants opened."""

    name: str
    type: AccountType
    currency: str
    masked_number: str | None
    institution_id: UUID | None


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
    """Accounts by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: AccountFilter, first: int, after: str | None
) -> Page[Account]:
    """Accounts, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def of_connections(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Account]]:
    """The accounts that each connection feeds, newest first."""
    async with context.read() as tx:
        return await stored.of_connections(
            tx, tenant_id=context.tenant, connection_ids=ids, first=first, after=after
        )


async def latest_balances(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Balance]]:
    """The newest balance of each kind of each account."""
    async with context.read() as tx:
        return await balances.latest(tx, tenant_id=context.tenant, account_ids=ids)


async def balances_by_day(
    context: Context,
    ids: Sequence[UUID],
    *,
    first_day: date,
    last_day: date,
    kind: BalanceKind | None,
) -> Mapping[UUID, Sequence[DailyBalance]]:
    """Each account's balance at the end of each day. Raises BadInput for too many days."""
    if first_day > last_day:
        raise BadInput("from: give a day that is not after `to`")
    if (last_day - first_day).days >= DAYS_MAX:
        raise BadInput(f"to: give {DAYS_MAX} days at most, and ask again for the others")
    async with context.read() as tx:
        return await balances.by_day(
            tx,
            tenant_id=context.tenant,
            account_ids=ids,
            first_day=first_day,
            last_day=last_day,
            kinds=LEDGER_KINDS if kind is None else (kind,),
        )


async def balance_history(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Balance]]:
    """All balances of each account, newest first."""
    async with context.read() as tx:
        return await balances.of_accounts(
            tx, tenant_id=context.tenant, account_ids=ids, first=first, after=after
        )


@refusable
async def create(context: Context, *, new: NewAccount) -> Account:
    """A new account, which no source feeds yet."""
    new = checked(new)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        return await opened(tx, context, new)


def checked(new: NewAccount) -> NewAccount:
    """The account as it may be opened. Raises Refusal for a value that cannot be used."""
    masked = text.optional_name(new.masked_number, "maskedNumber", most=MASKED_MAX)
    return replace(
        new,
        name=text.name(new.name, "name"),
        currency=text.currency(new.currency, "currency"),
        masked_number=None if masked is None else _masked(masked),
    )


async def opened(tx: Tx, context: Context, new: NewAccount) -> Account:
    """The account, opened in a transaction whose caller has checked it, and the caller's role.

    Raises Refusal where there is no such institution.
    """
    await _check_institution(tx, context, new.institution_id)
    account = await stored.create(
        tx,
        tenant_id=context.tenant,
        name=new.name,
        type=new.type,
        currency=new.currency,
        masked_number=new.masked_number,
        institution_id=new.institution_id,
        created_by=context.user_id,
    )
    await audit.record(tx, "account.created", data={"accountId": str(account.id)})
    return account


@refusable
async def update(
    context: Context,
    *,
    account_id: UUID,
    name: str | None,
    type: AccountType | None,
    status: AccountStatus | None,
    institution_id: tuple[UUID | None] | None,
    primary_mapping_id: tuple[UUID | None] | None = None,
) -> Account:
    """The changed account. None leaves a value as it is; a tuple holds the new one."""
    name = text.optional_name(name, "name")
    job: Job | None = None
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if institution_id is not None:
            await _check_institution(tx, context, institution_id[0])
        if primary_mapping_id is not None:
            await _check_source(tx, context, account_id, primary_mapping_id[0])
            job = await _followed(tx, context, account_id, primary_mapping_id[0])
        account = await stored.update(
            tx,
            tenant_id=context.tenant,
            account_id=account_id,
            name=name,
            type=type,
            status=status,
            institution_id=institution_id,
            primary_mapping_id=primary_mapping_id,
        )
        if account is None:
            raise missing("account", "id")
        given = {
            "name": name,
            "type": type,
            "status": status,
            "institutionId": institution_id,
            "primaryMappingId": primary_mapping_id,
        }
        fields = [field for field, value in given.items() if value is not None]
        data = {"accountId": str(account_id), "fields": fields}
        await audit.record(tx, "account.updated", job_id=None if job is None else job.id, data=data)
    if job is not None:
        await announce(context, job)
    return account


def _masked(number: str) -> str:
    """Four characters at most survive, whatever was given: full numbers are never kept."""
    return "••••" + number[-min(4, len(number) // 2) :] if len(number) > 1 else "••••"


async def _check_institution(tx: Tx, context: Context, institution_id: UUID | None) -> None:
    if institution_id is not None and not await institutions.by_ids(
        tx, tenant_id=context.tenant, ids=[institution_id]
    ):
        raise missing("institution", "institutionId")


async def _check_source(
    tx: Tx, context: Context, account_id: UUID, mapping_id: UUID | None
) -> None:
    """Only what feeds the account can be believed first; it feeds it until this is done."""
    if mapping_id is None:
        return
    mapping = await mappings.lock(tx, tenant_id=context.tenant, mapping_id=mapping_id)
    if mapping is None:
        raise missing("account mapping", "primaryMappingId")
    if mapping.account_id != account_id:
        raise conflict("This source does not feed the account. Map it first.", "primaryMappingId")


async def _followed(
    tx: Tx, context: Context, account_id: UUID, mapping_id: UUID | None
) -> Job | None:
    """The job that has the rows of another primary source count; None where that changes nothing.

    It is of the new source, or where there is none of the one before.
    """
    tenant = context.tenant
    await matching.change_ranks(tx, tenant_id=tenant)
    before = await stored.find(tx, tenant_id=tenant, account_id=account_id)
    if before is None or before.primary_mapping_id == mapping_id:
        return None
    if not await stored.has_doubles(tx, tenant_id=tenant, account_id=account_id):
        return None
    source_id = mapping_id or before.primary_mapping_id
    assert source_id is not None
    source = (await mappings.by_ids(tx, tenant_id=tenant, ids=[source_id]))[source_id]
    return await jobs.create(
        tx,
        tenant_id=tenant,
        new=NewJob(kind=JobKind.MATCH, connection_id=source.connection_id, mapping_id=source.id),
        created_by=context.user_id,
    )
