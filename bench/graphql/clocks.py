"""CPU seconds of processes, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """CPU seconds that a server and Postgres have taken so far."""

    server: float
    postgres: float

    @classmethod
    def read(cls, server: int | None, postmaster: int) -> Clocks:
        """Now; with no server, it has taken none."""
        return cls(
            server=0 if server is None else _spent(_stat(server)),
            postgres=_tree(postmaster),
        )

    def since(self, earlier: Clocks) -> Clocks:
        """What was taken in between."""
        return Clocks(
            server=self.server - earlier.server, postgres=self.postgres - earlier.postgres
        )


def _tree(postmaster: int) -> float:
    """Of the postmaster, of its children, and of those that have ended."""
    seconds = _spent(_stat(postmaster), ended=True)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and int(fields[1]) == postmaster:
                seconds += _spent(fields)
    return seconds


def _stat(pid: int) -> list[str]:
    """The fields of proc(5) from `state` on; none for a process that has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _spent(fields: list[str], *, ended: bool = False) -> float:
    times = fields[11:15] if ended else fields[11:13]
    return sum(map(int, times)) / TICKS
