"""A walk through XML by expat, along the paths of a plan; what is not on them is passed over.

No tree is built. A DOCTYPE ends the reading before anything that it declares exists, so that no
entity is ever expanded and nothing is ever fetched; depth, names, texts and rows are bounded.
"""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from core.errors import Unreadable
from statements.camt_events import DEPTH_MAX, FIELD_CHARACTERS_MAX, NAMES_MAX, PENDING_BYTES_MAX
from statements.tree_document import TreeDocument
from statements.tree_plan import Node, Plan
from statements.tree_row import TreeRow

ROW_MAX: Final = 1024 * 1024  # characters of the values of one row


class XmlWalker:
    """One pass of expat over one document; `feed` it pieces, then `close` it."""

    def __init__(self, plan: Plan, document: TreeDocument) -> None:
        self._plan = plan
        self._document = document
        self._names: dict[str, str] = {}
        self._parser = parser = expat.ParserCreate("utf-8", None, self._names)
        self._fed = 0
        self._nodes: list[Node | None] = [plan.root]  # of the open elements; None: not on a path
        self._texts: list[list[str] | None] = [None]  # of those that have a value
        self._row: list[list[str]] | None = None
        self._row_line = self._row_size = 0
        self.root_closed = False
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        if plan.root.is_statement:
            document.begin(1)

    @property
    def line(self) -> int:
        """Where the parser stands."""
        return self._parser.CurrentLineNumber

    @property
    def open_row(self) -> int:
        """The line of a row that has begun; 0 where none has."""
        return self._row_line if self._row is not None else 0

    def feed(self, piece: bytes) -> None:
        """Takes the next piece. Raises `expat.ExpatError` where it is not well-formed."""
        self._parser.Parse(piece, False)
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > PENDING_BYTES_MAX:
            self._refuse(
                "text-too-long", f"a comment or tag of more than {PENDING_BYTES_MAX} bytes"
            )
        if len(self._names) > NAMES_MAX:
            self._refuse("too-many-names", f"more than {NAMES_MAX} different names of elements")

    def close(self) -> None:
        """Says that no piece follows. Raises `expat.ExpatError` where something is open."""
        self._parser.Parse(b"", True)
        if self._plan.root.is_statement:
            self._document.end()

    def _refuse(self, code: str, what: str) -> None:
        raise Unreadable(
            code,
            f"The document has {what}: this is no bank statement, or it is damaged.",
            line=self.line,
        )

    def _doctype(self, *_: object) -> int:
        raise Unreadable(
            "doctype",
            "The document has a DOCTYPE, which no bank statement has and which may be an attack: "
            "nothing of it was expanded or fetched. Ask the bank for a file without one.",
            line=self.line,
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._nodes) > DEPTH_MAX:
            self._refuse("nested-too-deep", f"elements nested deeper than {DEPTH_MAX}")
        around = self._nodes[-1]
        node = None if around is None else around.children.get(name.rpartition(":")[2])
        self._nodes.append(node)
        if node is None:
            self._texts.append(None)
            return
        if node.is_statement:
            self._document.begin(self.line)
        if node.is_row:
            self._row = [[] for _ in self._plan.cells]
            self._row_line, self._row_size = self.line, 0
        self._texts.append([] if node.cells or node.keys else None)
        if attributes and node.children:
            for key, value in attributes.items():
                found = node.children.get(f"@{key.rpartition(':')[2]}")
                if found is not None:
                    self._value(found, value)

    def _text(self, text: str) -> None:
        texts = self._texts[-1]
        if texts is not None:
            texts.append(text)
            if self._row is not None:
                self._row_size += len(text)
                if self._row_size > ROW_MAX:
                    self._refuse("row-too-long", f"a row of more than {ROW_MAX} characters")

    def _end(self, _: str) -> None:
        node, texts = self._nodes.pop(), self._texts.pop()
        if node is not None:
            if texts is not None:
                self._value(node, "".join(texts))
            if node.is_row and self._row is not None:
                row, self._row = self._row, None
                self._document.row(TreeRow(row, self._row_line, self.line, self._row_size))
            if node.is_statement:
                self._document.end()
        self.root_closed = len(self._nodes) == 1

    def _value(self, node: Node, text: str) -> None:
        text = text.strip()
        if len(text) > FIELD_CHARACTERS_MAX:
            text = text[:FIELD_CHARACTERS_MAX]
            self._document.findings.warn(
                "text-cut",
                f"A text has more than {FIELD_CHARACTERS_MAX} characters; it was cut there.",
                self.line,
            )
        if not text:
            return
        if self._row is not None:
            for place in node.cells:
                self._row[place].append(text)
        elif node.keys:
            self._document.value(node.keys, text, self.line)
