"""Every benchmark of the project, one after the other; --quick for a short run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = ("bai2_peer.py", "import_speed.py")


def main(arguments: list[str]) -> None:
    """Runs each in a process of its own; the first that fails ends the run."""
    quick = [argument for argument in arguments if argument == "--quick"]
    for script in SCRIPTS:
        options = quick if script == "import_speed.py" else []
        subprocess.run(
            [sys.executable, str(HERE / script), *options],
            check=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        )


if __name__ == "__main__":
    main(sys.argv[1:])
