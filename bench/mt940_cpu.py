"""CPU seconds of one parse of a generated MT940 file, and its memory: bench/mt940_cpu.py [ROWS]."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.cpu import measured
from bench.mt940_file import write_mt940
from statements.base import ParseOptions
from statements.mt940 import MT940

ROWS = 50_000
GOAL = 80_000


def main() -> int:
    """Parse a file with sub-fields and a plain one, and print what they took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for name, structured in (("MT940, sub-fields", True), ("MT940, plain text", False)):
        write = partial(write_mt940, entries=rows, structured=structured)
        measured(name, write, partial(MT940.parse, options=ParseOptions()), goal=GOAL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
