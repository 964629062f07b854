"""BAI2 by property: chunking, both paths to a detail, generated files, damage of any kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.bai2_file import write_bai2
from core.errors import Unreadable
from core.records import AccountRecord, BalanceRecord, Finding, Record, TransactionRecord
from statements.bai2 import BAI2
from statements.bai2_details import Booking, read_detail
from statements.bai2_details_fast import DetailReader
from statements.bai2_totals import Tally
from statements.bai2_values import Dates
from statements.base import ParseOptions
from statements.findings import Findings

HOSTILE = Path(__file__).parent / "bai2"
OPTIONS = ParseOptions()
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SAMPLE = b"""\
01,122099999,123456789,040621,0200,1,,,2/
02,031001234,122099999,1,040620,2359,USD,2/
03,0975312468,,010,500000,,,190,70000000,4,S,1,,3,045/
88,46,,,072,0,,/
16,165,1500000,1,DD1620,, DEALER PAYMENTS
88,/MEXICO ; A/B
16,699,971,V,040622,1200,,,CAF\xc3\xa9/
16,475,100,S,1,2,3/
88,REF,000123,CHECK
16,409,5,D,2,0,1,2,3,BANK,CUST,TEXT/ 16,142,1,Z,,,SAME LINE/
wrapped text
16,890,,,,,MESSAGE
49,-73,12/
98,73,1,14/
99,73,1,16/
"""


def read(data: bytes) -> list[Record]:
    return list(BAI2.parse([data], OPTIONS))


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return (data[first:last] for first, last in itertools.pairwise(bounds))


@given(places=st.lists(st.integers(0, 10_000), max_size=30))
@example(places=list(range(2000)))
def test_chunks_of_any_size_give_the_same_records(places: list[int]) -> None:
    assert list(BAI2.parse(cut(SAMPLE, places), OPTIONS)) == read(SAMPLE)
    assert list(BAI2.lines(cut(SAMPLE, places))) == SAMPLE.split(b"\n")[:-1]


AMOUNTS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.sampled_from(
        ["", "0", "-5", "+7", "001", "9" * 16, "9" * 17, "9" * 30, "1.5", " 12 ", "1_0"]
    ),
    st.text("0123456789\u0661", max_size=20),
)
FUNDS = st.one_of(
    st.sampled_from(["", "Z", "0", "1", "2", "z", " 1", "X", "V", "S", "D"]),
    st.tuples(
        st.just("V"),
        st.sampled_from(["260316", "260317", "260301", "269999", "", " 260317"]),
        st.sampled_from(["", "1200", " 0900 "]),
    ).map(",".join),
    st.tuples(st.just("S"), AMOUNTS, AMOUNTS, AMOUNTS).map(",".join),
    st.tuples(st.just("D"), st.sampled_from(["0", "1", "2", "x", ""]), AMOUNTS, AMOUNTS).map(
        ",".join
    ),
)
WORDS = st.text("AB12 /,.-\t\u00a0\u00e9", max_size=12)
CODES = st.sampled_from(
    ["165", "475", "699", "409", "197", "890", "010", "400", "1A5", "", " 165 "]
)
HEADS = st.one_of(
    st.tuples(CODES, AMOUNTS, FUNDS, WORDS, WORDS, WORDS).map(",".join),
    st.tuples(CODES, AMOUNTS, FUNDS, WORDS, WORDS).map(",".join),
    st.tuples(CODES, AMOUNTS, FUNDS, WORDS).map(",".join),
    st.tuples(CODES, AMOUNTS, FUNDS, WORDS, WORDS).map(lambda parts: ",".join(parts) + "/"),
    WORDS,
)
PIECES = st.lists(st.one_of(WORDS.map("88,{}".format), WORDS), max_size=3)


def booking(as_of: date | None) -> Booking:
    dates = Dates(OPTIONS.dates)
    for known in ("260316", "260317", "260301"):
        dates.read(known)
    return Booking(
        account="K",
        currency="USD",
        decimals=2,
        as_of=as_of,
        extra={"as_of_date_modifier": "2"},
        dates=dates,
        tally=Tally(),
        findings=Findings(),
    )


def sums(tally: Tally) -> tuple[int, ...]:
    return tuple(getattr(tally, name) for name in Tally.__slots__)


@settings(max_examples=600, deadline=None)
@example(head="165,1,,,, /", more=[], as_of=None, ends_inside=False)
@example(head="165,1,,,,", more=["88,A"], as_of=None, ends_inside=False)
@given(
    head=HEADS,
    more=PIECES,
    as_of=st.sampled_from([date(2026, 3, 16), None]),
    ends_inside=st.booleans(),
)
def test_fast_path_and_general_path_read_the_same(
    head: str, more: list[str], as_of: date | None, ends_inside: bool
) -> None:
    fast, general = booking(as_of), booking(as_of)
    record = ("16", f"16,{head}", more, 7, 7 + len(more), ends_inside)

    assert DetailReader(fast).read(record) == read_detail(general, record)
    assert sums(fast.tally) == sums(general.tally)
    assert fast.findings.drain() == general.findings.drain()


@SLOW
@given(transactions=st.integers(0, 300), accounts=st.integers(1, 5), seed=st.integers(0, 99))
def test_generated_file_reads_as_it_was_made(
    transactions: int, accounts: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bai2") / "generated.bai2"
    write_bai2(path, transactions, accounts=accounts, seed=seed)
    stated = [line.split(",") for line in path.read_text("utf-8").splitlines()]

    records = read(path.read_bytes())

    rows = [record for record in records if isinstance(record, TransactionRecord)]
    details = [fields for fields in stated if fields[0] == "16"]
    assert [str(abs(row.amount) * 100).partition(".")[0] for row in rows] == [
        fields[2] for fields in details
    ]
    assert [row.type_code for row in rows] == [fields[1] for fields in details]
    assert all(
        (row.amount < 0) == (row.type_code in {"451", "455", "475", "495", "699"}) for row in rows
    )
    assert all(row.reference == f"{row.type_code}{number:09d}" for number, row in enumerate(rows))
    assert sum(isinstance(record, BalanceRecord) for record in records) == 2 * accounts
    assert not any(isinstance(record, Finding) for record in records)
    assert all(isinstance(row.amount, Decimal) and row.description for row in rows)


@pytest.mark.parametrize("end", range(len(SAMPLE)))
def test_file_cut_off_anywhere_books_nothing_but_what_it_holds(end: int) -> None:
    booked = {
        (record.line, record.amount)
        for record in read(SAMPLE)
        if isinstance(record, TransactionRecord)
    }

    try:
        records = read(SAMPLE[:end])
    except Unreadable as error:
        assert error.code in {"empty", "no-file-header"}
        return

    rows = [record for record in records if isinstance(record, TransactionRecord)]
    assert {(row.line, row.amount) for row in rows} <= booked
    assert any(isinstance(record, Finding) and record.control for record in records) or (
        SAMPLE[end:].strip() in {b"", b"/"}
    )


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(SAMPLE)
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        patch = draw(
            st.one_of(
                st.binary(max_size=20),
                st.sampled_from([b"\n", b",", b"/", b"\n88,", b"\n16,", b"/ 16,165,1,", b"\x00"]),
                st.sampled_from([b"9" * 5000, b" " * 5000, b"," * 5000, b"/ " * 2000]),
            )
        )
        data[place : place + length] = patch
    return bytes(data)


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(damaged(), st.binary(max_size=300).map(lambda tail: SAMPLE[:300] + tail)))
def test_damage_of_any_kind_ends_in_records_or_unreadable(data: bytes) -> None:
    try:
        records = read(data)
    except Unreadable:
        return

    known = set()
    for record in records:
        if isinstance(record, AccountRecord):
            known.add(record.key)
        elif not isinstance(record, Finding):
            assert record.account in known
        if isinstance(record, TransactionRecord):
            assert "\x00" not in record.description_raw
            assert record.line <= record.line_end


@pytest.mark.parametrize("path", sorted(HOSTILE.iterdir()), ids=lambda path: path.name)
def test_hostile_input_ends_in_records_or_unreadable(path: Path) -> None:
    data = path.read_bytes()

    try:
        records = read(data)
    except Unreadable as error:
        assert error.message.endswith(".")
        return

    assert any(isinstance(record, Finding) for record in records)
