"""CAMT shapes: entries that are built alike are read as those that are walked along are."""

from __future__ import annotations

import pytest

from core.records import Finding, Record, TransactionRecord
from statements.base import ParseOptions
from statements.camt import CAMT
from statements.camt_shapes import OFTEN, PATTERNS_MAX, SHAPES_MAX
from tests.fixtures.camt_file import camt, statement

MANY = OFTEN * 12  # so that most stand in later pieces than those that show their shape
DETAIL = (
    "<TxDtls><Refs><EndToEndId>E2E {number}</EndToEndId></Refs>"
    '<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    "<RltdPties><Dbtr><Pty><Nm>Payer {number}</Nm></Pty></Dbtr></RltdPties>"
    "<RmtInf><Ustrd>Invoice {number}</Ustrd><Ustrd>second line</Ustrd></RmtInf></TxDtls>"
)
ENTRY = (
    '<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><Own>of the bank</Own>"
    "<AcctSvcrRef>REF-{number}</AcctSvcrRef><Empty/><NtryDtls>{details}</NtryDtls>"
    "<AddtlNtryInf>{more}</AddtlNtryInf></Ntry>\n"
)


def entry(number: int, *, details: int = 1, more: str = "text") -> str:
    one = DETAIL.format(number=number, amount="1.25")
    amount = f"{details * 125 / 100:.2f}"
    return ENTRY.format(number=number, amount=amount, details=one * details, more=more)


def read(*entries: str, indented: bool = False, prefix: str = "") -> list[Record]:
    data = camt(statement(*entries), prefix=prefix)
    if indented:
        data = data.replace(b"><", b">\n    <")
    return list(CAMT.parse([data], ParseOptions()))


def without_lines(records: list[Record]) -> list[TransactionRecord]:
    return [
        record._replace(line=0, line_end=0)
        for record in records
        if isinstance(record, TransactionRecord)
    ]


def walked(text: str) -> str:
    """The entry with something between its tags that no shape has: a bracket in an attribute."""
    return text.replace("><", "><a b='>'/><")


@pytest.mark.parametrize("details", [1, 3])
@pytest.mark.parametrize("indented", [False, True])
@pytest.mark.parametrize("prefix", ["", "ns2"])
def test_entries_of_a_shape_are_read_as_if_walked_along(
    details: int, indented: bool, prefix: str
) -> None:
    entries = [entry(number, details=details) for number in range(MANY)]

    by_shape = read(*entries, indented=indented, prefix=prefix)
    step_by_step = read(*map(walked, entries), indented=indented, prefix=prefix)

    assert len(without_lines(by_shape)) == MANY * details
    assert without_lines(by_shape) == without_lines(step_by_step)


def test_lines_are_counted_through_entries_of_a_shape() -> None:
    entries = [entry(number, details=2) for number in range(MANY)]
    records = read(*entries, indented=True)
    text = camt(statement(*entries)).replace(b"><", b">\n    <").split(b"\n")

    for record in records:
        if isinstance(record, TransactionRecord):
            assert text[record.line - 1].strip() == b"<TxDtls>"
            assert text[record.line_end - 1].strip() == b"</TxDtls>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A &amp; B &#65;", "A & B A"),
        ("<![CDATA[A <b> &amp;]]>", "A <b> &amp;"),
        ("a > b", "a > b"),
        ("two\nlines", "two\nlines"),
        ("in <!-- not --> one", "in  one"),
        (" blanks\t", "blanks"),
    ],
)
def test_texts_of_every_kind_are_read_in_entries_of_a_shape(text: str, found: str) -> None:
    entries = [entry(number) for number in range(MANY)]
    records = read(*entries, entry(MANY, more=text), entry(MANY + 1))
    rows = [record for record in records if isinstance(record, TransactionRecord)]

    assert [(row.extra or {}).get("entry_text") for row in rows[-3:]] == ["text", found, "text"]


def test_more_shapes_than_are_remembered_are_read_all_the_same() -> None:
    entries = [
        entry(number)
        .replace("<Own>", f"<Own{number % (SHAPES_MAX + 9)}>")
        .replace("</Own>", f"</Own{number % (SHAPES_MAX + 9)}>")
        for number in range(SHAPES_MAX * 2)
    ]

    assert len(without_lines(read(*entries))) == len(entries)


def test_more_common_shapes_than_are_tried_are_read_all_the_same() -> None:
    owners = PATTERNS_MAX + 2
    entries = [
        entry(number).replace("Own>", f"Own{number % owners}>") for number in range(owners * MANY)
    ]
    references = [row.reference for row in without_lines(read(*entries))]

    assert references == [f"REF-{number}" for number in range(owners * MANY)]


def test_an_empty_text_is_no_field() -> None:
    entries = [entry(number) for number in range(MANY)]
    empty = entry(MANY).replace(f"<AcctSvcrRef>REF-{MANY}<", "<AcctSvcrRef> <")
    rows = without_lines(read(*entries, empty))

    assert (rows[-1].reference, rows[-2].reference) == (None, f"REF-{MANY - 1}")


def test_damage_behind_entries_of_a_shape_is_found_on_its_line() -> None:
    entries = [entry(number) for number in range(MANY)]
    good = camt(statement(*entries, entry(MANY)))
    damaged = good.replace(f">REF-{MANY}</AcctSvcrRef>".encode(), f">REF-{MANY}</Ref>".encode())

    records = list(CAMT.parse([damaged], ParseOptions()))

    lines = damaged.split(b"\n")
    (cut,) = (one for one in records if isinstance(one, Finding) and one.code == "truncated")
    assert cut.line is not None and f"REF-{MANY}<".encode() in lines[cut.line - 1]
    assert len(without_lines(records)) == MANY


def test_an_entity_in_an_entry_of_a_shape_is_damage() -> None:
    first = entry(0, more="<![CDATA[an ampersand is one from here on]]>")
    records = read(first, *(entry(number) for number in range(MANY)), entry(MANY, more="&e;"))

    assert len(without_lines(records)) == MANY + 1
    assert any(isinstance(one, Finding) and one.code == "truncated" for one in records)


def test_an_entry_of_a_shape_where_none_may_stand_is_none() -> None:
    entries = [entry(number) for number in range(MANY)]
    hidden = f"<SplmtryData>{entry(MANY)}</SplmtryData><!-- {entry(MANY)} -->"

    references = [row.reference for row in without_lines(read(*entries, hidden, entry(MANY + 1)))]

    assert references == [f"REF-{number}" for number in [*range(MANY), MANY + 1]]
