"""CAMT shapes: entries of a document are built alike, so how one is read serves for all like it.

The text of an entry is split at its end tags. What stands before each text then is the shape: tags
alone, which repeat from entry to entry. A plan says which texts of a shape are which fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Final, NamedTuple

from statements.camt_fields import Node, Scope
from statements.camt_markup import Tag, read_tag, unescaped

SHAPES_MAX: Final = 512
OFTEN: Final = 16  # times that a shape comes before it becomes an expression
PATTERNS_MAX: Final = 4  # that are tried on one entry
DEPTH_MAX: Final = 32  # of elements within an entry
CHARACTERS_MAX: Final = 16_384  # of an entry that is read by its shape
_ENDS: Final = repeat(">")
_FIRST: Final = re.compile(r"\s*(?:<[^<>]+(?:>\s*<[^<>]+)*)?")
_SOUND: Final = re.compile(r"&(?:amp|lt|gt|quot|apos);")
_LATER: Final = re.compile(r"[^<>]+(?:>\s*<[^<>]+)*")

Fields = dict[str, str]
Entry = tuple[Fields, list[Fields]]  # its own fields, and those of its details
_Wanted = tuple[int, str]  # the place of a text, and the name of its field


class Part(NamedTuple):
    """An entry or a detail of it: which texts are which fields."""

    wanted: tuple[_Wanted, ...]
    more: tuple[_Wanted, ...]  # texts of fields that have one already
    fixed: tuple[tuple[str, str], ...]  # currencies, which stand in the tags
    name: str = ""  # of the element, as the document writes it

    def read(self, texts: Sequence[str]) -> Fields:
        """The fields."""
        fields = {name: texts[place].strip() for place, name in self.wanted}
        if not all(fields.values()):
            fields = {name: text for name, text in fields.items() if text}
        for place, name in self.more:
            text = texts[place].strip()
            if text:
                known = fields.get(name)
                fields[name] = text if known is None else f"{known}\n{text}"
        if self.fixed:
            fields.update(self.fixed)
        return fields

    def placed(self, places: Sequence[int]) -> Part:
        """The part where only the texts of these places are given."""
        new = {place: number for number, place in enumerate(places)}
        return self._replace(
            wanted=tuple((new[place], name) for place, name in self.wanted),
            more=tuple((new[place], name) for place, name in self.more),
        )


class Plan(NamedTuple):
    """How entries of a shape are read."""

    entry: Part
    details: tuple[Part, ...]

    def read(self, block: str, texts: Sequence[str], line: int) -> Entry:
        """The fields of an entry that begins on `line`, and those of its details."""
        if "&" in block:
            texts = [unescaped(text) if "&" in text else text for text in texts]
        details = []
        if len(self.details) == 1:  # its lines are those of the entry
            return self.entry.read(texts), [self.details[0].read(texts)]
        end = 0
        for part in self.details:
            start = block.index(f"<{part.name}", end)
            end = block.index(f"</{part.name}", start)
            fields = part.read(texts)
            fields["line"] = str(line + block.count("\n", 0, start))
            fields["line_end"] = str(line + block.count("\n", 0, end))
            details.append(fields)
        return self.entry.read(texts), details


class _Pattern:
    """A shape as one expression, whose groups are the texts that its plan wants."""

    __slots__ = ("match", "plan")

    def __init__(self, shape: Sequence[str], plan: Plan) -> None:
        parts = (plan.entry, *plan.details)
        places = sorted(place for part in parts for place, _ in (*part.wanted, *part.more))
        kept = set(places)
        pieces = (
            f"{re.escape(head)}{'>' if head else ''}{'([^<>]*)' if place in kept else '[^<>]*'}"
            for place, head in enumerate(shape)
        )
        self.match = re.compile("</".join(pieces)).fullmatch
        self.plan = Plan(
            plan.entry.placed(places), tuple(part.placed(places) for part in plan.details)
        )


class Shapes:
    """The shapes that a document has shown so far, each with its plan; None where it has none."""

    def __init__(self, entry: Node, names: set[str]) -> None:
        self._entry = entry
        self._names = names
        self._plans: dict[tuple[str, ...], Plan | None] = {}
        self._patterns: dict[int, list[_Pattern]] = {}  # by how many tags there are
        self._seen: Counter[tuple[str, ...]] = Counter()

    def known(self, block: str) -> tuple[Plan, Sequence[str]] | None:
        """The plan and texts of an entry that is like many before it but for its texts.

        Its tags are then, letter for letter, tags that expat has passed, and its texts have nothing
        but characters and references in them: it is well-formed, which expat need not say again.
        """
        if len(block) > CHARACTERS_MAX:
            return None
        for pattern in self._patterns.get(block.count("<"), ()):
            found = pattern.match(block)
            if found is not None:
                if "&" in block and "&" in _SOUND.sub("", block):
                    return None
                return pattern.plan, found.groups()
        return None

    def read(self, block: str, line: int) -> Entry | None:
        """The fields of an entry that begins on `line`, and those of its details.

        `block` is what stands between its tags. None: it needs to be walked along.
        """
        if len(block) > CHARACTERS_MAX:
            return None
        shape: tuple[str, ...]
        texts: tuple[str, ...]
        shape, _, texts = zip(*map(str.rpartition, block.split("</"), _ENDS), strict=True)
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._learned(shape)
            if plan is None:
                return None
        self._note(block.count("<"), shape, plan)
        return plan.read(block, texts, line)

    def _learned(self, shape: tuple[str, ...]) -> Plan | None:
        if shape in self._plans or len(self._plans) >= SHAPES_MAX:
            return None
        plan = self._plans[shape] = _Planning(self._entry, self._names).plan(shape)
        return plan

    def _note(self, tags: int, shape: tuple[str, ...], plan: Plan) -> None:
        """Makes an expression of a shape that comes often, for few of an entry's size."""
        self._seen[shape] += 1
        patterns = self._patterns.setdefault(tags, [])
        if self._seen[shape] == OFTEN and len(patterns) < PATTERNS_MAX:
            patterns.append(_Pattern(shape, plan))


class _Draft:
    """A part of a plan that is being made."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.wanted: dict[str, int] = {}
        self.more: list[_Wanted] = []
        self.fixed: dict[str, str] = {}

    def part(self) -> Part:
        """The part."""
        wanted = tuple((place, name) for name, place in self.wanted.items())
        return Part(wanted, tuple(self.more), tuple(self.fixed.items()), self.name)


class _Unplanned(Exception):
    """Some element of a shape needs a closer look."""


class _Planning:
    """Makes the plan of one shape, by walking along its tags."""

    def __init__(self, entry: Node, names: set[str]) -> None:
        self._names = names
        self._way: list[Node | None] = [entry]  # to the element that is open; None: is not read
        self._entry = self._here = _Draft()
        self._details: list[Part] = []

    def plan(self, shape: Sequence[str]) -> Plan | None:
        """The plan; None where there can be none."""
        try:
            for place, head in enumerate(shape):
                if (_LATER if place else _FIRST).fullmatch(head) is None:
                    return None
                _, *tags = head.split("<")
                if place:
                    self._leave()
                for number, tag in enumerate(tags, start=1):
                    found = read_tag(tag if number < len(tags) else f"{tag}>")
                    if found is None:
                        return None
                    self._enter(found, place, is_last=number == len(tags))
        except _Unplanned:
            return None
        if len(self._way) != 1 or len({part.name for part in self._details}) > 1:
            return None
        return Plan(self._entry.part(), tuple(self._details))

    def _leave(self) -> None:
        if len(self._way) == 1:
            raise _Unplanned
        left = self._way.pop()
        if left is not None and left.scope is Scope.DETAIL:
            self._details.append(self._here.part())
            self._here = self._entry

    def _enter(self, tag: Tag, place: int, *, is_last: bool) -> None:
        self._names.update((tag.name, *tag.attributes))
        around, local = self._way[-1], tag.name.rpartition(":")[2]
        node = None if around is None else around.children.get(local)
        if node is None and local == "TxDtls":
            raise _Unplanned  # details are found by their name
        if tag.closed:
            if node is not None and (node.attribute or node.scope):
                raise _Unplanned
            return
        self._way.append(node)
        if len(self._way) > DEPTH_MAX:
            raise _Unplanned
        if node is None:
            return
        if node.scope is Scope.DETAIL:
            self._here = _Draft(tag.name)
        elif node.scope:
            raise _Unplanned
        elif node.field:
            self._take(node, tag, place, is_last=is_last)

    def _take(self, node: Node, tag: Tag, place: int, *, is_last: bool) -> None:
        here = self._here
        if node.attribute and tag.attributes:
            here.fixed.setdefault(node.attribute, tag.attributes.get("Ccy", "").strip())
        if not is_last:
            return  # elements are in it: its text is the blanks before them
        if node.field not in here.wanted:
            here.wanted[node.field] = place
        elif node.many:
            here.more.append((place, node.field))
        else:
            raise _Unplanned
