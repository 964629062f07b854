"""Real CSV exports of banks, each read under the mapping that its source states.

Counts, sums and dates were taken from the files with the standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    Record,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import HEAD_BYTES, ParseOptions
from statements.csv import CSV
from statements.csv_detect import propose
from statements.profile import CsvProfile

CORPUS: Final = Path(__file__).resolve().parents[2] / "../shared/corpus/csv"
BANKS: Final = "bank2ynab+bank2ynab/test/test-data"
SAMPLES: Final = "sebastienrousseau+bankstatementparser/tests/test_data"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus ../shared/corpus/csv is not beside this repository"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    file: str
    profile: Mapping[str, Any]
    count: int
    sum: str
    first: date | None  # of the first and the last row in the file
    last: date | None
    text: str  # description of the first row
    rejected: int = 0
    account: str = "default"
    balance: str | None = None  # the newest running balance
    currency: str = "EUR"
    dates: tuple[date, date] = (date(1900, 1, 1), date(2199, 12, 31))


def german(columns: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"delimiter": ";", "dateFormat": "DMY", "decimalMark": ",", "thousands": "."} | {
        "columns": columns,
        **more,
    }


def english(columns: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"dateFormat": "DMY", "decimalMark": ".", "thousands": ","} | {
        "columns": columns,
        **more,
    }


AUSTRIAN_PAIR: Final = {"postedDate": 0, "description": [1], "credit": 3, "debit": 4}

CASES: Final = (
    Case(
        file=f"{BANKS}/20171001-20171106.csv",
        profile=english(
            {"postedDate": "Datum", "description": ["Empfänger"], "amount": "Betrag (EUR)"},
            dateFormat="%Y-%m-%d",
            currency="EUR",
        ),
        count=1,
        sum="-59.99",
        first=date(2017, 10, 1),
        last=date(2017, 10, 1),
        text="NINTENDO OF EUROPE",
    ),
    Case(
        file=f"{BANKS}/2018-04-14_10-52-13_bunq-transactieoverzicht.csv",
        profile=german(
            {
                "postedDate": "Datum",
                "amount": "Bedrag",
                "account": "Rekening",
                "merchant": "Naam",
                "description": ["Omschrijving"],
            },
            delimiter=",",
            dateFormat="YMD",
            currency="EUR",
        ),
        count=3,
        sum="728.54",
        first=date(2018, 3, 1),
        last=date(2018, 3, 9),
        text="invoice 410408",
        account="NL47BUNQ2025181418",
    ),
    Case(
        file=f"{BANKS}/20180226-1000594757-umsatz.CSV",
        profile=german(
            {
                "postedDate": "Valutadatum",
                "amount": "Betrag",
                "account": "Auftragskonto",
                "description": ["Buchungstext"],
                "currency": "Waehrung",
            },
            dateFormat="%d.%m.%y",
        ),
        count=1,
        sum="-36.99",
        first=date(2018, 2, 22),
        last=date(2018, 2, 22),
        text="FOLGELASTSCHRIFT",
        account="1000594757",
    ),
    Case(
        file=f"{BANKS}/20180226_12345678.csv",
        profile=english(
            {
                "postedDate": "Date",
                "amount": "Amount",
                "description": ["Description"],
                "runningBalance": "Balance",
            },
            currency="GBP",
        ),
        count=1,
        sum="-5.00",
        first=date(2018, 2, 10),
        last=date(2018, 2, 10),
        text="MERCHANT NAME@12:34",
        balance="995.00",
        currency="GBP",
    ),
    Case(
        file=f"{BANKS}/2019-03-02_11-50-46_bunq-statement.csv",
        profile=german(
            {
                "postedDate": "Date",
                "amount": "Amount",
                "account": "Account",
                "description": ["Description"],
            },
            delimiter=",",
            dateFormat="YMD",
            currency="EUR",
        ),
        count=7,
        sum="-23.82",
        first=date(2018, 12, 6),
        last=date(2018, 12, 17),
        text="CLOUDFLARE 650-3198939, US 9.95 USD, 1 USD = 0.88241 EUR",
        account="NL26BUNQ2025126409",
    ),
    Case(
        # Ends its lines with \r\r\n, and one row has lost its opening quote.
        file=f"{BANKS}/CSV_A_20180414_112204.csv",
        profile=german(
            {
                "postedDate": "Datum",
                "valueDate": "Rentedatum",
                "amount": "Bedrag",
                "currency": "Munt",
                "account": "IBAN/BBAN",
                "externalId": "Volgnr",
                "merchant": "Naam tegenpartij",
                "description": ["Omschrijving-1", "Omschrijving-2", "Omschrijving-3"],
                "runningBalance": "Saldo na trn",
            },
            delimiter=",",
            dateFormat="YMD",
            encoding="windows-1252",
        ),
        count=3,
        sum="-1037.49",
        first=date(2018, 3, 1),
        last=date(2018, 3, 16),
        text="RENTE LENING",
        account="NL77RABO0311467415",
        balance="12334.53",
    ),
    Case(
        file=f"{BANKS}/MS_JANE_SMITH_01-12-2019_14-12-2019.csv",
        profile=english(
            {
                "postedDate": "Date Processed",
                "status": "Date Processed",
                "description": ["Description"],
                "amount": "Amount",
                "indicator": 3,
            },
            dateFormat="%d-%b-%Y",
            currency="GBP",
            pendingValues=["Pending"],
            debitValues=[""],
            creditValues=["CR"],
        ),
        count=13,
        sum="-399.99",
        first=None,
        last=date(2019, 12, 2),
        text="L'OLILO LONDON GBR",
        currency="GBP",
    ),
    Case(
        file=f"{BANKS}/MonzoDataExport_February2018_2018-02-26_174335.csv",
        profile=english(
            {
                "postedDate": "created",
                "amount": "amount",
                "currency": "currency",
                "externalId": "id",
                "description": ["description"],
            },
            dateFormat="%Y-%m-%d %H:%M:%S +0000",
        ),
        count=1,
        sum="-10",
        first=date(2018, 2, 25),
        last=date(2018, 2, 25),
        text="Tesco",
        currency="GBP",
    ),
    Case(
        file=f"{BANKS}/Movements_1234512345_201805271848.csv",
        profile=german(
            {
                "postedDate": "Datum provedení",
                "amount": "Zaúčtovaná částka",
                "currency": "Měna účtu",
                "account": "Číslo účtu",
                "merchant": "Název protiúčtu",
                "description": ["Zpráva"],
            },
            encoding="cp1250",
        ),
        count=1,
        sum="-1.00",
        first=date(2018, 5, 27),
        last=date(2018, 5, 27),
        text="Memo for me test",
        account="123456789/1234",
        currency="CZK",
    ),
    Case(
        # Made anonymous by its giver: every digit is a 1, dates too.
        file=f"{BANKS}/TH_20180101-20180523_strana_1.csv",
        profile=german(
            {
                "postedDate": "Datum zaúčtování",
                "amount": "Částka CZK",
                "description": ["Bankovní spojení"],
            },
            encoding="cp1250",
            dateFormat="%Y/%m/%d",
            currency="CZK",
        ),
        count=9,
        sum="-2599.99",
        first=date(1111, 11, 11),
        last=date(1111, 11, 11),
        text="XXXXX XXXXX XXXX XXXXX 11",
        currency="CZK",
        dates=(date(1000, 1, 1), date(2199, 12, 31)),
    ),
    Case(
        file=f"{BANKS}/TransactionHistory_20180418043121.csv",
        profile=english(
            {
                "postedDate": "Transaction date",
                "valueDate": "Value date",
                "description": ["Description"],
                "debit": "Withdrawals (SGD)",
                "credit": "Deposits (SGD)",
            },
            preamble="until-header",
            continuationRows=True,
            currency="SGD",
        ),
        count=8,
        sum="-173.28",
        first=date(2018, 4, 18),
        last=date(2018, 4, 13),
        text="DEBIT PURCHASE 15/04/18 66-6666 UBER EATS AN2GO HELP.UBERh",
        currency="SGD",
    ),
    Case(
        file=f"{BANKS}/Umsaetze_KtoNr538917600_EUR_02-03-2018_1503.CSV",
        profile=german(
            {
                "postedDate": "Buchungstag",
                "amount": "Betrag",
                "currency": "Währung",
                "account": "IBAN Auftraggeberkonto",
                "description": ["Buchungstext"],
            }
        ),
        count=1,
        sum="-17.22",
        first=date(2018, 3, 2),
        last=date(2018, 3, 2),
        text="Kartenzahlung REWE SAGT DANKE. 41400673//Hamburg 2018-03-01T11:33:59 KFN 1 VJ 1812",
        account="DE44200400000538917600",
    ),
    Case(
        file=f"{BANKS}/W80844_EBH_201945.202122.csv",
        profile=english(
            {
                "postedDate": "Tranzakció dátuma",
                "amount": "Tranzakció összege",
                "currency": "Tranzakció devizaneme",
                "account": "Számlaszám",
                "description": ["Partner neve"],
            },
            dateFormat="YMD",
        ),
        count=2,
        sum="940",
        first=date(2019, 4, 19),
        last=date(2019, 4, 17),
        text="memo goes here",
        account="bank account",
        currency="HUF",
    ),
    Case(
        file=f"{BANKS}/dba33fceecd62c3c727893361e0ba4d3.P000000027355791.csv",
        profile=english(
            {"postedDate": 0, "debit": 2, "credit": 3, "merchant": 4, "description": [4, 5]},
            header=False,
            dateFormat="%d %b %Y",
            currency="SGD",
        ),
        count=1,
        sum="-7.80",
        first=date(2018, 2, 27),
        last=date(2018, 2, 27),
        text="MCDONALD'S (TAM KIOSK) SI NG 22FEB",
        currency="SGD",
    ),
    Case(
        file=f"{BANKS}/export_BE11123456789012_20180304_1422.csv",
        profile=german(
            {
                "postedDate": "Datum",
                "valueDate": "Valuta",
                "amount": "Bedrag",
                "currency": "Munt",
                "account": "Rekeningnummer",
                "description": ["Omschrijving"],
                "runningBalance": "Saldo",
            }
        ),
        count=1,
        sum="-3.40",
        first=date(2018, 2, 28),
        last=date(2018, 2, 28),
        text="BIJDRAGE 01-02-2018 - 28-02-2018 28-02 KBC-PLUSREKENING",
        account="BE11123456789012",
        balance="219.95",
    ),
    Case(
        file=f"{BANKS}/export_KBC-Mastercard Business Essential_20200204_1604.csv",
        profile=german(
            {
                "postedDate": "datum verrichting",
                "valueDate": "Datum verrekening",
                "amount": "bedrag",
                "currency": "munt",
                "description": ["Handelaar"],
            }
        ),
        count=3,
        sum="2.73",
        first=date(2020, 2, 1),
        last=date(2020, 1, 1),
        text="More info",
    ),
    Case(
        file=f"{BANKS}/statement_1.csv",
        profile=english(
            {"postedDate": 0, "description": [1], "category": 4, "credit": 5, "debit": 6},
            header=False,
            dateFormat="%d %b %y",
            currency="GBP",
        ),
        count=1,
        sum="-20.59",
        first=date(2018, 2, 10),
        last=date(2018, 2, 10),
        text="Shop Name, AnyTown20.59 POUND STERLING GREAT BRITAIN",
        currency="GBP",
    ),
    Case(
        file=f"{BANKS}/test_BOI_TransactionExport.csv",
        profile=english(
            {
                "postedDate": "Date",
                "description": ["Details"],
                "debit": "Debit",
                "credit": "Credit",
                "runningBalance": "Balance",
            },
            currency="EUR",
        ),
        count=27,
        sum="-419.61",
        first=date(2017, 9, 1),
        last=date(2017, 9, 28),
        text="Random Name GP",
    ),
    Case(
        file=f"{BANKS}/test_delimiter_tab.csv",
        profile=german(
            AUSTRIAN_PAIR, delimiter="tab", header=False, encoding="latin-1", currency="EUR"
        ),
        count=73,
        sum="-4580.70",
        first=date(2017, 9, 18),
        last=date(2017, 10, 19),
        text="HOFER DANKT 0527 K2 18.09. 17:20",
        rejected=1,
    ),
    Case(
        file=f"{BANKS}/test_headers.csv",
        profile=german(
            {
                "postedDate": "Date",
                "description": ["Payee"],
                "valueDate": "SomeOtherDate",
                "amount": "Inflow",
                "currency": "Currency",
            },
            footerStartsWith=["FOOTER ROW"],
        ),
        count=73,
        sum="-4580.70",
        first=date(2017, 9, 18),
        last=date(2017, 10, 19),
        text="HOFER DANKT 0527 K2 18.09. 17:20",
        rejected=1,
    ),
    Case(
        file=f"{BANKS}/test_raiffeisen_01.csv",
        profile=german(
            {"postedDate": 0, "description": [1], "valueDate": 2, "amount": 3, "currency": 4},
            header=False,
        ),
        count=73,
        sum="-4580.70",
        first=date(2017, 9, 18),
        last=date(2017, 10, 19),
        text="HOFER DANKT 0527 K2 18.09. 17:20",
        rejected=1,
    ),
    Case(
        file=f"{BANKS}/test_row_format_default.csv",
        profile=german(AUSTRIAN_PAIR, header=False, encoding="latin-1", currency="EUR"),
        count=73,
        sum="-4580.70",
        first=date(2017, 9, 18),
        last=date(2017, 10, 19),
        text="HOFER DANKT 0527 K2 18.09. 17:20",
        rejected=1,
    ),
    Case(
        file=f"{BANKS}/umsatz-1234________1234-20180227.CSV",
        profile=german(
            {
                "postedDate": "Buchungsdatum",
                "transactionDate": "Belegdatum",
                "amount": "Buchungsbetrag",
                "currency": "Buchungswährung",
                "account": "Umsatz getätigt von",
                "reference": "Buchungsreferenz",
                "description": ["Transaktionsbeschreibung", "Transaktionsbeschreibung Zusatz"],
            },
            dateFormat="%d.%m.%y",
        ),
        count=1,
        sum="-5.00",
        first=date(2018, 2, 20),
        last=date(2018, 2, 20),
        text="AMREST STARBUCKS DE 08007263333 DE",
        account="51_5 4400 7700 9222443",
    ),
    Case(
        file="fjacquet+camt-csv/internal/visecaparser/testdata/viseca.csv",
        profile=english(
            {
                "postedDate": "ValutaDate",
                "transactionDate": "Date",
                "amount": "Amount",
                "currency": "Currency",
                "externalId": "TransactionId",
                "account": "CardId",
                "merchant": "MerchantName",
                "description": ["Details"],
                "status": "StateType",
                "originalAmount": "OriginalAmount",
                "originalCurrency": "OriginalCurrency",
            },
            dateFormat="YMD",
            thousands="",
            negate=True,
        ),
        count=9,
        sum="-49.200",
        first=date(2025, 3, 3),
        last=date(2024, 9, 17),
        text="Jschalp Gastro AG",
        account="000000XXXXXXXXXX",
        currency="CHF",
    ),
    Case(
        file=f"{SAMPLES}/camt_file.csv",
        profile=english(
            {"postedDate": "StatementCreated", "amount": "NetAmount", "account": "AccountId"},
            dateFormat="YMD",
            currency="EUR",
        ),
        count=1,
        sum="-64321.5",
        first=date(2010, 10, 18),
        last=date(2010, 10, 18),
        text="",
        account="50000000054910000003",
    ),
    Case(
        file=f"{SAMPLES}/golden/csv_european_decimals.csv",
        profile=german(
            {
                "postedDate": "Buchungstag",
                "amount": "Betrag",
                "currency": "CCY",
                "account": "IBAN",
                "reference": "Ref",
                "description": ["Verwendungszweck"],
            },
            dateFormat="YMD",
        ),
        count=3,
        sum="2260.94",
        first=date(2026, 4, 2),
        last=date(2026, 4, 9),
        text="Miete April",
        account="DE89370400440532013000",
    ),
    Case(
        file=f"{SAMPLES}/golden/csv_french_headers.csv",
        profile=german(
            {
                "postedDate": "Date opération",
                "debit": "Débit",
                "credit": "Crédit",
                "currency": "Devise",
                "reference": "Référence",
                "description": ["Libellé"],
            },
            dateFormat="YMD",
        ),
        count=3,
        sum="2260.94",
        first=date(2026, 4, 2),
        last=date(2026, 4, 9),
        text="Loyer Avril",
    ),
    Case(
        file=f"{SAMPLES}/golden/csv_spanish_headers.csv",
        profile=german(
            {
                "postedDate": "Fecha",
                "amount": "Importe",
                "currency": "Moneda",
                "account": "Cuenta",
                "description": ["Concepto"],
            },
            dateFormat="YMD",
        ),
        count=3,
        sum="2260.94",
        first=date(2026, 4, 2),
        last=date(2026, 4, 9),
        text="Alquiler Abril",
        account="ES9121000418450200051332",
    ),
    Case(
        file=f"{SAMPLES}/sample_split_amounts.csv",
        profile=german(
            {
                "postedDate": "Booking Date",
                "credit": "Credit",
                "debit": "Debit",
                "currency": "CCY",
                "account": "IBAN",
                "runningBalance": "Running Balance",
                "description": ["Details"],
            },
            dateFormat="YMD",
        ),
        count=2,
        sum="1050.25",
        first=date(2026, 3, 20),
        last=date(2026, 3, 21),
        text="Incoming transfer",
        account="DE4455667788",
        balance="2050.25",
    ),
    Case(
        file=f"{SAMPLES}/sample_statement.csv",
        profile=english(
            {
                "postedDate": "Date",
                "amount": "Amount",
                "currency": "Currency",
                "account": "Account",
                "runningBalance": "Balance",
                "description": ["Description"],
            },
            dateFormat="YMD",
        ),
        count=2,
        sum="1300.00",
        first=date(2026, 3, 20),
        last=date(2026, 3, 21),
        text="Salary",
        account="DE123456789",
        balance="3800.00",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: Path(case.file).name)
def test_file_reads_as_its_source_states(case: Case) -> None:
    records = read(case)

    rows = [record for record in records if isinstance(record, TransactionRecord)]
    findings = [record for record in records if isinstance(record, Finding)]
    accounts = [record for record in records if isinstance(record, AccountRecord)]
    balances = [record for record in records if isinstance(record, BalanceRecord)]
    assert len(rows) == case.count
    assert sum(row.amount for row in rows) == Decimal(case.sum)
    assert (rows[0].posted_date, rows[-1].posted_date) == (case.first, case.last)
    assert rows[0].description == case.text
    assert {row.currency for row in rows} == {case.currency}
    assert [account.key for account in accounts] == [case.account]
    assert sum(finding.rejected for finding in findings) == case.rejected
    expected = [] if case.balance is None else [Decimal(case.balance)]
    assert [balance.amount for balance in balances] == expected


def test_every_file_of_the_corpus_has_a_case() -> None:
    files = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}

    assert files == {case.file for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: Path(case.file).name)
def test_detection_agrees_with_the_source_or_asks(case: Case) -> None:
    content = (CORPUS / case.file).read_bytes()

    proposal = propose(content[:HEAD_BYTES])

    if proposal.profile is None:
        assert proposal.questions
        return
    options = ParseOptions(profile=proposal.profile, currency=case.currency, dates=case.dates)
    found = [r for r in CSV.parse([content], options) if isinstance(r, TransactionRecord)]
    expected = [r for r in read(case) if isinstance(r, TransactionRecord)]
    assert [row.amount for row in found] == [row.amount for row in expected]


def test_most_of_the_corpus_needs_no_question() -> None:
    proposals = [propose((CORPUS / case.file).read_bytes()[:HEAD_BYTES]) for case in CASES]

    assert sum(proposal.complete for proposal in proposals) >= 17


def test_pending_card_purchases_have_no_booking_date_yet() -> None:
    case = next(case for case in CASES if "JANE_SMITH" in case.file)

    pending = [
        record
        for record in read(case)
        if isinstance(record, TransactionRecord) and record.status is TransactionStatus.PENDING
    ]

    assert [row.amount for row in pending] == [
        Decimal("-67.40"),
        Decimal("-8.99"),
        Decimal("-37.80"),
    ]
    assert [row.posted_date for row in pending] == [None, None, None]


def test_dates_of_the_year_1111_are_findings_by_default() -> None:
    case = next(case for case in CASES if "TH_2018" in case.file)
    options = ParseOptions(profile=CsvProfile.model_validate(case.profile))

    records = list(CSV.parse([(CORPUS / case.file).read_bytes()], options))

    findings = [record for record in records if isinstance(record, Finding)]
    assert [finding.code for finding in findings] == ["date-out-of-range"] * 9 + ["no-row-readable"]
    assert [finding.line for finding in findings[:9]] == list(range(2, 11))


def read(case: Case) -> list[Record]:
    options = ParseOptions(profile=CsvProfile.model_validate(case.profile), dates=case.dates)
    return list(CSV.parse([(CORPUS / case.file).read_bytes()], options))
