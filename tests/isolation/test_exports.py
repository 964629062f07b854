"""Exports tell no tenant anything of another, whoever asks, in whose name, with whose ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.app import create_app
from api.dev_keys import create_development_key
from core.vault import Vault
from db.blobs import FolderBlobs
from schema.ids import encode
from tests.fixtures.api_server import Api, serving, settings_of
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.exporting import PATH, objects
from tests.fixtures.world import KEYS
from tests.isolation.graphql_actors import Actor, spies, victim
from tests.isolation.graphql_attempt import legible
from tests.isolation.graphql_recipes import Side
from tests.isolation.graphql_session import opened_session
from tests.isolation.graphql_world import People, people_of
from tests.isolation.world import VICTIM


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An API, and two tenants who ask it."""

    api: Api
    people: People

    async def export(self, actor: Actor, tenant: str | None, **parameters: Any) -> httpx.Response:
        token = self.api.token(actor.user_id, tenant_id=actor.tenant_id)
        headers = {"authorization": f"Bearer {token}", "x-request-id": "the-same-id"}
        if tenant is not None:
            headers["x-tenant"] = tenant
        parameters = {"format": "ndjson", **parameters}
        return await self.api.http.get(PATH, params=parameters, headers=headers)

    def seen(self, response: httpx.Response) -> list[str]:
        """What of the victim's an answer shows."""
        words = response.text
        if response.status_code == 200:
            rows = objects(response.content)
            words += " ".join(legible(str(value)) for row in rows for value in row.values())
        return sorted(mark for mark in self.people.marks if mark in words)


@pytest.fixture
async def desk(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    create_development_key(tmp_path)
    async with opened_session(database.superuser) as session:
        people = await people_of(
            session.connection, session.database, Vault(KEYS), FolderBlobs(tmp_path)
        )
    settings = settings_of(database, redis_url, tmp_path, BANKFEEDS_RATE_LIMIT_USER="0")
    async with serving(create_app(settings), tmp_path) as api:
        yield Desk(api=api, people=people)


def _filters(side: Side) -> list[dict[str, str]]:
    """Every parameter that takes an id, with a side's."""
    transaction = encode("Transaction", _id(side, "app.transactions"))
    return [
        {"accountIds": encode("Account", _id(side, "app.accounts"))},
        {"connectionId": encode("Connection", _id(side, "app.connections"))},
        {"jobId": encode("IngestionJob", _id(side, "app.ingestion_jobs"))},
        {"after": f"2000-01-01,{transaction}"},
    ]


def _id(side: Side, table: str) -> UUID:
    return UUID(side.value(table, "id"))


async def test_no_export_tells_of_another_tenant(desk: Desk) -> None:
    sides = desk.people.sides
    of_victim, of_nobody = _filters(sides.victim), _filters(sides.nobody)

    for actor in spies():
        for tenant in (None, VICTIM.tenant_id):
            for theirs, nobodys in zip([{}, *of_victim], [{}, *of_nobody], strict=True):
                answer = await desk.export(actor, tenant, **theirs)
                about_nobody = await desk.export(actor, tenant, **nobodys)

                assert desk.seen(answer) == [], (actor.name, tenant, theirs)
                assert answer.status_code in (200, 403)
                assert answer.content == about_nobody.content, (actor.name, tenant, theirs)


async def test_the_right_person_gets_all_of_it(desk: Desk) -> None:
    side = desk.people.sides.victim
    answer = await desk.export(victim("viewer"), None)

    (row,) = objects(answer.content)
    assert legible(row["id"]) == f"Transaction:{side.value('app.transactions', 'id')}"
    assert VICTIM.tenant in row["description"]
    assert desk.seen(answer)
    for parameters in _filters(side):
        assert (await desk.export(victim(), None, **parameters)).content == answer.content
