"""Measured cells: one question, one system, one number of clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.graphql import load
from bench.graphql.clocks import Clocks
from bench.graphql.systems import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run, or the medians of several. Latencies in milliseconds, None where not measured."""

    rate: float  # requests a second
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    server_cpu_ms: float | None  # CPU milliseconds of a request
    postgres_cpu_ms: float
    answer_bytes: float | None
    failed: int


async def measure(
    program: Path,
    requests: Path,
    system: System,
    postmaster: int,
    *,
    clients: int,
    warm_s: float,
    seconds: float,
) -> Cell:
    """One run of the load against a server."""
    before: list[Clocks] = []
    found = await load.run(
        program,
        requests,
        port=system.port,
        clients=clients,
        warm_s=warm_s,
        seconds=seconds,
        between=lambda: before.append(Clocks.read(system.pid, postmaster)),
    )
    spent = Clocks.read(system.pid, postmaster).since(before[0])
    return Cell(
        rate=found.answers / found.seconds,
        p50_ms=found.p50 / 1000,
        p95_ms=found.p95 / 1000,
        p99_ms=found.p99 / 1000,
        server_cpu_ms=spent.server * 1000 / found.answers,
        postgres_cpu_ms=spent.postgres * 1000 / found.answers,
        answer_bytes=found.bytes / found.answers,
        failed=found.failed,
    )


def of_rounds(cells: Sequence[Cell]) -> Cell:
    """The median of each figure; failures add up."""
    figures = [asdict(cell) for cell in cells]
    middle: dict[str, Any] = {
        name: None if value is None else median(each[name] for each in figures)
        for name, value in figures[0].items()
    }
    return Cell(**{**middle, "failed": sum(cell.failed for cell in cells)})
