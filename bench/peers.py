"""The environments of the peers that benchmarks compare with: made once, apart from ours."""

from __future__ import annotations

import re
import subprocess
import venv
from pathlib import Path

PLACE = Path(__file__).resolve().parents[1] / ".data" / "bench-venv"


def peer_python(pin: str) -> Path:
    """An interpreter with `pin`, such as "bai2==0.15.0", installed by pip in a venv of its own."""
    home = PLACE / re.sub(r"[^a-z0-9.]+", "-", pin)
    python = home / "bin" / "python"
    stamp = home / "installed"
    if not stamp.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", pin], check=True)
        stamp.touch()
    return python
