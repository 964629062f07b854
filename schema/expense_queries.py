"""What can be asked of expenses."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import expenses as stored
from db.expenses import ExpenseFilter as Wanted
from resolvers import expenses
from schema.context import Info
from schema.expenses import Expense, ExpenseFilter
from schema.fields import resolved
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.roots import FILTER, filtered


@strawberry.type(description="What can be asked of expenses.")
class ExpenseQueries:
    @resolved(
        description="What was spent, newest first.",
        reads=filtered(stored.LISTING, stored.asked, Wanted()),
    )
    async def expenses(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[ExpenseFilter | None, FILTER] = None,
    ) -> Listed[Expense]:
        """What was spent."""
        wanted = Wanted() if filter is None else filter.wanted()
        page = await expenses.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, Expense.of)
