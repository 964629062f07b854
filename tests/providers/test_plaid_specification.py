"""What the connector sends, and what it takes, agree with Plaid's own OpenAPI description."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from openapi_schema_validator import OAS30Validator

from core.syncs import SyncPhase
from providers.base import Checkpoint, Page, Wanted
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidCredentials
from tests.fixtures.plaid_feed import PlaidBank, asked

SPECIFICATION: Final = Path(__file__).resolve().parents[2] / "../shared/specs/plaid.json"
USED: Final = frozenset({
    "/accounts/get",
    "/institutions/get_by_id",
    "/investments/holdings/get",
    "/investments/transactions/get",
    "/item/get",
    "/item/public_token/exchange",
    "/item/remove",
    "/link/token/create",
    "/link/token/get",
    "/transactions/refresh",
    "/transactions/sync",
    "/webhook_verification_key/get",
})  # fmt: skip

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.is_file(), reason="Plaid's description is not beside this repository"
)


@cache
def described() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(SPECIFICATION.read_text("utf-8"))
    return value


@cache
def validator(path: str, part: str) -> Any:
    operation = described()["paths"][path]["post"]
    holder = operation["requestBody"] if part == "request" else operation["responses"]["200"]
    reference: str = holder["content"]["application/json"]["schema"]["$ref"]
    return OAS30Validator({"$ref": reference, "components": described()["components"]})


def violations(path: str, part: str, value: Any) -> list[str]:
    found = validator(path, part).iter_errors(value)
    return [f"{path} {part} {error.json_path}: {error.message[:200]}" for error in found]


def unknown_fields(path: str, value: dict[str, Any]) -> set[str]:
    """Fields of a request that the description has not."""
    schema = validator(path, "request").schema["$ref"].rsplit("/", 1)[1]
    return set(value) - set(described()["components"]["schemas"][schema]["properties"])


async def everything(bank: PlaidBank) -> None:
    """All that the connector can ask for, at least once."""
    client = bank.client()
    step = await PLAID.begin(client, asked())
    assert step.token is not None
    form = {"institution_id": "ins_109508", "username": "user_good_7", "password": "pass_good"}
    await bank.http.post(f"{bank.app.url}/link/{step.token}", data={**form, "accounts": "all"})
    linked = await PLAID.complete(client, asked(), step.kept, {})
    credentials = linked.credentials
    assert isinstance(credentials, PlaidCredentials)
    await PLAID.begin(client, asked(credentials=credentials))
    now = datetime.now(UTC)
    wanted = Wanted(
        cursor=None,
        phase=SyncPhase.INITIAL,
        now=now,
        since=(now - timedelta(days=60)).date(),
    )
    for _ in range(2):
        async for item in PLAID.fetch(client, credentials, wanted):
            if isinstance(item, Checkpoint):
                wanted = replace(wanted, cursor=item.cursor, phase=SyncPhase.INCREMENTAL)
            else:
                assert isinstance(item, Page)
        bank.control.advance(linked.external_id, added=3, pending=1, modified=1, removed=1)
    await PLAID.refresh(client, credentials)
    await PLAID.revoke(client, credentials)


async def test_requests_and_answers_agree_with_the_description(bank: PlaidBank) -> None:
    answers: list[tuple[str, dict[str, Any]]] = []

    async def read(response: httpx.Response) -> None:
        await response.aread()
        if response.headers["content-type"] == "application/json":
            answers.append((response.request.url.path, response.json()))

    bank.http.event_hooks["response"].insert(0, read)
    await everything(bank)
    bodies = [
        (request.url.path, json.loads(request.content), request.headers)
        for request in bank.seen
        if request.url.path in described()["paths"]
    ]

    wrong = [line for path, body, _ in bodies for line in violations(path, "request", body)]
    wrong += [f"{path}: {name}" for path, body, _ in bodies for name in unknown_fields(path, body)]
    wrong += [
        line
        for path, answer in answers
        if path in described()["paths"]
        for line in violations(path, "answer", answer)
    ]
    assert not wrong
    missed = USED - {path for path, _, _ in bodies}
    assert missed <= {"/institutions/get_by_id", "/webhook_verification_key/get"}
    for _, _, headers in bodies:
        assert {"plaid-client-id", "plaid-secret", "plaid-version"} <= headers.keys()


def test_what_is_asked_for_more_rarely_agrees_too() -> None:
    for path, body in (
        ("/institutions/get_by_id", {"institution_id": "ins_1", "country_codes": ["US"]}),
        ("/webhook_verification_key/get", {"key_id": "6c5516e1"}),
    ):
        assert violations(path, "request", body) == []
        assert unknown_fields(path, body) == set()
