"""Console blocks: commands, and whether an output is the one that the document shows."""

from __future__ import annotations

import re
import shlex
from typing import Final

PLAIN: Final = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}  # tables as documents show them


def commands(text: str) -> list[tuple[list[str], list[str]]]:
    """The words of each command, and the lines that it must print."""
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((shlex.split(line[2:]), []))
        else:
            found[-1][1].append(line)
    return found


def matches(expected: list[str], output: str) -> bool:
    """Whether the output is this; a line … is any lines, … in a line is any text."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"\n"
        for line in expected
    ]
    even = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
    return re.fullmatch("".join(lines), even) is not None
