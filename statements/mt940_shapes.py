"""MT940 shapes: :86: texts in sub-fields that are made alike, each taken apart at one stroke.

A bank writes the same sub-fields and keywords in nearly all of its entries. What they are is told
by the first of them; the others are matched against it. The result is that of `read_details`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from statements.mt940_details import (
    CODE,
    MERGED,
    PURPOSE,
    SEPARATOR,
    SPLITS,
    SUB_FIELDS_MAX,
    WORDS,
    Details,
    Plan,
    as_planned,
    layout_of,
    planned,
    read_details,
)

_SHAPES_MAX: Final = 8  # that are tried
_LEARNING_MAX: Final = 64  # texts of one document from which a shape may be told
_REMEMBERED_MAX: Final = 256

# The key of each sub-field, with the keyword that its text begins with, or "" for none.
_Parts = tuple[tuple[str, str], ...]


class _Shape(NamedTuple):
    """A text's sub-fields in their order: how they are matched, and what they say."""

    match: Callable[[str], re.Match[str] | None]
    joins: Sequence[Sequence[int]]  # texts that go on in other sub-fields
    plan: Plan


class ShapedReader:
    """Reads the texts of one document, which are all printable."""

    __slots__ = ("_learning", "_shapes")

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []
        self._learning = _LEARNING_MAX

    def read(self, lines: Sequence[str]) -> Details:
        """The details of the lines of one text."""
        joined = "".join(lines)
        if "  " not in joined:  # then there is nothing to fold but the ends
            for place, shape in enumerate(self._shapes):
                found = shape.match(joined)
                if found is not None:
                    if place:
                        self._shapes.insert(0, self._shapes.pop(place))
                    texts = [*found.groups(), ""]
                    for places in shape.joins:
                        texts.append("".join([texts[one] for one in places]))
                    return as_planned(shape.plan, texts, str.strip, lines)
            if self._learning:
                self._learn(joined)
        return read_details(lines, printable=True)

    def _learn(self, joined: str) -> None:
        self._learning -= 1
        shape = _shape_of(joined)
        if shape is not None:
            self._shapes.insert(0, shape)
            del self._shapes[_SHAPES_MAX:]


def _shape_of(joined: str) -> _Shape | None:
    """The shape of a text; None where it has none."""
    found = SEPARATOR.match(joined)
    if found is None:
        return None
    code, separator = found.groups()
    _, *pieces = SPLITS[separator](joined)
    parts = []
    for key, text in zip(pieces[::2], pieces[1::2], strict=True):
        before, *said = WORDS(text) if MERGED.get(key, key) == PURPOSE else [text]
        if said and (before or len(said) > 2):
            return None
        parts.append((key, said[0] if said else ""))
    return _shape(code is not None, separator, tuple(parts))


@lru_cache(maxsize=_REMEMBERED_MAX)
def _shape(coded: bool, separator: str, parts: _Parts) -> _Shape | None:
    """The shape with these parts; None where not all of them are of use by themselves.

    Its texts hold neither the separator nor, within the purpose, a plus: so there is no other
    sub-field and no other keyword in them.
    """
    layout = layout_of(tuple(key for key, _ in parts)) if len(parts) <= SUB_FIELDS_MAX else None
    if layout is None:
        return None

    def group(place: int) -> int:
        return place // 2 - 1 + coded

    purpose = [group(place) for place in layout.purpose]
    said: list[tuple[str, list[int]]] = []
    for one in purpose:
        keyword = parts[one - coded][1]
        if keyword:
            said.append((keyword, [one]))
        elif said:
            said[-1][1].append(one)
    if said and not (parts[purpose[0] - coded][1] and dict(said).get("SVWZ")):
        return None
    texts = [[one] for one in range(len(parts) + coded)] + [[]]

    def text(places: Sequence[int]) -> int:
        """The place among the texts of what stands there in all."""
        if list(places) not in texts:
            texts.append(list(places))
        return texts.index(list(places))

    whole = len(texts) - 1
    behind = {name: group(place) for name, place in layout.behind.items()}
    plan = planned(
        {name: group(place) for name, place in layout.before.items()},
        [(keyword, text(places)) for keyword, places in said],
        {**behind, CODE: 0} if coded else behind,
        purpose=whole if said else text(purpose),
        counterparty=text([group(place) for place in layout.name]),
        bare=True,
    )
    if said and plan.told == plan.purpose:
        return None
    first = texts[plan.told][0] if said else None
    return _Shape(
        re.compile(_pattern(coded, separator, parts, first)).fullmatch,
        texts[whole + 1 :],
        plan,
    )


def _pattern(coded: bool, separator: str, parts: _Parts, first: int | None) -> str:
    """The pattern with a group for each text. That of the description, `first`, is not empty and
    begins with no blank: else the whole purpose may be it.
    """
    pattern = "([0-9]{3})" if coded else ""
    sign = re.escape(separator)
    for number, (key, keyword) in enumerate(parts):
        other = f"[^{sign}+]" if MERGED.get(key, key) == PURPOSE else f"[^{sign}]"
        begins = "(?! )" + other if number + coded == first else ""
        said = f"{keyword}\\+" if keyword else ""
        pattern += f"{sign}{key}{said}({begins}{other}*+)"
    return pattern
