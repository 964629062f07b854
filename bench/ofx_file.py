"""An OFX file of any size, always the same for the same arguments: what the benchmarks read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

_HEADER = (
    "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n"
    "COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
)
_DECLARATION = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)
_NAMES = ("ACME CORP", "NORTHWIND TRADERS", "GLOBEX LTD", "INITECH", "STARK &amp; CO")
_FIRST = date(2026, 3, 1)
_STATUS: Final = ("<STATUS>", "<CODE>0", "<SEVERITY>INFO", "</STATUS>")
_OPENING: Final = (
    *("<OFX>", "<SIGNONMSGSRSV1>", "<SONRS>", *_STATUS, "<DTSERVER>20260401", "<LANGUAGE>ENG"),
    *("</SONRS>", "</SIGNONMSGSRSV1>"),
    *("<BANKMSGSRSV1>", "<STMTTRNRS>", "<TRNUID>1", *_STATUS, "<STMTRS>"),
)
_CLOSING: Final = ("</STMTRS>", "</STMTTRNRS>", "</BANKMSGSRSV1>", "</OFX>")


def write_ofx(path: Path, transactions: int, *, xml: bool = False, seed: int = 1) -> None:
    """Write a valid file of one account: OFX 1.x without end tags, or 2.x as XML."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(_DECLARATION if xml else _HEADER)
        for line in chain(_OPENING, _statement(random.Random(seed), transactions), _CLOSING):
            file.write(_closed(line) if xml else f"{line}\n")


def _statement(chance: random.Random, transactions: int) -> Iterator[str]:
    yield from ("<CURDEF>USD", "<BANKACCTFROM>", "<BANKID>121000248", "<ACCTID>000123456789")
    yield from ("<ACCTTYPE>CHECKING", "</BANKACCTFROM>", "<BANKTRANLIST>")
    yield from ("<DTSTART>20260301", "<DTEND>20260331")
    total = 0
    for number in range(transactions):
        minor = chance.randrange(1, 10**7) * chance.choice((1, -1))
        day = _FIRST + timedelta(days=number * 31 // max(transactions, 1))
        total += minor
        yield from (
            "<STMTTRN>",
            f"<TRNTYPE>{'CREDIT' if minor > 0 else 'DEBIT'}",
            f"<DTPOSTED>{day:%Y%m%d}120000[-5:EST]",
            f"<TRNAMT>{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}",
            f"<FITID>{day:%Y%m%d}{number:09d}",
            f"<NAME>{chance.choice(_NAMES)}",
            f"<MEMO>INVOICE {chance.randrange(10**6):06d} TERMS 30 DAYS",
            "</STMTTRN>",
        )
    sign = "-" if total < 0 else ""
    yield from ("</BANKTRANLIST>", "<LEDGERBAL>")
    yield from (f"<BALAMT>{sign}{abs(total) // 100}.{abs(total) % 100:02d}", "<DTASOF>20260331")
    yield "</LEDGERBAL>"


def _closed(line: str) -> str:
    tag, _, value = line[1:].partition(">")
    return f"{line}</{tag}>\n" if value else f"{line}\n"
