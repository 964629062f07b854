"""Memory of an import: bounded by the batch, whatever the size of the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fixtures.bai2_file import Detail, statement
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import World

ROOT = Path(__file__).resolve().parents[2]
FEW, MANY = 20_000, 200_000
GROWTH_MIB_MAX = 60
ENDS_WITHIN_S = 60


async def test_ten_times_the_rows_need_about_the_same_memory(
    world: World, database: DatabaseUrls, tmp_path: Path
) -> None:
    few, many = [await _peak_mib(world, database, tmp_path, rows) for rows in (FEW, MANY)]

    assert many - few < GROWTH_MIB_MAX


async def _peak_mib(world: World, database: DatabaseUrls, folder: Path, rows: int) -> float:
    place = await world.place()
    content = statement(*(Detail("475", 100 + row, f"PURCHASE {row}") for row in range(rows)))
    job_id = await world.job(place, content)

    ended = subprocess.run(  # nothing else is to be done
        [
            *(sys.executable, ROOT / "tests" / "fixtures" / "import_once.py"),
            *(database.login, folder, str(place.tenant_id), str(job_id)),
        ],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=True,
    )

    job = await world.ledger(place, job_id)
    assert (job["state"], job["imported"]) == ("completed", rows)
    return int(ended.stdout) / 1024
