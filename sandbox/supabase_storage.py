"""Supabase Storage, simulated: the object API of private buckets, kept in memory.

Refusals have the hosted service's shape: HTTP 400 with the real status inside the body.
Source: supabase/storage, src/http/error-handler.ts and src/http/routes/object.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

BODY_BYTES_MAX: Final = 256 * 1024 * 1024
UPLOAD_LIFETIME_S: Final = 2 * 60 * 60

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One object: its bytes and what the service tells about them."""

    content: bytes
    content_type: str
    created_at: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(slots=True)
class Buckets:
    """Everything that the service keeps, and the faults that it was told to show."""

    secret_key: str
    objects: dict[str, dict[str, StoredObject]]
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    fault_status: int = 503
    faults_left: int = 0


class Refused(Exception):
    """The service does not do this; the status is the one inside the body."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.body = {"statusCode": str(status), "error": error, "message": message}


def storage_app(*, secret_key: str, buckets: tuple[str, ...] = ("statements",)) -> Starlette:
    """The service under `/storage/v1`; `POST /_sandbox/faults` {"status", "count"} breaks it."""
    kept = Buckets(secret_key=secret_key, objects={bucket: {} for bucket in buckets})
    endpoints = _Endpoints(kept)
    place = "/{bucket}/{path:path}"
    routes = [
        Route("/object/upload/sign" + place, endpoints.sign_upload, methods=["POST"]),
        Route("/object/upload/sign" + place, endpoints.upload_signed, methods=["PUT"]),
        Route("/object/sign" + place, endpoints.sign_download, methods=["POST"]),
        Route("/object/sign" + place, endpoints.download_signed, methods=["GET"]),
        Route("/object/info" + place, endpoints.info, methods=["GET"]),
        Route("/object/list/{bucket}", endpoints.list, methods=["POST"]),
        Route("/object/authenticated" + place, endpoints.download, methods=["GET"]),
        Route("/object/{bucket}", endpoints.remove, methods=["DELETE"]),
        Route("/object" + place, endpoints.upload, methods=["POST"]),
        Route("/object" + place, endpoints.download, methods=["GET"]),
    ]
    return Starlette(
        routes=[
            Mount("/storage/v1", routes=routes),
            Route("/_sandbox/faults", endpoints.break_down, methods=["POST"]),
        ],
        exception_handlers={Refused: _refusal},
    )


class _Endpoints:
    def __init__(self, kept: Buckets) -> None:
        self._kept = kept

    async def break_down(self, request: Request) -> Response:
        wanted = await request.json()
        self._kept.fault_status, self._kept.faults_left = wanted["status"], wanted["count"]
        return JSONResponse({})

    async def sign_upload(self, request: Request) -> Response:
        objects, path = self._opened(request)
        if path in objects and request.headers.get("x-upsert") != "true":
            raise Refused(409, "Duplicate", "The resource already exists")
        bucket = request.path_params["bucket"]
        token = self._token("upload", f"{bucket}/{path}", UPLOAD_LIFETIME_S)
        return JSONResponse(
            {"url": f"/object/upload/sign/{bucket}/{quote(path)}?token={token}", "token": token}
        )

    async def upload_signed(self, request: Request) -> Response:
        self._show_fault()
        self._check_token("upload", request)
        return await self._store(request, self._bucket(request))

    async def upload(self, request: Request) -> Response:
        objects, _ = self._opened(request)
        return await self._store(request, objects)

    async def sign_download(self, request: Request) -> Response:
        objects, path = self._opened(request)
        lifetime_s = int((await request.json())["expiresIn"])
        _found(objects, path)
        bucket = request.path_params["bucket"]
        token = self._token("download", f"{bucket}/{path}", lifetime_s)
        return JSONResponse({"signedURL": f"/object/sign/{bucket}/{quote(path)}?token={token}"})

    async def download_signed(self, request: Request) -> Response:
        self._show_fault()
        self._check_token("download", request)
        return _content(_found(self._bucket(request), request.path_params["path"]))

    async def download(self, request: Request) -> Response:
        return _content(_found(*self._opened(request)))

    async def info(self, request: Request) -> Response:
        objects, path = self._opened(request)
        return JSONResponse(_described(path, _found(objects, path)))

    async def list(self, request: Request) -> Response:
        self._authorise(request)
        wanted = await request.json()
        prefix = wanted.get("prefix", "").strip("/")
        start = f"{prefix}/" if prefix else ""
        children: dict[str, dict[str, object]] = {}
        for path, stored in sorted(self._bucket(request).items()):
            if path.startswith(start):
                name, is_folder, _ = path.removeprefix(start).partition("/")
                folder: dict[str, object] = {"name": name, "id": None, "metadata": None}
                children[name] = folder if is_folder else _described(name, stored)
        offset, limit = wanted.get("offset", 0), wanted.get("limit", 100)
        return JSONResponse(list(children.values())[offset : offset + limit])

    async def remove(self, request: Request) -> Response:
        self._authorise(request)
        objects = self._bucket(request)
        paths = [path for path in (await request.json())["prefixes"] if path in objects]
        return JSONResponse([_described(path, objects.pop(path)) for path in paths])

    async def _store(self, request: Request, objects: dict[str, StoredObject]) -> Response:
        path = request.path_params["path"]
        content, content_type = _file_of(await _body(request), request)
        if path in objects and request.headers.get("x-upsert") != "true":
            raise Refused(409, "Duplicate", "The resource already exists")
        objects[path] = StoredObject(
            content=content, content_type=content_type, created_at=datetime.now(UTC).isoformat()
        )
        return JSONResponse(
            {"Id": objects[path].id, "Key": f"{request.path_params['bucket']}/{path}"}
        )

    def _opened(self, request: Request) -> tuple[dict[str, StoredObject], str]:
        self._authorise(request)
        return self._bucket(request), request.path_params["path"]

    def _bucket(self, request: Request) -> dict[str, StoredObject]:
        objects = self._kept.objects.get(request.path_params["bucket"])
        if objects is None:
            raise Refused(404, "Bucket not found", "Bucket not found")
        return objects

    def _authorise(self, request: Request) -> None:
        self._show_fault()
        if not hmac.compare_digest(request.headers.get("apikey", ""), self._kept.secret_key):
            raise Refused(403, "Unauthorized", "Invalid Compact JWS")

    def _show_fault(self) -> None:
        if self._kept.faults_left > 0:
            self._kept.faults_left -= 1
            raise HTTPException(self._kept.fault_status, "upstream connect error")

    def _token(self, purpose: str, place: str, lifetime_s: int) -> str:
        expires = int(time.time()) + lifetime_s
        return f"{expires}.{self._signature(purpose, place, expires)}"

    def _signature(self, purpose: str, place: str, expires: int) -> str:
        signed = f"{purpose} {place} {expires}".encode()
        return hmac.digest(self._kept.signing_key, signed, hashlib.sha256).hex()

    def _check_token(self, purpose: str, request: Request) -> None:
        place = "{bucket}/{path}".format(**request.path_params)
        expires, _, signature = request.query_params.get("token", "").partition(".")
        if not expires.isdecimal():
            raise Refused(400, "InvalidJWT", "jwt malformed")
        if not hmac.compare_digest(signature, self._signature(purpose, place, int(expires))):
            raise Refused(400, "InvalidSignature", "The url do not match the signature")
        if int(expires) < time.time():
            raise Refused(400, "InvalidJWT", '"exp" claim timestamp check failed')


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse(error.body, status_code=400)


def _found(objects: dict[str, StoredObject], path: str) -> StoredObject:
    stored = objects.get(path)
    if stored is None:
        raise Refused(404, "not_found", "Object not found")
    return stored


def _content(stored: StoredObject) -> Response:
    return Response(stored.content, media_type=stored.content_type)


def _described(name: str, stored: StoredObject) -> dict[str, object]:
    size = len(stored.content)
    return {
        "id": stored.id,
        "name": name,
        "size": size,
        "content_type": stored.content_type,
        "created_at": stored.created_at,
        "metadata": {"size": size, "mimetype": stored.content_type},
    }


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Refused(413, "Payload too large", "The object exceeded the maximum allowed size")
    return bytes(body)


def _file_of(body: bytes, request: Request) -> tuple[bytes, str]:
    """The uploaded bytes and their type: the body itself, or the file of a multipart form."""
    content_type = request.headers.get("content-type", "application/octet-stream")
    boundary = re.fullmatch(r'multipart/form-data; *boundary="?([^";]+)"?', content_type)
    if not boundary:
        return body, content_type
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if b"filename=" in head:
            part_type = re.search(rb"(?i)content-type: *([^\r\n]+)", head)
            return content, part_type[1].decode() if part_type else "application/octet-stream"
    raise Refused(400, "InvalidRequest", "The form has no file")
