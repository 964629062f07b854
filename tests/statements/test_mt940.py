"""MT940 and MT942: what becomes of each field, and what is said where one is off."""

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
    Record,
    Severity,
    SummaryRecord,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import ParseOptions
from statements.mt940 import MT940
from tests.fixtures.mt940_file import COFFEE, SALARY, Statement, mt940

HEAD = ":20:X\n:25:12345678/4711\n:28C:1/1\n:60F:C260331EUR100,00\n"


def read(text: str | bytes, **options: str) -> list[Record]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(MT940.parse([data], ParseOptions(currency=options.get("currency"))))


def row(entry: str, head: str = HEAD) -> TransactionRecord:
    (found,) = rows(f"{head}{entry}\n")
    return found


def rows(text: str | bytes) -> list[TransactionRecord]:
    return [record for record in read(text) if isinstance(record, TransactionRecord)]


def findings(text: str | bytes, **options: str) -> list[Finding]:
    return [record for record in read(text, **options) if isinstance(record, Finding)]


def codes(text: str | bytes, **options: str) -> list[str]:
    return [finding.code for finding in findings(text, **options)]


@pytest.mark.parametrize(
    ("mark", "amount"),
    [
        ("C", "5.25"),
        ("D", "-5.25"),
        ("RC", "-5.25"),
        ("RD", "5.25"),
        ("CR", "5.25"),
        ("DR", "-5.25"),
        ("RCR", "-5.25"),
        ("RDR", "5.25"),
        ("d", "-5.25"),
        ("EC", "5.25"),
        ("ED", "-5.25"),
    ],
)
def test_sign_is_that_of_the_mark_whatever_the_funds_code(mark: str, amount: str) -> None:
    assert row(f":61:2604010401{mark}5,25NTRFNONREF").amount == Decimal(amount)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("5,", "5"),
        ("0,00", "0.00"),
        ("000000000005,25", "5.25"),
        ("12345678901234,56", "12345678901234.56"),
        ("1,2345", "1.2345"),
    ],
)
def test_amounts_are_read_as_they_are_written(written: str, amount: str) -> None:
    found = row(f":61:2604010401C{written}NTRFREF//BANK")

    assert str(found.amount) == amount
    assert (found.customer_reference, found.reference) == ("REF", "BANK")


@pytest.mark.parametrize("written", ["1.234,56", "1,2,3", ",50", "123456789012345,00", "x"])
def test_an_amount_that_is_none_rejects_its_row_and_no_other(written: str) -> None:
    text = (
        f"{HEAD}:61:2604010401C{written}NTRFREF\n:86:LOST\n:61:2604010401C1,00NTRFREF\n:86:KEPT\n"
    )

    assert [found.description for found in rows(text)] == ["KEPT"]
    (rejected,) = [finding for finding in findings(text) if finding.rejected]
    assert rejected.line == 5
    assert written in (rejected.raw or "")
    assert "left out" in rejected.message


def test_amounts_with_a_point_or_no_mark_are_read_with_a_finding() -> None:
    text = f"{HEAD}:61:2604010401C5.25NTRFREF\n:61:2604010401C5NTRFREF\n:62F:C260401EUR110,25\n"

    assert [str(found.amount) for found in rows(text)] == ["5.25", "5"]
    assert codes(text) == ["amount-without-comma"] * 2


@pytest.mark.parametrize(
    ("value", "entry", "posted"),
    [
        ("260102", "1231", date(2025, 12, 31)),
        ("251231", "0105", date(2026, 1, 5)),
        ("260120", "1215", date(2025, 12, 15)),
        ("251115", "0105", date(2026, 1, 5)),
        ("260301", "0228", date(2026, 2, 28)),
        ("240301", "0229", date(2024, 2, 29)),
        ("260401", "", date(2026, 4, 1)),
        ("260401", "    ", date(2026, 4, 1)),
        ("991231", "0103", date(2000, 1, 3)),
    ],
)
def test_entry_date_has_the_year_that_is_nearest_to_the_value_date(
    value: str, entry: str, posted: date
) -> None:
    assert row(f":61:{value}{entry}C1,00NTRFREF").posted_date == posted


def test_thirtieth_of_february_is_its_last_day_and_said() -> None:
    text = f"{HEAD}:61:2602300301D6,00NTRFREF\n:62F:C260301EUR94,00\n"

    assert [(found.value_date, found.posted_date) for found in rows(text)] == [
        (date(2026, 2, 28), date(2026, 3, 1))
    ]
    assert codes(text) == ["value-date-moved"]


def test_dates_that_are_none_leave_the_row_and_are_said() -> None:
    text = f"{HEAD}:61:2613010401C1,00NTRFA\n:61:2604019999C1,00NTRFB\n:62F:C260401EUR102,00\n"

    assert [(found.value_date, found.posted_date) for found in rows(text)] == [
        (None, date(2026, 4, 1)),
        (date(2026, 4, 1), date(2026, 4, 1)),
    ]
    assert codes(text) == ["value-date", "entry-date"]


def test_references_and_supplementary_details_are_kept_at_any_length() -> None:
    found = row(
        ":61:2604010401D20,NTRFBIPI-dvT1FzfMqvzF5HaU4oetlH7SGRkonU//2022070616391534000XY\n"
        "/OCMT/EUR11,85/\n/CHGS/EUR0,50/"
    )

    assert found.customer_reference == "BIPI-dvT1FzfMqvzF5HaU4oetlH7SGRkonU"
    assert found.reference == "2022070616391534000XY"
    assert (found.extra or {})["supplementary_details"] == "/OCMT/EUR11,85/ /CHGS/EUR0,50/"
    assert found.description == "/OCMT/EUR11,85/ /CHGS/EUR0,50/"


def test_entries_without_a_type_are_all_kept() -> None:
    text = f"{HEAD}:61:2604010401C1,00\n:61:2604010401C2,00\n:62F:C260401EUR103,00\n"

    assert [str(found.amount) for found in rows(text)] == ["1.00", "2.00"]
    assert codes(text) == ["entry-type-missing"] * 2


def test_structured_details_are_told_apart() -> None:
    found = row(
        ":61:2604010401DR350,00NDDTNONREF//BANK1\n"
        ":86:105?00SEPA-LASTSCHRIFT?109310?20EREF+INV-118?21MREF+M-000\n"
        "4471?22CRED+DE98ZZZ09999999999?23SVWZ+Strom Maerz?30COBADEFFXXX?3\n"
        "1DE89370400440532013000?32Stadtwerke Hafen?33 GmbH?34992?70Rest"
    )

    assert found.description == "Strom Maerz"
    assert found.merchant_name == "Stadtwerke Hafen GmbH"
    assert found.customer_reference == "INV-118"
    assert found.description_raw.count("\n") == 2
    assert found.extra == {
        "transaction_code": "105",
        "posting_text": "SEPA-LASTSCHRIFT",
        "prima_nota": "9310",
        "end_to_end_reference": "INV-118",
        "mandate_reference": "M-0004471",
        "creditor_id": "DE98ZZZ09999999999",
        "counterparty_bank": "COBADEFFXXX",
        "counterparty_account": "DE89370400440532013000",
        "text_key_addition": "992",
        "sub_field_70": "Rest",
        "funds_code": "R",
    }


@pytest.mark.parametrize(
    ("details", "description"),
    [
        ("105?20Rechnung 7 EREF+1?21SVWZ+Mai", "Rechnung 7 EREF+1SVWZ+Mai"),
        ("105?20SVWZ+eins?21SVWZ+zwei", "SVWZ+einsSVWZ+zwei"),
        ("105?20eins?20zwei", "einszwei"),
        ("105?20Was ist?Das?21 alles", "Was ist?Das alles"),
        ("105?20SVWZ+Wozu??21 Dazu", "Wozu? Dazu"),
        ("105?00ENTGELT", "ENTGELT"),
        ("105?20a?60b?61c", "abc"),
        ("000>20HUUR>21 KANTOOR", "HUUR KANTOOR"),
        (">20Opłata>32", "Opłata"),
        ("091", "091"),
        ("What is 5?20 or so", "What is 5?20 or so"),
        ("free text\n wrapped", "free text wrapped"),
    ],
)
def test_nothing_of_the_details_is_lost(details: str, description: str) -> None:
    assert row(f":61:2604010401C1,00NTRFREF\n:86:{details}").description == description


def test_text_of_the_whole_statement_belongs_to_no_entry() -> None:
    text = (
        f"{HEAD}:86:IBAN NO11\n:61:2604010401C1,00NTRFREF\n:86:OWN\n:86:TEXT\n"
        ":62F:C260401EUR101,00\n:86:Goodbye\n"
    )

    assert [found.description for found in rows(text)] == ["OWN TEXT"]
    assert [(f.code, f.raw) for f in findings(text)] == [
        ("statement-text", "IBAN NO11"),
        ("statement-text", "Goodbye"),
    ]


def test_things_like_tags_at_the_beginning_of_text_lines_are_text() -> None:
    found = row(":61:2604010401C1,00NTRFREF\n:86:12-09-2014T16\n:26:37 Folgenr. 007\n:99X:no tag")

    assert found.description == "12-09-2014T16 :26:37 Folgenr. 007 :99X:no tag"


def test_non_swift_lines_are_text_of_their_entry() -> None:
    found = row(":61:1710111011DF2402,00S   X\n:NS:01526715\n02A12596785\nfree")

    assert found.description == "526715 A12596785 free"
    assert found.description_raw == "01526715\n02A12596785\nfree"


def test_balances_of_every_kind() -> None:
    text = (
        ":20:X\n:25:4711\n:60M:D260331JPY500,\n:62M:D260401JPY500,\n:64:C260401JPY1,\n"
        ":65:C260402JPY2,\n:65:C260403JPY3,\n"
    )
    found = [record for record in read(text) if isinstance(record, BalanceRecord)]

    assert [(b.code, b.kind, str(b.amount), b.as_of.day, b.interim) for b in found] == [
        ("60M", BalanceKind.OTHER, "-500", 31, True),
        ("62M", BalanceKind.OTHER, "-500", 1, True),
        ("64", BalanceKind.CLOSING_AVAILABLE, "1", 1, False),
        ("65", BalanceKind.OTHER, "2", 2, False),
        ("65", BalanceKind.OTHER, "3", 3, False),
    ]


@pytest.mark.parametrize("tag", [":65:Dnullnull7414,3", ":65:C260401EUR1.234,56", ":65:"])
def test_a_bad_balance_loses_nothing_else(tag: str) -> None:
    text = f"{HEAD}:61:2604010401C1,00NTRFREF\n:62F:C260401EUR101,00\n{tag}\n"

    assert len(rows(text)) == 1
    assert codes(text) == ["balance-unreadable"]


def test_entries_that_do_not_make_the_closing_balance_are_kept_and_said() -> None:
    text = f"{HEAD}:61:2604010401C1,00NTRFREF\n:62F:C260401EUR150,00\n"

    assert len(rows(text)) == 1
    (finding,) = findings(text)
    assert (finding.code, finding.control, finding.line) == ("control-total", True, 6)
    assert "makes 101.00" in finding.message


def test_statements_of_a_file_are_proved_each_on_its_own() -> None:
    first = Statement(lines=[COFFEE], opening=Decimal("10.00"))
    second = Statement(lines=[SALARY], opening=Decimal("6.50"))
    other = Statement(lines=[COFFEE], account="DE75512108001245126199", opening=Decimal(0))
    records = read(mt940(first, second, other))

    assert not any(isinstance(record, Finding) for record in records)
    assert [record.key for record in records if isinstance(record, AccountRecord)] == [
        "DE02120300000000202051|EUR",
        "DE75512108001245126199|EUR",
    ]


def test_a_gap_between_two_statements_is_said() -> None:
    first = Statement(opening=Decimal("10.00"))
    second = Statement(opening=Decimal("12.00"))

    assert codes(mt940(first, second)) == ["balance-continuity"]


def test_a_second_statement_without_a_reference_of_its_own_is_another_one() -> None:
    text = f"{HEAD}:62F:C260401EUR100,00\n:60F:C260401EUR100,00\n:62F:C260402EUR101,00\n"

    assert codes(text) == ["control-total"]


@pytest.mark.parametrize("end", [HEAD, f"{HEAD}:61:2604010401C1,00NTRFREF\n:86:TEXT", ":20:X\n"])
def test_a_file_that_was_cut_off_says_so(end: str) -> None:
    (finding,) = findings(end)

    assert (finding.code, finding.severity, finding.control) == ("truncated", Severity.ERROR, True)


def test_a_statement_that_was_cut_off_before_another_one_says_so() -> None:
    text = HEAD + mt940(Statement()).decode()

    assert codes(text) == ["missing-trailer"]


def test_interim_report() -> None:
    report = Statement(lines=[COFFEE, SALARY], opening=None)
    records = read(mt940(report, enveloped=True))

    found = [record for record in records if isinstance(record, TransactionRecord)]
    assert {row.status for row in found} == {TransactionStatus.PENDING}
    totals = [record for record in records if isinstance(record, SummaryRecord)]
    assert [(t.code, str(t.amount), t.item_count) for t in totals] == [
        ("34F", "0", None),
        ("90D", "3.50", 1),
        ("90C", "3000.00", 1),
    ]
    assert totals[1].as_of == date(2026, 4, 1)
    assert not any(isinstance(record, Finding) for record in records)


def test_floor_limits_of_both_sides() -> None:
    text = ":20:X\n:25:4711\n:34F:EURD5,00\n:34F:EURC7,00\n:34F:EUR 1,00\n"
    totals = [record for record in read(text) if isinstance(record, SummaryRecord)]

    assert [(t.code, str(t.amount)) for t in totals] == [
        ("34FD", "5.00"),
        ("34FC", "7.00"),
        ("34F", "1.00"),
    ]


def test_sums_of_an_interim_report_that_do_not_fit_are_said() -> None:
    text = mt940(Statement(lines=[COFFEE], opening=None)).replace(b":90D:1", b":90D:2")

    (finding,) = findings(text)
    assert (finding.code, finding.control) == ("control-total", True)


def test_expected_entries_are_pending_and_in_no_balance() -> None:
    text = f"{HEAD}:61:2604010401ED1,00NTRFREF\n:62F:C260401EUR100,00\n"

    assert [found.status for found in rows(text)] == [TransactionStatus.PENDING]
    assert codes(text) == []


def test_a_file_without_currency_needs_that_of_the_connection() -> None:
    text = ":61:260401C1,00NTRFREF\n:86:TEXT\n"

    assert codes(text) == ["currency-missing", "no-rows"]
    assert codes(text, currency="EUR") == ["account-missing"]
    (account,) = [r for r in read(text, currency="EUR") if isinstance(r, AccountRecord)]
    assert (account.key, account.number) == ("default|EUR", None)


@pytest.mark.parametrize(
    ("field", "key", "number", "institution"),
    [
        ("DE02120300000000202051", "DE02120300000000202051", "DE02120300000000202051", None),
        ("DE02120300000000202051EUR", "DE02120300000000202051", "DE02120300000000202051", None),
        ("12345678/0004711", "12345678/0004711", "0004711", "12345678"),
        ("DABADKKK/1111.11", "DABADKKK/1111.11", "1111.11", "DABADKKK"),
        ("12345678/4711EUR", "12345678/4711", "4711", "12345678"),
        ("4711\nHBBKDEFF", "4711", "4711", "HBBKDEFF"),
    ],
)
def test_accounts(field: str, key: str, number: str, institution: str | None) -> None:
    text = f":20:X\n:25:{field}\n:60F:C260401EUR1,\n:62F:C260401EUR1,\n"
    (account,) = [record for record in read(text) if isinstance(record, AccountRecord)]

    assert (account.key, account.currency) == (f"{key}|EUR", "EUR")
    assert (account.number, account.institution) == (number, institution)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b" \r\n", "empty"), (b"Hello\n", "no-statement"), (b"\x00\x00", "empty")],
)
def test_what_is_no_statement_is_unreadable(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data)

    assert caught.value.code == code


def test_nothing_of_a_file_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)

    read(mt940(Statement(lines=[COFFEE])) + b":20:X\n:65:Dnullnull\n:61:nothing\n")

    assert caplog.records == []
