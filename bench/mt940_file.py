"""An MT940 file of any size, always the same for the same arguments: what the benchmarks read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

_NAMES = ("ACME GMBH", "NORTHWIND TRADERS LTD", "GLOBEX SA", "INITECH AG", "STARK UND CO")
_FIRST = date(2026, 3, 1)
_ENTRIES_OF_STATEMENT = 500


def write_mt940(path: Path, entries: int, *, structured: bool = True, seed: int = 1) -> None:
    """Write a valid file of one account, a statement for each 500 entries; balances prove them.

    `structured` writes texts in sub-fields, as German banks do, otherwise in two plain lines.
    """
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        for line in _lines(random.Random(seed), entries, structured=structured):
            file.write(f"{line}\n")


def _lines(chance: random.Random, entries: int, *, structured: bool) -> Iterator[str]:
    balance, number = 1_000_000, 0
    while number < entries:
        day = _FIRST + timedelta(days=number // _ENTRIES_OF_STATEMENT % 28)
        yield from (f":20:STMT{number:010d}", ":25:DE02120300000000202051")
        yield f":28C:{number // _ENTRIES_OF_STATEMENT + 1}/1"
        yield f":60F:{_balance(balance, day)}"
        for _ in range(min(_ENTRIES_OF_STATEMENT, entries - number)):
            minor = chance.randrange(1, 10**6) * chance.choice((1, -1))
            balance += minor
            number += 1
            yield (
                f":61:{day:%y%m%d}{day:%m%d}{'D' if minor < 0 else 'C'}{_amount(minor)}NTRF"
                f"NONREF//B{number:012d}"
            )
            yield from _text(chance, number, structured=structured)
        yield f":62F:{_balance(balance, day)}"
        yield "-"


def _text(chance: random.Random, number: int, *, structured: bool) -> Iterator[str]:
    name, iban = chance.choice(_NAMES), f"DE{chance.randrange(10**20):020d}"
    invoice = chance.randrange(10**6)
    if structured:
        yield f":86:166?00GUTSCHRIFT?109200?20EREF+E2E-{number:08d}?21SVWZ+INVOICE {invoice:06d}"
        yield f"?22THANK YOU?30INGDDEFFXXX?31{iban}?32{name}"
    else:
        yield f":86:TRANSFER {name} {iban}"
        yield f"INVOICE {invoice:06d} THANK YOU E2E-{number:08d}"


def _balance(minor: int, day: date) -> str:
    return f"{'D' if minor < 0 else 'C'}{day:%y%m%d}EUR{_amount(minor)}"


def _amount(minor: int) -> str:
    return f"{abs(minor) // 100},{abs(minor) % 100:02d}"
