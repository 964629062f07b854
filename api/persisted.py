"""Persisted operations: known by their hash, from a list of the operator or from clients.

Source: Apollo's automatic persisted queries (`extensions.persistedQuery`, version 1) and the
manifest of `@apollo/generate-persisted-query-manifest`; GraphQL over HTTP, appendix "Persisted
Documents" (`documentId`).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import orjson
from graphql import GraphQLError

from api.documents import REMEMBERED_CHARACTERS_MAX, Rejected
from api.errors import Problem
from api.operations import OperationRequest
from core.settings import SettingsError
from db.registered_operations import OperationsUnavailable, RegisteredOperations

FILE_BYTES_MAX: Final = 16 * 1024 * 1024
LISTED_MAX: Final = 10_000
ID_CHARACTERS_MAX: Final = 200
REMEMBERED_MAX: Final = 1_000  # registered ones that a process knows without Redis
MANIFEST: Final = "apollo-persisted-query-manifest"

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_log = logging.getLogger(__name__)

Mode = Literal["any", "automatic", "listed"]


class Persisted:
    """Which operations run, and which of them are known by an id."""

    def __init__(
        self,
        registered: RegisteredOperations,
        *,
        mode: Mode = "any",
        listed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._registered = registered
        self._mode = mode
        self._listed = listed
        self._allowed = frozenset(listed.values())
        self._remembered: OrderedDict[tuple[str, str], str] = OrderedDict()

    def is_plain(self, request: OperationRequest) -> bool:
        """Whether the request runs as it is: the common case, where nothing need be awaited."""
        return request.document_id is None and self._mode != "listed"

    async def resolved(self, request: OperationRequest, owner: str) -> OperationRequest:
        """The request with the text of its document. Raises Rejected.

        `owner`: whose registered operations may answer; nobody learns what others registered.
        """
        if self._mode == "listed":
            return self._of_the_list(request)
        if request.document_id is None:
            return request
        if request.query:
            _check_hash(request)
            return request
        found = self._listed.get(request.document_id)
        if found is None and self._mode == "automatic":
            found = await self._found(owner, request.document_id)
        if found is None:
            raise _unknown() if self._listed or self._mode == "automatic" else _unsupported()
        return replace(request, query=found, document_id=None)

    async def keep(self, request: OperationRequest, owner: str) -> None:
        """Remembers a resolved request that came with its text and its hash, and is valid."""
        own_id, text = request.document_id, request.query
        if own_id is None or self._mode != "automatic" or len(text) > REMEMBERED_CHARACTERS_MAX:
            return
        if (owner, own_id) in self._remembered or not _SHA256.fullmatch(own_id):
            return
        self._remember(owner, own_id, text)
        try:
            await self._registered.keep(owner, own_id, text)
        except OperationsUnavailable as error:
            _log.warning("persisted.not_kept", extra={"error": str(error)})

    def _of_the_list(self, request: OperationRequest) -> OperationRequest:
        if not request.query:
            text = self._listed.get(request.document_id or "")
            if text is None:
                raise _unknown()
            return replace(request, query=text, document_id=None)
        if request.query not in self._allowed:
            message = "only listed operations run here: send one of them, or its id"
            raise _rejected(message, "OPERATION_NOT_ALLOWED")
        return replace(request, document_id=None)

    async def _found(self, owner: str, own_id: str) -> str | None:
        text = self._remembered.get((owner, own_id))
        if text is not None:
            self._remembered.move_to_end((owner, own_id))
            return text
        try:
            text = await self._registered.find(owner, own_id)
        except OperationsUnavailable as error:
            _log.warning("persisted.not_asked", extra={"error": str(error)})
            return None  # the client sends the whole document then
        if text is None or _hash(text) != own_id:
            return None
        self._remember(owner, own_id, text)
        return text

    def _remember(self, owner: str, own_id: str, text: str) -> None:
        self._remembered[owner, own_id] = text
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)


def document_id(content: Mapping[str, Any]) -> str | None:
    """The id that a request gives its document; None where it gives none. Raises Problem (400)."""
    own_id = content.get("documentId")
    if own_id is None:
        extensions = content.get("extensions")
        persisted = extensions.get("persistedQuery") if extensions else None
        if persisted is None:
            return None
        if not isinstance(persisted, dict) or persisted.get("version") != 1:
            raise _bad("`extensions.persistedQuery` must be an object of version 1")
        own_id = persisted.get("sha256Hash")
    if not isinstance(own_id, str) or not 0 < len(own_id) <= ID_CHARACTERS_MAX:
        raise _bad("the id of the document must be a text, such as its SHA-256 in hex")
    return own_id.removeprefix("sha256:")


def read_list(path: Path) -> dict[str, str]:
    """The operations of a file, by id. Raises SettingsError."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise _wrong(path, f"is longer than {FILE_BYTES_MAX} bytes; list fewer operations")
    try:
        content = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise _wrong(path, f"is no JSON at line {error.lineno}; generate it anew") from None
    if not isinstance(content, dict):
        raise _wrong(path, "must hold an object; generate it anew")
    listed: dict[str, str] = {}
    for place, own_id, text in _entries(path, content):
        if not isinstance(own_id, str) or not 0 < len(own_id) <= ID_CHARACTERS_MAX:
            raise _wrong(path, f"{place} has no id of {ID_CHARACTERS_MAX} characters at most")
        if not isinstance(text, str) or not text:
            raise _wrong(path, f"{place} has no document")
        if _SHA256.fullmatch(own_id) and _hash(text) != own_id:
            raise _wrong(path, f"{place} has another SHA-256 than its id; generate it anew")
        if listed.setdefault(own_id, text) != text:
            raise _wrong(path, f"{place} has the id of another operation; generate it anew")
    if not 0 < len(listed) <= LISTED_MAX:
        raise _wrong(path, f"lists {len(listed)} operations; 1 to {LISTED_MAX} are possible")
    return listed


def _entries(path: Path, content: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The place, the id and the document of each operation, unchecked."""
    if "format" not in content:
        for own_id, text in content.items():
            if not _SHA256.fullmatch(own_id):
                raise _wrong(path, f"{own_id[:80]!r} is no SHA-256 in small hex; generate it anew")
            yield f"the operation {own_id}", own_id, text
        return
    operations = content.get("operations")
    version = content.get("version")
    if content["format"] != MANIFEST or version != 1 or not isinstance(operations, list):
        raise _wrong(path, f"is no {MANIFEST} of version 1; generate it anew")
    for number, operation in enumerate(operations, 1):
        if not isinstance(operation, dict):
            raise _wrong(path, f"operation {number} is no object; generate it anew")
        yield f"operation {number}", operation.get("id"), operation.get("body")


def _check_hash(request: OperationRequest) -> None:
    own_id = request.document_id or ""
    if _SHA256.fullmatch(own_id) and own_id != _hash(request.query):
        raise _rejected("the hash is not the SHA-256 of the document", "BAD_INPUT")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Clients of Apollo's look for these two messages and codes: after the first they send the document
# too, and after the second no hash any more.
def _unknown() -> Rejected:
    return _rejected("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")


def _unsupported() -> Rejected:
    return _rejected("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


def _rejected(message: str, code: str) -> Rejected:
    return Rejected([GraphQLError(message, extensions={"code": code})])


def _wrong(path: Path, problem: str) -> SettingsError:
    return SettingsError((f"BANKFEEDS_OPERATIONS_FILE: {path.name} {problem}",))


def _bad(message: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "BAD_INPUT", message)
