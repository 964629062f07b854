"""Compiled reads: one round trip, each in its own scope, whatever happened to the one before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from core.errors import Forbidden
from core.scope import UserScope
from db.failures import DatabaseUnavailable, Invalid, TimedOut
from db.pool import connect
from db.readers import CHARACTERS_MAX
from db.session import Database
from db.wire import Wire, executed
from tests.fixtures.database import DatabaseUrls

WHO = "select current_user::text, current_setting('request.jwt.claims'), $1::integer"


@pytest.fixture
async def reads(database: DatabaseUrls) -> AsyncIterator[Database]:
    async with connect(database.login, size=2, readers=3) as found:
        yield found


def _scope() -> UserScope:
    return UserScope(user_id=uuid4(), tenant_id=uuid4())


async def _who(reads: Database, scope: UserScope, number: int) -> tuple[str, UUID, int]:
    row = await reads.first(scope, WHO, number)
    assert row is not None
    return row[0], UUID(json.loads(row[1])["sub"]), row[2]


async def test_a_read_runs_in_its_scope_prepared_or_not(reads: Database) -> None:
    for number in range(3):
        scope = _scope()

        assert await _who(reads, scope, number) == ("authenticated", scope.user_id, number)


async def test_many_reads_at_once_keep_to_their_scopes(reads: Database) -> None:
    scopes = [_scope() for _ in range(200)]

    found = await asyncio.gather(*(_who(reads, scope, 1) for scope in scopes))

    assert [user for _, user, _ in found] == [scope.user_id for scope in scopes]


async def test_nothing_can_be_written(reads: Database) -> None:
    sql = "insert into app.accounts (tenant_id, name, currency) values ($1, 'x', 'EUR') returning 1"

    for _ in range(2):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await reads.first(_scope(), sql, uuid4())


async def test_a_value_that_is_refused_leaves_the_next_read_alone(reads: Database) -> None:
    scope = _scope()
    await _who(reads, scope, 1)
    for bad in ("text", 2**40):
        with pytest.raises(Invalid):
            await reads.first(scope, WHO, bad)

        assert await _who(reads, scope, 2) == ("authenticated", scope.user_id, 2)


async def test_a_failing_query_leaves_the_next_read_alone(reads: Database) -> None:
    scope = _scope()
    for _ in range(3):
        with pytest.raises(Invalid):
            await reads.first(scope, "select 1 / $1::integer", 0)

        assert await _who(reads, scope, 3) == ("authenticated", scope.user_id, 3)


async def test_a_table_without_a_grant_is_refused(reads: Database) -> None:
    for _ in range(2):
        with pytest.raises(Forbidden):
            await reads.first(_scope(), "select count(*) from private.tenant_keys")


async def test_a_scope_that_postgres_refuses_runs_no_query(database: DatabaseUrls) -> None:
    class Unknown(UserScope):
        role = "nobody_of_this_name"

    async with connect(database.login, size=1, readers=1) as reads:
        await reads.first(_scope(), "select 1")  # prepared under a good scope

        with pytest.raises((DatabaseUnavailable, Invalid)):
            await reads.first(Unknown(user_id=uuid4(), tenant_id=None), "select 1")

        assert await reads.first(_scope(), "select 1") is not None


async def test_a_scope_that_is_refused_before_a_statement_is_known_leaves_the_next_alone(
    database: DatabaseUrls,
) -> None:
    class Unknown(UserScope):
        role = "nobody_of_this_name"

    async with connect(database.login, size=1, readers=1) as reads:
        await reads.first(_scope(), "select 1")

        with pytest.raises((DatabaseUnavailable, Invalid)):
            await reads.first(Unknown(user_id=uuid4(), tenant_id=None), "select 2")

        assert await reads.first(_scope(), "select 1") is not None
        assert await reads.first(_scope(), "select 2") is not None


async def test_long_statements_do_not_stay_prepared_in_any_number(database: DatabaseUrls) -> None:
    async with connect(database.login, size=1, readers=1) as reads:
        for number in range(40):
            await reads.first(_scope(), f"select '{'x' * 50_000}', {number}")

        row = await reads.first(
            _scope(), "select sum(length(statement)) from pg_prepared_statements"
        )

    assert row is not None
    assert 50_000 < row[0] < CHARACTERS_MAX + 200_000


async def test_a_cancelled_read_ends_and_its_connection_is_not_used_again(
    reads: Database,
) -> None:
    scope = _scope()
    for _ in range(4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reads.first(scope, "select pg_sleep($1::integer)", 30)

    assert await _who(reads, scope, 5) == ("authenticated", scope.user_id, 5)


async def test_a_read_that_takes_too_long_is_stopped_by_postgres(database: DatabaseUrls) -> None:
    async with connect(database.login, size=1, readers=1) as reads:
        scope = _scope()
        await reads.first(scope, "select set_config('statement_timeout', $1, false)", "1s")

        with pytest.raises(TimedOut):
            await reads.first(scope, "select pg_sleep($1::integer)", 20)


async def test_a_long_answer_comes_whole(reads: Database) -> None:
    for _ in range(2):
        row = await reads.first(_scope(), "select repeat('x', $1::integer)", 3_000_000)

        assert row is not None
        assert len(row[0]) == 3_000_000


async def test_a_connection_that_postgres_ended_is_replaced(
    reads: Database, database: DatabaseUrls
) -> None:
    await _who(reads, _scope(), 1)
    superuser = await asyncpg.connect(database.superuser)
    await superuser.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where usename = $1 and datname = current_database()",
        database.login.partition("://")[2].partition(":")[0],
    )
    await superuser.close()
    await asyncio.sleep(0.1)
    scope = _scope()

    assert await _who(reads, scope, 2) == ("authenticated", scope.user_id, 2)


class _Heard(asyncio.Protocol):
    def __init__(self) -> None:
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_an_answer_is_sorted_however_it_is_cut(size: int) -> None:
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    ahead = message(b"2", b"") + message(b"D", b"row") + message(b"C", b"SELECT 1\0")
    notice, own = message(b"N", b"hint"), message(b"2", b"") + message(b"Z", b"I")
    answer = ahead[:5] + notice + ahead[5:] + own
    heard = _Heard()
    wire = Wire(heard)
    wire._transport = type("Sink", (), {"write": lambda self, data: None})()
    wire.put_ahead(executed("name", "value"))
    wire.write(b"query")

    for start in range(0, len(answer), size):
        wire.data_received(answer[start : start + size])

    assert heard.data == notice + own
