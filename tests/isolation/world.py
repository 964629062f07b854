"""Two tenants with a row in every table, and the values of a third that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import asyncpg

from tests.isolation.catalog import Catalog, read_catalog
from tests.isolation.rows import RECIPES, Owner, Recipe, Row, fill, make_rows

VICTIM: Final = Owner(tenant="acme")
SPY: Final = Owner(tenant="globex")
_TELLING: Final = 5  # characters: what is shorter is the same for all


@dataclass(frozen=True, kw_only=True)
class World:
    """The tenant that is spied on, the one that spies, and one that is not there."""

    catalog: Catalog
    victim: Owner
    victims: Mapping[str, Row]
    own: Mapping[str, Row]
    new: Mapping[str, Row]  # rows of the spying tenant that are not inserted
    ghosts: Mapping[str, Row]

    @cached_property
    def told(self) -> tuple[str, ...]:
        """Values that statements name: the victim's and nobody's, the longest first."""
        rows = (*self.victims.values(), *self.ghosts.values())
        values = {v for row in rows for v in row.values() if v and len(v) >= _TELLING}
        return tuple(sorted(values - self.shared, key=len, reverse=True))

    @cached_property
    def marks(self) -> frozenset[str]:
        """Values that are the victim's alone."""
        values = {v for row in self.victims.values() for v in row.values()}
        return frozenset(v for v in values - self.shared if v and len(v) >= _TELLING)

    @cached_property
    def shared(self) -> frozenset[str | None]:
        """Values of the spy's own rows."""
        return frozenset(v for row in self.own.values() for v in row.values())


async def world_of(
    connection: asyncpg.Connection, recipes: Mapping[str, Recipe] = RECIPES
) -> World:
    """Fills a migrated database. Raises `NoRecipe` for a table that nobody told how to fill."""
    catalog = await read_catalog(connection)
    victims = make_rows(catalog, VICTIM, recipes=recipes)
    own = make_rows(catalog, SPY, recipes=recipes)
    await fill(connection, victims, VICTIM)
    await fill(connection, own, SPY)
    fresh = Owner(tenant=SPY.tenant, name=" new")
    return World(
        catalog=catalog,
        victim=VICTIM,
        victims=victims,
        own=own,
        new=make_rows(catalog, fresh, recipes=recipes, parents=own),
        ghosts=make_rows(catalog, Owner(tenant="nobody"), recipes=recipes),
    )
