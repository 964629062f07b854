"""Institutions: banks as one tenant knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from core.models import Institution
from db import select
from db.queries import load
from db.select import Listing
from db.session import Tx

_SQL = load("institutions")

LISTING: Final = Listing(source="app.institutions as i", alias="i")


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Institution]:
    """Institutions by id."""
    return await select.by_ids(tx, Institution, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def named(tx: Tx, *, tenant_id: UUID, name: str) -> UUID:
    """The institution of that name, whatever its case; made where there is none."""
    found = await tx.value(_SQL["named"], tenant_id, name)
    if found is None:
        found = await tx.value(_SQL["create"], tenant_id, name)
    assert isinstance(found, UUID)
    return found
