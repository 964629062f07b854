"""A walk through JSON that keeps nothing but the row it stands in, and counts lines.

Names and brackets are followed only where the plan has something below them; all else is skipped
by its brackets. A row is found whole, and then read by the standard library with its numbers as
they are written.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from core.errors import Unreadable
from statements.tree_document import RAW_MAX, TreeDocument
from statements.tree_path import EACH
from statements.tree_plan import Node, Plan
from statements.tree_row import Number, TreeRow

DEPTH_MAX: Final = 64
PENDING_MAX: Final = 1024 * 1024  # characters of one row, or of one text outside of rows
_TOKEN: Final = re.compile(
    r'[ \t\n]*(?:([{}\[\]:,])|("[^"\\]*(?:\\.[^"\\]*)*")|([-+.0-9A-Za-z]+))', re.S
)
_BLANK: Final = re.compile(r"[ \t\n]*")
_BRACKETS: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)|[{}\[\]]', re.S)
_LITERAL: Final = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)
_LONE: Final = re.compile("[\ud800-\udfff]")


class Malformed(Exception):
    """The text is no JSON from that line on."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _RepeatedName(ValueError):
    """An object has a name twice."""


class JsonWalker:
    """One pass over one document; `feed` it pieces, then `close` it."""

    def __init__(self, plan: Plan, document: TreeDocument) -> None:
        self._plan = plan
        self._document = document
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_object,
            parse_float=Number,
            parse_int=Number,
            parse_constant=Number,
            strict=False,
        )
        self._text = ""
        self._at = 0
        self._line = 1  # at `_at`
        self._open: list[tuple[str, Node]] = []  # brackets that are open, and their nodes
        self._name: str | None = None  # of the value that follows
        self._expects = "value"
        self._top = 0  # values outside of any other that have begun
        self._whole: Node | None = None  # of the container that is being passed over
        self._depth = 0
        self._scanned = 0  # of the text, in that container
        if plan.root.is_statement:
            document.begin(1)

    def feed(self, piece: str) -> None:
        """Takes the next piece. Raises Malformed."""
        self._text = self._text[self._at :] + piece
        self._scanned -= self._at
        self._at = 0
        self._walk(last=False)
        if len(self._text) - self._at > PENDING_MAX:
            raise Unreadable(
                "text-too-long",
                f"A text or a row of more than {PENDING_MAX} characters: this is no bank "
                "statement, or it is damaged.",
                line=self._line,
            )

    def close(self) -> None:
        """Says that no piece follows. Raises Malformed where something is open."""
        self._walk(last=True)
        if self._whole is not None and self._whole.is_row:
            self._document.reject(
                "row-incomplete",
                "The document breaks off within this row; it was left out.",
                self._line,
                self._text[self._at : self._at + RAW_MAX],
            )
        if self._whole is not None or self._open or not self._top or self._left():
            raise Malformed(self._line + self._text.count("\n", self._at))
        if self._plan.root.is_statement:
            self._document.end()

    def _left(self) -> bool:
        return bool(self._text[self._at :].strip(" \t\n\x1a\x00"))

    def _walk(self, *, last: bool) -> None:
        while True:
            if self._whole is not None:
                if not self._pass():
                    return
                continue
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                rest = _BLANK.match(self._text, self._at)
                assert rest is not None
                if rest.end() == len(self._text) or self._text[rest.end()] == '"':
                    return  # more may come, or nothing does
                if last and not self._left():
                    return
                raise Malformed(self._line + self._text.count("\n", self._at, rest.end()))
            if found[3] is not None and found.end() == len(self._text) and not last:
                return  # a number may go on in the next piece
            self._take(found)

    def _take(self, found: re.Match[str]) -> None:
        mark, text, _ = found.groups()
        start = found.start(found.lastindex or 0)
        line = self._line + self._text.count("\n", self._at, start)
        match self._expects:
            case "name" if text is not None:
                self._name, self._expects = self._string(text, line), "colon"
            case "name":
                self._shut(mark, line)
            case "colon" if mark == ":":
                self._expects = "value"
            case "comma" if mark == ",":
                self._expects = "name" if self._open[-1][0] == "{" else "value"
            case "comma":
                self._shut(mark, line)
            case "value":
                self._take_value(found, start, line)
                if self._whole is not None:
                    return
            case _:
                raise Malformed(line)
        self._forward(found.end())

    def _take_value(self, found: re.Match[str], start: int, line: int) -> None:
        mark, text, literal = found.groups()
        if mark is None:
            self._scalar(text, literal, line)
        elif mark in {"{", "["}:
            self._enter(mark, start, line)
        elif mark == "]" and self._open:
            self._shut(mark, line)
        else:
            raise Malformed(line)

    def _enter(self, mark: str, start: int, line: int) -> None:
        node = self._node()
        self._top += not self._open
        if node is None or node.is_row or not node.children:
            self._whole = node or Node()
            self._forward(start)
            self._depth, self._scanned = 0, start
            if node is not None and node.keys and self._document.findings.first(node.keys[0]):
                self._no_value(node, line)
            return
        if len(self._open) >= DEPTH_MAX:
            self._too_deep(line)
        if node.is_statement and node is not self._plan.root:
            self._document.begin(line)
        if mark == "[" and EACH in node.children:
            self._document.found = True
        self._open.append((mark, node))
        self._expects = "name" if mark == "{" else "value"

    def _shut(self, mark: str | None, line: int) -> None:
        opened, node = self._open.pop() if self._open else ("", None)
        if f"{opened}{mark}" not in {"{}", "[]"}:
            raise Malformed(line)
        if node is not None and node.is_statement and node is not self._plan.root:
            self._document.end()
        self._after()

    def _after(self) -> None:
        """A value has ended."""
        self._name = None
        self._expects = "comma" if self._open else "value"

    def _node(self) -> Node | None:
        """Where the value that begins stands in the plan."""
        if not self._open:
            return self._plan.root
        mark, node = self._open[-1]
        return node.children.get(EACH if mark == "[" else self._name or "")

    def _scalar(self, text: str | None, literal: str | None, line: int) -> None:
        if literal is not None and not _LITERAL.fullmatch(literal):
            raise Malformed(line)
        node = self._node()
        self._top += not self._open
        if node is not None and node.is_row:
            self._document.reject(
                "row-unreadable", "The row is a single value; it was left out.", line
            )
        elif node is not None and node.keys and literal != "null":
            value = self._string(text, line) if text is not None else Number(literal)
            self._document.value(node.keys, value, line)
        self._after()

    def _pass(self) -> bool:
        """Goes on to the end of a container; whether it has come."""
        for found in _BRACKETS.finditer(self._text, self._scanned):
            mark = found[0]
            if mark in {"{", "["}:
                self._depth += 1
                if self._depth + len(self._open) > DEPTH_MAX:
                    self._too_deep(self._line)
            elif mark in {"}", "]"}:
                self._depth -= 1
                if not self._depth:
                    self._passed(found.end())
                    return True
            elif found[1] is None:
                self._scanned = found.start()
                break
        else:
            self._scanned = len(self._text)
        if self._whole is not None and not self._whole.is_row:
            self._forward(self._scanned)
        return False

    def _passed(self, end: int) -> None:
        node, self._whole = self._whole, None
        line = self._line
        raw = self._text[self._at : end]
        self._forward(end)
        self._after()
        if node is not None and node.is_row:
            self._row(raw, line)

    def _row(self, raw: str, line: int) -> None:
        try:
            value = self._decoder.decode(raw)
        except _RepeatedName as error:
            self._document.reject(
                "name-repeated",
                f"An object of the row has two values for {error}; the row was left out.",
                line,
                raw[:RAW_MAX],
            )
            return
        except ValueError as error:
            self._document.reject(
                "row-unreadable",
                f"The row is no JSON ({str(error)[:80]}); it was left out.",
                line,
                raw[:RAW_MAX],
            )
            return
        values = [
            [] if cell.steps is None else list(_found(value, cell.steps))
            for cell in self._plan.cells
        ]
        self._document.row(TreeRow(values, line, self._line, len(raw)))

    def _forward(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _string(self, text: str, line: int) -> str:
        try:
            value: str = self._decoder.decode(text)
        except ValueError as error:
            raise Malformed(line) from error
        return _clean(value)

    def _no_value(self, node: Node, line: int) -> None:
        self._document.findings.warn(
            "value-without-text",
            f"At statement.{node.keys[0]} stands a list or an object, which is no value.",
            line,
        )
        self._document.settle()

    def _too_deep(self, line: int) -> None:
        raise Unreadable(
            "nested-too-deep",
            f"Values are nested deeper than {DEPTH_MAX}: this is no bank statement.",
            line=line,
        )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RepeatedName(json.dumps(twice[:40]))
    return found


def _found(value: Any, steps: tuple[str, ...]) -> list[str]:
    """The values at a path, as text."""
    values = [value]
    for step in steps:
        if step == EACH:
            values = [each for one in values if isinstance(one, list) for each in one]
        else:
            values = [one[step] for one in values if isinstance(one, dict) and step in one]
    return [text for one in values if (text := _text(one)) is not None]


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value if isinstance(value, Number) or value.isascii() else _clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False)


def _clean(text: str) -> str:
    """Without halves of characters, which no database takes."""
    return _LONE.sub("\ufffd", text)
