"""What can be asked of reconciliation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import reconciliations as stored
from db.reconciliations import ReconciliationFilter as Wanted
from resolvers import account_proofs, reconciliation_rules, reconciliations
from schema.balance_proofs import AccountReconciliation, Period
from schema.context import Info
from schema.fields import resolved
from schema.ids import key_of
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.reconciliation_rules import (
    ReconciliationDryRun,
    ReconciliationRule,
    ReconciliationRuleInput,
)
from schema.reconciliations import Reconciliation, ReconciliationFilter
from schema.roots import FILTER, filtered


@strawberry.type(description="What can be asked of reconciliation.")
class ReconciliationQueries:
    @resolved(
        description="An account held against the balances that its sources state, day by day; null "
        "where the caller has none such."
    )
    async def reconciliation(
        self,
        info: Info,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        period: Annotated[Period, strawberry.argument(description="Which days; 366 at most.")],
    ) -> AccountReconciliation | None:
        """An account held against its balances."""
        found = await account_proofs.of_account(
            info.context,
            account_id=key_of("Account", account_id),
            first=period.from_,
            last=period.to,
        )
        return None if found is None else AccountReconciliation.of(found)

    @resolved(
        description="What was reconciled, newest first.",
        reads=filtered(stored.LISTING, stored.asked, Wanted()),
    )
    async def reconciliations(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[ReconciliationFilter | None, FILTER] = None,
    ) -> Listed[Reconciliation]:
        """What was reconciled."""
        wanted = Wanted() if filter is None else filter.wanted()
        page = await reconciliations.page(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, Reconciliation.of)

    @resolved(
        description="The tenant's rules in their order, 50 at most; empty: those that everybody "
        "has count."
    )
    async def reconciliation_rules(self, info: Info) -> list[ReconciliationRule]:
        """The tenant's rules."""
        return [
            ReconciliationRule.of(rule) for rule in await reconciliation_rules.every(info.context)
        ]

    @resolved(
        description="What rules would reconcile among transactions of some days that are not yet; "
        "nothing is written. For members and up."
    )
    async def reconciliation_rules_dry_run(
        self,
        info: Info,
        period: Annotated[Period, strawberry.argument(description="Which days; 366 at most.")],
        rule: Annotated[
            ReconciliationRuleInput | None,
            strawberry.argument(description="This rule alone; null: those that count."),
        ] = None,
    ) -> ReconciliationDryRun:
        """What rules would reconcile."""
        run = await reconciliation_rules.dry_run(
            info.context,
            terms=None if rule is None else rule.terms(),
            first=period.from_,
            last=period.to,
        )
        return ReconciliationDryRun.of(run)
