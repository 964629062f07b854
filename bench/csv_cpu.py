"""CPU seconds of a generated CSV file, parsed and normalised: bench/csv_cpu.py [ROWS]."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.cpu import measured
from pipeline.batch import Entry, batches
from pipeline.normalize import normalize
from pipeline.ordinals import Ordinals
from statements.base import ParseOptions
from statements.csv import CSV
from statements.profile import CsvProfile

ROWS = 200_000
GOAL = 150_000
OPTIONS = ParseOptions(
    profile=CsvProfile.model_validate({
        "dateFormat": "YMD",
        "decimalMark": ".",
        "currency": "EUR",
        "columns": {
            "postedDate": "Date",
            "amount": "Amount",
            "description": ["Text"],
            "reference": "Reference",
        },
    })
)  # fmt: skip
_FIRST = date(2026, 3, 1)
_NAMES = ("Acme GmbH", "Northwind Traders Ltd", "Globex SA", "Initech AG")


def main() -> int:
    """Parse and normalise a file, and print what each took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    write = partial(write_csv, rows=rows)
    measured("CSV, parsed", write, partial(CSV.parse, options=OPTIONS), goal=GOAL)
    measured("CSV, parsed and normalised", write, normalised, goal=GOAL, row=Entry)
    return 0


def write_csv(path: Path, rows: int, *, seed: int = 1) -> None:
    """Write a file of four columns, always the same for the same arguments."""
    chance = random.Random(seed)
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("Date,Amount,Text,Reference\n")
        for number in range(rows):
            minor = chance.randrange(1, 10**6) * chance.choice((1, -1))
            day = _FIRST + timedelta(days=number * 31 // max(rows, 1))
            sign = "-" if minor < 0 else ""
            file.write(
                f"{day},{sign}{abs(minor) // 100}.{abs(minor) % 100:02d},"
                f"{chance.choice(_NAMES)} invoice {chance.randrange(10**6):06d},R{number:09d}\n"
            )


def normalised(chunks: Iterator[bytes]) -> Iterator[Entry]:
    """What an import makes of the file before it asks the database."""
    received = datetime.now(UTC).date()
    with Ordinals() as ordinals:
        for batch in batches(CSV.parse(chunks, OPTIONS)):
            yield from normalize(batch, ordinals=ordinals, received=received).entries


if __name__ == "__main__":
    sys.exit(main())
