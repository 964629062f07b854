"""Paths into JSON and XML documents: names, every element of a list, attributes; nothing else.

JSON: `data.accounts[].number`, `["odd.name"].x`, `lines[]`. XML: `Document/Stmt/Ntry`,
`Amt/@Ccy`; elements count by their local names, and all elements of a name are meant. `$` is the
document itself, or the row itself.
"""

from __future__ import annotations

import json
import re
from typing import Final

EACH: Final = "[]"
STEPS_MAX: Final = 32
LENGTH_MAX: Final = 500
_JSON_STEP: Final = re.compile(
    r'(?:^|\.)([^.\[\]"$\s][^.\[\]"]*)|(\[\])|\.?\[("[^"\\]*(?:\\.[^"\\]*)*")\]'
)
_XML_STEP: Final = re.compile(r"@?[^\s/@\[\]<>\"'&=$.:][^\s/@\[\]<>\"'&=:]*")

Steps = tuple[str, ...]


def parse_path(text: str, kind: str) -> Steps:
    """The steps of a path in a document of that kind, "json" or "xml". Raises ValueError."""
    if len(text) > LENGTH_MAX:
        raise ValueError(f"a path has at most {LENGTH_MAX} characters")
    steps = _json_steps(text) if kind == "json" else _xml_steps(text)
    if len(steps) > STEPS_MAX:
        raise ValueError(f"a path has at most {STEPS_MAX} steps")
    return steps


def _json_steps(text: str) -> Steps:
    if text == "$":
        return ()
    rest = text.removeprefix("$")
    if rest != text and rest[:1] == ".":
        rest = rest[1:]
    steps: list[str] = []
    at = 0
    while at < len(rest):
        found = _JSON_STEP.match(rest, at)
        if found is None or (found[0].startswith(".") and at == 0):
            raise ValueError(
                f'"{text}" is no path: write names with dots between them, [] for each element '
                'of a list, ["…"] for a name with dots'
            )
        name, each, quoted = found.groups()
        # A key that is called "[]" cannot be told from a list, and no bank has one.
        steps.append(EACH if each else json.loads(quoted) if quoted else name)
        at = found.end()
    if not steps:
        raise ValueError("a path is empty; $ is the document, or the row, itself")
    return tuple(steps)


def _xml_steps(text: str) -> Steps:
    if text in {"$", "."}:
        return ()
    steps = [_local(step) for step in text.removeprefix("/").split("/")]
    for place, step in enumerate(steps):
        if not _XML_STEP.fullmatch(step) or (step[0] == "@" and place < len(steps) - 1):
            raise ValueError(
                f'"{text}" is no path: write names of elements with / between them, and at the '
                "end @ before the name of an attribute"
            )
    return tuple(steps)


def _local(step: str) -> str:
    name = step.removeprefix("@").rpartition(":")[2]
    return f"@{name}" if step.startswith("@") else name
