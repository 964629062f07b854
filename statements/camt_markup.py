"""CAMT markup: what stands in text that expat has passed: tags, references, comments and CDATA."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_TAG: Final = re.compile(
    r"([^\s<>/\"'=]+)((?:\s+[^\s<>/\"'=]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(/?)>"
)
_ATTRIBUTE: Final = re.compile(r"([^\s\"'=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE: Final = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#x([0-9a-fA-F]+)|#([0-9]+));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_APART: Final = re.compile(r"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>|<\?.*?\?>|(<!.*|<\?.*)", re.DOTALL)


class Tag(NamedTuple):
    """A start tag, and the text behind it."""

    written: str  # between its brackets
    name: str
    attributes: Mapping[str, str]
    closed: bool  # <Tag/>
    text: str


def read_tag(part: str) -> Tag | None:
    """The tag that a part of a document begins with, its bracket taken off; None: it is cut off."""
    found = _TAG.match(part)
    if found is None:
        return None
    attributes = {
        name: unescaped(double or single) for name, double, single in _ATTRIBUTE.findall(found[2])
    }
    end = found.end()
    return Tag(part[: end - 1], found[1], attributes, bool(found[3]), part[end:])


def unescaped(text: str) -> str:
    """The text with its references read: those of XML itself, for there is no other."""
    return _REFERENCE.sub(_character, text)


def plain(text: str) -> tuple[str, str]:
    """The text with CDATA as plain text and without comments and instructions, as many lines as it
    had; and the rest from one on that does not end in it."""
    rest = ""

    def plainly(found: re.Match[str]) -> str:
        nonlocal rest
        if found[2] is not None:
            rest = found[2]
            return ""
        if found[1] is not None:
            return found[1].replace("&", "&amp;").replace("<", "&lt;")
        return "\n" * found[0].count("\n")

    return _APART.sub(plainly, text), rest


def _character(found: re.Match[str]) -> str:
    if found[1] is not None:
        return _NAMED[found[1]]
    return chr(int(found[2], 16) if found[2] is not None else int(found[3]))
