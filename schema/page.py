"""Pages: Relay connections by keyset, forward only, stable while rows come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Generic, TypeVar

import strawberry

from core.errors import BadInput
from core.page import FIRST_DEFAULT, FIRST_MAX, Page

Node_ = TypeVar("Node_")
Model = TypeVar("Model")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many items, 1 to {FIRST_MAX}; {FIRST_DEFAULT} where null."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="The cursor after which the page begins; null: at the start."),
]
DEFAULT: Final = FIRST_DEFAULT


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether items follow.")
    has_previous_page: bool = strawberry.field(
        description="Whether the page began after a cursor; lists are read forward only."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item, to continue after; null on an empty page."
    )


@strawberry.type(name="Edge", description="An item and its place in the list.")
class Edge(Generic[Node_]):
    node: Node_ = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Where the item lies: opaque, of this list alone.")


@strawberry.type(name="Connection", description="A page of a list.")
class Listed(Generic[Node_]):
    edges: list[Edge[Node_]] = strawberry.field(description="The items, in the list's order.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in its list.")


def listed(page: Page[Model], show: Callable[[Model], Node_]) -> Listed[Node_]:
    """A page of models as GraphQL shows it."""
    return Listed(
        edges=[
            Edge(node=show(item), cursor=cursor)
            for item, cursor in zip(page.items, page.cursors, strict=True)
        ],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
    )


def bounded(first: int | None) -> int:
    """The size of a page. Raises BadInput."""
    if first is None:
        return FIRST_DEFAULT
    if not 1 <= first <= FIRST_MAX:
        raise BadInput(f"first: give 1 to {FIRST_MAX}")
    return first
