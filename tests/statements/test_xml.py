"""XML under profiles with paths: elements and attributes, proofs, what is off, and attacks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import AccountRecord
from statements.base import ParseOptions
from statements.xml import XML
from tests.fixtures.csv_reading import codes, findings, rows
from tests.fixtures.tree_file import (
    ELEMENTS,
    TreeAccount,
    TreeRow,
    elements,
    outcome,
    read_tree,
)

COFFEE = TreeRow(day=date(2026, 3, 4), amount=Decimal("-3.50"), text="COFFEE & CAKE")
TEA = TreeRow(day=date(2026, 3, 5), amount=Decimal("-2.00"), text="TEA", id="2")
FLAT = ELEMENTS | {"rows": "a/r", "statement": {}, "currency": "EUR"}


def test_rows_have_what_elements_and_attributes_say() -> None:
    records = read_tree(elements([TreeAccount(rows=[COFFEE, TEA])]), ELEMENTS)

    assert codes(records) == []
    found = [(row.posted_date, row.amount, row.description) for row in rows(records)]
    assert [row.external_id for row in rows(records)] == ["1", "2"]
    assert found == [
        (date(2026, 3, 4), Decimal("-3.50"), "COFFEE & CAKE"),
        (date(2026, 3, 5), Decimal("-2.00"), "TEA"),
    ]
    (account,) = (record for record in records if isinstance(record, AccountRecord))
    assert (account.number, account.currency) == ("DE02120300000000202051", "EUR")


def test_namespaces_and_what_no_path_names_are_read_over() -> None:
    text = (
        '<x:a xmlns:x="urn:x" xmlns="urn:y"><other><sum>9</sum></other>'
        '<r x:day="2026-03-04" id="7"><x:sum>1.00<tax>0.20</tax></x:sum><deep><sum>3</sum></deep>'
        "<text>one</text><text> two </text></r></x:a>"
    )

    (row,) = rows(read_tree(text, FLAT))

    assert (row.amount, row.external_id) == (Decimal("1.00"), "7")
    assert row.description_raw == "one\ntwo"


def test_a_statement_that_does_not_add_up_is_a_control_finding() -> None:
    content = elements([TreeAccount(rows=[COFFEE, TEA])])

    wrong = content.replace(b"<closing>94.50", b"<closing>95.50")
    fewer = content.replace(b"<count>2", b"<count>1")

    assert [(one.code, one.control) for one in findings(read_tree(wrong, ELEMENTS))] == [
        ("balance-mismatch", True)
    ]
    assert codes(read_tree(fewer, ELEMENTS)) == ["entry-count"]


def test_the_indicator_of_a_balance_is_read_as_that_of_rows() -> None:
    text = (
        "<bank><account><o side='D'>100</o><row day='2026-03-04'><sum>40</sum><s>C</s></row>"
        "<c side='D'>60</c></account></bank>"
    )
    statement = {
        "path": "bank/account",
        "opening": {"amount": "o", "indicator": "o/@side"},
        "closing": {"amount": "c", "indicator": "c/@side"},
    }
    more = {
        "currency": "EUR",
        "statement": statement,
        "fields": {"postedDate": "@day", "amount": "sum", "indicator": "s"},
        "debitValues": ["D"],
        "creditValues": ["C"],
    }

    proved = read_tree(text, ELEMENTS, **more)
    unknown = read_tree(text.replace("<o side='D'>", "<o side='?'>"), ELEMENTS, **more)

    assert codes(proved) == []
    assert codes(unknown) == ["balance-unreadable"]


def test_balances_of_rows_of_several_accounts_are_left_out() -> None:
    text = (
        "<bank><account><opening>1</opening><row day='2026-03-04' n='A'><sum>1</sum></row>"
        "<row day='2026-03-04' n='B'><sum>1</sum></row></account></bank>"
    )
    fields = ELEMENTS["fields"] | {"account": "@n"}
    statement = {"path": "bank/account", "opening": {"amount": "opening"}}

    records = read_tree(text, ELEMENTS, fields=fields, statement=statement, currency="EUR")

    assert codes(records) == ["balance-without-account"]
    assert [row.account for row in rows(records)] == ["A", "B"]


def test_a_statement_without_rows_still_has_its_balances() -> None:
    records = read_tree(elements([TreeAccount()]), ELEMENTS)

    assert codes(records) == ["no-rows"]
    assert len([record for record in records if isinstance(record, AccountRecord)]) == 1


def test_rows_know_their_lines_also_where_there_are_none() -> None:
    accounts = [TreeAccount(rows=[COFFEE, TEA])]
    for content in (elements(accounts), elements(accounts, separator="")):
        shown = list(XML.lines([content]))
        for row in rows(read_tree(content, ELEMENTS)):
            text = b"\n".join(shown[row.line - 1 : row.line_end])
            assert row.description.replace("&", "&amp;").encode() in text


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("<r><sum>1</sum></r>", "date-missing"),
        ("<r day='2026-03-04'/>", "amount-missing"),
        ("<r day='2026-03-04'><sum>much</sum></r>", "amount-unreadable"),
        ("<r day='2026-03-04'><sum>1</sum><sum>2</sum></r>", "value-repeated"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_line(row: str, code: str) -> None:
    good = "<r day='2026-03-04'><sum>1</sum></r>"

    records = read_tree(f"<a>\n{good}\n{row}\n{good}</a>", FLAT)

    assert len(rows(records)) == 2
    assert [(found.code, found.line) for found in findings(records)] == [(code, 3)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("<a/>", "rows-missing"),
        ("<b><r day='2026-03-04'/></b>", "rows-missing"),
        ("<a><b></a>", "xml-malformed"),
        ("no xml at all", "xml-malformed"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "doctype"),
        ("<a>" + "<b>" * 100 + "</b>" * 100 + "</a>", "nested-too-deep"),
        ("<a><!--" + "x" * 3_000_000 + "--></a>", "text-too-long"),
        ("<a>" + "".join(f"<b{n}/>" for n in range(20_100)) + "</a>", "too-many-names"),
        ("<a><r>" + f"<text>{'x' * 9_000}</text>" * 200 + "</r></a>", "row-too-long"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_tree(text, FLAT)

    assert refused.value.code == code


def test_a_document_that_breaks_off_keeps_its_rows_and_says_so() -> None:
    row = "<r day='2026-03-04'><sum>1</sum></r>"

    cut = read_tree(f"<a>{row}{row[:-6]}", FLAT)
    more = read_tree(f"<a>{row}</a><a>{row}</a>", FLAT)

    assert (len(rows(cut)), codes(cut)) == (1, ["row-incomplete", "truncated"])
    assert (len(rows(more)), codes(more)) == (1, ["trailing-content"])


def test_a_long_text_is_cut_with_a_finding() -> None:
    row = f"<r day='2026-03-04'><sum>1</sum><text>{'x' * 30_000}</text></r>"

    records = read_tree(f"<a>{row}</a>", FLAT)

    assert codes(records) == ["text-cut"]
    assert [len(one.description) for one in rows(records)] == [20_000]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_told(encoding: str) -> None:
    declared = '<?xml version="1.0" encoding="windows-1252"?>' if encoding == "cp1252" else ""
    text = f"{declared}<a><r day='2026-03-04'><sum>1</sum><text>Café</text></r></a>"

    records = read_tree(text.encode(encoding), FLAT)

    assert [row.description for row in rows(records)] == ["Café"]
    assert codes(records) == []


def test_without_a_profile_the_remedy_is_told() -> None:
    with pytest.raises(Unreadable, match="save a profile") as refused:
        list(XML.parse([b"<a/>"], ParseOptions()))

    assert refused.value.code == "profile-required"


def test_a_profile_for_json_reads_no_xml() -> None:
    assert outcome(b"{}", ELEMENTS) == ["xml-malformed"]
