"""The tables: what was measured, against what, and which goals were met."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from bench.graphql.cells import Cell
from bench.graphql.questions import Question

GOAL_CLIENTS = 8

Cells = Mapping[tuple[str, str, int], Cell]  # by question, system and clients


def show(
    cells: Cells,
    statements: Mapping[tuple[str, str], float],
    questions: Sequence[Question],
    versions: Mapping[str, str],
    command: str,
) -> None:
    """Everything, on the console."""
    console = Console(width=132)
    for question in questions:
        console.print(_table(cells, statements, question))
    for line in verdicts(cells, questions):
        console.print(line, highlight=False)
    console.print(machine(), " · ".join(f"{name} {what}" for name, what in versions.items()))
    console.print(command, highlight=False)


def verdicts(cells: Cells, questions: Sequence[Question]) -> list[str]:
    """One line a goal, for the questions and systems that were measured."""
    lines = []
    for question in questions:
        ours = cells.get((question.name, "ours", GOAL_CLIENTS))
        peer = cells.get((question.name, "postgraphile", GOAL_CLIENTS))
        floor = cells.get((question.name, "pgbench", GOAL_CLIENTS))
        if ours and peer:
            ratio = ours.rate / peer.rate
            lines.append(_line(question, ratio, question.goal, "× PostGraphile's requests"))
            lines.append(_line(question, _p99(peer) / _p99(ours), 1, "× better p99"))
        if ours and floor and question.floor:
            lines.append(_line(question, ours.rate / floor.rate, question.floor, "of pgbench"))
    return lines


def machine() -> str:
    """Processor, cores, and the load averages: a benchmark of its own leaves about 3."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  # no path to join
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, load {load}"


def _line(question: Question, found: float, wanted: float, what: str) -> str:
    met = "met   " if found >= wanted else "missed"
    return f"{question.name} {met} {found:.2f} {what} (goal {wanted:g})"


def _p99(cell: Cell) -> float:
    assert cell.p99_ms is not None
    return cell.p99_ms


def _table(cells: Cells, statements: Mapping[tuple[str, str], float], question: Question) -> Table:
    table = Table(title=f"{question.name}: {question.what}", title_justify="left")
    names = ("clients", "system", "req/s", "p50 ms", "p95", "p99", "CPU ms server", "Postgres")
    for name in (*names, "bytes", "statements", "failed", "against PostGraphile"):
        table.add_column(name, justify="left" if name == "system" else "right")
    for (name, system, clients), cell in cells.items():
        if name != question.name:
            continue
        peer = cells.get((name, "postgraphile", clients))
        counted = statements.get((name, system))
        table.add_row(
            str(clients),
            system,
            f"{cell.rate:,.0f}",
            *(_shown(each, 2) for each in (cell.p50_ms, cell.p95_ms, cell.p99_ms)),
            *(_shown(each, 3) for each in (cell.server_cpu_ms, cell.postgres_cpu_ms)),
            _shown(cell.answer_bytes, 0),
            _shown(counted, 2),
            str(cell.failed),
            f"{cell.rate / peer.rate:.2f} ×" if peer else "",
        )
    return table


def _shown(figure: float | None, digits: int) -> str:
    return "" if figure is None else f"{figure:,.{digits}f}"
