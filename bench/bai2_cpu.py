"""CPU seconds of one parse of a BAI2 file, start-up excluded: bench/bai2_cpu.py FILE [--json]."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.errors import Unreadable
from core.records import TransactionRecord
from statements.bai2 import BAI2
from statements.base import ParseOptions

CHUNK_BYTES = 256 * 1024


def main() -> int:
    """Parse the file once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    try:
        transactions = count_transactions(arguments.file)
    except (OSError, Unreadable) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 1
    figures = {
        "cpu_seconds": round(time.process_time() - started, 4),
        "transactions": transactions,
        "rss_growth_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib,
    }
    if arguments.json:
        print(json.dumps(figures))
    else:
        print(" ".join(f"{name}={value}" for name, value in figures.items()))
    return 0


def count_transactions(path: Path) -> int:
    """How many transactions the file holds, all of its records having been read."""
    records = BAI2.parse(chunks(path), ParseOptions())
    return sum(isinstance(record, TransactionRecord) for record in records)


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of the file, `CHUNK_BYTES` at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


if __name__ == "__main__":
    sys.exit(main())
