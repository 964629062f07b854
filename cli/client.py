"""A client of the API for commands: GraphQL over HTTP, with errors in words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

TIMEOUT_S: Final = 60


class ApiError(Exception):
    """The API refused or cannot be reached; the text is for the person at the terminal."""


class Client:
    """Speaks to one API as one user. The token is sent, and shown nowhere."""

    def __init__(self, url: str, *, token: str, tenant: str | None) -> None:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        if tenant is not None:
            headers["x-tenant"] = tenant
        self._url = url
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of an operation. Raises ApiError."""
        try:
            response = self._http.post(
                self._url, json={"query": query, "variables": dict(variables)}
            )
        except httpx.HTTPError as error:
            raise ApiError(
                f"{self._url} cannot be reached ({type(error).__name__}). "
                "Is `bankfeeds up` running?"
            ) from error
        try:
            answer = response.json()
        except ValueError as error:
            raise ApiError(
                f"{self._url} answered {response.status_code} without JSON. Is it the GraphQL URL?"
            ) from error
        if answer.get("errors"):
            raise ApiError("; ".join(str(one.get("message")) for one in answer["errors"]))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise ApiError(f"{self._url} answered {response.status_code} without data.")
        return data

    def change(self, mutation: str, variables: Mapping[str, Any], *, name: str) -> dict[str, Any]:
        """The payload of a mutation. Raises ApiError with what the use case refused."""
        payload = self.ask(mutation, variables)[name]
        if payload is None:
            raise ApiError(f"{name} answered nothing.")
        if payload["userErrors"]:
            raise ApiError("; ".join(one["message"] for one in payload["userErrors"]))
        return dict(payload)
