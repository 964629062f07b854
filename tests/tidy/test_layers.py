"""The arrows of the architecture, checked by import-linter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tidy.tree import ROOT


def test_imports_follow_the_arrows() -> None:
    lint = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run(
        [str(lint), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-4000:]
