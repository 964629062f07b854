"""What members do with statement files and the jobs that import them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from core import models
from resolvers import jobs, statements
from resolvers.refusal import Refused
from resolvers.statements import ImportRequest, UploadTicket
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of, optional_key_of
from schema.jobs import IngestionJob
from schema.payload import Payload, user_errors

JobId = Annotated[strawberry.ID, strawberry.argument(description="The job.")]


@strawberry.input(description="A file that is going to be uploaded.")
class StatementUploadInput:
    file_name: str = strawberry.field(description="Its name, 1 to 500 characters.")
    size: int = strawberry.field(description="Its size in bytes.")
    sha256: str = strawberry.field(description="The SHA-256 of its bytes, hexadecimal.")
    media_type: str | None = strawberry.field(
        default=None, description="What it is said to be; never believed."
    )


@strawberry.input(description="What to import, and how.")
class StatementImportInput:
    upload_id: strawberry.ID = strawberry.field(description="The upload, its bytes sent.")
    connection_id: strawberry.ID = strawberry.field(description="Where it belongs.")
    format: str | None = strawberry.field(
        default=None, description="Its format; null: recognised by its content."
    )
    profile_id: strawberry.ID | None = strawberry.field(
        default=None, description="How its CSV is read; null: as the connection says."
    )
    review: bool = strawberry.field(
        default=False, description="Whether to stop at a preview that somebody approves."
    )
    idempotency_key: strawberry.ID | None = strawberry.field(
        default=None, description="Makes a repeated request answer with the first one's job."
    )


@strawberry.input(description="How a job is tried again.")
class IngestionJobRetryInput:
    profile_id: strawberry.ID | None = strawberry.field(
        default=None, description="How its CSV is read from now on; null: as before."
    )


@strawberry.type(description="A header of an HTTP request.")
class HttpHeader:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="Where the bytes of an announced file go.")
class StatementUploadPayload(Payload):
    upload_id: strawberry.ID | None = strawberry.field(
        description="What statementImport takes; null where it was refused."
    )
    url: str | None = strawberry.field(
        description="Where to send the bytes: a secret that needs no token beside it."
    )
    method: str | None = strawberry.field(description="The HTTP method to send them with.")
    headers: list[HttpHeader] = strawberry.field(description="The headers to send with them.")
    expires_at: datetime | None = strawberry.field(description="Until when the URL works.")


@strawberry.type(description="What a decision about a job answers.")
class IngestionJobPayload(Payload):
    job: IngestionJob | None = strawberry.field(
        description="The job as it is now; null where it was refused."
    )


@strawberry.type(description="What statementImport answers.")
class StatementImportPayload(IngestionJobPayload):
    pass


@strawberry.type(description="What ingestionJobApprove answers.")
class IngestionJobApprovePayload(IngestionJobPayload):
    pass


@strawberry.type(description="What ingestionJobDiscard answers.")
class IngestionJobDiscardPayload(IngestionJobPayload):
    pass


@strawberry.type(description="What ingestionJobCancel answers.")
class IngestionJobCancelPayload(IngestionJobPayload):
    pass


@strawberry.type(description="What ingestionJobRetry answers.")
class IngestionJobRetryPayload(IngestionJobPayload):
    pass


@strawberry.type(description="What ingestionJobRevert answers.")
class IngestionJobRevertPayload(IngestionJobPayload):
    pass


Kind = TypeVar("Kind", bound=IngestionJobPayload)


@strawberry.type(description="What members do with statement files and their jobs.")
class StatementMutations:
    @mutation(description="Announces a file and answers where its bytes go; for members.")
    async def statement_upload(
        self,
        info: Info,
        input: Annotated[StatementUploadInput, strawberry.argument(description="The file.")],
    ) -> StatementUploadPayload | None:
        """Announces a file."""
        answer = await statements.upload(
            info.context,
            file_name=input.file_name,
            size=input.size,
            sha256=input.sha256,
            media_type=input.media_type,
        )
        return _ticket(answer)

    @mutation(
        description="Starts the import of an uploaded file and answers with its job; for members."
    )
    async def statement_import(
        self,
        info: Info,
        input: Annotated[StatementImportInput, strawberry.argument(description="What and how.")],
    ) -> StatementImportPayload | None:
        """Starts the import of an uploaded file."""
        request = ImportRequest(
            upload_id=key_of("Upload", input.upload_id),
            connection_id=key_of("Connection", input.connection_id),
            format=input.format,
            profile_id=optional_key_of("StatementProfile", input.profile_id),
            review=input.review,
            idempotency_key=input.idempotency_key,
        )
        answer = await statements.start_import(info.context, request=request)
        return _payload(StatementImportPayload, answer)

    @mutation(description="Lets a reviewed job write its rows; for members.")
    async def ingestion_job_approve(
        self,
        info: Info,
        id: JobId,
    ) -> IngestionJobApprovePayload | None:
        """Lets a reviewed job write its rows."""
        answer = await jobs.approve(info.context, job_id=_key(id))
        return _payload(IngestionJobApprovePayload, answer)

    @mutation(description="Ends a reviewed job without writing; for members.")
    async def ingestion_job_discard(
        self,
        info: Info,
        id: JobId,
    ) -> IngestionJobDiscardPayload | None:
        """Ends a reviewed job without writing."""
        answer = await jobs.discard(info.context, job_id=_key(id))
        return _payload(IngestionJobDiscardPayload, answer)

    @mutation(description="Ends a queued job before it runs; for members.")
    async def ingestion_job_cancel(
        self,
        info: Info,
        id: JobId,
    ) -> IngestionJobCancelPayload | None:
        """Ends a queued job before it runs."""
        answer = await jobs.cancel(info.context, job_id=_key(id))
        return _payload(IngestionJobCancelPayload, answer)

    @mutation(description="Tries a failed or cancelled job again; for members.")
    async def ingestion_job_retry(
        self,
        info: Info,
        id: JobId,
        input: Annotated[
            IngestionJobRetryInput | None,
            strawberry.argument(description="What to do differently; null: nothing."),
        ] = None,
    ) -> IngestionJobRetryPayload | None:
        """Tries a failed or cancelled job again."""
        answer = await jobs.retry(
            info.context,
            job_id=_key(id),
            profile_id=optional_key_of(
                "StatementProfile", None if input is None else input.profile_id
            ),
        )
        return _payload(IngestionJobRetryPayload, answer)

    @mutation(
        description="Takes an import back: its rows go, except what is reconciled or came with "
        "another file too; for members."
    )
    async def ingestion_job_revert(
        self,
        info: Info,
        id: JobId,
    ) -> IngestionJobRevertPayload | None:
        """Takes an import back."""
        answer = await jobs.revert(info.context, job_id=_key(id))
        return _payload(IngestionJobRevertPayload, answer)


def _key(text: str) -> UUID:
    return key_of("IngestionJob", text)


def _payload(kind: type[Kind], answer: models.Job | Refused) -> Kind:
    return kind(
        job=None if isinstance(answer, Refused) else IngestionJob.of(answer),
        user_errors=user_errors(answer),
    )


def _ticket(answer: UploadTicket | Refused) -> StatementUploadPayload:
    if isinstance(answer, Refused):
        return StatementUploadPayload(
            upload_id=None,
            url=None,
            method=None,
            headers=[],
            expires_at=None,
            user_errors=user_errors(answer),
        )
    return StatementUploadPayload(
        upload_id=encode("Upload", answer.upload_id),
        url=answer.url,
        method=answer.method,
        headers=[HttpHeader(name=name, value=value) for name, value in answer.headers.items()],
        expires_at=answer.expires_at,
        user_errors=[],
    )
