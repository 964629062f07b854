"""CPU seconds of one parse of a generated CAMT file, and its memory: bench/camt_cpu.py [ROWS]."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.camt_file import write_camt
from bench.cpu import measured
from statements.base import ParseOptions
from statements.camt import CAMT

ROWS = 50_000
GOAL = 25_000


def main() -> int:
    """Parse a file on one line and an indented one, and print what they took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for name, indented in (("CAMT, one line", False), ("CAMT, indented", True)):
        write = partial(write_camt, entries=rows, indented=indented)
        measured(name, write, partial(CAMT.parse, options=ParseOptions()), goal=GOAL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
