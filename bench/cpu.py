"""How fast a reader is: CPU seconds, best of three, and by how much its memory grows."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.bai2_cpu import chunks
from core.records import TransactionRecord

Read = Callable[[Iterator[bytes]], Iterable[Any]]
ROUNDS = 3


def measured(
    name: str,
    write: Callable[[Path], None],
    read: Read,
    *,
    goal: int,
    row: type = TransactionRecord,
) -> None:
    """Writes a file, reads it three times and prints what the quickest took.

    The first reading tells the memory: later ones find what it left.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement"
        write(path)
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        best, rows, grown = float("inf"), 0, 0
        for number in range(ROUNDS):
            started = time.process_time()
            rows = sum(isinstance(one, row) for one in read(chunks(path)))
            best = min(best, time.process_time() - started)
            if number == 0:
                grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
        size = path.stat().st_size
    met = "met" if rows / best >= goal else "missed"
    print(
        f"{name}: transactions={rows} bytes_each={size // max(rows, 1)} cpu_seconds={best:.3f} "
        f"per_second={rows / best:.0f} goal={goal} {met} rss_growth_kib={grown}"
    )
