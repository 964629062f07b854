"""A document: sealed raw bytes, and how they are read as records."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from core.errors import Unreadable
from core.models import Connection, RawDocument
from core.records import Finding, Record, Severity
from core.scope import WorkerScope
from core.vault import Aad, DataKey
from db import raw
from db.blobs import Blobs
from db.session import Database
from pipeline.formats import PageFormat, of_document
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.csv_detect import propose
from statements.profiles import Profile, read_profile
from statements.registry import by_name, detect, refusal
from statements.repeats import told_repeats

CHUNK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a document is read: decided once, and kept with the job so that replays agree."""

    format: StatementFormat
    options: ParseOptions
    findings: tuple[Finding, ...] = ()

    @property
    def stable(self) -> bool:
        """Whether the source's ids alone say which row is which."""
        return isinstance(self.format, PageFormat) and self.format.connector.facts.stable_ids

    def kept(self) -> dict[str, Any]:
        """What `again` needs to know beside the name of the format, as JSON.

        Settings of a connection may change; what they meant for this document may not.
        """
        profile = self.options.profile
        return {
            "currency": self.options.currency,
            "decimals": dict(self.options.decimals),
            "columns": None if profile is None else profile.model_dump(mode="json"),
        }


def again(format_name: str, kept: Mapping[str, Any], *, document_name: str) -> Reading:
    """The reading that was kept."""
    columns = kept.get("columns")
    profile = None if columns is None else read_profile(columns)
    options = ParseOptions(
        currency=kept.get("currency"), decimals=kept.get("decimals", {}), profile=profile
    )
    return Reading(format=of_document(format_name, document_name=document_name), options=options)


def decide(
    head: bytes, *, format_name: str | None, profile: Profile | None, connection: Connection
) -> Reading:
    """How to read a document of a connection that begins with `head`.

    A format or mapping that was named wins. Without a mapping, a proposal is used only where it
    leaves nothing open. Raises Unreadable with what is missing and how to supply it.
    """
    statement_format = _format(head, format_name, profile)
    findings: tuple[Finding, ...] = ()
    if profile is not None and profile.format != statement_format.name:
        profile = None  # that of a connection whose bank sends another format too
    if statement_format.name == "csv" and profile is None:
        profile, findings = _proposed(head)
    options = ParseOptions(
        currency=connection.currency, decimals=connection.decimals, profile=profile
    )
    return Reading(format=statement_format, options=options, findings=findings)


def _format(head: bytes, format_name: str | None, profile: Profile | None) -> StatementFormat:
    if format_name is not None:
        return by_name(format_name)
    detected = detect(head)
    if detected is not None:
        return detected
    refused = refusal(head)
    if profile is not None and refused.code == "format-unrecognised":
        # Whoever saved a profile knows better than what the first rows look like.
        return by_name(profile.format)
    raise refused


def _proposed(head: bytes) -> tuple[Profile, tuple[Finding, ...]]:
    proposal = propose(head)
    if not proposal.complete or proposal.profile is None:
        questions = " ".join(question.text for question in proposal.questions)
        raise Unreadable(
            "profile-required",
            "The file does not say how its columns are to be read. "
            f"Save a profile for the connection and retry. {questions}".strip(),
        )
    note = Finding(
        Severity.INFO,
        "profile-detected",
        f"The columns were read as detected ({proposal.confidence} % sure). "
        "Save a profile for the connection to fix how they are read.",
    )
    return proposal.profile, (note,)


@asynccontextmanager
async def opened(
    document: RawDocument, *, scope: WorkerScope, database: Database, blobs: Blobs, key: DataKey
) -> AsyncIterator[BinaryIO]:
    """The document's bytes as a file, unsealed as they are read. Raises SealBroken.

    Files lie with the blobs, pages of syncs in their rows.
    """
    assert scope.tenant_id is not None
    aad = Aad(tenant_id=scope.tenant_id, purpose="raw", record_id=document.id)
    if document.blob_path is None:
        async with database.as_(scope, read_only=True) as tx:
            in_row = await raw.sealed(tx, tenant_id=scope.tenant_id, raw_id=document.id)
        yield io.BytesIO(key.open_bytes(in_row, aad=aad))
        return
    async with blobs.open(document.blob_path) as sealed:
        yield key.open_file(sealed, aad=aad)


def head(file: BinaryIO) -> bytes:
    """What recognition looks at; the file stands at its beginning again."""
    file.seek(0)
    found = file.read(HEAD_BYTES)
    file.seek(0)
    return found


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """The bytes from the beginning, in chunks."""
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def records(file: BinaryIO, reading: Reading) -> Iterator[Record]:
    """The document's records from the beginning; equal at every reading."""
    return told_repeats(reading.format.parse(chunks(file), reading.options))
