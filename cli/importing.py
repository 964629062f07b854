"""An import as a client does it: announce, send, start, follow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from cli.client import ApiError, Client

CHUNK_BYTES: Final = 256 * 1024
UPLOAD_TIMEOUT_S: Final = 600
POLL_S: Final = 0.2
PROFILE_PAGES_MAX: Final = 100
SETTLED: Final = frozenset({"COMPLETED", "PARTIAL", "FAILED", "CANCELLED", "DISCARDED", "REVERTED"})
WAITING: Final = frozenset({"AWAITING_REVIEW", "AWAITING_MAPPING"})

_CONNECTIONS = (
    '{ connections(first: 20, filter: {provider: "file"}) { edges { node { id name } } } }'
)
_UPLOAD = """
mutation Upload($input: StatementUploadInput!) {
  statementUpload(input: $input) {
    uploadId url method headers { name value } userErrors { message }
  }
}
"""
_PROFILES = """
query Profiles($after: String) {
  statementProfiles(first: 100, after: $after) {
    edges { node { id name } } pageInfo { hasNextPage endCursor }
  }
}
"""
_PROFILE = """
mutation Profile($input: StatementProfileCreateInput!) {
  statementProfileCreate(input: $input) { profile { id } userErrors { message } }
}
"""
_IMPORT = """
mutation Import($input: StatementImportInput!) {
  statementImport(input: $input) { job { id state } userErrors { message } }
}
"""
_JOB = """
query Job($id: ID!) {
  ingestionJob(id: $id) {
    id state stage progress rate total
    counts { fetched processed imported duplicate changed rejected withdrawn waiting }
    error { code message }
    findings(first: 20) { edges { node { severity code message line } } pageInfo { hasNextPage } }
    connection {
      accounts(first: 20) {
        edges {
          node {
            name currency balances { kind amount { amount currency } asOf interim }
          }
        }
        pageInfo { hasNextPage }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the person asked for."""

    file: Path
    connection: str | None
    format: str | None
    profile: Path | None
    review: bool


def import_statement(client: Client, request: Request, console: Console) -> dict[str, Any]:
    """The job as it stands at the end; progress goes to `console`. Raises ApiError."""
    size, digest = _measure(request.file)
    connection = request.connection or _only_connection(client)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    ) as progress:
        upload = client.change(
            _UPLOAD,
            {"input": {"fileName": request.file.name, "size": size, "sha256": digest}},
            name="statementUpload",
        )
        sending = progress.add_task("Uploading", total=size)
        _send(upload, request.file, lambda sent: progress.advance(sending, sent))
        progress.remove_task(sending)
        details: dict[str, Any] = {
            "uploadId": upload["uploadId"],
            "connectionId": connection,
            "review": request.review,
        }
        if request.format is not None:
            details["format"] = request.format
        if request.profile is not None:
            details["profileId"] = _save_profile(client, request.profile)
        started = client.change(_IMPORT, {"input": details}, name="statementImport")
        return _follow(client, started["job"]["id"], progress)


def _measure(file: Path) -> tuple[int, str]:
    seen = sha256()
    size = 0
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            seen.update(chunk)
            size += len(chunk)
    return size, seen.hexdigest()


def _only_connection(client: Client) -> str:
    """The one that takes files; banks that are linked beside it do not count."""
    nodes = [edge["node"] for edge in client.ask(_CONNECTIONS, {})["connections"]["edges"]]
    if len(nodes) != 1:
        names = ", ".join(f"{node['name']} ({node['id']})" for node in nodes) or "none"
        raise ApiError(f"Name a connection with --connection. There are for files: {names}.")
    return str(nodes[0]["id"])


def _send(upload: dict[str, Any], file: Path, sent: Callable[[int], None]) -> None:
    def chunks() -> Iterator[bytes]:
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
                sent(len(chunk))

    headers = {header["name"]: header["value"] for header in upload["headers"]}
    headers["content-length"] = str(file.stat().st_size)
    try:
        # The signed URL is the permission: the user's token is not sent to the storage.
        response = httpx.request(
            upload["method"],
            upload["url"],
            headers=headers,
            content=chunks(),
            timeout=UPLOAD_TIMEOUT_S,
        )
    except httpx.HTTPError as error:
        raise ApiError(f"The upload broke off ({type(error).__name__}). Try again.") from error
    if response.is_error:
        raise ApiError(f"The upload was refused: {response.text[:500]}")


def _save_profile(client: Client, file: Path) -> str:
    """The id of the saved profile; its name tells its content, so it is saved once."""
    try:
        content = file.read_text(encoding="utf-8")
        definition = json.loads(content)
    except ValueError as error:
        raise ApiError(f"{file} is not JSON: {error}") from error
    name = f"{file.stem} {sha256(content.encode()).hexdigest()[:12]}"
    after = None
    for _ in range(PROFILE_PAGES_MAX):
        page = client.ask(_PROFILES, {"after": after})["statementProfiles"]
        for edge in page["edges"]:
            if edge["node"]["name"] == name:
                return str(edge["node"]["id"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    payload = client.change(
        _PROFILE,
        {"input": {"name": name, "definition": definition}},
        name="statementProfileCreate",
    )
    return str(payload["profile"]["id"])


def _follow(client: Client, job_id: str, progress: Progress) -> dict[str, Any]:
    reading = progress.add_task("Waiting for a worker", total=None)
    while True:
        job = client.ask(_JOB, {"id": job_id})["ingestionJob"]
        if job is None:
            raise ApiError("The job is gone.")
        progress.update(
            reading,
            description=_doing(job),
            total=job["total"],
            completed=job["counts"]["processed"],
        )
        if job["state"] in SETTLED | WAITING:
            return dict(job)
        time.sleep(POLL_S)


def _doing(job: dict[str, Any]) -> str:
    if job["state"] == "QUEUED":
        return "Waiting for a worker"
    rate = f" ({job['rate']:,} rows/s)" if job["rate"] else ""
    return f"{(job['stage'] or 'running').capitalize()}{rate}"
