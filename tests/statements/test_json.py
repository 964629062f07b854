"""JSON under profiles with paths: rows, numbers as written, what is around rows, what is off."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceKind,
    BalanceRecord,
    SummaryRecord,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import ParseOptions
from statements.json import JSON
from tests.fixtures.csv_reading import codes, findings, rows
from tests.fixtures.tree_file import LINES, NESTED, TreeAccount, TreeRow, lines, nested, read_tree

COFFEE = TreeRow(day=date(2026, 3, 4), amount=Decimal("-3.50"))
TEA = TreeRow(day=date(2026, 3, 5), amount=Decimal("-2.00"), text="TEA", id="2")
FLAT: dict[str, Any] = LINES | {"rows": "rows[]"}


def one(row: str, **more: Any) -> TransactionRecord:
    (found,) = rows(read_tree(f'{{"rows": [{row}]}}', FLAT, **more))
    return found


def fields(**more: str) -> dict[str, Any]:
    return {"fields": LINES["fields"] | more}


def test_each_row_has_what_its_paths_lead_to() -> None:
    text = json.dumps(
        {
            "rows": [
                {
                    "meta": {"id": "a-1", "ref": 77},
                    "dates": {"booked": "2026-03-04T23:59:00-05:00", "value": "2026-03-05"},
                    "sum": "-3.50",
                    "from": {"name": "Café"},
                    "texts": ["two", "", "cups"],
                    "open": False,
                    "note": None,
                }
            ]
        }
    )
    paths = {
        "postedDate": "dates.booked",
        "valueDate": "dates.value",
        "amount": "sum",
        "externalId": "meta.id",
        "reference": "meta.ref",
        "merchant": "from.name",
        "description": ["from.name", "texts[]"],
        "status": "open",
        "category": "note",
        "extra": ["from.name", "nothing"],
    }

    (row,) = rows(read_tree(text, FLAT, fields=paths, pendingValues=["true"]))

    assert (row.posted_date, row.value_date) == (date(2026, 3, 4), date(2026, 3, 5))
    assert (row.amount, row.currency, row.status) == (
        Decimal("-3.50"),
        "EUR",
        TransactionStatus.POSTED,
    )
    assert (row.external_id, row.reference, row.merchant_name) == ("a-1", "77", "Café")
    assert row.description == "Café two cups"
    assert row.category is None
    assert row.extra == {"from.name": "Café"}


@pytest.mark.parametrize(
    ("number", "mark", "amount"),
    [
        ("1.10", ".", "1.10"),
        ("-1.10", ",", "-1.10"),
        ("100", ",", "100"),
        ("1.5E2", ".", "150"),
        ("15e-1", ",", "1.5"),
        ('"1,10"', ",", "1.10"),
        ("99999999999999.12345678", ".", "99999999999999.12345678"),
        ("0.1", ".", "0.1"),
    ],
)
def test_numbers_are_read_as_they_are_written(number: str, mark: str, amount: str) -> None:
    row = one(f'{{"day": "2026-03-04", "sum": {number}}}', decimalMark=mark)

    assert str(row.amount) == amount


@pytest.mark.parametrize("number", ["1e400", "1e99", "NaN", "Infinity", "1" * 5_000, "true", "[1]"])
def test_a_number_that_is_no_amount_rejects_its_row(number: str) -> None:
    records = read_tree(f'{{"rows": [{{"day": "2026-03-04", "sum": {number}}}]}}', FLAT)

    assert rows(records) == []
    assert [finding.rejected for finding in findings(records)] == [True, False]


@pytest.mark.parametrize(
    ("currency", "amount"), [("EUR", "-12.34"), ("jpy", "-1234"), ("KWD", "-1.234")]
)
def test_minor_units_are_those_of_the_currency(currency: str, amount: str) -> None:
    text = f'{{"day": "2026-03-04", "sum": -1234, "of": "{currency}"}}'

    row = one(text, minorUnits=True, **fields(currency="of"))

    assert str(row.amount) == amount


def test_a_fraction_is_no_minor_unit() -> None:
    records = read_tree('{"rows": [{"day": "2026-03-04", "sum": 1.5}]}', FLAT, minorUnits=True)

    assert codes(records) == ["amount-unreadable", "no-row-readable"]


@pytest.mark.parametrize(
    ("written", "form"),
    [("1772582400", "epoch"), ("1772582400.25", "epoch"), ("1772582400000", "epochMillis")],
)
def test_seconds_since_1970_are_days(written: str, form: str) -> None:
    row = one(f'{{"day": {written}, "sum": 1}}', dateFormat=form)

    assert row.posted_date == date(2026, 3, 4)


def test_statements_have_accounts_balances_and_a_proof() -> None:
    accounts = [
        TreeAccount(rows=[COFFEE, TEA]),
        TreeAccount(rows=[COFFEE], number="DE75512108001245126199", currency="USD"),
    ]
    dated = NESTED["statement"] | {"opening": {"amount": "opening", "date": "since"}}
    content = nested(accounts).replace(b'"opening"', b'"since": "2026-02-28", "opening"')

    records = read_tree(content, NESTED, statement=dated)

    assert codes(records) == []
    told = [record for record in records if isinstance(record, AccountRecord)]
    assert [(account.number, account.currency) for account in told] == [
        ("DE02120300000000202051", "EUR"),
        ("DE75512108001245126199", "USD"),
    ]
    assert [(row.account, row.amount) for row in rows(records)] == [
        ("DE02120300000000202051", Decimal("-3.50")),
        ("DE02120300000000202051", Decimal("-2.00")),
        ("DE75512108001245126199", Decimal("-3.50")),
    ]
    balances = [record for record in records if isinstance(record, BalanceRecord)]
    assert [(one.kind, one.amount, one.as_of) for one in balances] == [
        (BalanceKind.OPENING_LEDGER, Decimal("100.00"), date(2026, 2, 28))
    ] * 2
    totals = [record for record in records if isinstance(record, SummaryRecord)]
    assert [(total.code, total.amount) for total in totals] == [
        ("closing", Decimal("94.50")),
        ("closing", Decimal("96.50")),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'"closing": 94.50', b'"closing": 95.50', "balance-mismatch"),
        (b'"count": 2', b'"count": 3', "entry-count"),
        (b'"count": 2', b'"count": "two"', "entry-count"),
    ],
)
def test_what_does_not_add_up_is_a_control_finding(old: bytes, new: bytes, code: str) -> None:
    content = nested([TreeAccount(rows=[COFFEE, TEA])])
    assert old in content

    records = read_tree(content.replace(old, new), NESTED)

    assert [(finding.code, finding.control) for finding in findings(records)] == [(code, True)]
    assert len(rows(records)) == 2


def test_pending_rows_are_in_no_balance() -> None:
    content = nested([TreeAccount(rows=[COFFEE])]).replace(
        b'"rows": [', b'"rows": [{"day": "2026-03-09", "sum": -50, "state": "open", "id": "9"}, '
    )
    paths = NESTED["fields"] | {"status": "state"}

    records = read_tree(
        content.replace(b'"count": 1', b'"count": 2'), NESTED, fields=paths, pendingValues=["OPEN"]
    )

    assert codes(records) == []
    assert [row.status.value for row in rows(records)] == ["pending", "posted"]


def test_two_values_of_a_statement_are_told_once() -> None:
    account = '{"number": "A", "number": "B", "number": "C", "currency": "EUR", "rows": []}'

    records = read_tree(f'{{"accounts": [{account}, {account}]}}', NESTED)

    assert codes(records) == ["value-repeated", "no-rows"]


def test_a_list_is_no_value_of_a_statement() -> None:
    account = '{"number": ["A"], "currency": "EUR", "rows": []}'

    records = read_tree(f'{{"accounts": [{account}, {account}]}}', NESTED)

    assert codes(records) == ["value-without-text", "no-rows"]


def test_rows_wait_for_an_account_that_stands_behind_them() -> None:
    row = lines([COFFEE]).decode().strip()
    text = f'{{"accounts": [{{"rows": [{row}], "number": "4711", "currency": "EUR"}}]}}'

    records = read_tree(text, NESTED)

    assert [row.account for row in rows(records)] == ["4711"]
    assert codes(records) == []


def test_too_many_rows_that_wait_for_an_account_end_the_reading() -> None:
    row = lines([COFFEE]).decode().strip()
    text = f'{{"accounts": [{{"rows": [{", ".join([row] * 10_001)}], "number": "4711"}}]}}'

    with pytest.raises(Unreadable) as refused:
        read_tree(text, NESTED)

    assert refused.value.code == "account-after-rows"
    assert "statement.account" in refused.value.message


def test_values_on_lines_are_rows() -> None:
    records = read_tree(lines([COFFEE, TEA]), LINES)

    assert [(row.amount, row.line) for row in rows(records)] == [
        (Decimal("-3.50"), 1),
        (Decimal("-2.00"), 2),
    ]


def test_rows_know_their_lines() -> None:
    content = nested([TreeAccount(rows=[COFFEE, TEA])], indent=1)

    found = rows(read_tree(content, NESTED))

    for row in found:
        text = b"\n".join(list(JSON.lines([content]))[row.line - 1 : row.line_end])
        assert row.description.encode() in text
        assert text.strip().startswith(b"{")


def test_a_document_on_one_line_gets_lines() -> None:
    content = nested([TreeAccount(rows=[COFFEE, TEA] * 500)])
    assert b"\n" not in content

    found = rows(read_tree(content, NESTED))

    shown = list(JSON.lines([content]))
    assert len({row.line for row in found}) == 1_000
    assert all(row.description.encode() in shown[row.line - 1] for row in found)
    assert b"".join(shown) == content


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('{"sum": 1}', "date-missing"),
        ('{"day": "soon", "sum": 1}', "date-unreadable"),
        ('{"day": "2026-03-04"}', "amount-missing"),
        ('{"day": "2026-03-04", "sum": "much"}', "amount-unreadable"),
        ('{"day": "2026-03-04", "sum": 1, "sum": 2}', "name-repeated"),
        ('{"day": "2026-03-04", "sum": 1,, "x": 2}', "row-unreadable"),
        ("null", "row-unreadable"),
        ('"text"', "row-unreadable"),
        ("[1, 2]", "date-missing"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_line(row: str, code: str) -> None:
    good = '{"day": "2026-03-04", "sum": 1, "text": "GOOD"}'

    records = read_tree(f'{{"rows": [\n{good},\n{row},\n{good}]}}', FLAT)

    assert len(rows(records)) == 2
    assert [(found.code, found.line, found.rejected) for found in findings(records)] == [
        (code, 3, True)
    ]


def test_two_values_of_what_a_row_has_one_of_reject_it() -> None:
    paths = fields(amount="sums[]")

    two = read_tree('{"rows": [{"day": "2026-03-04", "sums": [1, 2]}]}', FLAT, **paths)
    same = read_tree('{"rows": [{"day": "2026-03-04", "sums": [1, 1]}]}', FLAT, **paths)

    assert codes(two) == ["value-repeated", "no-row-readable"]
    assert len(rows(same)) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("{}", "rows-missing"),
        ('{"lines": [{"day": "2026-03-04"}]}', "rows-missing"),
        ("{rows: []}", "json-malformed"),
        ("<rows/>", "json-malformed"),
        ('{"a": 1', "json-malformed"),
        ('{"rows": 01}', "json-malformed"),
    ],
)
def test_a_document_without_what_the_profile_says_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_tree(text, FLAT)

    assert refused.value.code == code


def test_an_empty_list_of_rows_is_no_error() -> None:
    assert codes(read_tree('{"rows": []}', FLAT)) == ["no-rows"]


def test_a_document_that_breaks_off_keeps_its_rows_and_says_so() -> None:
    row = '{"day": "2026-03-04", "sum": 1}'

    records = read_tree(f'{{"rows": [{row}, {row[:-4]}', FLAT)

    assert len(rows(records)) == 1
    assert [(found.code, found.rejected, found.control) for found in findings(records)] == [
        ("row-incomplete", True, False),
        ("truncated", False, True),
    ]


@pytest.mark.parametrize("profile", [None, {"dateFormat": "YMD"}])
def test_without_a_profile_the_remedy_is_told(profile: dict[str, str] | None) -> None:
    with pytest.raises(Unreadable, match="save a profile") as refused:
        list(JSON.parse([b"{}"], ParseOptions()))

    assert refused.value.code == "profile-required"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_told(encoding: str) -> None:
    text = '{"rows": [{"day": "2026-03-04", "sum": 1, "text": "Café"}]}'

    records = read_tree(text.encode(encoding), FLAT)

    assert [row.description for row in rows(records)] == ["Café"]
    assert codes(records) == (["encoding-fallback"] if encoding == "cp1252" else [])


def test_the_account_number_stays_masked_in_findings() -> None:
    text = '{"rows": [{"day": "soon", "sum": 1, "iban": "DE02120300000000202051"}]}'

    (finding, _) = findings(read_tree(text, FLAT, **fields(account="iban")))

    assert "DE0212030000" not in (finding.raw or "")
