"""Calls of Quiltt: GraphQL as the servers of an application for one profile, and REST."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from providers.http import Client, Response, unreadable

GRAPHQL: Final = "/v1/graphql"
ENDPOINT: Final = "graphql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of GraphQL without errors: its bytes, and its data."""

    body: bytes = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)


async def ask(
    client: Client,
    query: str,
    variables: Mapping[str, Any],
    *,
    profile_id: str,
    may_repeat: bool = True,
) -> Answer:
    """Asks as the profile. Raises ProviderError, also where GraphQL answers with errors."""
    response = await client.post(
        GRAPHQL,
        json={"query": query, "variables": dict(variables)},
        headers={"authorization": _of_profile(client, profile_id)},
        endpoint=ENDPOINT,
        may_repeat=may_repeat,
    )
    said = response.json()
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict):
        raise unreadable()
    return Answer(body=response.body, data=data)


def of_application(client: Client) -> dict[str, str]:
    """The headers of a REST call of the application."""
    return {"authorization": f"Bearer {client.app.api_key.get_secret_value()}"}


def object_of(response: Response) -> dict[str, Any]:
    """The object that a REST call answers with. Raises ProviderError."""
    said = response.json()
    if not isinstance(said, dict):
        raise unreadable()
    return said


def _of_profile(client: Client, profile_id: str) -> str:
    pair = f"{profile_id}:{client.app.api_key.get_secret_value()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
