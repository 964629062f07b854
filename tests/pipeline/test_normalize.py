"""Normalize: identity is what the bank says of a row, not how one export happens to write it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import TransactionRecord, TransactionStatus
from pipeline.batch import batches
from pipeline.normalize import fingerprint, normalize
from pipeline.ordinals import Ordinals

RECEIVED = date(2026, 5, 1)


def row(**fields: Any) -> TransactionRecord:
    record = TransactionRecord(
        account="a",
        amount=Decimal("-3.50"),
        currency="EUR",
        posted_date=date(2026, 4, 30),
        status=TransactionStatus.POSTED,
        description="COFFEE",
        description_raw="COFFEE",
        line=2,
        line_end=2,
    )
    return record._replace(**fields)


def test_how_many_zeros_an_export_writes_does_not_matter() -> None:
    assert fingerprint(row(amount=Decimal("-3.5"))) == fingerprint(row(amount=Decimal("-3.500")))


def test_the_running_balance_does_not_matter() -> None:
    assert fingerprint(row(running_balance=Decimal("10"))) == fingerprint(row())


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": Decimal("-3.51")},
        {"currency": "GBP"},
        {"posted_date": date(2026, 4, 29)},
        {"description": "COFFEE 2"},
        {"reference": "1"},
        {"customer_reference": "1"},
        {"type_code": "475"},
        {"external_id": "1"},
    ],
)
def test_what_the_bank_says_otherwise_makes_another_row(fields: dict[str, Any]) -> None:
    assert fingerprint(row(**fields)) != fingerprint(row())


def test_an_id_used_for_another_amount_is_another_row() -> None:
    first, second = row(external_id="1"), row(external_id="1", amount=Decimal("-9"))

    assert fingerprint(first) != fingerprint(second)


def test_a_text_that_changed_under_the_same_id_is_the_same_row() -> None:
    first, second = row(external_id="1"), row(external_id="1", description="COFFEE SHOP")

    assert fingerprint(first) == fingerprint(second)


def test_a_row_without_a_date_sorts_by_the_day_it_came() -> None:
    (batch,) = batches([row(posted_date=None)])

    with Ordinals() as ordinals:
        normalized = normalize(batch, ordinals=ordinals, received=RECEIVED)

    assert normalized.entries[0].sort_date == RECEIVED


def test_rows_without_a_posted_date_are_told_apart_by_their_value_date() -> None:
    first = row(posted_date=None, value_date=date(2026, 4, 28))
    second = row(posted_date=None, value_date=date(2026, 4, 29))

    assert fingerprint(first) != fingerprint(second)


def test_twins_without_a_posted_date_are_counted_whatever_day_they_sort_by() -> None:
    rows = [
        row(posted_date=None, external_id="1", transaction_date=date(2026, 4, 28)),
        row(posted_date=None, external_id="1", transaction_date=date(2026, 4, 28)),
        row(posted_date=None, external_id="1"),
        row(posted_date=None, external_id="1"),
    ]
    (batch,) = batches(rows)

    with Ordinals() as ordinals:
        entries = normalize(batch, ordinals=ordinals, received=RECEIVED).entries

    assert len({(entry.fingerprint, entry.occurrence) for entry in entries}) == 4


@pytest.mark.parametrize("field", ["external_id", "reference", "merchant_name", "type_code"])
def test_a_text_longer_than_the_column_is_cut(field: str) -> None:
    (batch,) = batches([row(**{field: "9" * 501})])

    with Ordinals() as ordinals:
        (entry,) = normalize(batch, ordinals=ordinals, received=RECEIVED).entries

    assert getattr(entry.record, field) == "9" * 500


def test_an_empty_id_is_none() -> None:
    (batch,) = batches([row(external_id="")])

    with Ordinals() as ordinals:
        (entry,) = normalize(batch, ordinals=ordinals, received=RECEIVED).entries

    assert entry.record.external_id is None


def test_a_debit_of_nothing_is_the_same_as_a_credit_of_nothing() -> None:
    assert fingerprint(row(amount=Decimal("-0.00"))) == fingerprint(row(amount=Decimal("0")))


@given(text=st.text(st.characters(codec=None), max_size=30))
def test_any_text_becomes_one_that_postgres_can_hold(text: str) -> None:
    (batch,) = batches([row(description=text, description_raw=text, reference=text)])

    with Ordinals() as ordinals:
        normalized = normalize(batch, ordinals=ordinals, received=RECEIVED)

    record = normalized.entries[0].record
    for value in (record.description, record.description_raw, record.reference or ""):
        assert "\x00" not in value
        assert value.encode().decode() == value


@given(size=st.integers(1, 7), twins=st.integers(1, 20))
def test_batches_of_any_size_number_twins_alike(size: int, twins: int) -> None:
    rows = [row() for _ in range(twins)]

    with Ordinals(entries_max=3) as ordinals:
        normalized = [
            normalize(batch, ordinals=ordinals, received=RECEIVED)
            for batch in batches(rows, size=size)
        ]

    assert [e.occurrence for batch in normalized for e in batch.entries] == list(range(twins))
