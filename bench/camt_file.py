"""A CAMT.053 file of any size, always the same for the same arguments: what the benchmarks read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

_NAMES = ("Acme GmbH", "Northwind Traders Ltd", "Globex SA", "Initech AG", "Stark &amp; Co")
_FIRST = date(2026, 3, 1)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr>'
    "<MsgId>M1</MsgId><CreDtTm>2026-04-01T06:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
    "<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>"
)


def write_camt(path: Path, entries: int, *, indented: bool = False, seed: int = 1) -> None:
    """Write a valid file of one account whose balances prove its entries.

    Each entry has one detail with references, other party, account, bank and text. `indented`
    puts each element on a line of its own, as many banks do.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for element in _elements(random.Random(seed), entries):
            file.write(element.replace("><", ">\n  <") if indented else element)


def _elements(chance: random.Random, entries: int) -> Iterator[str]:
    yield _HEAD
    yield _balance("OPBD", 1_000_000, _FIRST)
    total = 1_000_000
    for number in range(entries):
        minor = chance.randrange(1, 10**6) * chance.choice((1, -1))
        total += minor
        day = _FIRST + timedelta(days=number * 31 // max(entries, 1))
        yield _entry(number, minor, day, chance)
    yield _balance("CLBD", total, _FIRST + timedelta(days=30))
    yield "</Stmt></BkToCstmrStmt></Document>\n"


def _balance(code: str, minor: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(minor)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _amount(minor: int) -> str:
    side = "DBIT" if minor < 0 else "CRDT"
    whole, cents = divmod(abs(minor), 100)
    return f'<Amt Ccy="EUR">{whole}.{cents:02d}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _entry(number: int, minor: int, day: date, chance: random.Random) -> str:
    side = "Cdtr" if minor < 0 else "Dbtr"
    kind = "ICDT" if minor < 0 else "RCDT"
    return (
        f"<Ntry><NtryRef>{number + 1}</NtryRef>{_amount(minor)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{day:%Y%m%d}{number:010d}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly>"
        f"<Cd>{kind}</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>E2E-{number:08d}</EndToEndId></Refs>{_amount(minor)}"
        f"<RltdPties><{side}><Pty><Nm>{chance.choice(_NAMES)}</Nm></Pty></{side}><{side}Acct><Id>"
        f"<IBAN>DE{chance.randrange(10**20):020d}</IBAN></Id></{side}Acct></RltdPties>"
        f"<RltdAgts><{side}Agt><FinInstnId><BICFI>INGDDEFFXXX</BICFI></FinInstnId></{side}Agt>"
        f"</RltdAgts><RmtInf><Ustrd>Invoice {chance.randrange(10**6):06d}, thank you</Ustrd>"
        "</RmtInf></TxDtls></NtryDtls></Ntry>"
    )
