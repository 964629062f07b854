"""Reconciliation of an account with what its sources state, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.continuity import DayProof, DayState, Difference
from core.days import shifted
from core.errors import BadInput, Conflict
from core.models import Account, Role
from core.reconciliation import Reconciliation, ReconciliationMethod
from db import accounts, audit, continuity, reconciliations
from db.reconciliations import STATEMENT_ROWS_MAX, NewReconciliation
from db.session import Tx
from matching.statement_days import differences, prove
from pipeline.balance_explanations import Unexplained, explained
from resolvers.context import Context
from resolvers.refusing import conflict, limit, missing, refusable, require

DAYS_MAX: Final = 366
EXPLAINED_MAX: Final = 20  # the newest; the others are told without explanations


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProof:
    """An account's days, and where they do not add up."""

    account: Account
    first: date
    last: date
    days: Sequence[DayProof]
    differences: Sequence[Difference]

    @property
    def state(self) -> DayState:
        """Of all the days together: what differs wins, then what is proved."""
        states = {one.state for one in self.days}
        for state in (DayState.DIFFERS, DayState.PROVED, DayState.UNPROVED):
            if state in states or (state is DayState.DIFFERS and self.differences):
                return state
        return DayState.UNSTATED


async def of_account(
    context: Context, *, account_id: UUID, first: date, last: date
) -> AccountProof | None:
    """The proof of these days; None where the caller has no such account. Raises BadInput."""
    if last < first:
        raise BadInput("period: it ends before it begins")
    if (last - first).days >= DAYS_MAX:
        raise BadInput(f"period: ask for {DAYS_MAX} days at most")
    async with context.read() as tx:
        found = await accounts.by_ids(tx, tenant_id=context.tenant, ids=[account_id])
        if account_id not in found:
            return None
        return await proof(tx, context, found[account_id], first=first, last=last)


async def proof(
    tx: Tx, context: Context, account: Account, *, first: date, last: date
) -> AccountProof:
    """The proof of these days, in a transaction that sees the account."""
    known = await continuity.known(
        tx,
        tenant_id=context.tenant,
        account_id=account.id,
        currency=account.currency,
        first=first,
        last=last,
    )
    days = prove(known.sums, known.stated)
    found = [one for one in differences(days) if one.day >= first]
    plain, rest = found[:-EXPLAINED_MAX], found[-EXPLAINED_MAX:]
    statements = await continuity.statements(
        tx, tenant_id=context.tenant, account_id=account.id, first=first, last=last
    )
    asked = Unexplained(
        account_id=account.id,
        currency=account.currency,
        known=known,
        found=rest,
        statements=statements,
    )
    (told,) = await explained(tx, tenant_id=context.tenant, asked=[asked])
    return AccountProof(
        account=account,
        first=first,
        last=last,
        days=[day for day in days if day.day >= first],
        differences=[*plain, *told],
    )


@refusable
async def reconcile_statement(context: Context, *, account_id: UUID, day: date) -> Reconciliation:
    """The account's rows up to a day, for which the balance that is stated of it vouches.

    They must come to it: what differs is found first, since the last statement or a year back.
    """
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        found = await accounts.by_ids(tx, tenant_id=context.tenant, ids=[account_id])
        account = found.get(account_id)
        if account is None:
            raise missing("account", "accountId")
        since = await _since(tx, context, account_id, day)
        shown = await proof(tx, context, account, first=since, last=day)
        if shown.differences:
            last = shown.differences[-1]
            raise conflict(
                f"The account does not add up on {last.day}: it differs by {last.amount} "
                f"{account.currency}. Settle that first.",
                "to",
            )
        if not shown.days or shown.days[-1].day != day or shown.days[-1].stated is None:
            raise conflict(f"No source states a balance of {day}. Choose a day that has one.", "to")
        if shown.days[-1].state is not DayState.PROVED:
            raise conflict(
                "Nothing states what the account had before, so that nothing is proved. Choose "
                "a later day.",
                "to",
            )
        return await _vouched(tx, context, account, day)


async def _since(tx: Tx, context: Context, account_id: UUID, day: date) -> date:
    floor = shifted(day, -timedelta(days=DAYS_MAX))
    last = await reconciliations.last_statement(tx, tenant_id=context.tenant, account_id=account_id)
    if last is None or last >= day:
        return floor
    return max(floor, last + timedelta(days=1))


async def _vouched(tx: Tx, context: Context, account: Account, day: date) -> Reconciliation:
    reconciliation_id = await reconciliations.put(
        tx,
        tenant_id=context.tenant,
        new=NewReconciliation(
            method=ReconciliationMethod.STATEMENT,
            difference=Decimal(0),
            currency=account.currency,
            account_id=account.id,
            statement_to=day,
        ),
        reasons=(),
        user_id=context.user_id,
    )
    try:
        rows = await reconciliations.put_statement_members(
            tx,
            tenant_id=context.tenant,
            reconciliation_id=reconciliation_id,
            account_id=account.id,
            day=day,
            currency=account.currency,
        )
    except Conflict as error:
        raise conflict("Somebody reconciles these transactions just now. Try again.") from error
    group = await reconciliations.written(
        tx, tenant_id=context.tenant, reconciliation_id=reconciliation_id
    )
    if group.moved:
        raise conflict("These transactions change just now. Try again.")
    if rows >= STATEMENT_ROWS_MAX:
        raise limit(
            f"These are {STATEMENT_ROWS_MAX:,} transactions or more. Choose an earlier day first.",
            "to",
        )
    await audit.record(
        tx,
        "reconciliation.created",
        data={"reconciliationId": str(reconciliation_id), "accountId": str(account.id)},
    )
    made = await reconciliations.by_ids(tx, tenant_id=context.tenant, ids=[reconciliation_id])
    return made[reconciliation_id]
