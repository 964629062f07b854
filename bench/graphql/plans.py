"""How Postgres answers each system: its statements and plans, from the log, one file a question.

    python bench/graphql/plans.py [--quick] [--only Q1,Q3] [--place DIR]

Writes PLACE/plans/Q1-ours.log and so on: what each server sends for one request, its caches warm,
with the plan that Postgres took (auto_explain), and says which indexes were used. For nobody's
figures: logging slows everything.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # this folder is called as a package is

import asyncpg

from bench.graphql import systems
from bench.graphql.answers import ask
from bench.graphql.cluster import DATABASE, FULL, QUICK, Cluster, running
from bench.graphql.questions import QUESTIONS, Sample, samples
from bench.graphql.systems import System
from bench.graphql.tokens import signer

PLACE: Final = ROOT / ".data" / "bench"
WARM: Final = 8  # a prepared statement is planned for its values five times, then for all
SETTINGS: Final = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_nested_statements": "on",
    "log_statement": "all",
    "log_error_verbosity": "default",
    "log_parameter_max_length": "-1",
}
_READS: Final = re.compile(r"((?:Bitmap )?(?:Index|Seq)(?: Only)? Scan[^(\n]*)\(cost")


async def main(names: list[str], place: Path, *, quick: bool) -> None:
    """Prints what was read by which scan."""
    size = QUICK if quick else FULL
    (place / "plans").mkdir(parents=True, exist_ok=True)
    async with running(place, size) as cluster:
        await _explain(cluster, on=True)
        try:
            with signer() as keys:
                async with (
                    systems.ours(cluster, keys, place) as ours,
                    systems.postgraphile(cluster, systems.installed_peer(place)) as peer,
                ):
                    for name in names:
                        for system in (ours, peer):
                            _one(cluster, system, name, samples(size), place / "plans")
        finally:
            await _explain(cluster, on=False)


def _one(cluster: Cluster, system: System, name: str, asked: list[Sample], directory: Path) -> None:
    question = next(question for question in QUESTIONS if question.name == name)
    # Each of the pool's connections has its own statements, so all of them are warmed.
    for _ in range(WARM * systems.POOL):
        ask(system, question, asked[0])
    begin = cluster.log.stat().st_size
    ask(system, question, asked[0])
    said = cluster.log.read_bytes()[begin:].decode()
    file = directory / f"{name}-{system.name}.log"
    file.write_text(said)
    print(f"{name} {system.name}: {file}")
    for scan in dict.fromkeys(found.strip() for found in _READS.findall(said)):
        print(f"    {scan}")


async def _explain(cluster: Cluster, *, on: bool) -> None:
    admin = await asyncpg.connect(cluster.postgres.url(database="postgres"))
    for name, value in SETTINGS.items():
        setting = f"set {name} = '{value}'" if on else f"reset {name}"
        await admin.execute(f"alter database {DATABASE} {setting}")
    await admin.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="2,000 rows")
    parser.add_argument("--only", default="Q1,Q2,Q3,Q4,Q5")
    parser.add_argument("--place", type=Path, default=PLACE, help="where the database is kept")
    given = parser.parse_args()
    asyncio.run(main(given.only.split(","), given.place.absolute(), quick=given.quick))
