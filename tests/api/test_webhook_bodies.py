"""Bodies of webhooks: of any chunks and up to a size, of the provider's kind, and not too often."""

from __future__ import annotations

import asyncio
from collections import Counter as Counts
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from api.webhooks import BODY_BYTES_MAX, FAILURES_MAX
from core.webhook_secrets import new_token
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post_office import Box, Counter, counter_of
from tests.fixtures.postbox import Letter, body, told
from tests.fixtures.raw_http import in_chunks, raw_connection
from tests.fixtures.world import World

HELD_OFF_WITHIN_S = 40  # a tenth of it where nothing else runs


@pytest.fixture
async def counter(
    world: World, database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with counter_of(world, database, redis_url, tmp_path) as counter:
        yield counter


@pytest.fixture
async def box(counter: Counter) -> Box:
    return await counter.office.box()


def _of_size(box: Box, size: int) -> Letter:
    """A letter whose body has exactly this size; its events are small."""
    content = body(told())
    return Letter(body=content + b" " * (size - len(content)), secret=box.secret)


async def test_a_body_of_the_greatest_size_is_taken(counter: Counter, box: Box) -> None:
    response = await counter.post(box, _of_size(box, BODY_BYTES_MAX))

    assert response.status_code == 200
    assert len(await counter.office.inbox()) == 1


@pytest.mark.parametrize("size", [BODY_BYTES_MAX + 1, 5 * BODY_BYTES_MAX])
async def test_a_larger_one_is_refused(counter: Counter, box: Box, size: int) -> None:
    response = await counter.post(box, _of_size(box, size))

    assert (response.status_code, response.content) == (413, b"")
    assert await counter.office.inbox() == []


async def test_a_size_that_is_told_is_refused_before_it_comes(counter: Counter, box: Box) -> None:
    letter = box.letter(told())

    async with raw_connection(counter.api.url) as connection:
        await connection.send(
            box.path, {**letter.headers, "content-length": str(BODY_BYTES_MAX + 1)}, b""
        )
        status = await connection.status()

    assert status == 413


@pytest.mark.parametrize("size", [1, 7, 4_096])
async def test_a_body_in_chunks_of_unknown_number_is_taken(
    counter: Counter, box: Box, size: int
) -> None:
    letter = box.letter(told())

    async with raw_connection(counter.api.url) as connection:
        headers = {**letter.headers, "transfer-encoding": "chunked"}
        await connection.send(box.path, headers, in_chunks(letter.body, size))
        status = await connection.status()

    assert status == 200
    assert len(await counter.office.inbox()) == 1


async def test_chunks_without_an_end_are_cut_off_at_the_size(counter: Counter, box: Box) -> None:
    letter = _of_size(box, BODY_BYTES_MAX + 100_000)

    async with raw_connection(counter.api.url) as connection:
        headers = {**letter.headers, "transfer-encoding": "chunked"}
        await connection.send(box.path, headers, in_chunks(letter.body, 65_536))
        status = await connection.status()

    assert status == 413
    assert await counter.office.inbox() == []


async def test_a_client_that_goes_away_half_way_leaves_nothing(counter: Counter, box: Box) -> None:
    letter = box.letter(told())

    async with raw_connection(counter.api.url) as connection:
        headers = {**letter.headers, "content-length": str(len(letter.body))}
        await connection.send(box.path, headers, letter.body[:-1])
    response = await counter.post(box, box.letter(told(id="evt_next")))

    assert response.status_code == 200
    assert [row["dedupe_key"] for row in await counter.office.inbox()] == ["evt_next"]


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "9" * 30])
async def test_nonsense_for_a_length_is_refused(counter: Counter, box: Box, length: str) -> None:
    letter = box.letter(told())

    async with raw_connection(counter.api.url) as connection:
        await connection.send(box.path, {**letter.headers, "content-length": length}, letter.body)
        status = await connection.status()

    assert status in (400, 413)
    assert await counter.office.inbox() == []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON ;charset=UTF-8", 200),
        (None, 200),
        ("", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("\u00e9", 415),
    ],
)
async def test_what_is_of_another_kind_than_the_provider_sends_is_refused(
    counter: Counter, box: Box, content_type: str | None, status: int
) -> None:
    letter = box.letter(told(), content_type=content_type)
    raw = [(name.encode(), value.encode()) for name, value in letter.headers.items()]

    response = await counter.api.http.post(box.path, content=letter.body, headers=raw)

    assert (response.status_code, response.content) == (status, b"")


async def test_who_is_refused_too_often_is_not_looked_at_for_a_while(
    counter: Counter, box: Box
) -> None:
    bad = replace(box.letter(told()), secret="whsec_" + "b" * 44)
    answers: Counts[int] = Counts()

    async def try_on() -> None:
        async with raw_connection(counter.api.url) as connection:
            while 429 not in answers:
                answers[await connection.post(box.path, bad.body, bad.headers)] += 1

    async with asyncio.timeout(HELD_OFF_WITHIN_S):
        await asyncio.gather(*(try_on() for _ in range(20)))
        while (refused := await counter.post(box, bad)).status_code != 429:
            pass  # now and then one is looked at again
    await asyncio.sleep(0.2)  # a part of the window is renewed
    taken = await counter.post(box, box.letter(told()))

    assert answers[401] >= FAILURES_MAX
    assert int(refused.headers["retry-after"]) > 0
    assert taken.status_code == 200


async def test_what_others_do_behind_the_same_proxy_is_not_held_against_a_sender(
    counter: Counter, box: Box
) -> None:
    good = await counter.office.box()
    assert (await counter.post(good, good.letter(told()))).status_code == 200
    forged = replace(box.letter(told()), secret="whsec_" + "b" * 44)

    await _post_until_429(counter, lambda: box.path, forged)
    beside = await counter.post(good, good.letter(told()))
    guess = box.path.removesuffix(box.path.rsplit("/", 1)[1])
    await _post_until_429(counter, lambda: f"{guess}{new_token()}", forged)
    still = await counter.post(good, good.letter(told()))

    assert (beside.status_code, still.status_code) == (200, 200)


async def test_a_provider_that_signs_what_nobody_reads_is_heard_when_it_does_better(
    counter: Counter, box: Box
) -> None:
    odd = box.letter(body=b"[]")
    answers: Counts[int] = Counts()

    async def send_on() -> None:
        async with raw_connection(counter.api.url) as connection:
            for _ in range(FAILURES_MAX // 10):
                answers[await connection.post(box.path, odd.body, odd.headers)] += 1

    await asyncio.gather(*(send_on() for _ in range(11)))
    better = await counter.post(box, box.letter(told()))

    assert set(answers) == {400}
    assert better.status_code == 200


async def _post_until_429(counter: Counter, path: Callable[[], str], letter: Letter) -> None:
    answers: Counts[int] = Counts()

    async def try_on() -> None:
        async with raw_connection(counter.api.url) as connection:
            while 429 not in answers:
                answers[await connection.post(path(), letter.body, letter.headers)] += 1

    async with asyncio.timeout(HELD_OFF_WITHIN_S):
        await asyncio.gather(*(try_on() for _ in range(20)))
