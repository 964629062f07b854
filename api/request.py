"""A GraphQL request over HTTP: what is sent, and what the answer may be sent as.

Source: GraphQL over HTTP, draft of 2025, sections 4 (URL, serialization), 5 (request) and 6
(response).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import orjson

from api.errors import Problem
from api.operations import OperationRequest
from api.persisted import document_id

BODY_BYTES_MAX: Final = 1024 * 1024
NAME_CHARACTERS_MAX: Final = 200


class Answer(StrEnum):
    """The media types of answers."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"
    EVENTS = "text/event-stream"
    PARTS = 'multipart/mixed; subscriptionSpec="1.0"'

    @property
    def is_stream(self) -> bool:
        """Whether more than one result may come."""
        return self in (Answer.EVENTS, Answer.PARTS)


def wanted_answer(headers: Mapping[str, str]) -> Answer:
    """What the client accepts, by its own order of preference; JSON where it does not say.

    Raises Problem (406) where it accepts nothing that we have.
    """
    return _preferred(headers.get("accept", "*/*"))


@lru_cache(maxsize=256)
def _preferred(accept: str) -> Answer:
    ranked: list[tuple[float, int, Answer]] = []
    for place, part in enumerate(accept.split(",")[:20]):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = _quality(parameters)
        answer = _ANSWERS.get(name)
        if answer is Answer.PARTS and not _SUBSCRIPTION_SPEC & set(parameters):
            continue  # some other use of the same type, such as deferred fragments
        if answer is not None and quality > 0:
            ranked.append((-quality, place, answer))
    if not ranked:
        names = ", ".join(Answer)
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "BAD_INPUT", f"the answer can be {names}")
    return min(ranked)[2]


def check_content_type(headers: Mapping[str, str]) -> None:
    """Only JSON in UTF-8. A form cannot send it from another site. Raises Problem (415).

    Nothing is unpacked: a small body could become one of any size.
    """
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "BAD_INPUT",
            "send the body uncompressed",
            {"accept-encoding": "identity"},
        )
    if not _is_json(headers.get("content-type", "")):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "BAD_INPUT",
            "send application/json, in UTF-8",
        )


@lru_cache(maxsize=256)
def _is_json(given: str) -> bool:
    name, *parameters = (piece.strip().lower() for piece in given.split(";"))
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    return name == "application/json" and all(charset == "utf-8" for charset in charsets)


def parsed(body: bytes) -> OperationRequest:
    """The operation in a body. Raises Problem (400)."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _bad("the body is not JSON") from error
    if isinstance(content, list):
        raise _bad("send one operation a request: batches are not taken")
    return operation_of(content)


def operation_of(content: Any) -> OperationRequest:
    """The operation that an object describes. Raises Problem (400)."""
    if not isinstance(content, dict):
        raise _bad("the request must be a JSON object")
    query = content.get("query")
    name = content.get("operationName")
    extensions = content.get("extensions")
    variables = content.get("variables")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("`extensions` must be an object or null")
    own_id = document_id(content) if extensions or "documentId" in content else None
    if query is None and own_id is not None:
        query = ""
    elif not isinstance(query, str) or not query:
        raise _bad("`query` must be the text of a document")
    if name is not None and (not isinstance(name, str) or len(name) > NAME_CHARACTERS_MAX):
        raise _bad("`operationName` must be a name or null")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` must be an object or null")
    return OperationRequest(
        query=query, document_id=own_id, operation_name=name or None, variables=variables
    )


_ANSWERS: Final = {
    "*/*": Answer.JSON,
    "application/*": Answer.JSON,
    "application/json": Answer.JSON,
    "application/graphql-response+json": Answer.GRAPHQL,
    "text/event-stream": Answer.EVENTS,
    "multipart/mixed": Answer.PARTS,
}
_SUBSCRIPTION_SPEC: Final = {"subscriptionspec=1.0", 'subscriptionspec="1.0"'}


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return min(max(float(parameter[2:]), 0), 1)
            except ValueError:
                return 0
    return 1


def _bad(message: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "BAD_INPUT", message)
