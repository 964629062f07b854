"""The documents and their code blocks. What follows the three backticks says what a block is.

| mark | means |
|---|---|
| console | commands after "$ " run; what is below must be their output, … is anything |
| console up | the same, beside a `bankfeeds up` of the document's own |
| sh not-run: R | does not run, for the reason R |
| graphql | valid for the schema |
| json answer | what that `up` answers to the GraphQL query before it |
| json profile | a profile of any format |
| sql operator | runs as the owner of the database |
| python sample: F | docs/samples/F, which a test of its own runs |
| text | no code |
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
MARKS: Final = re.compile(
    r"console(?: up)?|sh not-run: \S.+|graphql|json answer|json profile|sql operator|"
    r"python sample: \S+|text"
)
_FENCE: Final = re.compile(
    r"^(?P<indent> *)```(?P<mark>.*)\n(?P<text>(?:.*\n)*?)(?P=indent)```$", re.M
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: where it is, what it is, what it says."""

    path: Path
    line: int
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """Every document for people."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@cache
def blocks(mark: str = "") -> tuple[Block, ...]:
    """The blocks whose mark begins so."""
    return tuple(
        block for path in documents() for block in _blocks_of(path) if block.mark.startswith(mark)
    )


def each(mark: str) -> pytest.MarkDecorator:
    """Runs a test with each block of exactly this mark as `block`."""
    found = [block for block in blocks(mark) if block.mark == mark]
    return pytest.mark.parametrize("block", found, ids=str)


def prose(path: Path) -> str:
    """A document without its blocks; lines keep their numbers."""
    text = path.read_text(encoding="utf-8")
    return _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)


def _blocks_of(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            path=path,
            line=text.count("\n", 0, found.start()) + 1,
            mark=found["mark"].strip(),
            text=textwrap.dedent(found["text"]),
        )
        for found in _FENCE.finditer(text)
    ]
