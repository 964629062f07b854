"""Related things: what fields of many objects point to, read together."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from core.page import Page
from schema.context import RequestContext
from schema.page import Listed, bounded, listed

Model = TypeVar("Model")
Shown = TypeVar("Shown")


async def maybe(
    context: RequestContext,
    use_case: Callable[..., Awaitable[Mapping[UUID, Model]]],
    key: UUID | None,
    show: Callable[[Model], Shown],
) -> Shown | None:
    """The thing of an id, where there is one and the caller may see it."""
    if key is None:
        return None
    found = await context.loaders.load(context, use_case, key)
    return None if found is None else show(found)


async def one(
    context: RequestContext,
    use_case: Callable[..., Awaitable[Mapping[UUID, Model]]],
    key: UUID,
    show: Callable[[Model], Shown],
) -> Shown:
    """The thing of an id that a foreign key promises."""
    found = await context.loaders.load(context, use_case, key)
    assert found is not None
    return show(found)


async def several(
    context: RequestContext,
    use_case: Callable[..., Awaitable[Mapping[UUID, Model]]],
    keys: Sequence[UUID],
    show: Callable[[Model], Shown],
) -> list[Shown]:
    """The things of some ids in their order, read together; what the caller may not see is left
    out."""
    found = await gather(*(context.loaders.load(context, use_case, key) for key in keys))
    return [show(one) for one in found if one is not None]


async def children(
    context: RequestContext,
    use_case: Callable[..., Awaitable[Mapping[UUID, Page[Model]]]],
    key: UUID,
    show: Callable[[Model], Shown],
    *,
    first: int | None,
    after: str | None,
    **arguments: Hashable,
) -> Listed[Shown]:
    """A page of a parent's children; parents that ask for the same page share a statement."""
    found = await context.loaders.load(
        context, use_case, key, first=bounded(first), after=after, **arguments
    )
    assert found is not None
    return listed(found, show)
