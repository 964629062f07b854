"""How fast a reader is: CPU seconds, best of three, and by how much its memory grows."""

from __future__ import annotations

import gc
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.bai2_cpu import chunks
from core import interpreter
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
    """Writes a file, reads it, and prints what the quickest of three readings took.

    Python's collector is set as workers set it. `untuned` is the same with the collector as it
    comes, as for the command. The first reading tells the memory: later ones find what it left.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement"
        write(path)
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = sum(isinstance(one, row) for one in read(chunks(path)))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
        untuned = _best(path, read)
        thresholds = gc.get_threshold()
        interpreter.tune()
        seconds = _best(path, read)
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        size = path.stat().st_size
    met = "met" if rows / seconds >= goal else "missed"
    print(
        f"{name}: transactions={rows} bytes_each={size // max(rows, 1)} cpu_seconds={seconds:.3f} "
        f"per_second={rows / seconds:.0f} goal={goal} {met} untuned={rows / untuned:.0f} "
        f"rss_growth_kib={grown}"
    )


def _best(path: Path, read: Read) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in read(chunks(path)):
            pass
        best = min(best, time.process_time() - started)
    return best
