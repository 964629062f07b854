"""Accounts of a CSV file, the currencies of their rows and their running balances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceKind,
    BalanceRecord,
)
from statements.csv_row import ACCOUNTS_MAX
from tests.fixtures.csv_reading import HEADER, codes, parse, rows


def test_one_file_routes_to_many_accounts() -> None:
    text = (
        HEADER + "2024-01-01,a,1.00,DE89370400440532013000\n"
        "2024-01-01,b,2.00, DE89370400440532013000 \n"
        "2024-01-01,c,3.00,Joint card\n"
        "2024-01-01,d,4.00,\n"
    )

    records = parse(text, {"account": "More"})

    accounts = [record for record in records if isinstance(record, AccountRecord)]
    assert [(account.key, account.number) for account in accounts] == [
        ("DE89370400440532013000", "DE89370400440532013000"),
        ("Joint card", None),
    ]
    assert [row.account for row in rows(records)] == [accounts[0].key] * 2 + ["Joint card"]
    assert codes(records) == ["account-missing"]


def test_a_number_in_small_letters_is_the_same_number() -> None:
    text = (
        HEADER + "2024-01-01,a,1.00,de89370400440532013000\n"
        "2024-01-01,b,2.00,DE89370400440532013000\n"
        "2024-01-01,c,3.00,gb29 nwbk 6016 1331 9268 19\n"
    )

    records = parse(text, {"account": "More"})

    accounts = [record for record in records if isinstance(record, AccountRecord)]
    assert [(account.key, account.number) for account in accounts] == [
        ("DE89370400440532013000", "DE89370400440532013000"),
        ("GB29 NWBK 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 19"),
    ]
    assert [row.account for row in rows(records)] == [accounts[0].key] * 2 + [accounts[1].key]


def test_the_profile_may_name_the_account() -> None:
    records = parse(HEADER + "2024-01-01,a,1.00,\n", account="12345678")

    assert records[0] == AccountRecord(key="12345678", number="12345678", currency="EUR", line=2)


def test_too_many_accounts_mean_a_wrong_column() -> None:
    text = HEADER + "".join(f"2024-01-01,a,1.00,x{n}\n" for n in range(ACCOUNTS_MAX + 1))

    with pytest.raises(Unreadable, match="right column"):
        parse(text, {"account": "More"})


def test_an_account_name_has_a_limit() -> None:
    text = HEADER + f"2024-01-01,a,1.00,{'x' * 201}\n2024-01-01,b,1.00,{'x' * 200}\n"

    records = parse(text, {"account": "More"})

    assert codes(records) == ["account-unreadable"]
    assert len(rows(records)) == 1


def test_an_account_with_two_currencies_is_pointed_out_once() -> None:
    text = HEADER + "2024-01-01,a,1.00,EUR\n2024-01-01,b,2.00,usd\n2024-01-01,c,3.00,USD\n"

    records = parse(text, {"currency": "More"})

    assert [row.currency for row in rows(records)] == ["EUR", "USD", "USD"]
    assert codes(records) == ["account-mixed-currencies"]


def test_an_unknown_currency_rejects_the_row() -> None:
    assert codes(parse(HEADER + "2024-01-01,a,1.00,Euro\n", {"currency": "More"}))[0] == (
        "currency-unreadable"
    )


def test_some_currency_is_needed() -> None:
    with pytest.raises(Unreadable, match="Nothing names a currency"):
        parse(HEADER + "2024-01-01,a,1.00,\n", currency=None)


def balance_of(text: str) -> list[BalanceRecord]:
    records = parse("Date,Text,Amount,Left\n" + text, {"runningBalance": "Left"})
    return [record for record in records if isinstance(record, BalanceRecord)]


def test_the_last_balance_of_rising_dates() -> None:
    assert balance_of("2024-01-01,a,1,11\n2024-01-02,b,1,12\n2024-01-02,c,1,13\n") == [
        BalanceRecord(
            account="default",
            kind=BalanceKind.RUNNING,
            amount=Decimal(13),
            currency="EUR",
            as_of=date(2024, 1, 2),
            line=4,
        )
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02,a,1,12\n2024-01-01,b,1,11\n", [Decimal(12)]),
        ("2024-01-01,a,1,11\n", [Decimal(11)]),
        ("2024-01-01,a,1,11\n2024-01-01,b,1,12\n", [Decimal(12)]),
        ("2024-01-01,a,1,12\n2024-01-01,b,1,11\n", [Decimal(12)]),
        ("2024-01-01,a,1,20\n2024-01-01,b,1,50\n", []),
        ("2024-01-01,a,1,1\n2024-01-03,b,1,2\n2024-01-02,c,1,3\n", []),
        ("2024-01-01,a,1,1\n2024-01-02,b,1,\n", []),
    ],
)
def test_a_doubtful_balance_is_none(text: str, expected: list[Decimal]) -> None:
    assert [balance.amount for balance in balance_of(text)] == expected
