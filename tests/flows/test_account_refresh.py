"""An account is refreshed: the provider looks at the bank, and what it finds is synced."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from core.models import Job, Role
from core.scope import UserScope
from resolvers import refreshing
from resolvers.context import Context
from resolvers.refusal import RefusalCode, Refused
from tests.fixtures.context import context
from tests.fixtures.plaid_feed import Feed, accounts_of, connected, open_bank
from tests.fixtures.world import World

REFRESH = "/transactions/refresh"


@pytest.fixture
async def feed(world: World, redis_url: str) -> AsyncIterator[Feed]:
    async with open_bank(redis_url) as bank:
        yield await connected(world, bank, await bank.link())


def _person(feed: Feed) -> Context:
    person = context(feed.world, feed.place)
    return replace(person, services=replace(person.services, providers=feed.bank.access))


async def _account(feed: Feed) -> UUID:
    for _ in range(2):  # the second brings the history
        await feed.sync()
    await feed.bank.redis.flushdb()
    return min((await accounts_of(feed)).values())


def _asked(feed: Feed) -> int:
    return sum(request.url.path == REFRESH for request in feed.bank.seen)


async def test_the_bank_is_looked_at_and_what_is_found_is_synced(feed: Feed) -> None:
    account_id = await _account(feed)
    before = await feed.world.owner.fetchval("select count(*) from app.transactions")

    job = await refreshing.refresh(_person(feed), account_id=account_id)
    assert isinstance(job, Job)
    await feed.world.run(feed.place, job.id)

    assert _asked(feed) == 1
    after = await feed.world.owner.fetchval("select count(*) from app.transactions")
    assert after > before


async def test_the_providers_limit_is_a_refusal(feed: Feed) -> None:
    account_id = await _account(feed)
    person = _person(feed)
    await refreshing.refresh(person, account_id=account_id)

    again = await refreshing.refresh(person, account_id=account_id)

    assert isinstance(again, Refused)
    assert (again.code, _asked(feed)) == (RefusalCode.CONFLICT, 1)


@pytest.mark.parametrize("status", ["paused", "reauth", "disconnected"])
async def test_what_cannot_be_asked_is_a_refusal(feed: Feed, status: str) -> None:
    account_id = await _account(feed)
    await feed.world.owner.execute("update app.connections set status = $1", status)

    refused = await refreshing.refresh(_person(feed), account_id=account_id)

    assert isinstance(refused, Refused)
    assert (refused.code, _asked(feed)) == (RefusalCode.CONFLICT, 0)


async def test_others_do_not_ask(feed: Feed) -> None:
    account_id = await _account(feed)
    viewer = await feed.world.place(role=Role.VIEWER)
    stranger = await feed.world.place()

    refused = [
        await refreshing.refresh(
            replace(
                _person(feed), scope=UserScope(user_id=place.user_id, tenant_id=place.tenant_id)
            ),
            account_id=account_id,
        )
        for place in (viewer, stranger)
    ]

    codes = [one.code for one in refused if isinstance(one, Refused)]
    assert codes == [RefusalCode.NOT_ALLOWED, RefusalCode.NOT_FOUND]
    assert _asked(feed) == 0
