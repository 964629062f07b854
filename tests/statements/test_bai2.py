"""BAI2 accounts, balances and transactions, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceKind,
    BalanceRecord,
    Finding,
    Record,
    SummaryRecord,
    TransactionRecord,
)
from statements.bai2 import BAI2
from statements.base import ParseOptions

HEADER = "01,122099999,123456789,040621,0200,1,,,2/"
GROUP = "02,031001234,122099999,1,040620,2359,,2/"
ACCOUNT = "03,0975312468,USD,,,,/"


def parse(*lines: str, options: ParseOptions | None = None) -> list[Record]:
    data = "\n".join(lines).encode() + b"\n"
    return list(BAI2.parse([data], options or ParseOptions()))


def transactions(*lines: str, group: str = GROUP, account: str = ACCOUNT) -> list[Record]:
    """Transactions and findings, without those of the trailers, which state nothing here."""
    records = parse(HEADER, group, account, *lines, "49,,/", "98,,,/", "99,,,/")
    return [record for record in records if isinstance(record, TransactionRecord | Finding)]


def one(*lines: str, group: str = GROUP, account: str = ACCOUNT) -> TransactionRecord:
    (found,) = transactions(*lines, group=group, account=account)
    assert isinstance(found, TransactionRecord)
    return found


def entries(account: str, *more: str, group: str = GROUP) -> list[tuple[str | None, object]]:
    records = parse(HEADER, group, account, *more, "49,,/", "98,,,/", "99,,,/")
    return [
        (record.code, record.amount)
        for record in records
        if isinstance(record, BalanceRecord | SummaryRecord)
    ]


def test_detail_of_the_specification() -> None:
    found = one("16,165,1500000,1,DD1620,, DEALER PAYMENTS")

    assert found == TransactionRecord(
        account="122099999|0975312468|USD",
        amount=Decimal("15000.00"),
        currency="USD",
        posted_date=date(2004, 6, 20),
        status=found.status,
        description="DEALER PAYMENTS",
        description_raw=" DEALER PAYMENTS",
        line=4,
        line_end=4,
        reference="DD1620",
        type_code="165",
        extra={"as_of_date_modifier": "2", "funds_type": "1"},
    )
    assert found.status == "posted"
    assert found.external_id is None


def test_detail_without_text_is_called_by_its_type() -> None:
    found = one("16,475,4500,Z,REF,000123/")

    assert (found.description, found.description_raw) == ("Check Paid", "")
    assert found.customer_reference == "000123"


def test_detail_spans_its_physical_lines() -> None:
    found = one("", "16,195,100,,,,WIRE", "", "88,FROM A", "  88,TO B/")

    assert (found.line, found.line_end) == (5, 8)
    assert found.description_raw == "WIRE\nFROM A\nTO B"
    assert found.description == "WIRE FROM A TO B"


@pytest.mark.parametrize("code", ["395", "474", "475"])
def test_customer_reference_of_a_check_is_its_number(code: str) -> None:
    found = one(f"16,{code},100,,,00417,TEXT")

    assert found.extra is not None
    assert found.extra["check_number"] == "00417"


@pytest.mark.parametrize(
    ("funds", "value_date", "extra"),
    [
        ("", None, {}),
        ("Z", None, {"funds_type": "Z"}),
        ("0", None, {"funds_type": "0"}),
        ("V,040622,", date(2004, 6, 22), {"funds_type": "V"}),
        ("V,040622,1530", date(2004, 6, 22), {"funds_type": "V", "value_time": "1530"}),
        (
            "V,040619,",
            date(2004, 6, 20),
            {"funds_type": "V", "value_date_stated": "2004-06-19"},
        ),
        (
            "S,100,,-5",
            None,
            {
                "funds_type": "S",
                "available_immediate": "1.00",
                "available_two_or_more_days": "-0.05",
            },
        ),
        (
            "D,2,0,10000,30,25000",
            None,
            {"funds_type": "D", "available_by_days": "0:100.00 30:250.00"},
        ),
    ],
)
def test_availability_is_told_and_never_booked(
    funds: str, value_date: date | None, extra: Mapping[str, str]
) -> None:
    found = one(f"16,165,100,{funds},BANK,CUST,TEXT", group=GROUP[:-2] + "/")

    assert (found.amount, found.value_date) == (Decimal("1.00"), value_date)
    assert (found.reference, found.customer_reference) == ("BANK", "CUST")
    assert (found.description, found.extra or {}) == ("TEXT", extra)


def test_value_date_that_is_none_is_left_out_and_reported() -> None:
    finding, found = sorted(transactions("16,165,100,V,049999,,,,TEXT"), key=len)[::-1]

    assert isinstance(finding, TransactionRecord)
    assert isinstance(found, Finding)
    assert finding.value_date is None
    assert (found.code, found.raw, found.line) == ("value-date", "049999", 4)


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ("16,409,001,,,,T", "-0.01"),
        ("16,165,+250,,,,T", "2.50"),
        ("16,165,0,,,,T", "0.00"),
        ("16,699,000,,,,T", "0.00"),
        ("16,721,100,,,,T", "1.00"),
        ("16, 165 , 100 , Z , A , B , T", "1.00"),
    ],
)
def test_sign_comes_from_the_type_code(line: str, amount: str) -> None:
    assert str(one(line).amount) == amount


@pytest.mark.parametrize(
    ("line", "amount", "code"),
    [
        ("16,699,-971,,,,T", "9.71", "amount-signed"),
        ("16,165,-971,,,,T", "-9.71", "amount-signed"),
        ("16,197,100,,,,T", "1.00", "type-code-unknown"),
        ("16,599,100,,,,T", "-1.00", "type-code-unknown"),
        ("16,970,100,,,,T", "-1.00", "type-code-unknown"),
        ("16,930,100,,,,T", "1.00", "type-code-unknown"),
        ("16,760,100,,,,T", "-1.00", "summary-code-in-detail"),
        ("16,165,100,X,A,B,T", "1.00", "funds-type"),
    ],
)
def test_unusual_detail_is_booked_with_a_warning(line: str, amount: str, code: str) -> None:
    found = transactions(line)

    booked = [record for record in found if isinstance(record, TransactionRecord)]
    reported = [record for record in found if isinstance(record, Finding)]
    assert [str(record.amount) for record in booked] == [amount]
    assert [(record.code, record.rejected) for record in reported] == [(code, False)]


@pytest.mark.parametrize(
    ("line", "code", "raw"),
    [
        ("16,165,12.50,,,,T", "amount-unreadable", "12.50"),
        ("16,165,,,,,T", "amount-unreadable", ""),
        ("16,165/", "amount-unreadable", ""),
        ("16,165,12345678901234567,,,,T", "amount-too-large", "12345678901234567"),
        (f"16,165,{'9' * 30},,,,T", "amount-too-large", "9" * 30),
        (f"16,165,{'9' * 9000},,,,T", "amount-unreadable", "9" * 80),
        ("16,1A5,100,,,,T", "type-code-unreadable", "1A5"),
        ("16,010,100,,,,T", "type-code-without-direction", "010"),
        ("16,850,100,,,,T", "type-code-without-direction", "850"),
        ("16,906,100,,,,T", "type-code-without-direction", "906"),
    ],
)
def test_row_that_cannot_be_booked_is_rejected_with_place_and_text(
    line: str, code: str, raw: str
) -> None:
    (finding,) = transactions(line)

    assert isinstance(finding, Finding)
    assert (finding.code, finding.raw, finding.line) == (code, raw, 4)
    assert finding.rejected
    assert finding.severity == "error"
    assert finding.field is not None


def test_largest_amount_that_can_be_stored_is_booked() -> None:
    assert one("16,165,9999999999999999,,,,T").amount == Decimal("99999999999999.99")


def test_unknown_code_is_reported_once() -> None:
    found = transactions("16,197,1,,,,A", "16,197,2,,,,B")

    assert [record.code for record in found if isinstance(record, Finding)] == ["type-code-unknown"]


def test_message_without_money_is_a_note() -> None:
    (finding,) = transactions("16,890,,,,,OFFICE CLOSED", "88,ON MONDAY")

    assert isinstance(finding, Finding)
    assert (finding.severity, finding.code) == ("info", "non-monetary")
    assert finding.raw == "OFFICE CLOSED ON MONDAY"
    assert not finding.rejected


def test_detail_outside_an_account_is_rejected() -> None:
    records = parse(HEADER, GROUP, "16,165,100,,,,T", "98,,,/", "99,,,/")

    (finding,) = records
    assert isinstance(finding, Finding)
    assert (finding.code, finding.rejected) == ("misplaced-record", True)


@pytest.mark.parametrize(
    ("currency", "decimals", "amount"),
    [("JPY", {}, "100"), ("KWD", {}, "0.100"), ("EUR", {}, "1.00"), ("EUR", {"EUR": 0}, "100")],
)
def test_implied_decimals_follow_the_currency_and_the_connection(
    currency: str, decimals: Mapping[str, int], amount: str
) -> None:
    records = parse(
        HEADER,
        GROUP,
        f"03,1,{currency},,,,/",
        "16,165,100,,,,T",
        "49,100,3/",
        "98,100,1,5/",
        "99,100,1,7/",
        options=ParseOptions(decimals=decimals),
    )

    (found,) = (record for record in records if isinstance(record, TransactionRecord))
    assert (str(found.amount), found.currency) == (amount, currency)


def test_impossible_decimals_are_refused() -> None:
    with pytest.raises(Unreadable, match="set 0 to 8"):
        parse(HEADER, GROUP, ACCOUNT, options=ParseOptions(decimals={"USD": 12}))


@pytest.mark.parametrize(
    ("group", "account", "connection", "currency", "codes"),
    [
        ("GBP", "EUR", "CHF", "EUR", []),
        ("GBP", "", "CHF", "GBP", []),
        ("", "", "CHF", "CHF", []),
        ("", "", None, "USD", ["currency-assumed"]),
        ("", "gbp", None, "GBP", []),
        ("GBP", "12", None, "GBP", ["currency-unreadable"]),
    ],
)
def test_currency_of_account_then_group_then_connection(
    group: str, account: str, connection: str | None, currency: str, codes: list[str]
) -> None:
    records = parse(
        HEADER,
        f"02,R,O,1,040620,,{group},2/",
        f"03,1,{account},010,5,,,/",
        "49,5,2/",
        "98,5,1,4/",
        "99,5,1,6/",
        options=ParseOptions(currency=connection),
    )

    (found,) = (record for record in records if isinstance(record, BalanceRecord))
    assert (found.currency, found.account) == (currency, f"O|1|{currency}")
    assert [record.code for record in records if isinstance(record, Finding)] == codes


def test_account_is_told_once_and_keyed_by_originator_number_and_currency() -> None:
    records = parse(
        HEADER,
        GROUP,
        "03,00 12|3,USD,,,,/",
        "49,0,2/",
        "03,00 12|3,USD,,,,/",
        "49,0,2/",
        "03,00 12|3,EUR,,,,/",
        "49,0,2/",
        "98,0,3,8/",
        "99,0,1,10/",
    )

    assert [record for record in records if isinstance(record, AccountRecord)] == [
        AccountRecord("122099999|00 12%7C3|USD", "00 12|3", "USD", None, "122099999", 3),
        AccountRecord("122099999|00 12%7C3|EUR", "00 12|3", "EUR", None, "122099999", 7),
    ]


def test_kinds_of_balances() -> None:
    records = parse(
        HEADER,
        "02,R,O,1,040620,0944,USD,3/",
        "03,1,USD,010,1,,,015,-2,,,030,3,,,040,4,,,045,5,,,060,+6,,,072,7,,,056,8,,/",
        "49,,/",
        "98,,,/",
        "99,,,/",
    )

    balances = [record for record in records if isinstance(record, BalanceRecord)]
    assert [(balance.kind, balance.code, str(balance.amount)) for balance in balances] == [
        (BalanceKind.OPENING_LEDGER, "010", "0.01"),
        (BalanceKind.CLOSING_LEDGER, "015", "-0.02"),
        (BalanceKind.CURRENT_LEDGER, "030", "0.03"),
        (BalanceKind.OPENING_AVAILABLE, "040", "0.04"),
        (BalanceKind.CLOSING_AVAILABLE, "045", "0.05"),
        (BalanceKind.CURRENT_AVAILABLE, "060", "0.06"),
        (BalanceKind.OTHER, "072", "0.07"),
        (BalanceKind.OTHER, "056", "-0.08"),  # a loan: what is owed is negative
    ]
    assert {(b.as_of, b.as_of_time, b.interim, b.line) for b in balances} == {
        (date(2004, 6, 20), "09:44", True, 3)
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # The type code ends a line, its amount begins the next one.
        (["03,1,USD,010,47,,,045/", "88,46,,,072,0,,/"], ["010 0.47", "045 0.46", "072 0.00"]),
        # Item count and funds type begin the next line, both empty.
        (["03,1,USD,055,10/", "88,,,072,5,,/"], ["055 0.10", "072 0.05"]),
        # A comma too many at the end of the line, with and without what follows.
        (["03,1,USD,015,35,,,/", "88,040,7,,/"], ["015 0.35", "040 0.07"]),
        (["03,1,USD,010,1,,,015,2,,,/"], ["010 0.01", "015 0.02"]),
        # An entry that is empty as a whole.
        (["03,1,USD,,,,,060,68,,,100,19,1,/"], ["060 0.68", "100 0.19"]),
        # Funds types with subfields, a count, an empty amount.
        (["03,1,USD,100,20,3,V,060316,,400,30,,/"], ["100 0.20", "400 0.30"]),
        (["03,1,USD,100,20,3,S,1,,3,400,30,,/"], ["100 0.20", "400 0.30"]),
        (["03,1,USD,100,20,3,D,1,0,9,400,,,/"], ["100 0.20", "400 None"]),
        # The split inside the subfields.
        (["03,1,USD,100,20,3,V/", "88,060316,,400,30,,/"], ["100 0.20", "400 0.30"]),
        # Everything on a continuation; a line break inside a field.
        (["03,1,USD/", "88,010,5,,/"], ["010 0.05"]),
        (["03,1,USD,010,5", "0,,/"], ["010 0.50"]),
        # Blanks around fields, padding after the slash.
        (["03, 1 , USD , 010 , 5 , , / "], ["010 0.05"]),
    ],
)
def test_entries_of_an_account_split_anywhere(lines: list[str], expected: list[str]) -> None:
    found = entries(lines[0], *lines[1:])

    assert [f"{code} {amount}" for code, amount in found] == expected


def test_entry_that_lacks_a_field_does_not_shift_the_next() -> None:
    records = parse(
        HEADER, GROUP, "03,1,USD,010,5,,040,7,,/", "49,12,2/", "98,12,1,4/", "99,12,1,6/"
    )

    assert [r.code for r in records if isinstance(r, BalanceRecord)] == ["010", "040"]
    assert [r.code for r in records if isinstance(r, Finding)] == ["summary-field-missing"]


def test_summary_tells_amount_and_count_as_stated() -> None:
    records = parse(HEADER, GROUP, "03,1,USD,400,2765,4,Z/", "49,,/", "98,,,/", "99,,,/")

    (found,) = (record for record in records if isinstance(record, SummaryRecord))
    assert (found.code, found.amount, found.item_count) == ("400", Decimal("27.65"), 4)
    assert found.as_of == date(2004, 6, 20)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("010,1.5,,", "amount-unreadable"),
        ("010,12345678901234567,,", "amount-unreadable"),
        ("1A,5,,", "type-code-unreadable"),
        ("100,5,x,", "item-count"),
    ],
)
def test_entry_that_cannot_be_read_is_reported(entry: str, code: str) -> None:
    records = parse(HEADER, GROUP, f"03,1,USD,{entry}/", "49,,/", "98,,,/", "99,,,/")

    assert [r.code for r in records if isinstance(r, Finding)] == [code]
