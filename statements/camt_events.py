"""CAMT events: expat drives a walk along the known paths, and fields come out, scope by scope.

No tree is built: what is not read is not kept. A DOCTYPE ends the reading before anything that it
declares exists, so that no entity is ever expanded and nothing is ever fetched; depth, names, text
and the details of an entry are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol
from xml.parsers import expat

from core.errors import Unreadable
from statements.camt_fields import KINDS, MESSAGE, OUTSIDE, SKIPPED, Node, Scope

DEPTH_MAX: Final = 64
NAMES_MAX: Final = 20_000  # distinct names of elements and attributes
PENDING_BYTES_MAX: Final = 2 * 1024 * 1024  # of one comment or tag
FIELD_CHARACTERS_MAX: Final = 20_000
DETAILS_MAX: Final = 10_000  # kept of one entry
DETAILS_BYTES_MAX: Final = 16 * 1024 * 1024

Fields = dict[str, str]


class Sink(Protocol):
    """Who takes the fields of each scope as it ends."""

    def begin(self, kind: str, version: str, line: int) -> None:
        """A message of kind 052, 053 or 054 begins."""
        ...

    def statement(self, message: Fields, fields: Fields, line: int) -> None:
        """A statement, report or notification begins; its fields and the message's will fill."""
        ...

    def end(self, scope: Scope, fields: Fields, line: int, line_end: int) -> None:
        """A scope other than an entry ends."""
        ...

    def entry(
        self, fields: Fields, details: list[Fields], dropped: int, line: int, line_end: int
    ) -> None:
        """An entry ends; `dropped` details of it were too many to keep."""
        ...


class _Place:
    """Where the walk stands."""

    __slots__ = ("depth", "fields", "line", "node", "scopes", "skipped_from", "skipped_in")

    def __init__(self) -> None:
        self.node = OUTSIDE
        self.fields: Fields = {}  # of the innermost scope
        self.line = 0  # where it began
        self.scopes: list[tuple[Fields, int]] = []  # those around it
        self.depth = 0  # of elements that are not read
        self.skipped_in = OUTSIDE  # what is around them
        self.skipped_from = 0


class Walker:
    """One pass of expat over one document; `feed` it pieces, then `close` it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._names: dict[str, str] = {}
        self._parser = parser = expat.ParserCreate("utf-8", None, self._names)
        self._fed = 0
        self.found = False  # a message was found
        self.open_entry = 0  # the line of an entry that has begun
        self.root_closed = False
        self._version = ""
        self._texts: list[str] = []
        self._at = _Place()
        self._entry_byte = self._dropped = 0
        self._details: list[Fields] = []
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype
        parser.CharacterDataHandler = self._texts.append
        parser.StartElementHandler, parser.EndElementHandler = self._start(), self._end()

    @property
    def line(self) -> int:
        """Where the parser stands."""
        return self._parser.CurrentLineNumber

    def feed(self, piece: bytes) -> None:
        """Takes the next piece. Raises `expat.ExpatError` where it is not well-formed."""
        self._parser.Parse(piece, False)
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > PENDING_BYTES_MAX:
            raise Unreadable(
                "text-too-long",
                f"A comment or tag of more than {PENDING_BYTES_MAX} bytes: this is no bank "
                "statement, or it is damaged; fetch it again from the bank.",
                line=self.line,
            )
        if len(self._names) > NAMES_MAX:
            raise Unreadable(
                "too-many-names",
                f"More than {NAMES_MAX} different names of elements: this is no bank statement.",
                line=self.line,
            )

    def close(self) -> None:
        """Says that no piece follows. Raises `expat.ExpatError` where something is open."""
        self._parser.Parse(b"", True)

    def _doctype(self, *_: object) -> int:
        raise Unreadable(
            "doctype",
            "The document has a DOCTYPE, which no bank statement has and which may be an attack: "
            "nothing of it was expanded or fetched. Ask the bank for a file without one.",
            line=self.line,
        )

    def _start(self) -> Callable[[str, dict[str, str]], None]:
        """The handler of start tags, as a closure: it runs for every one of the document."""
        at, texts, find = self._at, self._texts, self._child
        clear = texts.clear

        def start(name: str, attributes: dict[str, str]) -> None:
            if texts:
                clear()
            child = at.node.children.get(name)
            if child is None and (child := find(name, attributes)) is None:
                return
            at.node = child
            if child.scope:
                self._began(child.scope)
            elif attributes and child.attribute and child.attribute not in at.fields:
                at.fields[child.attribute] = attributes.get("Ccy", "").strip()

        return start

    def _end(self) -> Callable[[str], None]:
        """The handler of end tags, a closure too."""
        at, texts, leave = self._at, self._texts, self._leave
        clear = texts.clear

        def end(_: str) -> None:
            node = at.node
            field = node.field
            if field:
                if texts:
                    text = texts[0].strip() if len(texts) == 1 else "".join(texts).strip()
                    clear()
                    if text:
                        if field in at.fields or len(text) > FIELD_CHARACTERS_MAX:
                            _keep(at.fields, node, text)
                        else:
                            at.fields[field] = text
                at.node = node.parent
            elif node.plain:
                at.node = node.parent
            else:
                leave(node)

        return end

    def _leave(self, node: Node) -> None:
        """Ends a scope, or an element that is not read."""
        at = self._at
        if node is SKIPPED or node is OUTSIDE:
            at.depth -= 1
            self._texts.clear()
            if node is SKIPPED and at.depth == at.skipped_from:
                at.node = at.skipped_in
        else:
            self._ended(node.scope, at.fields, at.line, self._parser.CurrentLineNumber)
            at.node = node.parent
            at.fields, at.line = at.scopes.pop()
        self.root_closed = at.node is OUTSIDE and at.depth == 0

    def _child(self, name: str, attributes: dict[str, str]) -> Node | None:
        """The element of that local name, where it is read; around a message every element is.

        None where the walker has gone to where it belongs already.
        """
        at, local = self._at, name.rpartition(":")[2]
        if at.node is not OUTSIDE:
            if at.node is not SKIPPED:
                child = at.node.children.get(local)
                if child is not None:
                    return child
                at.skipped_in, at.skipped_from = at.node, at.depth
            at.node = SKIPPED
            self._deeper()
            return None
        for key, value in attributes.items():
            if key.startswith("xmlns") and "camt.05" in value:
                self._version = value.rpartition(":")[2]
        kind = KINDS.get(local[:-3] if local[-3:-2] == "V" else local)
        if kind is None:
            self._deeper()
            return None
        self.found = True
        self._sink.begin(kind, self._version, self.line)
        return MESSAGE

    def _deeper(self) -> None:
        self._at.depth += 1
        if self._at.depth > DEPTH_MAX:
            raise Unreadable(
                "nested-too-deep",
                f"Elements are nested deeper than {DEPTH_MAX}: this is no bank statement.",
                line=self.line,
            )

    def _began(self, scope: Scope) -> None:
        at, line = self._at, self._parser.CurrentLineNumber
        around = at.fields
        at.scopes.append((around, at.line))
        at.fields, at.line = {}, line
        if scope is Scope.ENTRY:
            self.open_entry = line
            self._entry_byte = self._parser.CurrentByteIndex
            self._details, self._dropped = [], 0
        elif scope is Scope.STATEMENT:
            self._sink.statement(around, at.fields, line)

    def _ended(self, scope: Scope, fields: Fields, line: int, line_end: int) -> None:
        if scope is Scope.DETAIL:
            size = self._parser.CurrentByteIndex - self._entry_byte
            if len(self._details) < DETAILS_MAX and size < DETAILS_BYTES_MAX:
                fields["line"], fields["line_end"] = str(line), str(line_end)
                self._details.append(fields)
            else:
                self._dropped += 1
        elif scope is Scope.ENTRY:
            self._sink.entry(fields, self._details, self._dropped, line, line_end)
            self.open_entry = 0
        else:
            self._sink.end(scope, fields, line, line_end)


def _keep(fields: Fields, node: Node, text: str) -> None:
    if len(text) > FIELD_CHARACTERS_MAX:
        fields["cut"] = node.field
        text = text[:FIELD_CHARACTERS_MAX]
    known = fields.get(node.field)
    if known is None:
        fields[node.field] = text
    elif node.many and len(known) + len(text) < FIELD_CHARACTERS_MAX:
        fields[node.field] = f"{known}\n{text}"
    elif node.many:
        fields["cut"] = node.field
