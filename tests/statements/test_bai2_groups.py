"""BAI2 groups: status, as-of date and time, modifiers, and records out of their place."""

from __future__ import annotations

from datetime import date

import pytest

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    ProofRecord,
    Record,
    SummaryRecord,
    TransactionRecord,
    WithdrawalRecord,
)
from statements.bai2 import BAI2
from statements.base import ParseOptions

HEADER = "01,BANK,ME,040621,0200,1,,,2/"
KEY = "O|1|USD"


def parse(*lines: str) -> list[Record]:
    return list(BAI2.parse(["\n".join(lines).encode() + b"\n"], ParseOptions()))


def group(
    status: str = "1", day: str = "040620", time: str = "", modifier: str = ""
) -> list[Record]:
    return parse(
        HEADER,
        f"02,R,O,{status},{day},{time},USD,{modifier}/",
        "03,1,,010,500,,/",
        "16,165,100,,,,TEXT",
        "49,600,3/",
        "98,600,1,5/",
        "99,600,1,7/",
    )


def shape(records: list[Record]) -> list[str]:
    """What was told of rows and balances; proofs have tests of their own."""
    return [
        record.code if isinstance(record, Finding) else type(record).__name__
        for record in records
        if not isinstance(record, ProofRecord)
    ]


@pytest.mark.parametrize("status", ["1", "", " 1 "])
def test_update_posts(status: str) -> None:
    assert shape(group(status)) == ["AccountRecord", "BalanceRecord", "TransactionRecord"]


def test_delete_withdraws_the_day_and_posts_nothing() -> None:
    records = group("2")

    assert shape(records) == ["AccountRecord", "WithdrawalRecord", "delete-group"]
    assert records[1] == WithdrawalRecord(KEY, date(2004, 6, 20), 3)


def test_correction_withdraws_the_day_and_then_posts() -> None:
    assert shape(group("3")) == [
        "AccountRecord",
        "WithdrawalRecord",
        "BalanceRecord",
        "TransactionRecord",
    ]


def test_correction_withdraws_each_account_once_however_often_it_stands_in_the_group() -> None:
    account = ["03,1,,,,,/", "16,165,100,,,,TEXT", "49,100,3/"]
    records = parse(
        HEADER, "02,R,O,3,040620,,USD,/", *account, *account, "98,200,2,8/", "99,200,1,10/"
    )

    assert shape(records) == [
        "AccountRecord",
        "WithdrawalRecord",
        "TransactionRecord",
        "TransactionRecord",
    ]


def test_test_group_says_only_what_was_checked() -> None:
    (found,) = group("4")

    assert isinstance(found, Finding)
    assert (found.severity, found.code, found.line) == ("info", "test-group", 6)
    assert "1 accounts with 2 transactions, balances and totals" in found.message
    assert not found.control


def test_unknown_status_is_read_as_an_update() -> None:
    assert shape(group("7"))[-1:] == ["TransactionRecord"]
    assert "group-status" in shape(group("7"))


def test_delete_without_a_date_takes_nothing_back() -> None:
    records = group("2", day="212209")

    assert "WithdrawalRecord" not in shape(records)
    assert "withdrawal-without-date" in shape(records)


def test_date_that_is_none_leaves_rows_without_date_and_balances_as_totals() -> None:
    records = group(day="212209")

    (row,) = (record for record in records if isinstance(record, TransactionRecord))
    (total,) = (record for record in records if isinstance(record, SummaryRecord))
    (finding,) = (record for record in records if isinstance(record, Finding))
    assert row.posted_date is None
    assert (total.code, str(total.amount), total.as_of) == ("010", "5.00", None)
    assert (finding.code, finding.raw, finding.line) == ("as-of-date", "212209", 2)


@pytest.mark.parametrize(
    ("stated", "told", "codes"),
    [
        ("", None, []),
        ("2400", None, []),
        ("9999", None, []),
        ("0944", "09:44", []),
        ("14:59:35", "14:59", []),
        ("0000", "00:00", []),
        ("2575", None, ["as-of-time"]),
    ],
)
def test_end_of_day_belongs_to_the_day(stated: str, told: str | None, codes: list[str]) -> None:
    records = group(time=stated)

    (balance,) = (record for record in records if isinstance(record, BalanceRecord))
    assert (balance.as_of, balance.as_of_time) == (date(2004, 6, 20), told)
    assert [record.code for record in records if isinstance(record, Finding)] == codes


@pytest.mark.parametrize(
    ("modifier", "interim"), [("", False), ("1", True), ("2", False), ("3", True), ("4", False)]
)
def test_modifier_tells_interim_from_final(modifier: str, interim: bool) -> None:
    records = group(modifier=modifier)

    (balance,) = (record for record in records if isinstance(record, BalanceRecord))
    (row,) = (record for record in records if isinstance(record, TransactionRecord))
    assert balance.interim is interim
    assert (row.extra or {}).get("as_of_date_modifier", "") == modifier


def test_modifier_that_is_none_is_reported() -> None:
    assert "as-of-date-modifier" in shape(group(modifier="9"))


def test_groups_have_their_own_bank_and_day() -> None:
    account = ["03,1,USD,010,5,,/", "49,5,2/"]
    records = parse(
        HEADER,
        *["02,R,A,1,040620,,,/", *account, "98,5,1,4/"],
        *["02,R,B,1,040621,,,/", *account, "98,5,1,4/"],
        *["02,R,A,1,040621,,,/", *account, "98,5,1,4/"],
        "99,15,3,14/",
    )

    assert [r.key for r in records if isinstance(r, AccountRecord)] == ["A|1|USD", "B|1|USD"]
    assert [(r.account, r.as_of.day) for r in records if isinstance(r, BalanceRecord)] == [
        ("A|1|USD", 20),
        ("B|1|USD", 21),
        ("A|1|USD", 21),
    ]


def test_group_without_originator_is_the_senders() -> None:
    records = parse(
        HEADER, "02,,,1,040620,,USD,/", "03,1,,,,,/", "49,0,2/", "98,0,1,4/", "99,0,1,6/"
    )

    assert shape(records) == ["originator-missing", "AccountRecord"]
    assert isinstance(records[1], AccountRecord)
    assert records[1].key == "BANK|1|USD"


def test_account_without_a_number_is_reported() -> None:
    records = parse(
        HEADER, "02,,O,1,040620,,USD,/", "03,,,,,,/", "49,0,2/", "98,0,1,4/", "99,0,1,6/"
    )

    assert shape(records) == ["AccountRecord", "account-number-missing"]
    assert isinstance(records[0], AccountRecord)
    assert records[0].number is None


@pytest.mark.parametrize("version", ["1", "", "4", "ABC"])
def test_other_versions_are_read_and_reported(version: str) -> None:
    records = parse(
        f"01,BANK,ME,040621,0200,1,,,{version}/",
        "02,,O,1,040620,,USD,/",
        "03,1,,010,5,,/",
        "49,5,2/",
        "98,5,1,4/",
        "99,5,1,6/",
    )

    assert shape(records) == ["version", "AccountRecord", "BalanceRecord"]


def test_account_outside_any_group_is_read_and_reported() -> None:
    records = parse(HEADER, "03,1,USD,,,,/", "16,165,100,,,,T", "49,100,3/", "99,100,0,5/")

    (row,) = (record for record in records if isinstance(record, TransactionRecord))
    assert (row.account, row.posted_date) == ("BANK|1|USD", None)
    misplaced = [r for r in records if isinstance(r, Finding) and r.code == "misplaced-record"]
    assert [finding.control for finding in misplaced] == [True]


@pytest.mark.parametrize("trailer", ["49,0,2/", "98,0,0,2/", "99,0,0,2/"])
def test_trailer_of_nothing_is_reported(trailer: str) -> None:
    records = parse(HEADER, "99,0,0,2/", trailer)

    assert shape(records) == ["misplaced-record"]


def test_several_files_in_one_document() -> None:
    one = [
        HEADER,
        "02,,O,1,040620,,USD,/",
        "03,1,,,,,/",
        "16,165,100,,,,T",
        "49,100,3/",
        "98,100,1,5/",
        "99,100,1,7/",
    ]

    assert shape(parse(*one, *one)) == ["AccountRecord", "TransactionRecord", "TransactionRecord"]
