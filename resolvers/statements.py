"""Statement files: announced, uploaded past this API's memory, and imported by a job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from core.errors import Unreadable
from core.jobs import JobKind
from core.models import Connection, ConnectionStatus, Job, Role, Upload, UploadState
from db import audit, connections, jobs, profiles, uploads
from db.blobs import blob_path
from db.jobs import NewJob
from db.session import Tx
from db.uploads import NewUpload
from resolvers import text, upload_tokens
from resolvers.context import Context
from resolvers.jobs import announce
from resolvers.refusal import RefusalCode
from resolvers.refusing import Refusal, conflict, invalid, missing, refusable, require
from statements.registry import by_name

FILE_NAME_MAX: Final = 500
MEDIA_TYPE_MAX: Final = 200
KEY_MAX: Final = 200
UPLOAD_LIFETIME: Final = timedelta(hours=2)

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTicket:
    """Where the client sends the bytes of one file by itself. The URL is a secret."""

    upload_id: UUID
    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import, and how; None leaves the choice to the connection and the content."""

    upload_id: UUID
    connection_id: UUID
    format: str | None
    profile_id: UUID | None
    review: bool
    idempotency_key: str | None


@refusable
async def upload(
    context: Context, *, file_name: str, size: int, sha256: str, media_type: str | None
) -> UploadTicket:
    """Where the bytes of the announced file go. They must be as many, and have that hash."""
    now = context.services.clock()
    upload_id = uuid4()
    new = NewUpload(
        id=upload_id,
        file_name=text.name(file_name, "fileName", most=FILE_NAME_MAX),
        media_type=text.optional_name(media_type, "mediaType", most=MEDIA_TYPE_MAX),
        size_bytes=_size(context, size),
        sha256=_digest(sha256),
        blob_path=blob_path(tenant_id=context.tenant, kind="raw", blob_id=upload_id),
        expires_at=now + UPLOAD_LIFETIME,
    )
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        await uploads.announce(tx, tenant_id=context.tenant, new=new, created_by=context.user_id)
        await audit.record(tx, "statement.upload_announced", data={"uploadId": str(upload_id)})
    return await _ticket(context, new, now)


@refusable
async def start_import(context: Context, *, request: ImportRequest) -> Job:
    """A queued import of an uploaded file. The same key gives the same job again."""
    key = text.optional_name(request.idempotency_key, "idempotencyKey", most=KEY_MAX)
    format_name = None if request.format is None else _format(request.format)
    arrived = await _arrived(context, request, key)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        taken = await jobs.of_upload(tx, tenant_id=context.tenant, upload_id=request.upload_id)
        # Asked after it: what took the upload may be a request with the same key.
        job = await _of_key(tx, context, key)
        is_new = job is None
        if job is None:
            to = await _check(tx, context, request, arrived=arrived, taken=taken is not None)
            new = NewJob(
                kind=JobKind.IMPORT,
                connection_id=request.connection_id,
                upload_id=request.upload_id,
                profile_id=request.profile_id,
                format=format_name,
                review=request.review or not to.auto_import,
                idempotency_key=key,
            )
            job, is_new = await _create(tx, context, new)
        if (job.upload_id, job.connection_id) != (request.upload_id, request.connection_id):
            raise conflict("The key belongs to another import. Take a new one.", "idempotencyKey")
        if is_new:
            await audit.record(
                tx,
                "statement.import_started",
                connection_id=job.connection_id,
                job_id=job.id,
                data={"uploadId": str(request.upload_id)},
            )
    return await announce(context, job) if is_new else job


async def _of_key(tx: Tx, context: Context, key: str | None) -> Job | None:
    if key is None:
        return None
    return await jobs.by_key(tx, tenant_id=context.tenant, idempotency_key=key)


async def _create(tx: Tx, context: Context, new: NewJob) -> tuple[Job, bool]:
    """The job, and whether it is new: another request with the key may have been first."""
    job = await jobs.create(tx, tenant_id=context.tenant, new=new, created_by=context.user_id)
    if job is not None:
        return job, True
    assert new.idempotency_key is not None
    job = await jobs.by_key(tx, tenant_id=context.tenant, idempotency_key=new.idempotency_key)
    assert job is not None
    return job, False


async def _arrived(context: Context, request: ImportRequest, key: str | None) -> bool:
    """Whether storage has the bytes of an upload that our own endpoint did not receive.

    Asked outside of any transaction: storage is another server.
    """
    async with context.read() as tx:
        await require(tx, context, Role.MEMBER)
        if key is not None and await jobs.by_key(tx, tenant_id=context.tenant, idempotency_key=key):
            return False  # a repeat: nothing is going to be read
        upload = await uploads.find(tx, tenant_id=context.tenant, upload_id=request.upload_id)
    if upload is None or upload.state is not UploadState.PENDING:
        return False
    return await context.services.blobs.exists(upload.blob_path)


async def _check(
    tx: Tx, context: Context, request: ImportRequest, *, arrived: bool, taken: bool
) -> Connection:
    """The connection that the upload goes to. Raises Refusal where something is wrong."""
    upload = await uploads.find(tx, tenant_id=context.tenant, upload_id=request.upload_id)
    if upload is None:
        raise missing("upload", "uploadId")
    _check_upload(upload, arrived=arrived)
    if taken:
        raise conflict(
            "The upload belongs to an import already. Retry that one, or upload the file again.",
            "uploadId",
        )
    connection = await connections.find(
        tx, tenant_id=context.tenant, connection_id=request.connection_id
    )
    if connection is None:
        raise missing("connection", "connectionId")
    if connection.status in (ConnectionStatus.PAUSED, ConnectionStatus.DISCONNECTED):
        raise conflict(
            f"The connection is {connection.status.name} and takes no imports.", "connectionId"
        )
    if request.profile_id is not None and not await profiles.by_ids(
        tx, tenant_id=context.tenant, ids=[request.profile_id]
    ):
        raise missing("statement profile", "profileId")
    return connection


def _check_upload(upload: Upload, *, arrived: bool) -> None:
    match upload.state:
        case UploadState.PENDING if not arrived:
            raise invalid(
                "The bytes have not arrived yet. Send them to the upload's URL first.", "uploadId"
            )
        case UploadState.IMPORTED:
            raise conflict("The upload is imported already. Upload the file again.", "uploadId")
        case UploadState.EXPIRED:
            raise invalid("The upload has expired. Upload the file again.", "uploadId")


async def _ticket(context: Context, new: NewUpload, now: datetime) -> UploadTicket:
    target = await context.services.blobs.upload_target(new.blob_path, now=now)
    if target is None:
        return await _own_ticket(context, new)
    return UploadTicket(
        upload_id=new.id,
        url=target.url,
        method=target.method,
        headers=target.headers,
        expires_at=target.expires_at,
    )


async def _own_ticket(context: Context, new: NewUpload) -> UploadTicket:
    expires = int(new.expires_at.timestamp())
    token = await upload_tokens.sign(
        context.services.vault, tenant_id=context.tenant, upload_id=new.id, expires=expires
    )
    return UploadTicket(
        upload_id=new.id,
        url=f"{context.services.public_url}/uploads/{new.id}?token={token}&expires={expires}",
        method="PUT",
        headers={"content-type": "application/octet-stream"},
        expires_at=new.expires_at,
    )


def _size(context: Context, size: int) -> int:
    most = context.services.upload_bytes_max
    if size < 1:
        raise invalid("The file is empty.", "size")
    if size > most:
        raise Refusal(RefusalCode.LIMIT, f"A file may have {most} bytes at most.", "size")
    return size


def _digest(sha256: str) -> bytes:
    if not _SHA256.fullmatch(sha256):
        raise invalid("Give the SHA-256 of the file as 64 hexadecimal digits.", "sha256")
    return bytes.fromhex(sha256)


def _format(name: str) -> str:
    try:
        return by_name(name).name
    except Unreadable as error:
        raise invalid(error.message, "format") from error
