"""OFX investments: cash that moves, positions and their securities, and what is left out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from core.records import (
    BalanceKind,
    BalanceRecord,
    Finding,
    HoldingRecord,
    PortfolioRecord,
    Record,
    TransactionRecord,
)
from statements.base import ParseOptions
from statements.ofx import OFX

FILE = (Path(__file__).parent / "ofx/investments.ofx").read_bytes()
ACCOUNT = "broker.example||77|INVACCTFROM|USD"


def read(data: bytes) -> list[Record]:
    return list(OFX.parse([data], ParseOptions()))


def test_rows_that_move_cash_are_transactions() -> None:
    bought, income, deposit = [r for r in read(FILE) if isinstance(r, TransactionRecord)]

    assert [(r.type_code, r.amount, r.external_id) for r in (bought, income, deposit)] == [
        ("BUYSTOCK", Decimal("-1706.18"), "B1"),
        ("INCOME", Decimal("2.40"), "I1"),
        ("DEP", Decimal("5000"), "D1"),
    ]
    assert (str(bought.posted_date), str(bought.value_date)) == ("2026-03-10", "2026-03-12")
    assert (bought.description, income.description) == ("Bought 037833100", "INCOME DIV 037833100")
    assert bought.extra is not None
    assert bought.extra["unitprice"] == "170.123456789"
    assert bought.extra["commission"] == "4.95"


def test_positions_of_one_security_are_one_holding() -> None:
    stock, fund = [record for record in read(FILE) if isinstance(record, HoldingRecord)]

    assert (stock.account, stock.security) == (ACCOUNT, "CUSIP:037833100")
    assert (stock.quantity, stock.value) == (Decimal(10), Decimal("1715.00"))
    assert (stock.name, stock.ticker, stock.type) == ("Apple & Co", "AAPL", "stock")
    assert (str(stock.as_of), stock.price) == ("2026-03-31", Decimal("171.5"))
    assert (fund.security, fund.quantity, fund.name) == ("XF1", Decimal("1.5"), None)
    assert [r.account for r in read(FILE) if isinstance(r, PortfolioRecord)] == [ACCOUNT]


def test_a_position_that_cannot_be_read_ends_no_other() -> None:
    records = read(FILE.replace(b"<UNITS>1.5<", b"<UNITS>some<"))

    assert sum(isinstance(record, HoldingRecord) for record in records) == 1
    assert not any(isinstance(record, PortfolioRecord) for record in records)
    (finding,) = [r for r in records if isinstance(r, Finding) and r.rejected]
    assert (finding.code, finding.raw) == ("position-unreadable", "some")


def test_cash_is_a_balance_of_the_day_of_the_statement() -> None:
    cash, margin, short = [record for record in read(FILE) if isinstance(record, BalanceRecord)]

    assert (cash.kind, cash.amount) == (BalanceKind.CURRENT_AVAILABLE, Decimal("3296.22"))
    assert (margin.code, margin.kind) == ("MARGINBALANCE", BalanceKind.OTHER)
    assert (short.code, short.amount) == ("SHORTBALANCE", Decimal("-857.50"))
    assert {str(balance.as_of) for balance in (cash, margin, short)} == {"2026-03-31"}


def test_what_moves_no_cash_is_counted() -> None:
    findings = [record for record in read(FILE) if isinstance(record, Finding)]

    assert [(finding.code, finding.line) for finding in findings] == [
        ("rows-left-out", 27),
        ("rows-left-out", 28),
    ]
    assert [finding.message.split(" were")[0] for finding in findings] == [
        "1 of TRANSFER",
        "2 of SPLIT",
    ]
