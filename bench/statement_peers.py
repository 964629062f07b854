"""Our readers beside the best other one of each format, on one file.

    python bench/statement_peers.py [ROWS]

Each reads the file in a process of its own, in turns, and adds up the amounts: CPU seconds, the
best of three, and by how much its memory grows. Ends with status 1 where two readers do not agree,
or a goal is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from bench.camt_file import write_camt
from bench.corpus_peers import PEERS
from bench.mt940_file import write_mt940
from bench.ofx_file import write_ofx
from bench.peers import peer_python

ROOT: Final = Path(__file__).resolve().parents[1]
ROWS: Final = 20_000
BEST_OF: Final = 3
TIMEOUT_S: Final = 300
_FRAME: Final = """
import json, resource, sys, time, warnings
from decimal import Decimal
warnings.simplefilter("ignore")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
rows, total = 0, Decimal(0)
for amount in read(sys.argv[1]):
    rows, total = rows + 1, total + amount
seconds = time.process_time() - started
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"rows": rows, "sum": str(total), "seconds": seconds, "grown_kib": grown}))
"""
_OURS: Final = """
from bench.bai2_cpu import chunks
from core import interpreter
from core.records import TransactionRecord
from pathlib import Path
from statements.base import ParseOptions
from statements.{module} import {name}

interpreter.tune()

def read(path):
    for one in {name}.parse(chunks(Path(path)), ParseOptions()):
        if isinstance(one, TransactionRecord):
            yield one.amount
"""


class Format(NamedTuple):
    """A format: who else reads it, how a file is made, and the least rows a CPU second."""

    name: str
    module: str
    write: Callable[[Path, int], None]
    goal: int

    @property
    def ours(self) -> str:
        """Our reader as a program."""
        return _OURS.format(module=self.module, name=self.module.upper())


FORMATS: Final = (
    Format("OFX 1.x", "ofx", partial(write_ofx, xml=False), 60_000),
    Format("OFX 2.x", "ofx", partial(write_ofx, xml=True), 60_000),
    Format("CAMT.053", "camt", write_camt, 25_000),
    Format("MT940", "mt940", write_mt940, 80_000),
)


def main() -> int:
    """Measures and prints."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    table = Table(title=f"{rows:,} rows, CPU seconds, best of {BEST_OF}")
    for column in ("format", "reader", "rows/s", "memory +MiB", "against", "goal"):
        table.add_column(column, justify="left" if column in ("format", "reader") else "right")
    failed = [one.name for one in FORMATS if not _measured(one, rows, table)]
    Console(width=110).print(table)
    print(f"failed: {', '.join(failed)}" if failed else "all agree, every goal is met")
    return 1 if failed else 0


def _measured(one: Format, rows: int, table: Table) -> bool:
    peer = PEERS[one.module]
    theirs = str(peer_python(peer.pin))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement"
        one.write(path, rows)
        runs: dict[str, list[dict[str, Any]]] = {"bankfeeds": [], peer.pin: []}
        for _ in range(BEST_OF):  # in turns, so that a busy machine slows both
            runs["bankfeeds"].append(_run(sys.executable, one.ours, path, place=ROOT))
            runs[peer.pin].append(_run(theirs, peer.program, path, place=path.parent))
    best = {name: min(told, key=lambda run: float(run["seconds"])) for name, told in runs.items()}
    speed = {name: run["rows"] / run["seconds"] for name, run in best.items()}
    ours, other = best["bankfeeds"], best[peer.pin]
    for name, run in best.items():
        is_ours = run is ours
        table.add_row(
            one.name if is_ours else "",
            name,
            f"{speed[name]:,.0f}",
            f"{run['grown_kib'] / 1024:.1f}",
            f"{speed[name] / speed[peer.pin]:.1f} ×" if is_ours else "",
            f"{one.goal:,}" if is_ours else "",
        )
    agree = [ours[key] for key in ("rows", "sum")] == [other[key] for key in ("rows", "sum")]
    return agree and speed["bankfeeds"] >= one.goal


def _run(python: str, program: str, path: Path, *, place: Path) -> dict[str, Any]:
    run = subprocess.run(
        [python, "-c", program + _FRAME, str(path)],
        cwd=place,
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    return dict(json.loads(run.stdout))


if __name__ == "__main__":
    sys.exit(main())
