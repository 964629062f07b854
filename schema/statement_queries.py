"""What can be asked about statements."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import statements as stored
from db.statements import StatementFilter as Wanted
from resolvers import account_statements
from schema.context import Info
from schema.fields import resolved
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.roots import FILTER, filtered
from schema.statements import Statement, StatementFilter


@strawberry.type(description="What can be asked of statements.")
class StatementQueries:
    @resolved(
        description="Statements of accounts with their proofs, newest first.",
        reads=filtered(stored.LISTING, stored.asked, Wanted()),
    )
    async def statements(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[StatementFilter | None, FILTER] = None,
    ) -> Listed[Statement]:
        """Statements of accounts."""
        wanted = Wanted() if filter is None else filter.wanted()
        page = await account_statements.page(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, Statement.of)
