"""The environment of the peers that benchmarks compare with: made once, apart from ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PINS = ("bai2==0.15.0", "dlt[postgres]==1.31.0")
PLACE = Path(__file__).resolve().parents[1] / ".data" / "bench-venv"


def peer_python() -> Path:
    """The interpreter that has the peers installed, pinned."""
    python = PLACE / "bin" / "python"
    stamp = PLACE / "pins"
    if not stamp.is_file() or stamp.read_text() != "\n".join(PINS):
        PLACE.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINS], check=True)
        stamp.write_text("\n".join(PINS))
    return python
