"""CAMT events: a walk along the known paths of a document, and fields come out, scope by scope.

expat parses all of it first, without a handler for what it finds: it says whether this is XML at
all. What it has passed is split at its tags, which costs half of a call for each of them. No tree
is built: what is not read is not kept. A DOCTYPE ends the reading before anything that it declares
exists, so that no entity is ever expanded and nothing is ever fetched; depth, names, text and the
details of an entry are bounded.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn, Protocol
from xml.parsers import expat

from core.errors import Unreadable
from statements.camt_fields import KINDS, MESSAGE, Scope
from statements.camt_markup import Tag, plain, read_tag, unescaped
from statements.camt_shapes import Shapes
from statements.camt_step import Step

DEPTH_MAX: Final = 64
NAMES_MAX: Final = 20_000  # distinct names of elements and attributes
TAGS_MAX: Final = 4_096  # tags as they are written, of which what they mean is remembered
PENDING_BYTES_MAX: Final = 2 * 1024 * 1024  # of one comment or tag
FIELD_CHARACTERS_MAX: Final = 20_000
DETAILS_MAX: Final = 10_000  # kept of one entry
DETAILS_CHARACTERS_MAX: Final = 16 * 1024 * 1024

_ENTRY: Final = re.compile(r"<((?:[\w.-]+:)?Ntry)>")

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

    def misplaced(self, line: int) -> None:
        """An entry stands where none may be, and is not read."""
        ...


class Walker:
    """One pass over one document, which begins on `line`; `feed` it pieces, then `close` it."""

    def __init__(self, sink: Sink, line: int = 1) -> None:
        self._sink = sink
        self._before = line - 1  # lines of the file that are no part of the document
        self._parser = parser = expat.ParserCreate("utf-8")
        self._fed = 0
        self._passed = 0  # lines of entries that it was not given
        self.found = self.root_closed = False  # found: a message was
        self.open_entry = 0  # the line of an entry that has begun
        self._version = ""
        self._names: set[str] = set()
        self._tags = 0  # that are remembered
        self._outside = Step(None, None)  # what is around a message: envelopes, headers
        self._skipped = Step(None, None)  # what is not read, with all that is in it
        self._shapes: Shapes | None = None  # of the entries
        self._entry_tags = ("", "")  # as the document writes them
        self._step = self._outside
        self._skipped_in = self._outside  # what is around that
        self._skipped_from = self._depth = 0  # of elements that are not read
        self._fields: Fields = {}  # of the innermost scope
        self._line = 0  # where it began
        self._scopes: list[tuple[Fields, int]] = []  # those around it
        self._details: list[Fields] = []
        self._dropped = self._size = 0
        self._held = ""  # an element whose text may go on
        self._open = ""  # a comment or the like that has not ended
        self._parts: list[str] = []  # what is walked: a tag and the text behind it, each
        self._counted = 0  # parts whose lines are in `_here`
        self._here = line
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype

    def feed(self, piece: bytes) -> None:
        """Takes the next piece. Raises `expat.ExpatError` where it is not well-formed."""
        text = piece.decode("utf-8", "replace")
        at = 0
        if self._shapes is not None and not (self._open or "<!" in text or "<?" in text):
            at = self._known_entries(text, self._shapes)
        if at < len(text):
            self._check(text[at:])
            self._take(text[at:])

    def close(self) -> None:
        """Says that no piece follows. Raises `expat.ExpatError` where something is open."""
        self._finish()
        self._say_passed()
        self._parser.Parse(b"", True)

    def release(self) -> None:
        """Lets go of the parser, whose memory would wait for Python's collector otherwise."""
        parser = self._parser
        parser.StartDoctypeDeclHandler = None
        parser.EntityDeclHandler = None
        parser.ExternalEntityRefHandler = None

    def _known_entries(self, text: str, shapes: Shapes) -> int:
        """Hands over entries of known shape, with all before each; where what is left begins.

        expat gets what is between them, and their lines: see `Shapes.known`.
        """
        opening, closing = self._entry_tags
        at, start = 0, text.find(opening)
        while start >= 0 and (end := text.find(closing, start)) >= 0:
            after = end + len(closing)
            entry = text[start + len(opening) : end]
            known = shapes.known(entry)
            if known is not None:
                between = text[at:start]
                if between.isspace() and not self._held:
                    self._pass(between)
                elif between or self._held:
                    self._check(between)
                    self._take(between, whole=True)
                at = start
                if self._step.scope is Scope.STATEMENT:
                    line, (plan, texts) = self._here, known
                    self._pass(entry)
                    self._sink.entry(*plan.read(entry, texts, line), 0, line, self._here)
                    at = after
            start = text.find(opening, after)
        return at

    def _pass(self, text: str) -> None:
        lines = text.count("\n")
        self._here += lines
        self._passed += lines

    def _check(self, text: str) -> None:
        """Has expat parse what comes next; where it fails, takes what stands before that."""
        piece = text.encode()
        try:
            self._say_passed()
            self._parser.Parse(piece, False)
        except expat.ExpatError:
            well_formed = piece[: max(self._parser.ErrorByteIndex - self._fed, 0)]
            self._take(well_formed.decode("utf-8", "replace"))
            self._finish()
            raise
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > PENDING_BYTES_MAX:
            self._refuse_text(self._parser.CurrentLineNumber + self._before)

    def _say_passed(self) -> None:
        """Gives expat the lines of what it was not given, so that it counts them too."""
        if self._passed:
            self._parser.Parse(b"\n" * self._passed, False)
            self._fed += self._passed
            self._passed = 0

    def _take(self, text: str, *, whole: bool = False) -> None:
        """Walks along the text, but for its last element: its text may go on, unless `whole`."""
        text = self._held + self._open + text
        self._open = ""
        if "<!" in text or "<?" in text:
            text, self._open = plain(text)
        cut = len(text) if whole else max(text.rfind("<"), 0)
        self._held = text[cut:]
        if len(self._held) + len(self._open) > PENDING_BYTES_MAX:
            self._refuse_text(self._here)
        self._entries(text[:cut])

    def _entries(self, text: str) -> None:
        """Reads entries by their shape where that can be, and walks along all else."""
        found = _ENTRY.search(text)
        at = 0
        if found is not None:
            self._entry_tags = opening, closing = f"<{found[1]}>", f"</{found[1]}>"
            start = found.start()
            while start >= 0 and (end := text.find(closing, start)) >= 0:
                between = text[at:start]
                if between.isspace():
                    self._here += between.count("\n")
                elif between:
                    self._walk(between)
                at = end + len(closing)
                if not self._shaped(text[start + len(opening) : end]):
                    self._walk(text[start:at])
                start = text.find(opening, at)
        self._walk(text[at:])

    def _shaped(self, entry: str) -> bool:
        """Whether an entry could be read by its shape, and was handed over."""
        around = self._step
        if around.scope is not Scope.STATEMENT or around.node is None:
            return False
        if self._shapes is None:
            self._shapes = Shapes(around.node.children["Ntry"], self._names)
        line = self._here
        read = self._shapes.read(entry, line)
        if read is None:
            return False
        self._here += entry.count("\n")
        self._sink.entry(*read, 0, line, self._here)
        return True

    def _finish(self) -> None:
        """Walks along the last element, unless it is cut off."""
        if ">" in self._held:
            self._walk(self._held)
        self._held = ""

    def _walk(self, text: str) -> None:
        """Follows the tags, each with the text behind it."""
        self._parts = parts = text.split("<")
        self._counted = 0
        step = self._step
        for number, part in enumerate(parts[1:], start=1):
            if part[0] == "/":
                step = step.parent if step.plain else self._leave(step, number)
                continue
            tag, _, rest = part.partition(">")
            child = step.tags.get(tag)
            if child is None:
                step = self._meet(step, part, number)
                continue
            field = child.field
            if not field:
                if not child.plain:
                    self._enter(step, child, number)
            elif child.many or child.attribute or field in self._fields or "&" in rest:
                self._put(child, rest)
            else:
                text = rest.strip()
                if text:
                    self._fields[field] = text[:FIELD_CHARACTERS_MAX]
                    if len(text) > FIELD_CHARACTERS_MAX:
                        self._fields["cut"] = field
            step = child
        self._step = step
        self._here += "".join(parts[self._counted :]).count("\n")

    def _put(self, step: Step, text: str) -> None:
        """Keeps what stands in an element that is read, and its currency."""
        fields = self._fields
        if step.currency is not None and step.attribute and step.attribute not in fields:
            fields[step.attribute] = step.currency
        if "&" in text:
            text = unescaped(text)
        text = text.strip()
        if not text:
            return
        if len(text) > FIELD_CHARACTERS_MAX:
            fields["cut"] = step.field
            text = text[:FIELD_CHARACTERS_MAX]
        known = fields.get(step.field)
        if known is None:
            fields[step.field] = text
        elif step.many and len(known) + len(text) < FIELD_CHARACTERS_MAX:
            fields[step.field] = f"{known}\n{text}"
        elif step.many:
            fields["cut"] = step.field

    def _meet(self, before: Step, part: str, number: int) -> Step:
        """Follows a tag that was not seen here before, and remembers where it leads."""
        tag = read_tag(part)
        if tag is None:
            return before
        self._names.update((tag.name, *tag.attributes))
        if len(self._names) > NAMES_MAX:
            raise Unreadable(
                "too-many-names",
                f"More than {NAMES_MAX} different names of elements: this is no bank statement.",
                line=self._line_at(number),
            )
        step = self._child(before, tag, number)
        lasting = not tag.closed and before is not self._outside and ">" not in tag.written
        if lasting and self._tags < TAGS_MAX:
            before.tags[tag.written] = step
            self._tags += 1
        if step.field:
            self._put(step, "" if tag.closed else tag.text)
        elif not step.plain:
            self._enter(before, step, number)
        if not tag.closed:
            return step
        return step.parent if step.plain else self._leave(step, number)

    def _child(self, before: Step, tag: Tag, number: int) -> Step:
        """The element of that local name, where it is read; around a message every element is."""
        local = tag.name.rpartition(":")[2]
        if before is not self._outside:
            node = None if before.node is None else before.node.children.get(local)
            if node is None:
                if local == "Ntry" and self._is_near_statements(before):
                    self._sink.misplaced(self._line_at(number))
                return self._skipped
            currency = tag.attributes.get("Ccy", "").strip() if tag.attributes else None
            return Step(node, before, currency)
        for key, value in tag.attributes.items():
            if key.startswith("xmlns") and "camt.05" in value:
                self._version = value.rpartition(":")[2]
        kind = KINDS.get(local[:-3] if local[-3:-2] == "V" else local)
        if kind is None:
            return before
        self.found = True
        self._sink.begin(kind, self._version, self._line_at(number))
        return Step(MESSAGE, before)

    def _is_near_statements(self, before: Step) -> bool:
        """Whether an entry here was meant to be one: beside statements, or in what may be one."""
        at = self._skipped_in if before is self._skipped else before
        return at.node is MESSAGE and (at is before or self._depth == self._skipped_from + 1)

    def _enter(self, before: Step, step: Step, number: int) -> None:
        """Begins a scope, or an element that is not read."""
        if step.node is not None:
            self._began(step.scope, self._line_at(number))
            return
        if step is self._skipped and before is not step:
            self._skipped_in, self._skipped_from = before, self._depth
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unreadable(
                "nested-too-deep",
                f"Elements are nested deeper than {DEPTH_MAX}: this is no bank statement.",
                line=self._line_at(number),
            )

    def _leave(self, step: Step, number: int) -> Step:
        """Ends a scope, or an element that is not read; where the walk stands then."""
        if step.node is not None:
            self._ended(step.scope, self._fields, self._line, self._line_at(number))
            self._fields, self._line = self._scopes.pop()
            step = step.parent
        else:
            self._depth -= 1
            if step is self._skipped and self._depth == self._skipped_from:
                step = self._skipped_in
        self.root_closed = step is self._outside and self._depth == 0
        return step

    def _began(self, scope: Scope, line: int) -> None:
        around = self._fields
        self._scopes.append((around, self._line))
        self._fields, self._line = {}, line
        if scope is Scope.ENTRY:
            self.open_entry = line
            self._details, self._dropped, self._size = [], 0, 0
        elif scope is Scope.STATEMENT:
            self._sink.statement(around, self._fields, line)

    def _ended(self, scope: Scope, fields: Fields, line: int, line_end: int) -> None:
        if scope is Scope.DETAIL:
            self._size += sum(map(len, fields.values()))
            if len(self._details) < DETAILS_MAX and self._size < DETAILS_CHARACTERS_MAX:
                fields["line"], fields["line_end"] = str(line), str(line_end)
                self._details.append(fields)
            else:
                self._dropped += 1
        elif scope is Scope.ENTRY:
            self._sink.entry(fields, self._details, self._dropped, line, line_end)
            self.open_entry = 0
        else:
            self._sink.end(scope, fields, line, line_end)

    def _line_at(self, number: int) -> int:
        """The line on which a part that is walked begins."""
        self._here += "".join(self._parts[self._counted : number]).count("\n")
        self._counted = number
        return self._here

    def _doctype(self, *_: object) -> int:
        raise Unreadable(
            "doctype",
            "The document has a DOCTYPE, which no bank statement has and which may be an attack: "
            "nothing of it was expanded or fetched. Ask the bank for a file without one.",
            line=self._parser.CurrentLineNumber + self._before,
        )

    def _refuse_text(self, line: int) -> NoReturn:
        raise Unreadable(
            "text-too-long",
            f"A comment or tag of more than {PENDING_BYTES_MAX} bytes: this is no bank "
            "statement, or it is damaged; fetch it again from the bank.",
            line=line,
        )
