"""CPU seconds of one parse of a generated OFX file, and its memory: bench/ofx_cpu.py [ROWS]."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.bai2_cpu import chunks
from bench.ofx_file import write_ofx
from core.records import TransactionRecord
from statements.base import ParseOptions
from statements.ofx import OFX

ROWS = 100_000


def main() -> int:
    """Parse a file of each version and print what it took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        for version, xml in (("1.x", False), ("2.x", True)):
            path = Path(folder) / "statement.ofx"
            write_ofx(path, rows, xml=xml)
            before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            started = time.process_time()
            records = OFX.parse(chunks(path), ParseOptions())
            read = sum(isinstance(record, TransactionRecord) for record in records)
            seconds = time.process_time() - started
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
            print(
                f"OFX {version}: transactions={read} cpu_seconds={seconds:.3f} "
                f"per_second={read / seconds:.0f} rss_growth_kib={grown}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
