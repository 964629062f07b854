"""Pages of Plaid as records: golden ones exactly, broken ones without a crash."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Unreadable
from core.records import AccountRecord, Finding, Record, RemovalRecord, TransactionRecord
from providers.base import Page
from providers.plaid.connector import PLAID
from tests.providers.golden import expected, shown

PAGES: Final = Path(__file__).parent / "plaid"
NAMES: Final = (
    "accounts/2026-11-21",
    "transactions/1",
    "holdings/2026-11-21",
    "investment-transactions/1",
)
NUMBER: Final = "12345678"  # of an account of somebody else, in a golden page


def page(name: str) -> Page:
    return Page(name=name, body=path(name).read_bytes())


def path(name: str) -> Path:
    return PAGES / f"{name.partition('/')[0]}.json"


def parsed(page: Page) -> list[Record]:
    return list(PLAID.parse(page))


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_page_says_what_stands_beside_it(name: str) -> None:
    assert [shown(record) for record in parsed(page(name))] == expected(path(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_record_names_a_line_that_can_be_shown(name: str) -> None:
    texts = list(PLAID.elements(page(name)))

    for record in parsed(page(name)):
        line = record.line
        assert line is not None
        assert 1 <= line <= len(texts)
        named = getattr(record, "external_id", None) or getattr(record, "key", None)
        assert named is None or named in texts[line - 1]
    assert all("\n" not in text for text in texts)


def test_account_numbers_of_others_are_not_shown() -> None:
    texts = "".join(PLAID.elements(page("transactions/1")))

    assert NUMBER.encode() in page("transactions/1").body
    assert NUMBER not in texts
    assert NUMBER not in repr(parsed(page("transactions/1")))


def test_accounts_are_named_before_what_is_said_of_them() -> None:
    for name in NAMES:
        known: set[str] = set()
        for record in parsed(page(name)):
            match record:
                case AccountRecord():
                    known.add(record.key)
                case Finding() | RemovalRecord():
                    pass
                case _:
                    assert record.account in known


@pytest.mark.parametrize("name", ["transactions", "journal/1", "", "holdings/", "accounts/soon"])
def test_a_page_of_no_known_name_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable):
        parsed(Page(name=name, body=b"{}"))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"{}", b"[" * 100_000])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_page_is_unreadable(name: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        parsed(Page(name=name, body=body))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-13-01"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_any_value_in_any_place_becomes_records_or_a_finding(
    name: str, data: st.DataObject
) -> None:
    value = deepcopy(json.loads(page(name).body))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(places(value))))
        put(value, place, data.draw(anything))
    broken = Page(name=name, body=json.dumps(value).encode())

    try:
        records = parsed(broken)
    except Unreadable:
        return
    assert records == parsed(broken)
    ids = [record.external_id for record in records if isinstance(record, TransactionRecord)]
    assert all(ids)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The way to every value inside of a value."""
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return []
    return [(key, *rest) for key, part in items for rest in [(), *places(part)]]


def put(value: Any, place: tuple[Any, ...], other: Any) -> None:
    for key in place[:-1]:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict | list) and place[-1] in (
        value if isinstance(value, dict) else range(len(value))
    ):
        value[place[-1]] = other
