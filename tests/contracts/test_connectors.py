"""What the engine relies on, of every connector: facts, cursors, pure reading, stable ids."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest

from core.syncs import SyncPhase
from providers import registry
from providers.base import Linkable, Linked, Page
from tests.contracts.base import Adapter, Bank, Golden, adapters
from tests.contracts.reading import Books, Reader

TRIED = 5  # checkpoints that are gone on from, at least, where there are as many


def test_facts_are_complete(adapter: Adapter) -> None:
    facts = adapter.connector.facts

    assert facts.slug == adapter.slug
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", facts.slug)
    assert facts.name.strip() == facts.name != ""
    assert facts.website.startswith("https://")
    assert all(re.fullmatch(r"[A-Z]{2}", country) for country in facts.countries)
    assert 1 <= facts.history_days_max <= 3650
    assert facts.sync_every.total_seconds() >= 60
    for rate in (facts.app_rate, facts.connection_rate, *facts.rates.values()):
        assert rate.calls >= 1
        assert rate.per.total_seconds() > 0


def test_credentials_come_from_a_form_or_from_linking(adapter: Adapter) -> None:
    connector = adapter.connector

    assert isinstance(connector, Linkable) or connector.credentials.form()


def test_settings_have_names_of_their_own_and_a_production_address(adapter: Adapter) -> None:
    fields = adapter.connector.app.model_fields

    assert str(fields["url"].default).startswith("https://")
    assert {registry.variable(adapter.slug, name) for name in fields} <= set(registry.variables())


async def test_credentials_survive_being_sealed(adapter: Adapter, linked: Linked) -> None:
    kept = adapter.connector.credentials.from_bytes(linked.credentials.to_bytes())

    assert kept == linked.credentials
    assert linked.external_id


async def test_reading_goes_on_from_any_checkpoint(
    bank: Bank, linked: Linked, reader: Reader
) -> None:
    books = Books()
    reached = await reader.follow(books)
    for _ in range(2):
        bank.move(linked)
        reached += await reader.follow(books, after=reached[-1].checkpoint)
    at_once = Books()
    await reader.follow(at_once)

    assert at_once.rows
    assert books.rows == at_once.rows
    for one in reached[:: max(1, len(reached) // TRIED)]:  # from the oldest to the newest
        resumed = one.books.copy()
        await reader.follow(resumed, after=one.checkpoint)
        assert resumed.rows == at_once.rows


async def test_a_reading_that_is_broken_off_anywhere_can_be_begun_again(reader: Reader) -> None:
    whole = Books()
    await reader.follow(whole)

    for most in (1, 2, 3):
        items = reader.fetch(None, SyncPhase.INITIAL)
        for _ in range(most):
            if await anext(items, None) is None:
                break
        await items.aclose()  # type: ignore[attr-defined]
        again = Books()
        await reader.follow(again)
        assert again.rows == whole.rows


async def test_ids_are_unique_and_stay(bank: Bank, linked: Linked, reader: Reader) -> None:
    first, second, moved = Books(), Books(), Books()
    await reader.follow(first)
    await reader.follow(second)
    bank.move(linked)
    await reader.follow(moved)

    assert first.rows
    assert first.rows == second.rows
    assert moved.rows != first.rows
    stayed = moved.rows.keys() & first.rows.keys()
    assert len(stayed) > len(first.rows) / 2, "what did not change has other ids"


async def test_a_reading_tells_no_row_twice(reader: Reader) -> None:
    reached = await reader.follow(Books())

    ids = reached[0].books.seen

    assert ids
    assert len(ids) == len(set(ids))


async def test_pages_are_read_alike_every_time_and_without_a_network(
    adapter: Adapter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = await reader.pages()

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("reading a page opened a socket")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", forbidden)
        patch.setattr(socket, "create_connection", forbidden)
        first = [list(adapter.connector.parse(page)) for page in pages]
        second = [list(adapter.connector.parse(_copy(page))) for page in pages]

    assert any(first)
    assert first == second


async def test_lines_count_the_elements_of_a_page(adapter: Adapter, reader: Reader) -> None:
    for page in await reader.pages():
        elements = list(adapter.connector.elements(page))
        lines = {record.line for record in adapter.connector.parse(page)}

        assert lines <= set(range(1, len(elements) + 1)), page.name
        assert all(element and "\n" not in element for element in elements)


@pytest.mark.parametrize(
    ("golden", "slug"),
    [(golden, one.slug) for one in adapters() for golden in one.golden],
    ids=lambda given: given if isinstance(given, str) else given.page.name,
)
def test_a_golden_page_says_what_it_said(golden: Golden, slug: str) -> None:
    records = [repr(record) for record in registry.by_slug(slug).parse(golden.page)]

    assert records == list(golden.records)


def _copy(page: Page) -> Page:
    return Page(name=page.name, body=bytes(bytearray(page.body)), media_type=page.media_type)
