"""The tree as the tidy tests see it: our Python files, parsed once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = (
    "api",
    "categories",
    "channels",
    "cli",
    "core",
    "db",
    "matching",
    "pipeline",
    "providers",
    "resolvers",
    "sandbox",
    "schema",
    "statements",
    "workers",
)


@cache
def ours(*folders: str) -> tuple[Path, ...]:
    """Every Python file below these folders."""
    return tuple(
        sorted(
            path
            for folder in folders
            for path in (ROOT / folder).rglob("*.py")
            if "__pycache__" not in path.parts
        )
    )


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, node: ast.AST | None = None) -> str:
    """Where something stands, for a message."""
    line = getattr(node, "lineno", None)
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")
