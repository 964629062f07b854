"""CAMT by property: parse(render(x)) = x, chunks of any size, damage of any kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    ProofRecord,
    Record,
    SummaryRecord,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import ParseOptions
from statements.camt import CAMT
from tests.fixtures.camt_file import CONTAINERS, Entry, balance, camt, details, simple, statement
from tests.fixtures.camt_reading import OPTIONS, codes, read, rows

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BATCH = details(
    '<Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">10.00</Amt>',
    '<Refs><EndToEndId>E2</EndToEndId></Refs><Amt Ccy="EUR">2.50</Amt>',
)
SAMPLE = camt(
    statement(
        balance("OPBD", "100.00"),
        balance("CLBD", "122.50"),
        Entry(servicer="R1", text="Caf\u00e9 \u20ac & Co", inner=BATCH),
        Entry(servicer="R2", amount=Decimal("10.00"), status="BOOK"),
        Entry(servicer="R3", status="PDNG"),
    ),
    statement(Entry(amount=Decimal("-1"), text="second statement")),
)
AMOUNTS = st.decimals(
    Decimal("-99999999999.99"), Decimal("99999999999.99"), places=2, allow_nan=False
).filter(bool)
DAYS = st.dates(date(1970, 1, 1), date(2099, 12, 31))
# What XML can hold, without the blanks at the ends that a reader strips.
TEXTS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", max_codepoint=0x1FFFF
    ),
    max_size=40,
).map(str.strip)
TEXTS = TEXTS.filter(lambda text: all(ord(letter) & 0xFFFE != 0xFFFE for letter in text))
ENTRIES = st.builds(
    Entry,
    amount=AMOUNTS,
    status=st.sampled_from(["BOOK", "PDNG"]),
    day=DAYS.map(date.isoformat),
    value_day=DAYS.map(date.isoformat),
    servicer=st.text("ABC123/-", min_size=2, max_size=20).filter(lambda text: text.strip("0 -")),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    text=TEXTS,
)


@SLOW
@given(
    entries=st.lists(ENTRIES, max_size=6),
    kind=st.sampled_from(sorted(CONTAINERS)),
    version=st.integers(1, 14),
    prefix=st.sampled_from(["", "n"]),
)
def test_what_is_rendered_is_read_again(
    entries: list[Entry], kind: str, version: int, prefix: str
) -> None:
    text = statement(*entries, code=version >= 8)
    data = camt(text, kind=kind, version=f"{version:02}", prefix=prefix)

    found = [
        (
            row.amount,
            row.currency,
            row.status,
            row.posted_date and row.posted_date.isoformat(),
            row.value_date and row.value_date.isoformat(),
            row.external_id,
            row.description_raw,
        )
        for row in rows(data)
    ]
    assert found == [
        (
            entry.amount,
            entry.currency,
            TransactionStatus.POSTED if entry.status == "BOOK" else TransactionStatus.PENDING,
            entry.day,
            entry.value_day,
            entry.servicer,
            entry.text,
        )
        for entry in entries
    ]
    assert codes(data) == []


@SLOW
@given(amounts=st.lists(AMOUNTS, max_size=8), opening=AMOUNTS, error=AMOUNTS)
def test_the_proof_holds_for_what_adds_up_and_for_nothing_else(
    amounts: list[Decimal], opening: Decimal, error: Decimal
) -> None:
    entries = [Entry(amount=amount) for amount in amounts]
    closing = opening + sum(amounts, Decimal(0))

    assert codes(simple(*entries, opening=str(opening))) == []
    wrong = statement(balance("OPBD", opening), balance("CLBD", closing + error), *entries)
    assert codes(camt(wrong)) == ["balance-mismatch"]


@SLOW
@given(parts=st.lists(AMOUNTS, min_size=2, max_size=8), off=st.sampled_from([0, 0, 1]))
def test_a_batch_is_split_exactly_where_its_details_make_the_entry(
    parts: list[Decimal], off: int
) -> None:
    inner = details(
        *(
            f'<Amt Ccy="EUR">{abs(part)}</Amt><CdtDbtInd>{"DBIT" if part < 0 else "CRDT"}'
            "</CdtDbtInd>"
            for part in parts
        )
    )
    whole = sum(parts, Decimal(off))
    found = [row.amount for row in rows(camt(statement(Entry(amount=whole, inner=inner))))]

    assert found == ([whole] if off else parts)


@given(places=st.lists(st.integers(0, 10_000), max_size=30))
@example(places=list(range(3000)))
def test_chunks_of_any_size_give_the_same_records(places: list[int]) -> None:
    bounds = [0, *sorted(place % (len(SAMPLE) + 1) for place in places), len(SAMPLE)]
    chunks = [SAMPLE[first:last] for first, last in itertools.pairwise(bounds)]

    assert list(CAMT.parse(chunks, OPTIONS)) == read(SAMPLE)
    assert list(CAMT.lines(chunks)) == list(CAMT.lines([SAMPLE]))


def test_blocks_end_anywhere_without_a_trace() -> None:
    entry = Entry(text="\u20ac\u00e9 &amp; \U0001f600" * 7, servicer="R")
    for shift in range(0, 600, 37):
        data = camt("<!--" + "x" * shift + "-->" + statement(*[entry] * 250))

        assert {row.description for row in rows(data)} == {" ".join(entry.text.split())}
        assert codes(data) == []


def damaged(draws: st.DataObject) -> bytes:
    data = bytearray(SAMPLE)
    for _ in range(draws.draw(st.integers(1, 4))):
        at = draws.draw(st.integers(0, len(data) - 1))
        match draws.draw(st.sampled_from(["set", "cut", "insert", "repeat", "end"])):
            case "set":
                data[at] = draws.draw(st.integers(0, 255))
            case "cut":
                del data[at : at + draws.draw(st.integers(1, 200))]
            case "insert":
                data[at:at] = draws.draw(
                    st.sampled_from(
                        [b"<", b">", b"&", b"\x00", b"</", b"<!--", b"]]>", b"<!DOCTYPE x>"]
                    )
                )
            case "repeat":
                data[at:at] = data[at : at + draws.draw(st.integers(1, 400))]
            case _:
                del data[at:]
        if not data:
            return b""
    return bytes(data)


def told(records: Iterator[Record]) -> list[Record]:
    return [
        record
        for record in records
        if isinstance(
            record,
            AccountRecord
            | BalanceRecord
            | SummaryRecord
            | TransactionRecord
            | ProofRecord
            | Finding,
        )
    ]


@settings(max_examples=800, deadline=2_000, suppress_health_check=[HealthCheck.too_slow])
@given(draws=st.data())
def test_damage_ends_in_records_and_findings_or_unreadable(draws: st.DataObject) -> None:
    data = damaged(draws)
    assert 0 <= CAMT.recognise(data) <= 100
    try:
        records = list(CAMT.parse([data], ParseOptions()))
        lines = list(CAMT.lines([data]))
    except Unreadable as error:
        assert error.code
        return

    assert told(iter(records)) == records
    for record in records:
        if record.line is not None:
            assert 0 < record.line <= len(lines) + 1


@settings(max_examples=60, deadline=2_000)
@given(end=st.integers(0, len(SAMPLE)))
def test_a_document_that_breaks_off_anywhere_says_so(end: int) -> None:
    whole = rows(SAMPLE)
    try:
        records = read(SAMPLE[:end])
    except Unreadable as error:
        assert error.code in ("empty", "xml-malformed", "no-statement")
        return

    found = [record for record in records if isinstance(record, TransactionRecord)]
    assert found == whole[: len(found)]
    if end < len(SAMPLE):
        assert any(isinstance(one, Finding) and one.code == "truncated" for one in records)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_no_surprise(data: bytes) -> None:
    assert CAMT.recognise(data) in (0, 80, 99)
    try:
        read(data)
    except Unreadable as error:
        assert error.code
