"""The taxonomy: Plaid's primary and detailed categories, and classes that are mapped onto them.

The names are those of Plaid's personal finance categories, version 2; those that version 1 alone
has are read as their successors. The descriptions are our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from categories.table import rows

OTHER: Final = "OTHER"  # the primary category and the class of what is nothing else


class Kind(StrEnum):
    """What a category does to the books."""

    INCOME = "income"
    TRANSFER = "transfer"
    EXPENSE = "expense"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One detailed category and the primary one above it."""

    detailed: str
    primary: str
    kind: Kind
    description: str
    version_1: str | None  # its name in version 1, where that differs


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a name of any level stands in the taxonomy."""

    name: str
    primary: str
    detailed: str | None


@lru_cache(maxsize=1)
def categories() -> Mapping[str, Category]:
    """Every category by its detailed name."""
    return {
        detailed: Category(
            detailed=detailed,
            primary=primary,
            kind=Kind(kind),
            description=description,
            version_1=version_1 or None,
        )
        for detailed, primary, version_1, kind, description in rows("taxonomy.tsv")
    }


@lru_cache(maxsize=1)
def primaries() -> Mapping[str, tuple[str, ...]]:
    """The detailed names of each primary category."""
    found: dict[str, list[str]] = {}
    for category in categories().values():
        found.setdefault(category.primary, []).append(category.detailed)
    return {primary: tuple(names) for primary, names in found.items()}


@lru_cache(maxsize=1)
def classes() -> Mapping[str, str]:
    """The detailed category onto which each closed class of the model is mapped."""
    return {name: detailed for name, detailed, _, _ in rows("classes.tsv")}


@lru_cache(maxsize=1)
def coded_alike() -> Mapping[str, int]:
    """Per cent of a class's rows whose merchant category code has its primary category."""
    return {name: int(percent) for name, _, percent, _ in rows("classes.tsv")}


@lru_cache(maxsize=1)
def _version_1() -> Mapping[str, str]:
    return {each.version_1: each.detailed for each in categories().values() if each.version_1}


def current(name: str) -> str:
    """The name of version 2 for one of either version; unknown names as they are."""
    return _version_1().get(name, name)


@lru_cache(maxsize=4096)
def place(name: str) -> Place | None:
    """Where a class, a detailed or a primary category stands; None for a name of none of them.

    TRAVEL is both a class and a primary category; both say the same.
    """
    if name in primaries():
        only = primaries()[name]
        return Place(name=name, primary=name, detailed=only[0] if len(only) == 1 else None)
    detailed = classes().get(name) or current(name)
    category = categories().get(detailed)
    if category is None:
        return None
    return Place(name=name, primary=category.primary, detailed=category.detailed)
