"""Plans of the write path hold while a table grows, also where they were first made for none."""

from __future__ import annotations

from db.queries import load
from db.session import Tx
from tests.fixtures.bai2_file import Detail, statement
from tests.fixtures.world import Place, World

ROWS = 3_000
_SQL = load("merge")


async def test_rows_that_stand_are_looked_up_by_their_identity_once_there_are_any(
    world: World,
) -> None:
    place = await world.place()
    arguments = "uuid, uuid[], bytea[], integer[], bigint[], text[]"

    async with world.database.as_(place.worker) as tx:
        await tx.run(f"prepare kept ({arguments}) as {_SQL['repeated']}")
        await tx.run("set local plan_cache_mode = force_generic_plan")  # as it is after five times
        await tx.run(f"execute kept {_values(place)}")
        await world.take_in(
            place, statement(*(Detail("475", 100 + row, f"ROW {row}") for row in range(ROWS)))
        )
        kept = await _plan(tx, place)
        await tx.run(_SQL["plan_anew"])
        anew = await _plan(tx, place)
        await tx.run(_SQL["plan_as_usual"])
        await tx.run("deallocate kept")

    assert "transactions_identity_key" in anew
    assert "(fingerprint = i.fingerprint)" in anew.partition("Index Cond:")[2].partition("\n")[0]
    assert kept != anew


async def _plan(tx: Tx, place: Place) -> str:
    return "\n".join(row[0] for row in await tx.rows(f"explain execute kept {_values(place)}"))


def _values(place: Place) -> str:
    return f"('{place.tenant_id}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}')"
