"""Reconciliations: groups of rows that vouch for each other, found by rules or made by members."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from core.errors import Conflict
from core.page import Page
from core.reconciliation import (
    Candidate,
    Proposal,
    Reconciliation,
    ReconciliationMember,
    ReconciliationMethod,
    ReconciliationSide,
)
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("reconciliations")

CANDIDATES_MAX: Final = 20_000  # read at once
STATEMENT_ROWS_MAX: Final = 100_000  # that one statement vouches for

LISTING: Final = Listing(source="app.reconciliations as r", alias="r")
NEWEST: Final = Order(
    name="reconciliations", keys=(select.by_instant("r.created_at"), select.by_id("r"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the rows of a group come to; `moved`: somebody changed one while it was written."""

    left_sum: Decimal
    right_sum: Decimal
    moved: bool

    def comes_to(self, difference: Decimal) -> bool:
        """Whether its sides differ by that, the right one being the same or the other end."""
        sums = (self.left_sum - self.right_sum, self.left_sum + self.right_sum)
        return not self.moved and difference in sums


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFilter:
    """Which reconciliations; None asks nothing."""

    methods: tuple[ReconciliationMethod, ...] | None = None
    undone: bool | None = None
    account_id: UUID | None = None  # of a row of it
    transaction_id: UUID | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReconciliation:
    """A group that a member makes."""

    method: ReconciliationMethod
    difference: Decimal
    currency: str
    note: str | None = None
    account_id: UUID | None = None
    statement_to: date | None = None
    rule: str | None = None
    rule_version_id: UUID | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A row that somebody wants to reconcile, as it is now."""

    row: Candidate
    posted: bool
    reconciled: bool


def asked(wanted: ReconciliationFilter) -> Asked:
    """Reconciliations, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Reconciliation]:
    """Reconciliations by id."""
    return await select.by_ids(tx, Reconciliation, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: ReconciliationFilter, first: int, after: str | None
) -> Page[Reconciliation]:
    """Reconciliations, newest first."""
    return await select.page(
        tx,
        Reconciliation,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def members(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, list[ReconciliationMember]]:
    """The rows of each group, the left side first; a hundred at most."""
    found: dict[UUID, list[ReconciliationMember]] = {id: [] for id in ids}
    for row in await tx.rows(_SQL["members"], tenant_id, list(ids)):
        found[row["reconciliation_id"]].append(read(ReconciliationMember, row))
    return found


async def counts(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many rows each group has."""
    rows = await tx.rows(_SQL["counts"], tenant_id, list(ids))
    return dict.fromkeys(ids, 0) | {row["reconciliation_id"]: row["members"] for row in rows}


async def of_transactions(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
    """The group that each of these rows is of now; rows of none are left out."""
    rows = await tx.rows(_SQL["of_transactions"], tenant_id, list(ids))
    return {row["transaction_id"]: row["reconciliation_id"] for row in rows}


async def reconcilable(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> set[UUID]:
    """The accounts that a connection feeds, if it reconciles by itself. For a worker."""
    rows = await tx.rows(_SQL["reconcilable_connections"], tenant_id, connection_id)
    return {row["account_id"] for row in rows}


async def account_types(tx: Tx, *, tenant_id: UUID) -> Mapping[UUID, str]:
    """The type of each account."""
    return {row["id"]: row["type"] for row in await tx.rows(_SQL["accounts"], tenant_id)}


async def sources(tx: Tx, *, tenant_id: UUID) -> int:
    """How many connections feed accounts. For a worker."""
    return int(await tx.value(_SQL["sources"], tenant_id))


async def candidates(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_ids: Collection[UUID],
    first: date,
    last: date,
    by_itself: bool,
    most: int = CANDIDATES_MAX,
    part: int = 0,
    parts: int = 1,
) -> list[Candidate]:
    """Booked rows of these days that nobody has vouched for, `most` of them, the newest.

    `by_itself`: only those of connections that reconcile by themselves. A part of several has all
    rows of some amounts.
    """
    rows = await tx.rows(
        _SQL["candidates"],
        tenant_id,
        sorted(account_ids),
        first,
        last,
        most,
        by_itself,
        parts,
        part,
    )
    return [read(Candidate, row) for row in rows]


async def candidate_days(
    tx: Tx, *, tenant_id: UUID, account_ids: Collection[UUID], first: date, last: date
) -> dict[date, int]:
    """How many candidates each day has at most; days without are left out."""
    rows = await tx.rows(_SQL["candidate_days"], tenant_id, sorted(account_ids), first, last)
    return {row["day"]: row["rows"] for row in rows}


async def rejected_keys(tx: Tx, *, tenant_id: UUID) -> set[str]:
    """Keys of what members said no to."""
    return {row["key"] for row in await tx.rows(_SQL["rejected_keys"], tenant_id)}


async def stale_keys(tx: Tx, *, tenant_id: UUID) -> set[str]:
    """Keys of open questions about rows that are reconciled otherwise, or gone. For a worker."""
    return {row["key"] for row in await tx.rows(_SQL["stale_keys"], tenant_id)}


async def days_of_job(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> list[date]:
    """The days of a job's rows, in their order. For a worker."""
    return [row["day"] for row in await tx.rows(_SQL["days_of_job"], tenant_id, job_id)]


async def lock_rows(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """The rows of these ids as they are now, kept from others until the transaction ends."""
    rows = await tx.rows(_SQL["lock_rows"], tenant_id, list(ids))
    return {
        row["id"]: Standing(
            row=read(Candidate, row),
            posted=row["status"] == "posted",
            reconciled=row["reconciled"],
        )
        for row in rows
    }


async def put_found(tx: Tx, *, tenant_id: UUID, found: Sequence[Proposal]) -> None:
    """Writes what rules found. Raises Conflict where a row is of another group meanwhile, or not
    booked any more, or of another amount. For a worker."""
    ids = [uuid4() for _ in found]
    await tx.run(
        _SQL["put_found"],
        tenant_id,
        ids,
        [one.rule.label for one in found],
        [one.rule.version_id for one in found],
        [one.score for one in found],
        [json.dumps([asdict(reason) for reason in one.reasons]) for one in found],
        [one.difference for one in found],
        [one.left[0].currency for one in found],
    )
    members = [
        (group, row.id, side.value)
        for group, one in zip(ids, found, strict=True)
        for side, rows in (
            (ReconciliationSide.LEFT, one.left),
            (ReconciliationSide.RIGHT, one.right),
        )
        for row in rows
    ]
    columns = [list(column) for column in zip(*members, strict=True)]
    put = await tx.run(_SQL["put_found_members"], tenant_id, *columns)
    groups = await _written(tx, tenant_id=tenant_id, ids=ids)
    stand = all(
        groups[group].comes_to(one.difference) for group, one in zip(ids, found, strict=True)
    )
    if put != len(members) or not stand:
        raise Conflict("a row is not any more what was found")


async def put(
    tx: Tx, *, tenant_id: UUID, new: NewReconciliation, reasons: Sequence[object], user_id: UUID
) -> UUID:
    """Writes a group in a member's name, without rows."""
    reconciliation_id = uuid4()
    await tx.run(
        _SQL["put"],
        tenant_id,
        reconciliation_id,
        new.method.value,
        new.rule,
        new.rule_version_id,
        new.score,
        json.dumps(list(reasons)),
        new.difference,
        new.currency,
        new.account_id,
        new.statement_to,
        new.note,
        user_id,
    )
    return reconciliation_id


async def put_members(
    tx: Tx,
    *,
    tenant_id: UUID,
    reconciliation_id: UUID,
    left: Sequence[UUID],
    right: Sequence[UUID],
) -> int:
    """Adds rows that are booked and of no group; how many there were. Raises Conflict."""
    sides = [ReconciliationSide.LEFT.value] * len(left)
    sides += [ReconciliationSide.RIGHT.value] * len(right)
    return await tx.run(_SQL["put_members"], tenant_id, reconciliation_id, [*left, *right], sides)


async def written(tx: Tx, *, tenant_id: UUID, reconciliation_id: UUID) -> Written:
    """What the rows of a group that was written in this transaction come to."""
    return (await _written(tx, tenant_id=tenant_id, ids=[reconciliation_id]))[reconciliation_id]


async def _written(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Written]:
    rows = await tx.rows(_SQL["written"], tenant_id, list(ids))
    return {row["id"]: read(Written, row) for row in rows}


async def put_statement_members(
    tx: Tx,
    *,
    tenant_id: UUID,
    reconciliation_id: UUID,
    account_id: UUID,
    day: date,
    currency: str,
) -> int:
    """Adds an account's booked rows up to a day; how many there were. Raises Conflict."""
    return await tx.run(
        _SQL["put_statement_members"],
        tenant_id,
        reconciliation_id,
        account_id,
        day,
        currency,
        STATEMENT_ROWS_MAX,
    )


async def lock(tx: Tx, *, tenant_id: UUID, reconciliation_id: UUID) -> Reconciliation | None:
    """A group, kept from others until this transaction ends."""
    row = await tx.row(_SQL["lock"], tenant_id, reconciliation_id)
    return None if row is None else read(Reconciliation, row)


async def last_statement(tx: Tx, *, tenant_id: UUID, account_id: UUID) -> date | None:
    """The last day that a statement vouches for; None: none does."""
    day = await tx.value(_SQL["last_statement"], tenant_id, account_id)
    assert day is None or isinstance(day, date)
    return day


async def undo(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], user_id: UUID) -> None:
    """Lets the rows of groups go, in a member's name."""
    await tx.run(_SQL["undo"], tenant_id, sorted(ids), user_id)
    await tx.run(_SQL["release"], tenant_id, sorted(ids))


async def restore(tx: Tx, *, tenant_id: UUID, reconciliation_id: UUID) -> bool:
    """Whether the rows of a group that was undone are of it again: where all of them are as they
    were then. Raises Conflict where one is of another group by now."""
    await lock(tx, tenant_id=tenant_id, reconciliation_id=reconciliation_id)
    row = await tx.row(_SQL["restorable"], tenant_id, reconciliation_id)
    if row is None or row["other"]:
        return False
    if row["busy"]:
        raise Conflict("a row is of another group")
    await tx.run(_SQL["restore"], tenant_id, reconciliation_id)
    await tx.run(_SQL["rejoin"], tenant_id, reconciliation_id)
    return True


async def undo_found(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Lets the rows of groups go. For a worker."""
    await tx.run(_SQL["undo_found"], tenant_id, sorted(ids))
    await tx.run(_SQL["release"], tenant_id, sorted(ids))


def _where(wanted: ReconciliationFilter) -> list[Condition]:
    where = []
    if wanted.methods is not None:
        where.append(Condition("r.method = any({}::text[])", (list(wanted.methods),)))
    if wanted.undone is not None:
        where.append(Condition(f"r.undone_at is {'not ' if wanted.undone else ''}null"))
    if wanted.account_id is not None:
        where.append(
            Condition(
                "exists (select from app.reconciliation_members as m join app.transactions as t"
                " on t.tenant_id = m.tenant_id and t.id = m.transaction_id"
                " where m.tenant_id = r.tenant_id and m.reconciliation_id = r.id"
                " and t.account_id = {})",
                (wanted.account_id,),
            )
        )
    if wanted.transaction_id is not None:
        where.append(
            Condition(
                "r.id in (select m.reconciliation_id from app.reconciliation_members as m"
                " where m.tenant_id = r.tenant_id and m.transaction_id = {})",
                (wanted.transaction_id,),
            )
        )
    if wanted.created_from is not None:
        where.append(Condition("r.created_at >= {}", (wanted.created_from,)))
    if wanted.created_to is not None:
        where.append(Condition("r.created_at <= {}", (wanted.created_to,)))
    return where
