"""CPU seconds of Postgres' servers, for benchmarks on a server of their own."""

from __future__ import annotations

import os
from pathlib import Path


def postgres_s(database: str) -> float:
    """CPU seconds so far of the servers of local connections to a database."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            if f"{database} [local]".encode() in (folder / "cmdline").read_bytes():
                fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:  # it has ended, or is no process
            continue
    return ticks / os.sysconf("SC_CLK_TCK")
