"""An export as a client takes it: bytes as they come, and a file only when all of them came."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import httpx
import typer

from cli.client import ApiError

TIMEOUT_S: Final = 120  # the API may wait for its database, and searches long for a rare row
PATH: Final = "exports/transactions"  # beside the path of GraphQL
ERROR_BYTES_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the person asked for."""

    url: str
    token: str
    tenant: str | None
    parameters: Mapping[str, str | Sequence[str]]
    output: Path | None


@dataclass(slots=True)
class _Received:
    """What came so far."""

    size: int = 0
    as_of: str | None = None


def report_export(request: Request, *, as_json: bool) -> bool:
    """Exports and says on standard error what came. False where it is not all of it."""
    received = _Received()
    try:
        if not request.token:
            raise ApiError("No token: pass --token or set BANKFEEDS_TOKEN.")
        with _target(request.output) as target:
            _export(request, target, received)
    except (ApiError, OSError) as error:
        _say(
            {"error": str(error), "bytes": received.size, "asOf": received.as_of},
            f"Not exported: {error}",
            as_json=as_json,
        )
        return False
    place = "" if request.output is None else f" to {request.output}"
    _say(
        {"error": None, "bytes": received.size, "asOf": received.as_of},
        f"Exported {received.size:,} bytes{place}, as of {received.as_of}.",
        as_json=as_json,
    )
    return True


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Where the bytes go. The file has its name only from the end of the block on."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if output.is_dir():
        raise ApiError(f"{output} is a directory. Name a file in it.")
    part = output.with_name(output.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ApiError(
            f"{part} is there, of an export that broke off or still runs. Rename or remove it."
        ) from error
    with os.fdopen(handle, "wb") as file:
        try:
            yield file
        except (ApiError, OSError):
            if not file.tell():
                part.unlink()
            raise
        file.flush()
        os.fsync(file.fileno())
    part.replace(output)


def _export(request: Request, target: IO[bytes], received: _Received) -> None:
    headers = {"authorization": f"Bearer {request.token}"}
    if request.tenant is not None:
        headers["x-tenant"] = request.tenant
    url = httpx.URL(request.url).join(PATH)
    try:
        with httpx.stream(
            "GET", url, params=request.parameters, headers=headers, timeout=TIMEOUT_S
        ) as response:
            _check(response)
            received.as_of = response.headers.get("x-export-as-of")
            for piece in response.iter_bytes():
                target.write(piece)
                received.size += len(piece)
    except httpx.HTTPError as error:
        if received.as_of is None:
            raise ApiError(f"{url} cannot be reached ({type(error).__name__}).") from error
        raise ApiError(_how_to_go_on(request, received)) from error


def _check(response: httpx.Response) -> None:
    """Raises ApiError with the API's words unless it sends an export."""
    if response.status_code == httpx.codes.OK and "x-export-as-of" in response.headers:
        return
    content = b"".join(response.iter_bytes())[:ERROR_BYTES_MAX]
    try:
        words = "; ".join(str(one["message"]) for one in json.loads(content)["errors"])
    except (ValueError, KeyError, TypeError):
        words = "no export. Is --url the GraphQL URL of this version?"
    raise ApiError(f"{response.url.host} answered {response.status_code}: {words}")


def _how_to_go_on(request: Request, received: _Received) -> str:
    words = (
        f"it broke off after {received.size:,} bytes: the token or the membership has ended, or"
        " the service was away."
    )
    if request.output is not None:
        words += f" What came is in {request.output}.part; remove it before the next try."
    return (
        f"{words} Export again; or go on where it ended, with --after and the sortDate,id of the"
        f" last whole row, and --as-of {received.as_of}, into another file."
    )


def _say(report: dict[str, Any], words: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(report) if as_json else words, err=True)
