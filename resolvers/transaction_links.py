"""Links between transactions: what members say of two rows is final, and can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from core.links import LinkKind, LinkState, TransactionLink, pair_key
from core.models import Role, Transaction
from core.records import TransactionStatus
from core.reviews import ReviewItem, ReviewState
from db import audit, paybacks, review_items, transactions
from db import transaction_links as stored
from db.session import Tx
from db.transaction_links import Side
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, missing, refusable, require

SAID_BY_A_PERSON: Final = "user"  # the rule version of a link that no rule found

MORE_THAN_PAID: Final = "more-than-paid"  # the code of a reason


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, TransactionLink]:
    """Links by id, undone ones too."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def of_transactions(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, list[TransactionLink]]:
    """Active links of each transaction."""
    async with context.read() as tx:
        return await stored.of_transactions(
            tx, tenant_id=context.tenant, ids=ids, state=LinkState.ACTIVE
        )


async def past_of_transactions(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, list[TransactionLink]]:
    """What each transaction was linked with before."""
    async with context.read() as tx:
        return await stored.of_transactions(
            tx, tenant_id=context.tenant, ids=ids, state=LinkState.UNDONE
        )


async def duplicates(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, list[Transaction]]:
    """The transactions that do not count beside each of these."""
    async with context.read() as tx:
        below = await stored.duplicates(tx, tenant_id=context.tenant, ids=ids)
        every = [one for ones in below.values() for one in ones]
        found = await transactions.by_ids(tx, tenant_id=context.tenant, ids=every)
    return {key: [found[one] for one in ones] for key, ones in below.items()}


@refusable
async def link(
    context: Context, *, kind: LinkKind, transaction_id: UUID, other_id: UUID
) -> TransactionLink:
    """Says that two transactions belong together."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        key = pair_key(kind, transaction_id, other_id)
        await _answer(tx, context, key, ReviewState.CONFIRMED)
        sides = await stored.sides(tx, tenant_id=context.tenant, ids=[transaction_id, other_id])
        for name, one in (("transactionId", transaction_id), ("otherId", other_id)):
            if one not in sides:
                raise missing("transaction", name)
        first, second = sides[transaction_id], sides[other_id]
        if kind is LinkKind.TRANSFER and first.amount > 0:
            first, second = second, first
        _check(kind, first, second)
        link_id = await _say(tx, context, kind, first, second, score=100, reasons=[], rule=None)
        await audit.record(
            tx, "transaction.linked", data={"linkId": str(link_id), "kind": kind.value}
        )
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[link_id])
    return found[link_id]


@refusable
async def undo(context: Context, *, link_id: UUID) -> TransactionLink:
    """Takes a link back, for good: it is not found again."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        known = await stored.by_ids(tx, tenant_id=context.tenant, ids=[link_id])
        if link_id not in known:
            raise missing("link", "id")
        one = known[link_id]
        key = pair_key(one.kind, one.transaction_id, one.other_id)
        await _answer(tx, context, key, ReviewState.REJECTED)
        pair = [one.transaction_id, one.other_id]
        await stored.sides(tx, tenant_id=context.tenant, ids=pair)
        undone = await stored.undo(
            tx, tenant_id=context.tenant, ids=[link_id], user_id=context.user_id
        )
        if undone:
            if one.kind.hides:
                await stored.recount(tx, tenant_id=context.tenant, ids=[one.transaction_id])
            else:
                await review_items.open_excluded(tx, tenant_id=context.tenant, ids=pair)
            await audit.record(
                tx, "transaction.unlinked", data={"linkId": str(one.id), "kind": one.kind.value}
            )
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[link_id])
    return found[link_id]


async def decided(
    tx: Tx, context: Context, items: Sequence[ReviewItem], state: ReviewState
) -> None:
    """What an answer to questions about pairs means: they are linked, or they are not."""
    ids = {side for item in items for side in _pair(item)}
    await stored.sides(tx, tenant_id=context.tenant, ids=ids)  # kept from others, all in one order
    if state is ReviewState.CONFIRMED:
        for item in items:
            # Each anew: the answer to the one before may have hidden a side of this one.
            sides = await stored.sides(tx, tenant_id=context.tenant, ids=_pair(item))
            await _confirmed(tx, context, item, sides)
        return
    links = await stored.of_pairs(tx, tenant_id=context.tenant, pairs=[_pair(i) for i in items])
    asked = {item.key for item in items}
    stated = [one for one in links if pair_key(one.kind, one.transaction_id, one.other_id) in asked]
    found = [one.id for one in stated]
    if state is ReviewState.REJECTED:
        await stored.undo(tx, tenant_id=context.tenant, ids=found, user_id=context.user_id)
    else:
        await stored.loosen(tx, tenant_id=context.tenant, ids=found)
    hidden = {one.transaction_id for one in stated if one.kind.hides}
    await stored.recount(tx, tenant_id=context.tenant, ids=hidden)
    apart = {
        side for one in stated if not one.kind.hides for side in (one.transaction_id, one.other_id)
    }
    await review_items.open_excluded(tx, tenant_id=context.tenant, ids=apart)


async def _confirmed(
    tx: Tx, context: Context, item: ReviewItem, sides: Mapping[UUID, Side]
) -> None:
    first, second = (sides[one] for one in _pair(item))
    kind = LinkKind(item.kind.value)
    _check(kind, first, second, path="ids")
    await _say(
        tx,
        context,
        kind,
        first,
        second,
        score=item.score,
        reasons=item.reasons,
        rule=item.rule_version,
    )


async def _say(
    tx: Tx,
    context: Context,
    kind: LinkKind,
    first: Side,
    second: Side,
    *,
    score: int,
    reasons: Sequence[dict[str, Any]],
    rule: str | None,
) -> UUID:
    freed: set[UUID] = set()
    if kind.hides:
        freed = await stored.make_way(
            tx, tenant_id=context.tenant, transaction_id=first.id, other_id=second.id
        )
        await stored.recount(tx, tenant_id=context.tenant, ids=freed)
    else:
        await stored.make_way_of_kind(
            tx,
            tenant_id=context.tenant,
            kind=kind,
            transaction_id=first.id,
            other_id=second.id,
        )
    busy = await stored.is_busy(
        tx, tenant_id=context.tenant, kind=kind, transaction_id=first.id, other_id=second.id
    )
    if busy or second.duplicate_of == first.id:
        raise conflict("One of them is linked otherwise. Undo that link first.")
    if kind is LinkKind.REFUND:
        reasons = [*reasons, *await _beyond(tx, context, first, second)]
    link_id = await stored.say(
        tx,
        tenant_id=context.tenant,
        kind=kind,
        transaction_id=first.id,
        other_id=second.id,
        score=score,
        reasons=reasons,
        rule_version=rule or SAID_BY_A_PERSON,
        user_id=context.user_id,
    )
    if kind.hides:
        await stored.recount(tx, tenant_id=context.tenant, ids=[first.id])
    await review_items.close_excluded(
        tx, tenant_id=context.tenant, pairs=[(kind, first.id, second.id)]
    )
    return link_id


async def _beyond(tx: Tx, context: Context, refund: Side, payment: Side) -> list[dict[str, Any]]:
    """What a person should see of a refund that is more than was paid. It is linked all the same:
    one credit may give back several payments, or add something, and an answer is final."""
    if refund.currency != payment.currency:
        return []
    more = await paybacks.beyond(
        tx, tenant_id=context.tenant, transaction_id=refund.id, other_id=payment.id
    )
    if more <= 0:
        return []
    text = f"It is {more:f} {refund.currency} more than the payment and its other refunds leave."
    return [{"code": MORE_THAN_PAID, "text": text, "points": 0}]


async def _answer(tx: Tx, context: Context, key: str, state: ReviewState) -> None:
    """The question about the pair has this answer now, where there is one.

    Before rows are locked: workers write questions first, too.
    """
    item = await review_items.by_key(tx, tenant_id=context.tenant, key=key)
    if item is not None and item.state is not ReviewState.SUPERSEDED:
        await review_items.decide(
            tx, tenant_id=context.tenant, ids=[item.id], state=state, user_id=context.user_id
        )


def _pair(item: ReviewItem) -> tuple[UUID, UUID]:
    assert item.transaction_id is not None
    assert item.other_id is not None
    return (item.transaction_id, item.other_id)


def _check(kind: LinkKind, first: Side, second: Side, *, path: str = "otherId") -> None:
    """Raises Refusal where two rows cannot belong together so, whatever somebody says."""
    if first.id == second.id:
        raise invalid("Name two transactions.", path)
    if TransactionStatus.REMOVED in {first.status, second.status}:
        raise conflict("One of them was removed.", path)
    together = first.account_id == second.account_id
    opposite = (first.amount > 0) != (second.amount > 0)
    if kind.hides and not (together and not opposite and first.currency == second.currency):
        raise invalid("Duplicates are of one account, one currency and one direction.", path)
    if kind is LinkKind.TRANSFER and (together or not opposite):
        raise invalid("A transfer leaves one account and reaches another.", path)
    if kind is LinkKind.REFUND and not (together and opposite):
        raise invalid("A refund comes back to the account that paid.", path)
