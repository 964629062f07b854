"""MT940 around the messages: envelopes, line ends, encodings, and how sure recognition is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import Unreadable
from core.records import AccountRecord, Finding, Record, TransactionRecord
from statements.base import ParseOptions
from statements.mt940 import MT940
from statements.registry import detect
from tests.fixtures.mt940_file import COFFEE, SALARY, Line, Statement, mt940

MARCH = Statement(lines=[COFFEE, SALARY])
APRIL = Statement(lines=[COFFEE], account="DE75512108001245126199")
UMLAUT = Statement(lines=[Line(amount=COFFEE.amount, details=("Bäckerei Müller, Grüße",))])


def read(data: bytes) -> list[Record]:
    return list(MT940.parse([data], ParseOptions()))


def texts(records: list[Record]) -> list[str]:
    return [record.description for record in records if isinstance(record, TransactionRecord)]


def codes(records: list[Record]) -> list[str]:
    return [record.code for record in records if isinstance(record, Finding)]


def test_an_envelope_changes_nothing_but_the_bank() -> None:
    bare, enveloped = read(mt940(MARCH, APRIL)), read(mt940(MARCH, APRIL, enveloped=True))

    assert texts(enveloped) == texts(bare) == ["COFFEE", "SALARY", "COFFEE"]
    assert codes(enveloped) == []
    accounts = [record for record in enveloped if isinstance(record, AccountRecord)]
    assert {account.institution for account in accounts} == {"HBBKDEFF"}


def test_messages_may_share_lines() -> None:
    data = mt940(MARCH, APRIL, enveloped=True)
    shared = data.replace(b"-}\n{1:", b"-}{5:{MAC:00000000}}\x03\x01{1:").replace(b"{4:\n", b"{4:")

    assert texts(read(shared)) == ["COFFEE", "SALARY", "COFFEE"]
    assert codes(read(shared)) == []


def test_blocks_may_stand_on_lines_of_their_own() -> None:
    report = Statement(lines=[COFFEE], opening=None)
    data = mt940(report, enveloped=True).replace(b"}{", b"}\n{")

    (row,) = [record for record in read(data) if isinstance(record, TransactionRecord)]
    assert row.status == "pending"
    assert codes(read(data)) == []


def test_the_sender_of_an_output_message_stands_in_its_second_block() -> None:
    data = mt940(MARCH, enveloped=True).replace(
        b"{2:I940HARBORTEXXXXN}", b"{2:O9401200260401SEABDEFFAXXX22221234562604011201N}"
    )
    (account,) = [record for record in read(data) if isinstance(record, AccountRecord)]

    assert account.institution == "SEABDEFF"


def test_a_message_that_does_not_end_was_cut_off() -> None:
    data = mt940(MARCH, enveloped=True)

    assert codes(read(data.removesuffix(b"-}\n"))) == ["truncated"]
    assert codes(read(data.removesuffix(b"-}\n") + data))[0] == "missing-trailer"


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\n\n"])
def test_line_ends(separator: str) -> None:
    records = read(mt940(MARCH, APRIL, separator=separator))

    assert texts(records) == ["COFFEE", "SALARY", "COFFEE"]
    assert codes(records) == []


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", []),
        ("utf-16-le", []),
        ("cp1252", ["encoding-assumed"]),
        ("cp852", ["encoding-assumed"]),
    ],
)
def test_encodings(encoding: str, said: list[str]) -> None:
    data = mt940(UMLAUT).decode().encode(encoding)
    found = detect(data)

    assert found is not None
    assert found.name == "mt940"
    assert texts(read(data)) == ["Bäckerei Müller, Grüße"]
    assert codes(read(data)) == said


def test_a_colon_that_was_parted_from_its_tag_stands_with_it_again() -> None:
    data = mt940(MARCH).replace(b":86:", b":\n86:")

    assert texts(read(data)) == ["COFFEE", "SALARY"]
    assert texts(read(mt940(MARCH).replace(b"COFFEE", b"COFFEE\n:\nand more"))) == [
        "COFFEE : and more",
        "SALARY",
    ]


def test_a_dash_in_a_text_does_not_end_the_statement() -> None:
    records = read(mt940(MARCH).replace(b"COFFEE", b"COFFEE\n-\nand cake"))

    assert texts(records) == ["COFFEE - and cake", "SALARY"]
    assert codes(records) == []


def test_lines_around_the_statements_are_told_once() -> None:
    data = b"ABNANL2A\n940\n" + mt940(MARCH) + b"ABNANL2A\n940\n" + mt940(MARCH)

    assert codes(read(data))[0] == "outside-text"
    assert codes(read(data)).count("outside-text") == 1


def test_lines_are_found_again() -> None:
    data = mt940(MARCH, separator="\r\n")
    lines = list(MT940.lines([data]))
    rows = [record for record in read(data) if isinstance(record, TransactionRecord)]

    assert [lines[row.line - 1][:4] for row in rows] == [b":61:", b":61:"]
    assert [lines[row.line_end - 1][:4] for row in rows] == [b":86:", b":86:"]


def test_a_text_without_end_is_refused_and_not_gathered() -> None:
    def endless() -> Iterator[bytes]:
        yield mt940(MARCH).partition(b":62F:")[0]
        for _ in range(1_000):
            yield b"text without end\n" * 1_000

    with pytest.raises(Unreadable) as caught:
        list(MT940.parse(endless(), ParseOptions()))

    assert caught.value.code == "field-too-long"


@pytest.mark.parametrize(
    ("head", "percent"),
    [
        (b"{1:F01HBBKDEFFAXXX0000000000}{2:I942HARBORTEXXXXN}{4:\n:20:X", 99),
        (b":20:X\n:25:4711\n:28C:1\n:60F:C260401EUR1,", 96),
        (b":61:2604010401DR1,00NTRFREF\n", 60),
        (b":20:X\n", 30),
        (b"01,BANK,ACME,260301,0600,1,,,2/\n", 0),
        (b"Date,Amount\n2026-04-01,1.00\n", 0),
        (b"", 0),
    ],
)
def test_recognition(head: bytes, percent: int) -> None:
    assert MT940.recognise(head) == percent


@pytest.mark.parametrize(("first", "second"), [("\n", "\r"), ("\r", "\n"), ("\r\n", "\r")])
def test_files_of_other_line_ends_may_be_put_together(first: str, second: str) -> None:
    data = mt940(MARCH, separator=first) + mt940(APRIL, separator=second)

    assert texts(read(data)) == ["COFFEE", "SALARY", "COFFEE"]
    assert codes(read(data)) == []


def test_an_entry_on_a_line_of_several_keeps_its_own_text() -> None:
    data = mt940(Statement(lines=[COFFEE, SALARY, COFFEE]), separator="\r\n")
    broken = data.replace(b"\r\n:61:", b"\r:61:", 2).replace(b"\r\n:86:", b"\r:86:", 2)

    assert texts(read(broken)) == texts(read(data)) == ["COFFEE", "SALARY", "COFFEE"]
