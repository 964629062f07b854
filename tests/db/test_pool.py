"""The pool's connections: what stays prepared on them."""

from __future__ import annotations

from uuid import uuid4

from core.scope import UserScope
from db.pool import connect
from tests.fixtures.database import DatabaseUrls

MANY = 400
PREPARED = "select coalesce(sum(length(p.statement)), 0)::bigint from pg_prepared_statements as p"


async def _prepared(database: DatabaseUrls, length: int) -> int:
    """How many characters stay prepared after many statements of about a length."""
    async with (
        connect(database.login, size=1) as opened,
        opened.as_(UserScope(user_id=uuid4(), tenant_id=None)) as tx,
    ):
        for number in range(MANY):
            await tx.value(f"select '{'x' * length}', {number}::integer, $1::integer", number)
        return int(await tx.value(PREPARED))


async def test_short_statements_stay_prepared_up_to_a_number(database: DatabaseUrls) -> None:
    assert 100_000 < await _prepared(database, 1_000) < 300_000


async def test_long_statements_do_not_stay_prepared(database: DatabaseUrls) -> None:
    assert await _prepared(database, 9_000) < 10_000
