"""Notifications: everybody of the tenant reads them, each for themself, and hears of new ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.errors import BadInput, Forbidden
from core.models import Role
from core.notifications import TITLES, NotificationKind
from core.scope import UserScope
from schema.ids import encode
from tests.fixtures.post import Post, post_office
from tests.fixtures.world import World

LIST = """
query ($first: Int = 50, $after: String, $filter: NotificationFilter) {
  notifications(first: $first, after: $after, filter: $filter) {
    edges { node { id kind title data readAt connection { id } job { id } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
COUNT = "query ($filter: NotificationFilter) { notificationCount(filter: $filter) }"
MARK = """
mutation ($input: NotificationsMarkReadInput!) { notificationsMarkRead(input: $input) {
  markedCount userErrors { code path }
} }
"""
ADDED = """
subscription ($since: DateTime) { notificationAdded(since: $since) { id kind } }
"""
UNREAD = {"filter": {"unread": True}}
SOON_S = 10


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    async with post_office(world, redis_url) as post:
        yield post


async def _ids(post: Post, who: UserScope, **variables: Any) -> list[str]:
    page = await post.graph.ask(who, LIST, **variables)
    return [edge["node"]["id"] for edge in page["edges"]]


@pytest.mark.parametrize("role", Role)
async def test_everybody_of_the_tenant_reads_what_happened(post: Post, role: Role) -> None:
    place, other = await post.world.place(), await post.world.place()
    user = await post.graph.user(place, role)
    told = await post.put(place, NotificationKind.DATA_ANOMALY, note="twice the rows")
    await post.put(other)

    page = await post.graph.ask(user, LIST)

    assert told is not None
    assert [edge["node"] for edge in page["edges"]] == [
        {
            "id": encode("Notification", told),
            "kind": "DATA_ANOMALY",
            "title": TITLES[NotificationKind.DATA_ANOMALY],
            "data": {"note": "twice the rows"},
            "readAt": None,
            "connection": {"id": encode("Connection", place.connection_id)},
            "job": None,
        }
    ]


async def test_what_one_has_read_others_have_not(post: Post) -> None:
    place = await post.world.place()
    viewer = await post.graph.user(place, Role.VIEWER)
    for _ in range(3):
        await post.put(place)
    first, *others = await _ids(post, place.user)

    marked = await post.graph.ask(viewer, MARK, input={"ids": [first]})
    again = await post.graph.ask(viewer, MARK, input={"ids": [first, first]})

    assert (marked, again) == (
        {"markedCount": 1, "userErrors": []},
        {"markedCount": 0, "userErrors": []},
    )
    assert await _ids(post, viewer, **UNREAD) == others
    assert await _ids(post, viewer, filter={"unread": False}) == [first]
    assert await post.graph.ask(viewer, COUNT, **UNREAD) == 2
    assert await post.graph.ask(place.user, COUNT, **UNREAD) == 3
    assert await post.graph.ask(place.user, COUNT) == 3


@pytest.mark.parametrize("count", [0, 1, 130])
async def test_all_are_read_at_once(post: Post, count: int) -> None:
    place = await post.world.place()
    for _ in range(count):
        await post.put(place)

    marked = await post.graph.ask(place.user, MARK, input={"all": True})

    assert marked == {"markedCount": count, "userErrors": []}
    assert await post.graph.ask(place.user, COUNT, **UNREAD) == 0
    assert await post.graph.ask(place.user, COUNT, filter={"unread": False}) == count


async def test_what_is_anothers_is_not_read_and_not_told(post: Post) -> None:
    mine, theirs = await post.world.place(), await post.world.place()
    told = await post.put(theirs)
    assert told is not None
    ids = [encode("Notification", told), encode("Notification", uuid4()), "garbage"]

    answers = [await post.graph.ask(mine.user, MARK, input={"ids": [one]}) for one in ids]
    everything = await post.graph.ask(mine.user, MARK, input={"all": True})

    assert answers == [{"markedCount": 0, "userErrors": []}] * 3
    assert everything["markedCount"] == 0
    assert await post.graph.ask(theirs.user, COUNT, **UNREAD) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "INVALID"),
        ({"ids": ["x"], "all": True}, "INVALID"),
        ({"ids": ["x"] * 101}, "LIMIT"),
    ],
)
async def test_what_to_mark_is_said_in_one_way(
    post: Post, given: dict[str, Any], code: str
) -> None:
    place = await post.world.place()

    answer = await post.graph.ask(place.user, MARK, input=given)

    assert answer == {"markedCount": None, "userErrors": [{"code": code, "path": ["ids"]}]}


async def test_no_member_marks_nothing(post: Post) -> None:
    place = await post.world.place()
    stranger = UserScope(user_id=await post.graph.stranger(), tenant_id=place.tenant_id)

    answer = await post.graph.ask(stranger, MARK, input={"all": True})

    assert answer["userErrors"][0]["code"] == "NOT_ALLOWED"


async def test_filters_find_what_they_say(post: Post) -> None:
    place = await post.world.place()
    await post.put(place, NotificationKind.DATA_ANOMALY)
    await post.put(place, NotificationKind.TOKEN_EXPIRING)
    (expiring,) = await _ids(post, place.user, filter={"kinds": ["TOKEN_EXPIRING"]})
    connection = encode("Connection", place.connection_id)

    assert len(await _ids(post, place.user, filter={"connectionId": connection})) == 2
    assert await _ids(post, place.user, filter={"connectionId": "x"}) == []
    assert await _ids(post, place.user, filter={"kinds": []}) == []
    assert await _ids(post, place.user, first=1) == [expiring]


async def test_pages_hold_each_once(post: Post) -> None:
    place = await post.world.place()
    for _ in range(7):
        await post.put(place)
    found: list[str] = []
    after = None

    while True:
        page = await post.graph.ask(place.user, LIST, first=3, after=after)
        found += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert len(found) == len(set(found)) == 7


async def _next(stream: Any) -> str:
    async with asyncio.timeout(SOON_S):
        result = await anext(stream)
    assert not result.errors, result.errors
    return str(result.data["notificationAdded"]["id"])


async def _error(stream: Any) -> Exception | None:
    async with asyncio.timeout(SOON_S):
        result = await anext(stream)
    error: Exception | None = result.errors[0].original_error
    return error


async def test_what_a_worker_tells_of_is_heard(post: Post) -> None:
    place, other = await post.world.place(), await post.world.place()
    viewer = await post.graph.user(place, Role.VIEWER)
    first = await post.put(place)

    async with post.graph.follow(viewer, ADDED) as stream:
        heard = [await _next(stream)]
        await post.put(other)
        second = await post.put(place)
        heard.append(await _next(stream))

    assert first is not None
    assert second is not None
    assert heard == [encode("Notification", one) for one in (first, second)]


async def test_a_lost_hint_delays_and_loses_nothing(post: Post) -> None:
    place = await post.world.place()
    post.clock.now -= timedelta(minutes=1)

    async with post.graph.follow(place.user, ADDED) as stream:
        waiting = asyncio.create_task(_next(stream))
        await asyncio.sleep(0.1)
        await post.world.owner.execute(  # with nobody to tell
            "insert into app.notifications (tenant_id, kind, key) values ($1, 'test', 'x')",
            place.tenant_id,
        )
        heard = await waiting

    assert await _ids(post, place.user) == [heard]


async def test_who_was_away_hears_what_they_missed_once(post: Post) -> None:
    place = await post.world.place()
    since = post.clock() - timedelta(minutes=10)
    told = [await post.put(place) for _ in range(4)]

    async with post.graph.follow(place.user, ADDED, since=since.isoformat()) as stream:
        heard = [await _next(stream) for _ in told]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(stream)

    assert heard == [encode("Notification", one) for one in told if one is not None]


async def test_who_was_away_for_too_long_is_told_what_to_read(post: Post) -> None:
    place = await post.world.place()
    since = post.clock() - timedelta(hours=25)

    async with post.graph.follow(place.user, ADDED, since=since.isoformat()) as stream:
        error = await _error(stream)

    assert isinstance(error, BadInput)
    assert "`notifications`" in str(error)


async def test_who_is_removed_hears_nothing_more(post: Post) -> None:
    place = await post.world.place()
    viewer = await post.graph.user(place, Role.VIEWER)
    await post.put(place)

    async with post.graph.follow(viewer, ADDED) as stream:
        await _next(stream)
        await post.world.owner.execute(
            "delete from app.tenant_members where user_id = $1", viewer.user_id
        )
        await post.put(place)
        error = await _error(stream)

    assert isinstance(error, Forbidden)
