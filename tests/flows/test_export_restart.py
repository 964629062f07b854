"""A Postgres that is killed in the middle of an export: it recovers, and so does the export."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from api.app import create_app
from api.dev_keys import create_development_key
from tests.fixtures.api_server import serving, settings_of
from tests.fixtures.exporting import exporting, filled, ids, keys, objects
from tests.fixtures.own_postgres import own_postgres
from tests.fixtures.world import opened

ROWS = 40_000


async def test_an_export_outlives_a_postgres_that_is_killed(place: Path, redis_url: str) -> None:
    create_development_key(place)
    (place / "blobs").mkdir()
    async with own_postgres(place / "postgres") as (postgres, urls):
        async with opened(urls, place / "blobs") as world:
            tenant = await filled(world, rows=ROWS)
            expected = await ids(world, tenant)
        async with serving(create_app(settings_of(urls, redis_url, place)), place) as api:
            headers = api.headers(tenant.user_id)
            async with exporting(api, headers, format="ndjson") as pieces:
                body = await anext(pieces)
                os.kill(postgres.supervised.pid, signal.SIGKILL)
                body += b"".join([piece async for piece in pieces])

    assert keys(objects(body)) == expected
