"""Mentions: accounts that removals name, and that their document says nothing else of.

A source that gives an account another id takes back its rows under the old one, which it tells of
no more. Such an account is only looked up: a removal makes none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.models import MappingState
from core.records import RemovalRecord
from db import intake
from db.session import Tx
from pipeline.batch import Target
from pipeline.normalize import storable_text
from pipeline.write import Destination


async def mentioned(
    tx: Tx, to: Destination, removals: Collection[RemovalRecord], known: Mapping[str, Target]
) -> dict[str, Target]:
    """Where the accounts lead that removals name and that are not known yet."""
    keys = {removal.account for removal in removals} - known.keys()
    if not keys:
        return {}
    found = await intake.find(
        tx,
        tenant_id=to.job.tenant_id,
        lineage_id=to.connection.lineage_id,
        external_ids=[storable_text(key) for key in keys],
    )
    return {
        key: Target(met.mapping_id, met.account_id, met.state is MappingState.IGNORED)
        for key in keys
        if (met := found.get(storable_text(key))) is not None
    }
