"""OFX by property: what is written is read, in any chunks and shapes, and damage never crashes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.ofx_file import write_ofx
from core.errors import Unreadable
from core.records import AccountRecord, BalanceRecord, Finding, Record, TransactionRecord
from statements import ofx_scan
from statements.base import ParseOptions
from statements.ofx import OFX

OPTIONS = ParseOptions()
SAMPLES = Path(__file__).parents[2] / "docs/samples"
SAMPLE = (SAMPLES / "northbank.ofx").read_bytes()
INVESTMENTS = (Path(__file__).parent / "ofx/investments.ofx").read_bytes()
BOTH = (SAMPLE, INVESTMENTS)
MISSING = {"empty", "no-ofx"}


class Row(NamedTuple):
    day: date
    amount: Decimal
    external_id: str
    name: str
    memo: str


class Style(NamedTuple):
    """How a bank writes what it has to say."""

    xml: bool  # end tags on elements
    lines: bool  # each tag on a line of its own
    comma: bool  # as decimal mark
    zone: str
    cdata: bool
    lower: bool


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp", "Cf"]),
    min_size=1,
    max_size=30,
).filter(lambda text: "]]>" not in text and "�" not in text and "&" not in text)
ROWS = st.builds(
    Row,
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.decimals(-(10**9), 10**9, places=2),
    st.text("ABC0123456789.-", min_size=1, max_size=40).map("F{}".format),
    TEXTS,
    st.one_of(st.just(""), TEXTS),
)
STYLES = st.builds(
    Style,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "120000", "235959.999[-5:EST]", "000000[+13]"]),
    st.booleans(),
    st.booleans(),
)


def render(rows: list[Row], style: Style) -> bytes:
    """The file that a bank of this style makes of the rows."""
    body = "".join(_element("STMTTRN", style, *_row(row, style), aggregate=True) for row in rows)
    listed = _element("BANKTRANLIST", style, body, aggregate=True)
    account = _element(
        "BANKACCTFROM",
        style,
        _element("BANKID", style, "123"),
        _element("ACCTID", style, "000456"),
        aggregate=True,
    )
    statement = _element(
        "STMTRS", style, _element("CURDEF", style, "EUR"), account, listed, aggregate=True
    )
    return _element("OFX", style, statement, aggregate=True).encode()


def _row(row: Row, style: Style) -> Iterator[str]:
    amount = f"{row.amount:f}".replace(".", "," if style.comma else ".")
    yield _element("TRNTYPE", style, "OTHER")
    yield _element("DTPOSTED", style, f"{row.day.year:04d}{row.day:%m%d}{style.zone}")
    yield _element("TRNAMT", style, amount)
    yield _element("FITID", style, row.external_id)
    yield _element("NAME", style, _text(row.name, style))
    if row.memo:
        yield _element("MEMO", style, _text(row.memo, style))


def _text(text: str, style: Style) -> str:
    if style.cdata:
        return f"<![CDATA[{text}]]>"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _element(tag: str, style: Style, *inside: str, aggregate: bool = False) -> str:
    tag = tag.lower() if style.lower else tag
    end = f"</{tag}>" if aggregate or style.xml else ""
    return f"<{tag}>{''.join(inside)}{end}" + ("\n" if style.lines else "")


def read(data: bytes) -> list[Record]:
    return list(OFX.parse([data], OPTIONS))


def transactions(data: bytes) -> list[TransactionRecord]:
    return [record for record in read(data) if isinstance(record, TransactionRecord)]


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return (data[first:last] for first, last in itertools.pairwise(bounds))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(ROWS, max_size=8), style=STYLES)
def test_what_was_written_is_read(rows: list[Row], style: Style) -> None:
    records = read(render(rows, style))

    found = [record for record in records if isinstance(record, TransactionRecord)]
    assert [(r.posted_date, r.amount, r.external_id) for r in found] == [
        (row.day, row.amount, row.external_id) for row in rows
    ]
    assert [r.description_raw for r in found] == [
        f"{row.name}\n{row.memo}" if row.memo else row.name for row in rows
    ]
    assert [r.key for r in records if isinstance(r, AccountRecord)] == [
        "123||000456|BANKACCTFROM|EUR"
    ]
    told = {record.code for record in records if isinstance(record, Finding)}
    assert told <= {"encoding-assumed", "amount-format"}


@pytest.mark.parametrize("sample", BOTH)
@settings(max_examples=50, deadline=None)
@given(places=st.lists(st.integers(0, 10_000), max_size=30))
@example(places=list(range(4000)))
def test_chunks_of_any_size_give_the_same_records(sample: bytes, places: list[int]) -> None:
    assert list(OFX.parse(cut(sample, places), OPTIONS)) == read(sample)
    assert list(OFX.lines(cut(sample, places))) == sample.split(b"\n")[:-1]


@pytest.mark.parametrize("sample", BOTH)
def test_the_short_way_reads_as_the_long_one(
    sample: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = read(sample)

    monkeypatch.setattr(ofx_scan, "AGGREGATE_MAX", 0)

    assert read(sample) == quick


@pytest.mark.parametrize("xml", [False, True])
def test_generated_file_adds_up_to_its_balance(xml: bool, tmp_path: Path) -> None:
    path = tmp_path / "generated.ofx"
    write_ofx(path, 3_000, xml=xml)

    records = list(OFX.parse(cut(path.read_bytes(), [1, 70_000, 70_001]), OPTIONS))

    found = [record for record in records if isinstance(record, TransactionRecord)]
    (balance,) = [record for record in records if isinstance(record, BalanceRecord)]
    assert len(found) == 3_000
    assert len({row.external_id for row in found}) == 3_000
    assert sum(row.amount for row in found) == balance.amount
    assert not any(isinstance(record, Finding) for record in records)
    lines = path.read_bytes().split(b"\n")
    assert all(lines[row.line - 1] == b"<STMTTRN>" for row in found)
    assert all(lines[row.line_end - 1] == b"</STMTTRN>" for row in found)


def test_a_large_file_on_one_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "line.ofx"
    write_ofx(path, 12_000, xml=True)
    data = path.read_bytes().replace(b"\n", b"")

    assert len(data) > 2 * 1024 * 1024
    assert len(transactions(data)) == 12_000
    assert [len(line) for line in OFX.lines([data])] == [1024 * 1024]


@pytest.mark.parametrize("sample", BOTH)
def test_file_cut_off_anywhere_books_nothing_but_what_it_holds(sample: bytes) -> None:
    booked = {(row.line, row.amount, row.external_id) for row in transactions(sample)}

    for end in range(len(sample)):
        try:
            records = read(sample[:end])
        except Unreadable as error:
            assert error.code in MISSING
            continue
        rows = [record for record in records if isinstance(record, TransactionRecord)]
        assert {(row.line, row.amount, row.external_id) for row in rows} <= booked
        cut_off = [r for r in records if isinstance(r, Finding) and r.code == "truncated"]
        assert len(cut_off) == (b"</OFX>" not in sample[:end])


PATCHES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"<", b">", b"/", b"&", b"<![CDATA[", b"<!--", b"<STMTTRN>", b"</STMTTRN>", b"</STMTRS>"]
    ),
    st.sampled_from(
        [b"<!DOCTYPE x>", b"<STMTRS>", b"</OFX>", b"<OFX>", b"<BAL>", b"\x00", b"\xff"]
    ),
    st.sampled_from([b"<" * 5000, b"9" * 5000, b" " * 5000, b"<a>" * 2000, b"<![CDATA[" * 1000]),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(BOTH)))
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 40))] = draw(PATCHES)
    return bytes(data)


@settings(max_examples=250, deadline=None)
@given(data=st.one_of(damaged(), st.binary(max_size=300).map(lambda tail: SAMPLE[:300] + tail)))
def test_damage_of_any_kind_ends_in_records_or_unreadable(data: bytes) -> None:
    OFX.recognise(data)
    try:
        records = read(data)
    except Unreadable as error:
        assert error.message.endswith(".")
        return

    known = set()
    for record in records:
        if isinstance(record, AccountRecord):
            known.add(record.key)
        elif not isinstance(record, Finding):
            assert record.account in known
        if isinstance(record, TransactionRecord):
            assert "\x00" not in record.description_raw
            assert 0 < record.line <= record.line_end


@pytest.mark.parametrize(
    "filler",
    [
        b"<![CDATA[",
        b"<!--",
        b"<",
        b"<a ",
        b"<STMTTRN>",
        b"<STMTTRN><",
        b"<STMTTRN><TRNAMT>1</STMTTRN",
        b"<?x ",
        b"<!DOCTYP",
        b"</OFX>",
        b"<BAL><BAL",
        b"<x:y>",
        b"<TRNAMT>" + b"0" * 60,
        b"<MEMO>&amp",
        b"\xff",
    ],
)
def test_no_filler_takes_long(filler: bytes) -> None:
    head = SAMPLE[: SAMPLE.index(b"<STMTTRN>")]
    data = head + filler * (300_000 // len(filler))
    started = time.process_time()

    try:
        read(data)
    except Unreadable as error:
        assert error.code == "text-too-long"

    assert time.process_time() - started < 10
