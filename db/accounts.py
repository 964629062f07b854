"""The tenant's own accounts, whatever sources feed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.models import Account, AccountStatus, AccountType
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("accounts")

LISTING: Final = Listing(source="app.accounts as a", alias="a")
OF_CONNECTIONS: Final = Listing(
    source="(select distinct tenant_id, connection_id, account_id from app.account_mappings "
    "where state = 'mapped') as fed "
    "join app.accounts as a on a.tenant_id = fed.tenant_id and a.id = fed.account_id",
    alias="a",
)
NEWEST: Final = Order(name="accounts", keys=(select.by_instant("a.created_at"), select.by_id("a")))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Which accounts; None asks nothing."""

    connection_id: UUID | None = None
    status: tuple[AccountStatus, ...] | None = None
    type: tuple[AccountType, ...] | None = None
    currency: str | None = None
    text: str | None = None


def asked(wanted: AccountFilter) -> Asked:
    """Accounts, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
    """Accounts by id."""
    return await select.by_ids(tx, Account, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def find(tx: Tx, *, tenant_id: UUID, account_id: UUID) -> Account | None:
    """One account."""
    return (await by_ids(tx, tenant_id=tenant_id, ids=[account_id])).get(account_id)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: AccountFilter, first: int, after: str | None
) -> Page[Account]:
    """Accounts, newest first."""
    return await select.page(
        tx,
        Account,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_connections(
    tx: Tx, *, tenant_id: UUID, connection_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Account]]:
    """The accounts that each connection feeds, newest first."""
    return await select.pages(
        tx,
        Account,
        listing=OF_CONNECTIONS,
        tenant_id=tenant_id,
        parent="fed.connection_id",
        parent_ids=connection_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def create(
    tx: Tx,
    *,
    tenant_id: UUID,
    name: str,
    type: AccountType,
    currency: str,
    masked_number: str | None,
    institution_id: UUID | None,
    created_by: UUID,
) -> Account:
    """A new account. Raises Forbidden for an institution that is not the tenant's."""
    row = await tx.row(
        _SQL["create"], tenant_id, name, type, currency, masked_number, institution_id, created_by
    )
    assert row is not None
    return read(Account, row)


async def update(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_id: UUID,
    name: str | None,
    type: AccountType | None,
    status: AccountStatus | None,
    institution_id: tuple[UUID | None] | None,
    primary_mapping_id: tuple[UUID | None] | None = None,
) -> Account | None:
    """The changed account, None where there is none; None leaves a value as it is."""
    row = await tx.row(
        _SQL["update"],
        tenant_id,
        account_id,
        name,
        type,
        status,
        institution_id is not None,
        None if institution_id is None else institution_id[0],
        primary_mapping_id is not None,
        None if primary_mapping_id is None else primary_mapping_id[0],
    )
    return None if row is None else read(Account, row)


async def has_doubles(tx: Tx, *, tenant_id: UUID, account_id: UUID) -> bool:
    """Whether an account has rows that do not count beside others."""
    found = await tx.value(_SQL["has_doubles"], tenant_id, account_id)
    assert isinstance(found, bool)
    return found


def _where(wanted: AccountFilter) -> list[Condition]:
    where = []
    if wanted.connection_id is not None:
        where.append(
            Condition(
                "exists (select from app.account_mappings as m where m.tenant_id = a.tenant_id "
                "and m.account_id = a.id and m.connection_id = {})",
                (wanted.connection_id,),
            )
        )
    if wanted.status is not None:
        where.append(Condition("a.status = any({}::text[])", (list(wanted.status),)))
    if wanted.type is not None:
        where.append(Condition("a.type = any({}::text[])", (list(wanted.type),)))
    if wanted.currency is not None:
        where.append(Condition("a.currency = {}", (wanted.currency,)))
    if wanted.text is not None:
        where.append(Condition("a.name ilike {}", (select.containing(wanted.text),)))
    return where
