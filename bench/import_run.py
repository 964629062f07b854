"""One import in a process of its own: prints seconds, rows and peak memory as JSON.

    python bench/import_run.py DSN FOLDER FILE TENANT CONNECTION

Two clocks run from the claim of the job, as the worker role under forced row-level security:
`seconds` until all rows are committed and may be read, after unsealing, scanning, parsing,
categorising, COPY and merge; `settled_seconds` until all that follows is done as well: matching,
reconciling, balances and what recurs.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid4

from core.models import Job
from core.scope import WorkerScope
from core.vault import Aad, DataKey, Vault
from db.blobs import FolderBlobs, blob_path
from db.keys import HeldKeys
from db.pool import connect
from db.session import Database
from db.tenant_keys import data_key
from pipeline import importing
from pipeline.following import follow
from pipeline.run import run
from pipeline.services import Services
from workers.main import tune_interpreter

KEYS = HeldKeys.of("bench", bytes(32))
CHUNK_BYTES = 1 << 20

_UPLOAD = """
insert into app.uploads (
  tenant_id, id, file_name, size_bytes, sha256, blob_path, state, sealed, expires_at
)
values ($1, $2, 'statement', $3, $4, $5, 'received', true, now() + interval '1 day')
"""
_JOB = """
insert into app.ingestion_jobs (tenant_id, id, connection_id, upload_id, kind)
values ($1, $2, $3, $4, 'import')
"""


class NobodyListens:
    """Events of a benchmark."""

    async def publish(self, tenant_id: UUID, topic: str, key: UUID) -> None:
        return

    def listen(self, tenant_id: UUID, topic: str) -> object:
        raise AssertionError


async def main(dsn: str, folder: Path, file: Path, tenant: UUID, connection: UUID) -> None:
    tune_interpreter()
    async with connect(dsn, size=2) as database:
        services = Services(
            database=database,
            vault=Vault(KEYS),
            blobs=FolderBlobs(folder),
            events=NobodyListens(),  # type: ignore[arg-type]  # nobody listens in a benchmark
            clock=lambda: datetime.now(UTC),
        )
        job = await _queue(database, services, file, tenant, connection)
        before = resource.getrusage(resource.RUSAGE_SELF)
        written = 0.0

        async def noted(job: Job, services: Services) -> None:
            nonlocal written
            written = time.perf_counter()
            await follow(job, services)

        started = time.perf_counter()
        with patch.object(importing, "follow", noted):
            await run(tenant, job, services=services)
        settled = time.perf_counter()
        after = resource.getrusage(resource.RUSAGE_SELF)
        async with database.as_(WorkerScope(tenant_id=tenant)) as tx:
            row = await tx.row(
                "select state, processed, imported, duplicate from app.ingestion_jobs"
                " where tenant_id = $1 and id = $2",
                tenant,
                job,
            )
    assert row is not None
    result = {
        "seconds": written - started,
        "settled_seconds": settled - started,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": after.ru_maxrss / 1024,
        "growth_mib": (after.ru_maxrss - before.ru_maxrss) / 1024,
        **dict(row),
    }
    sys.stdout.write(json.dumps(result) + "\n")


async def _queue(
    database: Database, services: Services, file: Path, tenant: UUID, connection: UUID
) -> UUID:
    upload, job = uuid4(), uuid4()
    path = blob_path(tenant_id=tenant, kind="raw", blob_id=upload)
    key = await data_key(partial(database.as_, WorkerScope(tenant_id=tenant)), services.vault)
    aad = Aad(tenant_id=tenant, purpose="raw", record_id=upload)
    await services.blobs.write(path, _sealed(file, key, aad))
    with file.open("rb") as stream:
        digest = sha256()
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    owner = sys.argv[6]
    await _as_owner(owner, _UPLOAD, tenant, upload, file.stat().st_size, digest.digest(), path)
    await _as_owner(owner, _JOB, tenant, job, connection, upload)
    return job


async def _as_owner(dsn: str, statement: str, *values: object) -> None:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    await connection.execute(statement, *values)
    await connection.close()


async def _sealed(file: Path, key: DataKey, aad: Aad) -> AsyncIterator[bytes]:
    with file.open("rb") as stream:
        for piece in key.seal_stream(iter(lambda: stream.read(CHUNK_BYTES), b""), aad=aad):
            yield piece


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), UUID(sys.argv[4]), UUID(sys.argv[5])
        )
    )
