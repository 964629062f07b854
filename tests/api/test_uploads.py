"""Uploads: exactly what was announced is kept, sealed; nothing else is, and memory stays flat."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from core.vault import Aad, Vault
from db.blobs import FolderBlobs, blob_path
from db.keys import HeldKeys
from db.tenant_keys import data_key
from resolvers import upload_tokens
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api
from tests.fixtures.world import Place, World

VAULT = Vault(HeldKeys.of("k1", bytes(range(32))))
CONTENT = b"01,SENDER,RECEIVER,261121,0800,1,80,1,2/\n" * 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An upload that someone announced."""

    place: Place
    id: UUID
    url: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Announces uploads, and looks at what became of them."""

    world: World
    place: Place
    blobs: FolderBlobs

    async def announce(
        self,
        content: bytes = CONTENT,
        *,
        size: int | None = None,
        digest: bytes | None = None,
        lifetime: timedelta = timedelta(hours=1),
    ) -> Announced:
        own_id = uuid4()
        path = blob_path(tenant_id=self.place.tenant_id, kind="raw", blob_id=own_id)
        expires_at = datetime.now(UTC) + lifetime
        await self.world.owner.execute(
            "insert into app.uploads"
            " (tenant_id, id, file_name, size_bytes, sha256, blob_path, expires_at)"
            " values ($1, $2, 'statement.bai', $3, $4, $5, $6)",
            self.place.tenant_id,
            own_id,
            len(content) if size is None else size,
            digest or sha256(content).digest(),
            path,
            expires_at,
        )
        expires = int(expires_at.timestamp())
        token = await upload_tokens.sign(
            VAULT, tenant_id=self.place.tenant_id, upload_id=own_id, expires=expires
        )
        url = f"/uploads/{own_id}?token={token}&expires={expires}"
        return Announced(place=self.place, id=own_id, url=url, path=path)

    async def state(self, upload: Announced) -> tuple[str, bool]:
        row = await self.world.owner.fetchrow(
            "select state, sealed from app.uploads where id = $1", upload.id
        )
        assert row is not None
        return row["state"], row["sealed"]

    async def opened(self, upload: Announced) -> bytes:
        """What is kept, in plain."""
        key = await data_key(partial(self.world.database.as_, upload.place.worker), VAULT)
        aad = Aad(tenant_id=upload.place.tenant_id, purpose="raw", record_id=upload.id)
        sealed = b"".join([chunk async for chunk in self.blobs.read(upload.path)])
        assert b"SENDER" not in sealed
        return key.open_bytes(sealed, aad=aad)


@pytest.fixture
async def desk(world: World, edges: Edges) -> Desk:
    return Desk(
        world=world, place=await world.place(), blobs=FolderBlobs(edges.data_dir / "storage")
    )


def _code(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


async def test_announced_bytes_are_kept_sealed(small: Api, desk: Desk) -> None:
    upload = await desk.announce()

    response = await small.http.put(upload.url, content=CONTENT)

    assert response.status_code == 200
    assert response.json() == {"uploadId": str(upload.id), "size": len(CONTENT)}
    assert await desk.state(upload) == ("received", True)
    assert await desk.opened(upload) == CONTENT


async def test_bytes_may_come_in_chunks_of_unknown_number(small: Api, desk: Desk) -> None:
    upload = await desk.announce()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(CONTENT), 7_777):
            yield CONTENT[start : start + 7_777]

    response = await small.http.put(upload.url, content=pieces())

    assert response.status_code == 200
    assert await desk.opened(upload) == CONTENT


async def test_the_url_of_the_api_takes_the_bytes(api: Api, desk: Desk) -> None:
    data = await api.ask(
        desk.place.user_id,
        "mutation ($input: StatementUploadInput!) { statementUpload(input: $input)"
        " { uploadId url method headers { name value } expiresAt userErrors { message } } }",
        input={
            "fileName": "statement.bai",
            "size": len(CONTENT),
            "sha256": sha256(CONTENT).hexdigest(),
        },
    )
    ticket = data["statementUpload"]
    assert ticket["userErrors"] == []
    address = urlsplit(ticket["url"])

    response = await api.http.request(
        ticket["method"], f"{address.path}?{address.query}", content=CONTENT
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (CONTENT[:-1], "SIZE_MISMATCH"),
        (b"", "SIZE_MISMATCH"),
        (CONTENT[:-1] + b"x", "HASH_MISMATCH"),
    ],
)
async def test_other_bytes_are_not_kept_and_may_be_sent_again(
    small: Api, desk: Desk, sent: bytes, code: str
) -> None:
    upload = await desk.announce()

    refused = await small.http.put(upload.url, content=sent)

    assert (refused.status_code, _code(refused)) == (422, code)
    assert await desk.state(upload) == ("pending", False)
    assert not await desk.blobs.exists(upload.path)
    assert (await small.http.put(upload.url, content=CONTENT)).status_code == 200


async def test_more_bytes_than_announced_are_refused(small: Api, desk: Desk) -> None:
    upload = await desk.announce()

    declared = await small.http.put(upload.url, content=CONTENT + b"x")
    counted = await small.http.put(upload.url, content=_in_one(CONTENT + b"x"))

    assert declared.status_code == counted.status_code == 413
    assert await desk.state(upload) == ("pending", False)


async def test_received_bytes_are_not_replaced(small: Api, desk: Desk) -> None:
    upload = await desk.announce()
    await small.http.put(upload.url, content=CONTENT)

    response = await small.http.put(upload.url, content=CONTENT)

    assert (response.status_code, _code(response)) == (409, "CONFLICT")


async def test_two_at_once_end_with_one_document(small: Api, desk: Desk) -> None:
    upload = await desk.announce()

    answers = await asyncio.gather(
        *(small.http.put(upload.url, content=_in_one(CONTENT)) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await desk.opened(upload) == CONTENT


async def test_bytes_that_a_dying_process_had_stored_are_noted_by_the_next_try(
    small: Api, desk: Desk
) -> None:
    upload = await desk.announce()
    await small.http.put(upload.url, content=CONTENT)
    await desk.world.owner.execute(
        "update app.uploads set state = 'pending', sealed = false, received_at = null"
        " where id = $1",
        upload.id,
    )

    response = await small.http.put(upload.url, content=CONTENT)

    assert response.status_code == 200
    assert await desk.state(upload) == ("received", True)


async def test_whatever_is_wrong_with_the_url_looks_the_same(small: Api, desk: Desk) -> None:
    upload = await desk.announce()
    another = await desk.announce()
    late = await desk.announce(lifetime=timedelta(seconds=-1))
    path, _, query = upload.url.partition("?")
    token = query.partition("&")[0].removeprefix("token=")
    unknown = await upload_tokens.sign(
        VAULT, tenant_id=uuid4(), upload_id=upload.id, expires=2_000_000_000
    )
    urls = [
        path,
        f"{path}?token={token}",
        f"{path}?token={token}&expires=2000000000",
        f"{path}?token={token}&expires=nonsense",
        f"{path}?token={token[:-2]}&{query.partition('&')[2]}",
        f"{path}?token=%00%ff&{query.partition('&')[2]}",
        f"{path}?token={unknown}&expires=2000000000",
        f"/uploads/{another.id}?{query}",
        f"/uploads/{uuid4()}?{query}",
        f"/uploads/nonsense?{query}",
        late.url,
    ]

    answers = [
        await small.http.put(url, content=CONTENT, headers={"x-request-id": "the-same-id"})
        for url in urls
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


async def test_an_upload_that_ran_out_takes_no_bytes(small: Api, desk: Desk) -> None:
    upload = await desk.announce()
    await desk.world.owner.execute(
        "update app.uploads set expires_at = now() - interval '1 minute' where id = $1", upload.id
    )

    response = await small.http.put(upload.url, content=CONTENT)

    assert response.status_code == 404


async def test_a_client_that_leaves_half_way_leaves_nothing_behind(
    small: Api, desk: Desk, edges: Edges
) -> None:
    upload = await desk.announce()

    async def half() -> AsyncIterator[bytes]:
        yield CONTENT[:200_000]
        await asyncio.sleep(0.2)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await small.http.put(upload.url, content=half())
    await asyncio.sleep(0.5)  # the server hears of it a moment later

    assert _left_behind(edges.data_dir / "storage") == []
    assert await desk.state(upload) == ("pending", False)


async def test_the_token_is_logged_nowhere(small: Api, desk: Desk, logged: Any) -> None:
    upload = await desk.announce()

    logging.getLogger().setLevel(logging.DEBUG)

    await small.http.put(upload.url, content=CONTENT)

    assert f"/uploads/{upload.id}" in logged.getvalue()
    assert "token" not in logged.getvalue()


async def test_memory_does_not_grow_with_the_file(small: Api, desk: Desk) -> None:
    block, blocks = bytes(1024 * 1024), 200
    digest = sha256()
    for _ in range(blocks):
        digest.update(block)
    upload = await desk.announce(size=len(block) * blocks, digest=digest.digest())

    async def zeros() -> AsyncIterator[bytes]:
        for _ in range(blocks):
            yield block

    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    response = await small.http.put(upload.url, content=zeros())
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib

    assert response.status_code == 200
    assert grown_kib < 32 * 1024


async def _in_one(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _left_behind(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
