"""`bankfeeds categorize`: what the payments of a CSV file were for, without any server."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from categories.evidence import Decision
    from categories.model import TextModel
    from cli.categorize_rows import BadRow, Row

BATCH_ROWS: Final = 4_096
TOLD_MAX: Final = 100  # unreadable rows that are named; each has its line of JSON besides


def categorize(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns date, amount, currency, merchant and, if known, mcc.",
            readable=False,
        ),
    ],
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON line a row, also to a terminal.")
    ] = False,
) -> None:
    """Say for each row of a CSV file what it was for, how sure that is, and on which evidence.

    A file or a pipe gets one JSON line a row, in their order; a terminal gets a summary. Exit
    status 0 when rows could be read, even if some were not; 2 when none could.
    """
    from cli.categorize_rows import read
    from core.errors import Unreadable

    tally = _Tally()
    lines = json or not sys.stdout.isatty()
    try:
        for answers in _answers(read(file), tally):
            if lines:
                sys.stdout.buffer.write(b"".join(answers))
    except Unreadable as error:
        typer.echo(f"bankfeeds: {error}", err=True)
        raise typer.Exit(2) from error
    sys.stdout.buffer.flush()
    if not lines:
        _summarise(tally)
    if tally.bad > TOLD_MAX:
        typer.echo(f"bankfeeds: {tally.bad - TOLD_MAX:,} more rows are unreadable.", err=True)
    if not tally.rows:
        typer.echo(f"bankfeeds: The file {file} has no rows below its first line.", err=True)
    if tally.bad == tally.rows:
        raise typer.Exit(2)


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What became of the rows."""

    rows: int = 0
    bad: int = 0
    applied: Counter[tuple[str, str]] = field(default_factory=Counter)  # category, evidence
    trades: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, decision: Decision) -> None:
        """Takes in one decision."""
        self.rows += 1
        if decision.applied:
            self.applied[decision.category, decision.source.value] += 1
        if decision.trade.applied:
            self.trades[decision.primary, decision.trade.source.value] += 1


def _answers(rows: Iterator[Row], tally: _Tally) -> Iterator[list[bytes]]:
    """The lines of a batch at a time; what is held is bounded."""
    from categories.model import SAMPLE_ROWS, TextModel
    from cli.categorize_rows import GoodRow

    head = list(islice(rows, SAMPLE_ROWS))
    model = TextModel.shipped().fitted([row.facts for row in head if isinstance(row, GoodRow)])
    everything = chain(head, rows)
    while batch := list(islice(everything, BATCH_ROWS)):
        yield _lines(batch, model, tally)


def _lines(batch: list[Row], model: TextModel, tally: _Tally) -> list[bytes]:
    import orjson

    from categories.evidence import decide_many
    from cli.categorize_rows import BadRow

    decisions = decide_many(
        (row.facts for row in batch if not isinstance(row, BadRow)), model=model
    )
    lines = []
    for row in batch:
        if isinstance(row, BadRow):
            tally.rows += 1
            tally.bad += 1
            if tally.bad <= TOLD_MAX:
                typer.echo(f"bankfeeds: line {row.line}: {row.problem}", err=True)
            said = _refusal(row)
        else:
            decision = next(decisions)
            tally.count(decision)
            said = _answer(row.line, decision)
        lines.append(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))
    return lines


def _answer(line: int, decision: Decision) -> dict[str, Any]:
    return {
        "line": line,
        "category": decision.category,
        "confidence": round(decision.probability, 4),
        "source": decision.source.value,
        "applied": decision.applied,
        "primary": decision.primary,
        "detailed": decision.detailed,
        "primary_confidence": round(decision.trade.probability, 4),
        "primary_source": decision.trade.source.value,
        "primary_applied": decision.trade.applied,
        "reason": decision.reason,
        "primary_reason": decision.trade.reason,
    }


def _refusal(row: BadRow) -> dict[str, Any]:
    """A row that cannot be read keeps its place: one line a row, and nothing lost."""
    return {
        "line": row.line,
        "category": None,
        "confidence": 0.0,
        "source": "none",
        "applied": False,
        "primary": None,
        "detailed": None,
        "primary_confidence": 0.0,
        "primary_source": "none",
        "primary_applied": False,
        "reason": row.problem,
        "primary_reason": row.problem,
        "error": row.problem,
    }


def _summarise(tally: _Tally) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    read = tally.rows - tally.bad
    for title, found in (("Category", tally.applied), ("Trade", tally.trades)):
        table = Table(title, "Evidence", title="Applied")
        table.add_column("Rows", justify="right")
        for (name, source), count in found.most_common():
            table.add_row(name, source, f"{count:,}")
        console.print(table)
        console.print(f"{found.total():,} applied, {read - found.total():,} suggestions.")
    console.print(f"{tally.bad:,} rows unreadable.")
