"""CAMT step: an element on the way of the walk, with what the tags in it lead to."""

from __future__ import annotations

from statements.camt_fields import Node, Scope


class Step:
    """An element on the way, and what each tag in it leads to, as the document writes it."""

    __slots__ = (
        "attribute",
        "currency",
        "field",
        "many",
        "node",
        "parent",
        "plain",
        "scope",
        "tags",
    )

    def __init__(self, node: Node | None, parent: Step | None, currency: str | None = None) -> None:
        self.node = node  # None: it is not read
        self.parent = parent or self
        self.field = "" if node is None else node.field
        self.attribute = "" if node is None else node.attribute
        self.scope = Scope.NONE if node is None else node.scope
        self.plain = node is not None and node.plain
        self.many = node is not None and node.many
        self.currency = currency  # None: there are no attributes
        self.tags: dict[str, Step] = {}
