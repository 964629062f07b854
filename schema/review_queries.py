"""What can be asked of questions to people, and of exchange rates."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import review_items as stored
from db.review_items import EVERYTHING
from resolvers import reviews
from schema.context import Info
from schema.exchange_rates import ExchangeRateQueries
from schema.fields import resolved
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.review_items import ReviewItem, ReviewItemFilter
from schema.roots import FILTER, counted, filtered


@strawberry.type(description="What can be asked of questions to people.")
class ReviewQueries(ExchangeRateQueries):
    @resolved(
        description="What the system is not sure enough of, newest first; answered ones too, "
        "unless `state` says otherwise.",
        reads=filtered(stored.LISTING, stored.asked, EVERYTHING),
    )
    async def review_items(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[ReviewItemFilter | None, FILTER] = None,
    ) -> Listed[ReviewItem]:
        """What the system is not sure enough of."""
        wanted = EVERYTHING if filter is None else filter.wanted()
        page = await reviews.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, ReviewItem.of)

    @resolved(
        description="How many questions there are.",
        reads=counted(stored.LISTING, stored.asked, EVERYTHING),
    )
    async def review_item_count(
        self, info: Info, filter: Annotated[ReviewItemFilter | None, FILTER] = None
    ) -> int:
        """How many questions there are."""
        wanted = EVERYTHING if filter is None else filter.wanted()
        return await reviews.count(info.context, wanted=wanted)
