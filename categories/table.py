"""Tables of this package: tab-separated files beside the code, without quoting."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[tuple[str, ...]]:
    """The rows of a table; lines that begin with "# " are for readers."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("# "):
            yield tuple(line.split("\t"))
