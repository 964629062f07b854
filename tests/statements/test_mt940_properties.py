"""MT940 by property: generated files, chunking, damage of any kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    Record,
    SummaryRecord,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import ParseOptions
from statements.mt940 import MT940
from tests.fixtures.mt940_file import Line, Statement, mt940

SAMPLE = (Path(__file__).parents[2] / "docs/samples/harborbank.sta").read_bytes()
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OPTIONS = ParseOptions()

DAYS = st.dates(date(2001, 1, 1), date(2060, 12, 31))
WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.'()ÄÖÜß", min_size=1, max_size=16)
REFERENCES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.", min_size=1, max_size=40).filter(
    lambda text: text not in {"NONREF", "KREF+", "NOTPROVIDED"}
)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join).filter(lambda text: text[0] != "-")


def amounts(decimals: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, 10**12).map(lambda minor: Decimal(minor).scaleb(-decimals))


@st.composite
def lines(draw: st.DrawFn, decimals: int) -> Line:
    value = draw(DAYS)
    entry = value + timedelta(days=draw(st.integers(-150, 150)))
    return Line(
        amount=draw(amounts(decimals)),
        mark=draw(st.sampled_from(["C", "D", "RC", "RD"])),
        value=value.strftime("%y%m%d"),
        entry=draw(st.sampled_from([entry.strftime("%m%d"), ""])),
        funds_code=draw(st.sampled_from(["", "R", "N", "C", "D"])),
        type_code=draw(st.sampled_from(["NTRF", "FMSC", "S202", "N051"])),
        reference=draw(REFERENCES),
        bank_reference=draw(st.one_of(st.just(""), REFERENCES)),
        supplementary=draw(st.one_of(st.just(""), TEXTS)),
        details=draw(st.lists(TEXTS, min_size=1, max_size=6)),
    )


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    currency, decimals = draw(st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)]))
    booked = draw(st.booleans())
    return Statement(
        lines=draw(st.lists(lines(decimals), max_size=6)),
        account=draw(st.sampled_from(["DE02120300000000202051", "12345678/4711", "0042"])),
        currency=currency,
        opening=draw(amounts(decimals)) * draw(st.sampled_from([1, -1])) if booked else None,
    )


def read(data: bytes) -> list[Record]:
    return list(MT940.parse([data], OPTIONS))


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return (data[first:last] for first, last in itertools.pairwise(bounds))


@SLOW
@given(
    made=st.lists(statements(), min_size=1, max_size=4),
    separator=st.sampled_from(["\n", "\r\n"]),
    enveloped=st.booleans(),
)
def test_generated_file_reads_as_it_was_made(
    made: list[Statement], separator: str, enveloped: bool
) -> None:
    records = read(mt940(*made, separator=separator, enveloped=enveloped))

    stated = [(statement, line) for statement in made for line in statement.lines]
    found = [record for record in records if isinstance(record, TransactionRecord)]
    assert len(found) == len(stated)
    for row, (statement, line) in zip(found, stated, strict=True):
        pending = statement.opening is None
        assert row.status is (TransactionStatus.PENDING if pending else TransactionStatus.POSTED)
        assert row.account == f"{statement.account}|{statement.currency}"
        assert (row.amount, row.currency) == (line.signed, statement.currency)
        assert row.value_date is not None
        assert row.posted_date is not None
        assert row.value_date.strftime("%y%m%d") == line.value
        assert row.posted_date.strftime("%m%d") == (line.entry or line.value[2:])
        assert abs((row.posted_date - row.value_date).days) <= 150
        assert (row.type_code, row.customer_reference) == (line.type_code, line.reference)
        assert row.reference == (line.bank_reference or None)
        assert (row.extra or {}).get("funds_code", "") == line.funds_code
        assert row.description_raw == "\n".join(line.details)
        assert row.description == " ".join(line.details)
    balances = [str(record.amount) for record in records if isinstance(record, BalanceRecord)]
    assert len(balances) == 2 * sum(statement.opening is not None for statement in made)
    assert {
        record.code
        for record in records
        if isinstance(record, Finding)  # their openings are not each other's closings
    } <= {"balance-continuity"}


@given(places=st.lists(st.integers(0, 10_000), max_size=30))
@example(places=list(range(2000)))
def test_chunks_of_any_size_give_the_same_records(places: list[int]) -> None:
    assert list(MT940.parse(cut(SAMPLE, places), OPTIONS)) == read(SAMPLE)
    assert list(MT940.lines(cut(SAMPLE, places))) == SAMPLE.split(b"\n")[:-1]


@pytest.mark.parametrize("end", range(len(SAMPLE)))
def test_file_cut_off_anywhere_says_so_and_books_nothing_but_what_it_holds(end: int) -> None:
    booked = {(r.line, r.amount) for r in read(SAMPLE) if isinstance(r, TransactionRecord)}

    try:
        records = read(SAMPLE[:end])
    except Unreadable as error:
        assert error.code in {"empty", "no-statement"}
        return

    # After a message the file may have been meant to end; anywhere else that is an error.
    first = SAMPLE.index(b"-}") + 1
    if end in {first, first + 1, first + 2} or end >= len(SAMPLE.rstrip()) - 1:
        assert {(r.line, r.amount) for r in records if isinstance(r, TransactionRecord)} <= booked
    else:
        assert any(isinstance(record, Finding) for record in records)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(SAMPLE)
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        patch = draw(
            st.one_of(
                st.binary(max_size=20),
                st.sampled_from(
                    [b"\n", b"\n:61:", b"\n:86:", b"\n:25:", b"\n:60F:", b"\n-}", b":"]
                ),
                st.sampled_from([b"\n{1:", b"{4:", b"\n:20:", b"?20", b"SVWZ+", b"\x00", b"//"]),
                st.sampled_from([b"9" * 5000, b" " * 5000, b"?" * 5000, b"\n" * 5000, b":" * 99]),
                st.sampled_from(["\u0661" * 6, "C\u0661,00", "\ue000", "\u2028"]).map(str.encode),
            )
        )
        data[place : place + length] = patch
    return bytes(data)


@settings(max_examples=400, deadline=None)
@given(data=st.one_of(damaged(), st.binary(max_size=300).map(lambda tail: SAMPLE[:300] + tail)))
def test_damage_of_any_kind_ends_in_records_or_unreadable(data: bytes) -> None:
    MT940.recognise(data)
    try:
        records = read(data)
    except Unreadable:
        return

    known = set()
    for record in records:
        if isinstance(record, AccountRecord):
            known.add(record.key)
        elif isinstance(record, TransactionRecord | BalanceRecord | SummaryRecord):
            assert record.account in known
        if isinstance(record, TransactionRecord):
            assert "\x00" not in record.description_raw
            assert record.line <= record.line_end
            assert record.amount.is_finite()


@pytest.mark.parametrize("piece", [b"?20", b"EREF+", b"?", b"\n:", b"//", b"\x01", b"{1:", b"-}"])
def test_a_megabyte_of_anything_takes_no_longer_than_its_length(piece: bytes) -> None:
    data = SAMPLE[:300] + b"\n:61:2604010401C1,00NTRFREF\n:86:105?20" + piece * 200_000

    try:
        records = read(data)
    except Unreadable as error:
        assert error.code in {"field-too-long", "line-too-long"}
        return

    assert any(isinstance(record, Finding) for record in records)
