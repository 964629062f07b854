"""CAMT events: expat drives a walk along the known paths, and fields come out, scope by scope.

No tree is built: what is not read is not kept. A DOCTYPE ends the reading before anything that it
declares exists, so that no entity is ever expanded and nothing is ever fetched; depth, names, text
and the details of an entry are bounded.
"""

from __future__ import annotations

from typing import Final, Protocol
from xml.parsers import expat

from core.errors import Unreadable
from statements.camt_fields import KINDS, MESSAGE, OUTSIDE, Node, Scope

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
        self._entry_byte = self._dropped = 0
        self._details: list[Fields] = []
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype
        parser.CharacterDataHandler = self._texts.append
        parser.StartElementHandler, parser.EndElementHandler = self._handlers()

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

    def _handlers(self):  # type: ignore[no-untyped-def]
        """The handlers of elements, as closures: they run for every tag of the document."""
        parser, texts, ended = self._parser, self._texts, self._ended
        stack: list[tuple[Node, Fields, int]] = []
        node, fields, line, skipped = OUTSIDE, Fields(), 0, 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal node, fields, line, skipped
            texts.clear()
            if skipped:
                skipped += 1
                if skipped > DEPTH_MAX:
                    raise _too_deep(parser.CurrentLineNumber)
                return
            child = node.children.get(name) or self._child(node, name, attributes)
            if child is None:
                skipped = 1
                return
            stack.append((node, fields, line))
            node = child
            if child.scope:
                around, fields, line = fields, {}, parser.CurrentLineNumber
                self._began(child.scope, around, fields, line)
            elif attributes and child.attribute and child.attribute not in fields:
                fields[child.attribute] = attributes.get("Ccy", "").strip()
            elif child is OUTSIDE and len(stack) > DEPTH_MAX:
                raise _too_deep(parser.CurrentLineNumber)

        def end(_: str) -> None:
            nonlocal node, fields, line, skipped
            if skipped:
                skipped -= 1
                texts.clear()
                return
            if node.field:
                if texts:
                    text = (texts[0] if len(texts) == 1 else "".join(texts)).strip()
                    texts.clear()
                    if text:
                        _keep(fields, node, text)
            elif node.scope:
                ended(node.scope, fields, line, parser.CurrentLineNumber)
            node, fields, line = stack.pop()
            if not stack:
                self.root_closed = True

        return start, end

    def _child(self, node: Node, name: str, attributes: dict[str, str]) -> Node | None:
        """The element of that local name, if it is read; around a message every element is."""
        local = name.rpartition(":")[2]
        if node is not OUTSIDE:
            return node.children.get(local)
        for key, value in attributes.items():
            if key.startswith("xmlns") and "camt.05" in value:
                self._version = value.rpartition(":")[2]
        kind = KINDS.get(local[:-3] if local[-3:-2] == "V" else local)
        if kind is None:
            return OUTSIDE
        self.found = True
        self._sink.begin(kind, self._version, self.line)
        return MESSAGE

    def _began(self, scope: Scope, around: Fields, fields: Fields, line: int) -> None:
        if scope is Scope.ENTRY:
            self.open_entry = line
            self._entry_byte = self._parser.CurrentByteIndex
            self._details, self._dropped = [], 0
        elif scope is Scope.STATEMENT:
            self._sink.statement(around, fields, line)

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


def _too_deep(line: int) -> Unreadable:
    return Unreadable(
        "nested-too-deep",
        f"Elements are nested deeper than {DEPTH_MAX}: this is no bank statement.",
        line=line,
    )
