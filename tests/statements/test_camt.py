"""CAMT: kinds and versions of messages, accounts, balances, proofs and totals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceKind,
    BalanceRecord,
    Finding,
    Severity,
    SummaryRecord,
    TransactionRecord,
)
from statements.base import ParseOptions
from statements.camt import CAMT
from tests.fixtures.camt_file import CONTAINERS, IBAN, Entry, balance, camt, simple, statement
from tests.fixtures.camt_reading import codes, of, read, rows

IN = Entry(amount=Decimal("12.50"), servicer="REF-1", text="Coffee machine")
OUT = Entry(amount=Decimal("-2.50"), servicer="REF-2", text="Coffee")


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("version", [f"{number:02}" for number in range(1, 15)])
def test_every_kind_is_read_in_every_version(kind: str, version: str) -> None:
    data = camt(statement(IN, OUT, code=int(version) >= 8), kind=kind, version=version)

    assert CAMT.recognise(data) == 99
    assert [row.amount for row in rows(data)] == [Decimal("12.50"), Decimal("-2.50")]
    assert codes(data) == []


@pytest.mark.parametrize(
    ("namespace", "prefix"), [("", ""), ("urn:bank:own", ""), (None, "camt"), ("", "ns2")]
)
def test_names_count_whatever_their_namespace(namespace: str | None, prefix: str) -> None:
    data = camt(statement(IN), namespace=namespace, prefix=prefix)

    assert CAMT.recognise(data) == 99
    assert [row.amount for row in rows(data)] == [Decimal("12.50")]


@pytest.mark.parametrize(
    ("namespace", "found"),
    [
        ("urn:iso:std:iso:20022:tech:xsd:camt.053.001.15", ["version"]),
        ("urn:iso:std:iso:20022:tech:xsd:camt.054.001.08", ["version"]),
        ("urn:iso:std:iso:20022:tech:xsd:camt.053.001.14", []),
    ],
)
def test_a_namespace_of_something_else_is_noted(namespace: str, found: list[str]) -> None:
    assert codes(camt(statement(IN), namespace=namespace)) == found


def test_a_message_within_an_envelope_is_found() -> None:
    document = camt(statement(IN), head="")
    data = b"<Envelope><AppHdr><Fr>x</Fr></AppHdr>" + document + b"</Envelope>"

    assert len(rows(data)) == 1
    assert codes(data) == []


def test_account_and_transaction_are_those_that_the_file_states() -> None:
    account = (
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Tp><Cd>CACC</Cd></Tp><Ccy>EUR</Ccy>"
        "<Nm>Till</Nm><Ownr><Nm>Acme GmbH</Nm></Ownr><Svcr><FinInstnId><BICFI>BYLADEM1001</BICFI>"
        "<Nm>Seebank</Nm></FinInstnId></Svcr></Acct>"
    )
    records = read(camt(statement(IN, account=account)))

    assert of(records, AccountRecord) == [
        AccountRecord(
            key=f"{IBAN}|EUR",
            number=IBAN,
            currency="EUR",
            name="Till",
            institution="BYLADEM1001",
            line=3,
            institution_name="Seebank",
            type="CACC",
        )
    ]
    row = of(records, TransactionRecord)[0]
    assert (row.posted_date, row.value_date) == (date(2026, 3, 2), date(2026, 3, 3))
    assert (row.external_id, row.reference, row.description) == ("REF-1", "REF-1", "Coffee machine")
    assert (row.line, row.line_end) == (4, 4)


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("<Othr><Id>0001 77</Id></Othr>", "BANKDEFF|0001 77|EUR"),
        ("<Othr><Id>LT625883379695428516</Id></Othr>", "LT625883379695428516|EUR"),
        ("<BBAN>4711</BBAN>", "BANKDEFF|4711|EUR"),
        ("<PrtryAcct><Id>4711</Id></PrtryAcct>", "BANKDEFF|4711|EUR"),
        ("<IBAN>DE02 1203 0000 0000 2020 51</IBAN>", f"{IBAN}|EUR"),
    ],
)
def test_a_number_that_is_no_iban_belongs_to_its_bank(identity: str, key: str) -> None:
    account = (
        f"<Acct><Id>{identity}</Id><Ccy>EUR</Ccy>"
        "<Svcr><FinInstnId><BIC>BANKDEFF</BIC></FinInstnId></Svcr></Acct>"
    )

    accounts = of(read(camt(statement(IN, account=account))), AccountRecord)

    assert [one.key for one in accounts] == [key]


def test_an_account_without_currency_has_that_of_its_first_balance_or_entry() -> None:
    account = f"<Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>"
    entry = Entry(currency="JPY", amount=Decimal("500"))

    for parts in ([entry], [balance("OPBD", "7", currency="JPY"), entry]):
        records = read(camt(statement(*parts, account=account)))
        assert [one.currency for one in of(records, AccountRecord)] == ["JPY"]


def test_an_account_that_is_never_named_is_read_as_one_without_a_number() -> None:
    records = read(camt(statement(IN, account="<Acct/>")))

    assert [one.number for one in of(records, AccountRecord)] == [None]
    assert [one.code for one in of(records, Finding)] == ["account-number-missing"]


def test_several_statements_and_accounts_come_apart() -> None:
    other = "<Acct><Id><IBAN>DE75512108001245126199</IBAN></Id><Ccy>CHF</Ccy></Acct>"
    swiss = Entry(currency="CHF", amount=Decimal("-1"))
    records = read(camt(statement(IN), statement(swiss, account=other), statement(OUT)))

    found = [(one.account, str(one.amount)) for one in of(records, TransactionRecord)]
    assert len(of(records, AccountRecord)) == 2
    assert found == [
        (f"{IBAN}|EUR", "12.50"),
        ("DE75512108001245126199|CHF", "-1"),
        (f"{IBAN}|EUR", "-2.50"),
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("OPBD", BalanceKind.OPENING_LEDGER),
        ("PRCD", BalanceKind.OPENING_LEDGER),
        ("CLBD", BalanceKind.CLOSING_LEDGER),
        ("ITBD", BalanceKind.CURRENT_LEDGER),
        ("CLAV", BalanceKind.CLOSING_AVAILABLE),
        ("ITAV", BalanceKind.CURRENT_AVAILABLE),
        ("OPAV", BalanceKind.OPENING_AVAILABLE),
        ("FWAV", BalanceKind.OTHER),
        ("XPCD", BalanceKind.OTHER),
    ],
)
def test_balances_keep_kind_sign_and_code(code: str, kind: BalanceKind) -> None:
    found = of(read(camt(statement(balance(code, "-7.25")))), BalanceRecord)

    assert [(one.kind, one.amount, one.code) for one in found] == [(kind, Decimal("-7.25"), code)]
    assert found[0].interim == (code in ("ITBD", "ITAV"))


def test_balances_of_an_intraday_report_are_interim_but_for_opening_ones() -> None:
    data = camt(statement(balance("OPBD", "1"), balance("CLBD", "1")), kind="052")

    assert [one.interim for one in of(read(data), BalanceRecord)] == [False, True]


def test_a_balance_with_a_time_keeps_day_and_time_as_they_stand() -> None:
    late = balance("ITBD", "1").replace(
        "<Dt><Dt>2026-03-02</Dt></Dt>", "<Dt><DtTm>2026-03-02T23:45:10-08:00</DtTm></Dt>"
    )
    found = of(read(camt(statement(late))), BalanceRecord)[0]

    assert (found.as_of, found.as_of_time) == (date(2026, 3, 2), "23:45")


def test_a_balance_without_direction_is_read_as_credit_and_told_once() -> None:
    bare = balance("OPBD", "5").replace("<CdtDbtInd>CRDT</CdtDbtInd>", "")
    records = read(camt(statement(bare, bare.replace("OPBD", "CLBD"))))

    assert [one.amount for one in of(records, BalanceRecord)] == [Decimal(5), Decimal(5)]
    assert [one.code for one in of(records, Finding)] == ["balance-direction-assumed"]


@pytest.mark.parametrize("old", ["<Dt><Dt>2026-03-02</Dt></Dt>", ">5</Amt>"])
def test_a_balance_that_cannot_be_read_is_left_out_with_a_finding(old: str) -> None:
    broken = balance("CLBD", "5").replace(old, ">5,-</Amt>" if "Amt" in old else "")
    findings = of(read(camt(statement(broken, IN))), Finding)

    assert [finding.rejected for finding in findings] == [True]


def test_a_statement_that_adds_up_has_no_findings() -> None:
    assert codes(simple(IN, OUT)) == []


def test_pending_and_informational_entries_do_not_count_in_the_proof() -> None:
    pending = Entry(status="PDNG")
    data = camt(
        statement(balance("OPBD", "100.00"), balance("CLBD", "112.50"), IN, pending),
    )

    assert codes(data) == []


def test_a_statement_that_does_not_add_up_says_so_and_keeps_its_rows() -> None:
    data = camt(statement(balance("OPBD", "100.00"), balance("CLBD", "112.51"), IN))
    findings = of(read(data), Finding)

    assert len(rows(data)) == 1
    assert [(one.code, one.control) for one in findings] == [("balance-mismatch", True)]
    assert "difference 0.01" in findings[0].message


def test_the_closing_balance_before_is_the_opening_one_where_no_other_stands() -> None:
    parts = (balance("PRCD", "1", "2026-03-01"), balance("CLBD", "14.50"))

    assert codes(camt(statement(*parts, IN))) == ["balance-mismatch"]
    assert codes(camt(statement(balance("OPBD", "2.00"), *parts, IN))) == []


def test_a_proof_that_reversals_break_names_them() -> None:
    reversal = Entry(amount=Decimal("-5"), inner="<RvslInd>true</RvslInd>")
    data = camt(statement(balance("OPBD", "0"), balance("CLBD", "5"), reversal))

    messages = [finding.message for finding in of(read(data), Finding)]
    assert "reversals" in messages[0]
    assert (rows(data)[0].extra or {})["reversal"] == "true"


def test_an_intraday_report_that_does_not_add_up_is_only_noted() -> None:
    data = camt(statement(balance("OPBD", "1"), balance("ITBD", "2"), IN), kind="052")
    findings = of(read(data), Finding)

    assert [(one.code, one.severity, one.control) for one in findings] == [
        ("balance-mismatch", Severity.INFO, False)
    ]


def test_balances_in_two_currencies_prove_nothing() -> None:
    data = camt(statement(balance("OPBD", "1"), balance("CLBD", "1", currency="SEK")))

    assert codes(data) == ["balance-currencies"]


TOTALS = (
    "<TxsSummry><TtlNtries><NbOfNtries>{0}</NbOfNtries><Sum>{1}</Sum></TtlNtries>"
    "<TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>2.50</Sum></TtlDbtNtries></TxsSummry>"
)


def test_totals_are_shown_and_held_against_the_entries() -> None:
    right = read(camt(statement(TOTALS.format(2, "15.00"), IN, OUT)))
    wrong = camt(statement(TOTALS.format(3, "15.01"), IN, OUT))

    assert [(one.code, one.amount, one.item_count) for one in of(right, SummaryRecord)] == [
        ("TtlNtries", Decimal("15.00"), 2),
        ("TtlDbtNtries", Decimal("-2.50"), 1),
    ]
    assert of(right, Finding) == []
    assert codes(wrong) == ["entry-count", "entry-sum"]
    assert all(finding.control for finding in of(read(wrong), Finding))


def test_totals_that_leave_pending_entries_out_hold_too() -> None:
    pending = Entry(status="PDNG", amount=Decimal(9))

    assert codes(camt(statement(TOTALS.format(2, "15.00"), IN, OUT, pending))) == []


def test_notifications_have_no_balances_and_need_none() -> None:
    records = read(camt(statement(IN), kind="054"))

    assert of(records, BalanceRecord) == []
    assert of(records, Finding) == []


def test_further_pages_and_duplicates_are_noted() -> None:
    pages = "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>"
    copy = "<CpyDplctInd>DUPL</CpyDplctInd>"

    assert codes(camt(statement(pages + copy, IN))) == ["duplicate-statement", "more-pages"]


def test_the_currency_of_the_connection_stands_in_where_nothing_names_one() -> None:
    account = f"<Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>"
    data = camt(statement(Entry(currency=""), account=account))

    found = of(read(data, ParseOptions(currency="CHF")), TransactionRecord)
    assert [one.currency for one in found] == ["CHF"]
    assert [one.rejected for one in of(read(data), Finding)] == [True]


@pytest.mark.parametrize(
    "data",
    [
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'></Document>",
        b"<Document><CstmrCdtTrfInitn/></Document>",
    ],
)
def test_a_document_without_a_message_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data)

    assert caught.value.code == "no-statement"
