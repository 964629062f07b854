"""CAMT entries: statuses, ids, batches, amounts in other currencies, parties and texts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.records import Finding, TransactionRecord, TransactionStatus
from tests.fixtures.camt_file import Entry, balance, camt, details, simple, statement
from tests.fixtures.camt_reading import codes, of, read, rows


def one(entry: Entry, version: str = "08") -> TransactionRecord:
    (row,) = rows(camt(statement(entry, code=version == "08"), version=version))
    return row


@pytest.mark.parametrize("version", ["02", "08"])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("BOOK", TransactionStatus.POSTED),
        ("PDNG", TransactionStatus.PENDING),
        ("INFO", TransactionStatus.PENDING),
        ("FUTR", TransactionStatus.PENDING),
        ("OWN1", TransactionStatus.PENDING),
    ],
)
def test_statuses_are_read_in_both_forms(
    status: str, expected: TransactionStatus, version: str
) -> None:
    row = one(Entry(status=status), version)

    assert row.status is expected
    assert (row.extra or {}).get("status") == (None if status == "BOOK" else status)


def test_statuses_that_need_a_word_are_told() -> None:
    assert codes(camt(statement(Entry(status="INFO")))) == ["entry-informational"]
    assert codes(camt(statement(Entry(status="OWN1")))) == ["status-unknown"]
    bare = camt(statement(Entry(), Entry())).replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"")
    assert codes(bare) == ["status-missing"]
    assert {row.status for row in rows(bare)} == {TransactionStatus.POSTED}


def test_the_day_is_the_one_that_is_written_whatever_the_zone() -> None:
    data = camt(statement(Entry())).replace(
        b"<Dt>2026-03-02</Dt></BookgDt>", b"<DtTm>2026-03-02T00:30:00+14:00</DtTm></BookgDt>"
    )

    assert rows(data)[0].posted_date == date(2026, 3, 2)


def test_without_a_booking_date_the_value_date_or_the_statement_s_day_counts() -> None:
    undated = (
        Entry(day="", value_day="")
        .xml(code=True)
        .replace("<BookgDt><Dt></Dt></BookgDt><ValDt><Dt></Dt></ValDt>", "")
    )
    valued = undated.replace("</Sts>", "</Sts><ValDt><Dt>2026-03-04</Dt></ValDt>")
    with_balance = camt(statement(balance("CLBD", "1", "2026-03-05"), undated))

    assert rows(camt(statement(valued)))[0].posted_date == date(2026, 3, 4)
    assert rows(with_balance)[0].posted_date == date(2026, 3, 5)
    assert rows(camt(statement(undated)))[0].posted_date == date(2026, 3, 3)  # CreDtTm
    assert codes(camt(statement(undated, undated))) == ["booking-date-assumed"]
    pending = undated.replace("BOOK", "PDNG")
    assert rows(camt(statement(pending)))[0].posted_date is None


@pytest.mark.parametrize("day", ["2026-02-30", "20260302", "2026-W10-1", "0001-01-01", "soon"])
def test_a_date_that_is_none_is_left_out_and_told(day: str) -> None:
    data = camt(statement(Entry(day=day)))

    assert codes(data) == ["date-unreadable", "booking-date-assumed"]
    assert rows(data)[0].posted_date == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("amount", "read_as"),
    [
        ("5301", "5301"),
        ("8.85000", "8.85000"),
        ("+1.5", "1.5"),
        (".5", "0.5"),
        ("1.", "1"),
        ("99999999999999.99999999", "99999999999999.99999999"),
    ],
)
def test_amounts_are_read_as_written(amount: str, read_as: str) -> None:
    data = camt(statement(Entry())).replace(b">12.50<", f">{amount}<".encode())

    assert [str(row.amount) for row in rows(data)] == [read_as]


@pytest.mark.parametrize(
    "amount",
    ["", "12,50", "1 000", "1e5", "NaN", "--1", "\u0661", "999999999999999", "0.123456789"],
)
def test_an_amount_that_is_none_leaves_its_entry_out(amount: str) -> None:
    data = camt(statement(Entry(), Entry(amount=Decimal(7)))).replace(
        b">12.50<", f">{amount}<".encode()
    )
    findings = of(read(data), Finding)

    assert [str(row.amount) for row in rows(data)] == ["7"]
    assert [(f.code, f.rejected, f.line) for f in findings] == [("amount-unreadable", True, 4)]


def test_a_minus_turns_the_direction_round_with_a_finding() -> None:
    data = camt(statement(Entry())).replace(b">12.50<", b">-12.50<")

    assert rows(data)[0].amount == Decimal("-12.50")
    assert codes(data) == ["amount-signed"]


def test_an_entry_without_direction_is_left_out() -> None:
    data = camt(statement(Entry())).replace(b"<CdtDbtInd>CRDT</CdtDbtInd>", b"")

    assert rows(data) == []
    assert codes(data) == ["direction-missing"]


@pytest.mark.parametrize(
    ("servicer", "inner", "external_id"),
    [
        ("BANKREF1", "<NtryRef>2026030200000017</NtryRef>", "BANKREF1"),
        ("NONREF", "<NtryRef>2026030200000017</NtryRef>", "2026030200000017"),
        ("", "<NtryRef>17</NtryRef>", None),
        ("0000000000", "<NtryRef>000000000000000017</NtryRef>", None),
        ("", details("<Refs><AcctSvcrRef>INNER</AcctSvcrRef></Refs>"), "INNER"),
        ("", details("<Refs><EndToEndId>E2E-12345678</EndToEndId></Refs>"), None),
        ("", details("<Refs><UETR>8a562c67-ca16</UETR></Refs>"), "8a562c67-ca16"),
        ("NOTPROVIDED", details("<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"), None),
    ],
)
def test_ids_are_those_that_the_bank_vouches_for(
    servicer: str, inner: str, external_id: str | None
) -> None:
    assert one(Entry(servicer=servicer, inner=inner)).external_id == external_id


def test_the_end_to_end_id_is_the_customer_s_reference() -> None:
    assert (
        one(Entry(inner=details("<Refs><EndToEndId>E2E-1</EndToEndId></Refs>"))).customer_reference
        == "E2E-1"
    )


def detail(amount: str, *, refs: str = "", side: str = "", text: str = "") -> str:
    sign = f"<CdtDbtInd>{side}</CdtDbtInd>" if side else ""
    stated = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    return f"<Refs>{refs}</Refs>{stated}{sign}<RmtInf><Ustrd>{text}</Ustrd></RmtInf>"


def test_a_batch_that_adds_up_becomes_a_transaction_for_each_detail() -> None:
    batch = details(
        detail("10.00", refs="<AcctSvcrRef>A1</AcctSvcrRef>", text="first"),
        detail("2.50", refs="<AcctSvcrRef>A2</AcctSvcrRef>", text="second"),
    )
    data = simple(Entry(servicer="BATCH", inner=batch))

    assert [(str(row.amount), row.external_id, row.description) for row in rows(data)] == [
        ("10.00", "A1", "first"),
        ("2.50", "A2", "second"),
    ]
    assert codes(data) == []


def test_details_that_share_a_reference_are_counted_within_their_entry() -> None:
    shared = "<AcctSvcrRef>BATCH</AcctSvcrRef>"
    batch = details(detail("10.00", refs=shared), detail("2.50", refs=shared))

    found = rows(simple(Entry(servicer="BATCH", inner=batch)))
    assert [row.external_id for row in found] == ["BATCH/1", "BATCH/2"]


def test_details_of_both_directions_make_the_net_entry() -> None:
    batch = details(detail("20.00", side="CRDT"), detail("7.50", side="DBIT"))

    assert [str(row.amount) for row in rows(simple(Entry(inner=batch)))] == ["20.00", "-7.50"]


def test_details_in_several_parts_and_amounts_of_older_versions_count() -> None:
    older = '<AmtDtls><TxAmt><Amt Ccy="EUR">{}</Amt></TxAmt></AmtDtls>'
    batch = details(older.format("10.00")) + details(older.format("2.50"))

    assert [str(row.amount) for row in rows(simple(Entry(inner=batch)))] == ["10.00", "2.50"]


@pytest.mark.parametrize(
    ("amounts", "code"),
    [(("10.00", "3.00"), "batch-mismatch"), (("10.00", ""), "batch-without-amounts")],
)
def test_a_batch_that_does_not_add_up_stays_one_transaction(
    amounts: tuple[str, str], code: str
) -> None:
    batch = details(*(detail(amount, text=f"text {amount}") for amount in amounts))
    data = simple(Entry(servicer="BATCH", inner=batch))

    (row,) = rows(data)
    assert (row.amount, row.external_id) == (Decimal("12.50"), "BATCH")
    assert "text 10.00" in row.description
    assert codes(data) == [code]


def test_more_details_than_can_be_held_stay_one_transaction() -> None:
    batch = details(*[detail("0.01")] * 10_001)
    data = simple(Entry(amount=Decimal("100.01"), inner=batch))

    assert [str(row.amount) for row in rows(data)] == ["100.01"]
    assert codes(data) == ["batch-too-large"]


def test_a_batch_may_stand_directly_in_the_entry_as_in_version_01() -> None:
    batch = f"<TxDtls>{detail('10.00')}</TxDtls><TxDtls>{detail('2.50')}</TxDtls>"

    assert len(rows(simple(Entry(inner=batch)))) == 2


PARTIES = (
    "<RltdPties><Dbtr>{0}<Nm>Payer &amp; Sons</Nm>{1}</Dbtr><DbtrAcct><Id>"
    "<IBAN>DE75512108001245126199</IBAN></Id></DbtrAcct><UltmtDbtr>{0}<Nm>Mother</Nm>{1}"
    "</UltmtDbtr><Cdtr>{0}<Nm>Payee</Nm>{1}</Cdtr><CdtrAcct><Id><Othr><Id>4711</Id></Othr></Id>"
    "</CdtrAcct></RltdPties><RltdAgts><DbtrAgt><FinInstnId><BICFI>INGDDEFF</BICFI></FinInstnId>"
    "</DbtrAgt></RltdAgts>"
)


@pytest.mark.parametrize(("begin", "end"), [("", ""), ("<Pty>", "</Pty>")])
def test_the_other_party_is_the_debtor_of_a_credit_and_the_creditor_of_a_debit(
    begin: str, end: str
) -> None:
    inner = details(PARTIES.format(begin, end))
    credit, debit = one(Entry(inner=inner)), one(Entry(amount=Decimal(-1), inner=inner))

    assert (credit.merchant_name, debit.merchant_name) == ("Payer & Sons", "Payee")
    assert credit.extra is not None
    assert debit.extra is not None
    assert credit.extra["counterparty_account"] == "••••6199"
    assert debit.extra["counterparty_account"] == "••••11"
    assert credit.extra["counterparty_bank"] == "INGDDEFF"
    assert credit.extra["ultimate_counterparty"] == "Mother"


def test_texts_keep_their_lines_and_structured_references() -> None:
    remittance = (
        "<RmtInf><Ustrd>Invoice 7</Ustrd><Ustrd>and 8</Ustrd><Strd><CdtrRefInf>"
        "<Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>"
    )
    row = one(Entry(text="Credit", inner=details(remittance)))

    assert row.description_raw == "Invoice 7\nand 8\nRF18539007547034"
    assert row.description == "Invoice 7 and 8 RF18539007547034"
    assert (row.extra or {})["structured"] == "RF18539007547034"
    assert (row.extra or {})["entry_text"] == "Credit"


def test_what_the_bank_says_stands_in_where_the_payer_wrote_nothing() -> None:
    empty = details("<RmtInf><Ustrd>NOTPROVIDED</Ustrd></RmtInf>")

    assert one(Entry(text="Card fee", inner=empty)).description == "Card fee"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
            "<Prtry><Cd>166</Cd></Prtry>",
            "PMNT-RCDT-ESCT",
        ),
        ("<Prtry><Cd>NTRF+166+9310</Cd><Issr>DK</Issr></Prtry>", "NTRF+166+9310"),
    ],
)
def test_the_type_code_is_that_of_the_standard_else_the_bank_s_own(
    code: str, expected: str
) -> None:
    assert one(Entry(inner=f"<BkTxCd>{code}</BkTxCd>")).type_code == expected


def test_foreign_amount_and_rate_are_kept_as_text() -> None:
    foreign = (
        '<AmtDtls><InstdAmt><Amt Ccy="USD">13.75</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">12.50</Amt>'
        "<CcyXchg><SrcCcy>EUR</SrcCcy><TrgtCcy>USD</TrgtCcy><XchgRate>1.1</XchgRate></CcyXchg>"
        "</TxAmt></AmtDtls>"
    )
    for inner in (foreign, details(foreign)):
        extra = one(Entry(inner=inner)).extra or {}
        assert (extra["original_amount"], extra["original_currency"]) == ("13.75", "USD")
        assert (extra["exchange_rate"], extra["rate_source"], extra["rate_target"]) == (
            "1.1",
            "EUR",
            "USD",
        )
