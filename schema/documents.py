"""Raw documents, and the places in them that rows came from."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core import models
from resolvers import source_lines
from schema.columns import column, derived, shown
from schema.ids import encode
from schema.node import Node


@strawberry.type(description="What a source delivered, kept sealed, byte for byte.")
class RawDocument(Node):
    name: str = column("r.name", description="The file's name.")
    media_type: str | None = column(
        "r.media_type", description="What the uploader said it is; null where they did not."
    )
    size_bytes: int = column("r.size_bytes", description="Its size in bytes.")
    received_at: datetime = column("r.received_at", description="When it came.")
    sha256: str = derived(
        "encode(r.sha256, 'hex')", description="The SHA-256 of its bytes, hexadecimal."
    )

    @staticmethod
    def of(document: models.RawDocument) -> RawDocument:
        """A document of the tenant's."""
        return shown(
            RawDocument,
            document,
            id=encode("RawDocument", document.id),
            key=document.id,
            sha256=document.sha256.hex(),
        )


@strawberry.type(description="One physical line of a document.")
class SourceLine:
    number: int = strawberry.field(description="Which line, counted from 1.")
    text: str = strawberry.field(
        description="Its text, account numbers masked, cut after 2,000 characters."
    )

    @staticmethod
    def of(line: source_lines.SourceLine) -> SourceLine:
        """A line."""
        return SourceLine(number=line.number, text=line.text)
