"""Pages of Quiltt: golden ones, and what becomes of all that is not as it was agreed."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.account_types import account_type
from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    HoldingRecord,
    PortfolioRecord,
    TransactionRecord,
    TransactionStatus,
)
from providers.base import Page
from providers.quiltt.connector import QUILTT

GOLDEN: Final = Path(__file__).parent / "golden"
NAMES: Final = sorted(path.stem for path in GOLDEN.glob("*.json"))
ACCOUNT: Final = {"id": "acct_1", "name": "Main", "kind": "DEPOSITORY", "currencyCode": "USD"}
NODE: Final = {
    "id": "txn_1",
    "date": "2026-11-18",
    "amount": -56.78,
    "currencyCode": "USD",
    "description": "GROCERY  STORE\n12",
    "entryType": "DEBIT",
    "status": "POSTED",
    "account": {"id": "acct_1"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_page_says_what_it_said_when_it_was_kept(name: str) -> None:
    page = _golden(name)

    said = "".join(f"{record!r}\n" for record in QUILTT.parse(page))

    assert said == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_line_of_a_record_is_that_of_its_element(name: str) -> None:
    page = _golden(name)
    elements = list(QUILTT.elements(page))

    for record in QUILTT.parse(page):
        match record:
            case AccountRecord():
                assert f'"{record.key}"' in elements[record.line - 1]
            case TransactionRecord():
                assert f'"{record.external_id}"' in elements[record.line - 1]
            case HoldingRecord():
                assert record.security in elements[record.line - 1]
            case _:
                pass
    assert all("\n" not in element for element in elements)


def test_elements_show_numbers_with_the_digits_that_they_came_with() -> None:
    [_, element] = QUILTT.elements(_page(nodes='{"id": "txn_1", "amount": 12.500}'))

    assert '"amount":12.500' in element


def test_the_direction_stands_apart_from_the_sign() -> None:
    amounts = {
        (sign, entry): _one(NODE | {"amount": sign * 56.78, "entryType": entry}).amount
        for sign in (1, -1)
        for entry in ("CREDIT", "DEBIT")
    }

    assert amounts == {
        (1, "CREDIT"): Decimal("56.78"),
        (-1, "CREDIT"): Decimal("56.78"),
        (1, "DEBIT"): Decimal("-56.78"),
        (-1, "DEBIT"): Decimal("-56.78"),
    }


def test_a_direction_that_nobody_knows_is_that_of_the_sign_and_said() -> None:
    [transaction, finding] = _of_nodes(NODE | {"entryType": "SIDEWAYS"})[::-1]

    assert isinstance(transaction, TransactionRecord)
    assert transaction.amount == Decimal("-56.78")
    assert isinstance(finding, Finding)
    assert (finding.code, finding.rejected) == ("direction-unknown", False)


def test_what_is_only_expected_is_no_transaction() -> None:
    assert _of_nodes(NODE | {"status": "PROJECTED"}) == []


def test_white_space_is_folded_and_kept_as_it_came_beside() -> None:
    transaction = _one(NODE)

    assert transaction.description == "GROCERY STORE 12"
    assert transaction.description_raw == "GROCERY  STORE\n12"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "SETTLED"}, "status-unknown"),
        ({"id": None}, "id-missing"),
        ({"id": ""}, "id-missing"),
        ({"account": {"id": "acct_2"}}, "account-unknown"),
        ({"account": None}, "account-unknown"),
        ({"date": "18/11/2026"}, "date-unreadable"),
        ({"date": None}, "date-unreadable"),
        ({"amount": None}, "amount-unreadable"),
        ({"amount": "56.78"}, "amount-unreadable"),
        ({"amount": 10**15}, "amount-unreadable"),
    ],
)
def test_an_entry_that_cannot_be_read_is_a_finding_that_says_so(
    change: dict[str, Any], code: str
) -> None:
    [finding] = _of_nodes(NODE | change)

    assert isinstance(finding, Finding)
    assert (finding.code, finding.rejected, finding.line) == (code, True, 2)


def test_investments_keep_what_was_bought() -> None:
    security = {"name": "Fund", "tickerSymbol": "FND", "isin": "US1", "cusip": None}
    transaction = _one(
        NODE | {"security": security, "quantity": 1.5, "price": 10.25, "fees": 0, "provider": "MX"}
    )

    assert transaction.extra == {
        "provider": "MX",
        "quantity": "1.5",
        "price": "10.25",
        "fees": "0",
        "security": "Fund",
        "tickerSymbol": "FND",
        "isin": "US1",
    }


def test_liabilities_stay_negative_and_what_is_not_said_is_none() -> None:
    balance = {"at": "2026-11-30T23:30:00-05:00", "current": -321.09, "available": None}
    records = list(QUILTT.parse(_page(ACCOUNT | {"balance": balance})))

    [stated] = [record for record in records if isinstance(record, BalanceRecord)]
    assert stated.amount == Decimal("-321.09")
    assert stated.as_of == date(2026, 12, 1)


def test_a_currency_that_cannot_be_read_is_taken_for_dollars_and_said() -> None:
    [finding, account] = QUILTT.parse(_page(ACCOUNT | {"currencyCode": "US Dollar"}))
    [unsaid] = QUILTT.parse(_page(ACCOUNT | {"currencyCode": None}))

    assert isinstance(finding, Finding)
    assert finding.code == "currency-unknown"
    assert isinstance(account, AccountRecord)
    assert isinstance(unsaid, AccountRecord)
    assert (account.currency, unsaid.currency) == ("USD", "USD")


@pytest.mark.parametrize(
    ("kind", "taxonomy", "expected"),
    [
        ("DEPOSITORY", ["ASSET", "DEPOSITORY", "SPENDING"], "checking"),
        ("DEPOSITORY", ["ASSET", "DEPOSITORY", "MONEY_MARKET"], "savings"),
        ("DEPOSITORY", ["ASSET", "DEPOSITORY", "CERTIFICATE_OF_DEPOSIT"], "savings"),
        ("CREDIT", ["LIABILITY", "CREDIT", "CARD"], "credit_card"),
        ("CREDIT", ["LIABILITY", "CREDIT", "LINE_OF_CREDIT"], "loan"),
        ("LOAN", ["LIABILITY", "LOAN", "AUTO"], "loan"),
        ("INVESTMENT", ["ASSET", "INVESTMENT", "RETIREMENT"], "investment"),
        (None, [], "other"),
    ],
)
def test_kind_and_taxonomy_say_what_an_account_is(
    kind: str | None, taxonomy: list[str], expected: str
) -> None:
    [account] = QUILTT.parse(_page(ACCOUNT | {"kind": kind, "taxonomy": taxonomy}))

    assert isinstance(account, AccountRecord)
    assert account_type(account.type) == expected


def test_a_list_of_holdings_is_whole_only_where_all_of_it_was_read() -> None:
    whole = json.loads(_golden("holdings").body)
    holdings = whole["data"]["account"]["holdings"]

    assert _has_portfolio(whole)
    holdings["pageInfo"]["hasNextPage"] = True
    assert not _has_portfolio(whole)
    holdings["pageInfo"]["hasNextPage"] = False
    holdings["nodes"][0]["quantity"] = None
    assert not _has_portfolio(whole)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": null}',
        b'{"data": {"connection": null}}',
        b'{"data": {"connection": {"accounts": []}}, "errors": [{"message": "x"}]}',
    ],
)
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        list(QUILTT.parse(Page(name="connection", body=body)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(data=st.data())
def test_whatever_stands_in_a_page_ends_in_records_or_is_unreadable(data: st.DataObject) -> None:
    said = json.loads(_golden(data.draw(st.sampled_from(NAMES))).body)
    for _ in range(data.draw(st.integers(1, 4))):
        said = _spoiled(said, data)
    page = Page(name="spoiled", body=json.dumps(said).encode())

    try:
        records = list(QUILTT.parse(page))
    except Unreadable:
        return

    assert records == list(QUILTT.parse(page))
    count = sum(1 for _ in QUILTT.elements(page))
    for record in records:
        assert record.line is not None
        assert 1 <= record.line <= max(count, 1)
        if isinstance(record, TransactionRecord):
            assert record.status in {TransactionStatus.PENDING, TransactionStatus.POSTED}
            assert record.external_id


def _spoiled(said: Any, data: st.DataObject) -> Any:
    """The same with something else in the place of one value somewhere."""
    if not isinstance(said, dict | list) or not said or data.draw(st.integers(0, 4)) == 0:
        return data.draw(_JSON)
    keys: list[Any] = list(said) if isinstance(said, dict) else list(range(len(said)))
    key = data.draw(st.sampled_from(keys))
    said[key] = _spoiled(said[key], data)
    return said


def _golden(name: str) -> Page:
    return Page(name=name, body=(GOLDEN / f"{name}.json").read_bytes())


def _page(account: dict[str, Any] = ACCOUNT, *, nodes: str = "") -> Page:
    accounts = json.dumps([account])
    return Page(
        name="transactions/1",
        body=(
            '{"data": {"connection": {"accounts": ' + accounts + "},"
            ' "transactions": {"nodes": [' + nodes + "]}}}"
        ).encode(),
    )


def _of_nodes(*nodes: dict[str, Any]) -> list[Any]:
    page = _page(nodes=", ".join(map(json.dumps, nodes)))
    return [record for record in QUILTT.parse(page) if not isinstance(record, AccountRecord)]


def _one(node: dict[str, Any]) -> TransactionRecord:
    [record] = _of_nodes(node)
    assert isinstance(record, TransactionRecord)
    return record


def _has_portfolio(said: Any) -> bool:
    page = Page(name="holdings/1", body=json.dumps(said).encode())
    return any(isinstance(record, PortfolioRecord) for record in QUILTT.parse(page))
