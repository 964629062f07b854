"""What members answer, and which transactions they link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Annotated, Final

import strawberry

from core import links, reviews
from resolvers import reviews as use_cases
from resolvers import transaction_links
from resolvers.refusal import Refused
from schema.context import Info
from schema.exchange_rates import ExchangeRateMutations
from schema.fields import mutation
from schema.ids import key_of
from schema.payload import Payload, user_errors
from schema.review_items import ReviewItem
from schema.transaction_links import TransactionLink

ItemId = Annotated[strawberry.ID, strawberry.argument(description="The review item.")]


@strawberry.enum(description="An answer to a question, or its taking back.")
class ReviewDecision(Enum):
    CONFIRMED = strawberry.enum_value("confirmed", description="Yes.")
    REJECTED = strawberry.enum_value("rejected", description="No.")
    OPEN = strawberry.enum_value("open", description="Takes an answer back.")


@strawberry.input(description="Questions, and the answer to all of them.")
class ReviewItemsDecideInput:
    ids: list[strawberry.ID] = strawberry.field(description="The review items, 100 at most.")
    decision: ReviewDecision = strawberry.field(description="The answer.")


@strawberry.input(description="Two transactions, and how they belong together.")
class TransactionLinkInput:
    transaction_id: strawberry.ID = strawberry.field(
        description="The duplicate, which will not count; the pending one; what went out; the "
        "refund."
    )
    other_id: strawberry.ID = strawberry.field(
        description="What counts; the booked one; what came in; what was paid."
    )
    kind: links.LinkKind = strawberry.field(description="How they belong together.")


@strawberry.type(description="What reviewItemsDecide answers.")
class ReviewItemsDecidePayload(Payload):
    items: list[ReviewItem] | None = strawberry.field(
        description="The items as they are now, in the order of the ids; null where refused."
    )


@strawberry.type(description="What an answer to one question answers.")
class ReviewItemPayload(Payload):
    item: ReviewItem | None = strawberry.field(
        description="The item as it is now; null where it was refused."
    )


@strawberry.type(description="What matchConfirm answers.")
class MatchConfirmPayload(ReviewItemPayload):
    pass


@strawberry.type(description="What matchReject answers.")
class MatchRejectPayload(ReviewItemPayload):
    pass


@strawberry.type(description="What is answered about a link.")
class TransactionLinkChangePayload(Payload):
    link: TransactionLink | None = strawberry.field(
        description="The link as it is now; null where it was refused."
    )


@strawberry.type(description="What transactionLink answers.")
class TransactionLinkPayload(TransactionLinkChangePayload):
    pass


@strawberry.type(description="What transactionLinkUndo answers.")
class TransactionLinkUndoPayload(TransactionLinkChangePayload):
    pass


_STATES: Final = {
    ReviewDecision.CONFIRMED: reviews.ReviewState.CONFIRMED,
    ReviewDecision.REJECTED: reviews.ReviewState.REJECTED,
    ReviewDecision.OPEN: reviews.ReviewState.OPEN,
}


@strawberry.type(description="What members answer, and which transactions they link.")
class ReviewMutations(ExchangeRateMutations):
    @mutation(
        description="Answers questions alike, all or none; OPEN takes answers back, and what they "
        "had done. An answer is final: the same is not asked again. For members."
    )
    async def review_items_decide(
        self,
        info: Info,
        input: Annotated[
            ReviewItemsDecideInput, strawberry.argument(description="Questions and answer.")
        ],
    ) -> ReviewItemsDecidePayload | None:
        """Answers questions."""
        answer = await use_cases.decide(
            info.context,
            ids=[key_of("ReviewItem", one) for one in input.ids],
            state=_STATES[input.decision],
        )
        return ReviewItemsDecidePayload(
            items=None if isinstance(answer, Refused) else [ReviewItem.of(item) for item in answer],
            user_errors=user_errors(answer),
        )

    @mutation(description="Answers one question with yes: its sides are linked. For members.")
    async def match_confirm(self, info: Info, id: ItemId) -> MatchConfirmPayload | None:
        """Answers one question with yes."""
        answer = await _decide(info, id, reviews.ReviewState.CONFIRMED)
        return MatchConfirmPayload(item=_item(answer), user_errors=user_errors(answer))

    @mutation(description="Answers one question with no: its sides stay apart. For members.")
    async def match_reject(self, info: Info, id: ItemId) -> MatchRejectPayload | None:
        """Answers one question with no."""
        answer = await _decide(info, id, reviews.ReviewState.REJECTED)
        return MatchRejectPayload(item=_item(answer), user_errors=user_errors(answer))

    @mutation(
        description="Says that two transactions are one booking, or belong together; it comes over "
        "what the rules found. A refund may be more than its payment. For members."
    )
    async def transaction_link(
        self,
        info: Info,
        input: Annotated[TransactionLinkInput, strawberry.argument(description="The two.")],
    ) -> TransactionLinkPayload | None:
        """Says that two transactions belong together."""
        answer = await transaction_links.link(
            info.context,
            kind=input.kind,
            transaction_id=key_of("Transaction", input.transaction_id),
            other_id=key_of("Transaction", input.other_id),
        )
        return TransactionLinkPayload(link=_link(answer), user_errors=user_errors(answer))

    @mutation(
        description="Undoes a link for good: what it hid counts again, and the rules do not find "
        "it again. For members."
    )
    async def transaction_link_undo(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The link.")],
    ) -> TransactionLinkUndoPayload | None:
        """Undoes a link."""
        answer = await transaction_links.undo(info.context, link_id=key_of("TransactionLink", id))
        return TransactionLinkUndoPayload(link=_link(answer), user_errors=user_errors(answer))


async def _decide(
    info: Info, item_id: strawberry.ID, state: reviews.ReviewState
) -> Sequence[reviews.ReviewItem] | Refused:
    key = key_of("ReviewItem", item_id)
    answer = await use_cases.decide(info.context, ids=[key], state=state)
    if isinstance(answer, Refused) and answer.path == ("ids",):
        return replace(answer, path=("id",))
    return answer


def _item(answer: Sequence[reviews.ReviewItem] | Refused) -> ReviewItem | None:
    return None if isinstance(answer, Refused) else ReviewItem.of(answer[0])


def _link(answer: links.TransactionLink | Refused) -> TransactionLink | None:
    return None if isinstance(answer, Refused) else TransactionLink.of(answer)
