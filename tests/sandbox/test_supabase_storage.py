"""The simulated Supabase Storage answers the real client library as the hosted one does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from storage3.exceptions import StorageApiError
from supabase import AsyncClient, AsyncClientOptions, create_async_client

from sandbox.serving import serving
from sandbox.supabase_storage import storage_app

SECRET_KEY = "sb_secret_sandbox"
BINARY = bytes(range(256)) * 300 + b"\r\n--boundary--\r\n"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(storage_app(secret_key=SECRET_KEY)) as base_url:
        yield base_url


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest_asyncio.fixture
async def supabase(url: str, http: httpx.AsyncClient) -> AsyncClient:
    return await create_async_client(url, SECRET_KEY, AsyncClientOptions(httpx_client=http))


async def test_an_upload_downloads_again(supabase: AsyncClient) -> None:
    bucket = supabase.storage.from_("statements")

    reply = await bucket.upload("a/raw/1", BINARY, {"content-type": "text/csv"})

    assert reply.full_path == "statements/a/raw/1"
    assert await bucket.download("a/raw/1") == BINARY
    assert (await bucket.info("a/raw/1"))["size"] == len(BINARY)
    assert (await bucket.info("a/raw/1"))["content_type"] == "text/csv"
    assert await bucket.exists("a/raw/1") is True


async def test_a_second_upload_is_a_duplicate(supabase: AsyncClient) -> None:
    bucket = supabase.storage.from_("statements")
    await bucket.upload("a/raw/2", b"first")

    with pytest.raises(StorageApiError) as refused:
        await bucket.upload("a/raw/2", b"second")

    assert (refused.value.status, refused.value.code) == ("409", "Duplicate")
    assert await bucket.download("a/raw/2") == b"first"


async def test_what_is_not_there_is_not_found(supabase: AsyncClient) -> None:
    bucket = supabase.storage.from_("statements")

    with pytest.raises(StorageApiError) as refused:
        await bucket.download("absent")

    assert (refused.value.status, refused.value.code) == ("404", "not_found")
    assert await bucket.exists("absent") is False
    assert await bucket.remove(["absent"]) == []


async def test_an_unknown_bucket_is_not_found(supabase: AsyncClient) -> None:
    with pytest.raises(StorageApiError, match="Bucket not found"):
        await supabase.storage.from_("absent").upload("a", b"")


async def test_a_removed_object_is_gone(supabase: AsyncClient) -> None:
    bucket = supabase.storage.from_("statements")
    await bucket.upload("a/raw/3", b"content")

    removed = await bucket.remove(["a/raw/3"])

    assert [each["name"] for each in removed] == ["a/raw/3"]
    assert await bucket.exists("a/raw/3") is False


async def test_a_folder_lists_its_children(supabase: AsyncClient) -> None:
    bucket = supabase.storage.from_("statements")
    for path in ("listed/raw/1", "listed/raw/2", "listed/top"):
        await bucket.upload(path, b"content")

    assert [each["name"] for each in await bucket.list("listed")] == ["raw", "top"]
    assert [each["name"] for each in await bucket.list("listed/raw", {"limit": 1})] == ["1"]


async def test_a_signed_upload_takes_a_form_or_plain_bytes(
    supabase: AsyncClient, http: httpx.AsyncClient
) -> None:
    bucket = supabase.storage.from_("statements")
    form = await bucket.create_signed_upload_url("signed/form")
    plain = await bucket.create_signed_upload_url("signed/plain")

    await bucket.upload_to_signed_url("signed/form", form["token"], BINARY)
    reply = await http.put(
        plain["signed_url"], content=BINARY, headers={"content-type": "application/octet-stream"}
    )

    assert reply.json()["Key"] == "statements/signed/plain"
    assert await bucket.download("signed/form") == BINARY
    assert await bucket.download("signed/plain") == BINARY


async def test_a_signed_upload_is_for_one_path_and_once(
    supabase: AsyncClient, http: httpx.AsyncClient
) -> None:
    bucket = supabase.storage.from_("statements")
    signed = await bucket.create_signed_upload_url("signed/once")

    elsewhere = await http.put(signed["signed_url"].replace("once", "twice"), content=b"x")
    first = await http.put(signed["signed_url"], content=b"x")
    second = await http.put(signed["signed_url"], content=b"y")

    assert elsewhere.json()["error"] == "InvalidSignature"
    assert first.is_success
    assert (second.status_code, second.json()["statusCode"]) == (400, "409")


async def test_a_signed_download_needs_no_key_and_ends(
    supabase: AsyncClient, http: httpx.AsyncClient
) -> None:
    bucket = supabase.storage.from_("statements")
    await bucket.upload("signed/read", b"content")
    signed = str((await bucket.create_signed_url("signed/read", 60))["signedUrl"])
    stale = str((await bucket.create_signed_url("signed/read", -1))["signedUrl"])
    garbage = signed.partition("?")[0] + "?token=garbage"

    assert (await http.get(signed)).content == b"content"
    assert (await http.get(stale)).json()["message"] == '"exp" claim timestamp check failed'
    assert (await http.get(garbage)).json()["message"] == "jwt malformed"


async def test_a_wrong_key_is_refused(url: str, http: httpx.AsyncClient) -> None:
    options = AsyncClientOptions(httpx_client=http)
    stranger = await create_async_client(url, "sb_secret_wrong", options)

    with pytest.raises(StorageApiError) as refused:
        await stranger.storage.from_("statements").download("a/raw/1")

    assert refused.value.status == "403"


async def test_faults_end_after_their_number(
    url: str, supabase: AsyncClient, http: httpx.AsyncClient
) -> None:
    bucket = supabase.storage.from_("statements")
    await bucket.upload(f"fault/{time.time_ns()}", b"")
    await http.post(f"{url}/_sandbox/faults", json={"status": 503, "count": 1})

    with pytest.raises(StorageApiError) as refused:
        await bucket.list("fault")

    assert refused.value.status == 503
    assert len(await bucket.list("fault")) == 1
