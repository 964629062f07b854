"""A large CAMT file from sealed bytes to committed rows: bench/import_camt.py [ENTRIES].

It goes the way of `import_speed.py`, on an embedded Postgres, in a process of its own. Ends with
status 1 where a row is missing, the statement's proof does not hold, or memory is not bounded.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.camt_file import write_camt
from bench.import_speed import Bench
from db.binaries import postgres_binaries
from db.embedded import embedded_postgres

ENTRIES = 300_000
PEAK_MIB_MAX = 200
NAME = "camt"


async def main(entries: int) -> int:
    """Imports the file once and prints what it took."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        file = folder / "statement.xml"
        write_camt(file, entries)
        async with embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres:
            bench = Bench(postgres=postgres, folder=folder)
            tenant, connection = await bench.database(NAME)
            result = await asyncio.to_thread(bench.run, NAME, tenant, connection, file)
            owner = await asyncpg.connect(bench.owner(NAME))
            proofs = await owner.fetch("select proof, entries_count from app.statements")
            await owner.close()
    told = " ".join(f"{name}={value}" for name, value in result.items())
    print(f"{told} proofs={[tuple(proof) for proof in proofs]}")
    whole = result["imported"] == entries and [*map(tuple, proofs)] == [("holds", entries)]
    return 0 if whole and result["peak_mib"] < PEAK_MIB_MAX else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES)))
