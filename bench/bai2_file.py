"""A BAI2 file of any size, always the same for the same arguments: what the benchmarks read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

# Type code, name of the business, whether the money goes out.
_KINDS = (
    ("142", "ACH CREDIT", False),
    ("165", "PREAUTHORIZED CREDIT", False),
    ("174", "DEPOSIT", False),
    ("195", "INCOMING WIRE", False),
    ("399", "MISC CREDIT", False),
    ("451", "ACH DEBIT", True),
    ("455", "PREAUTHORIZED DEBIT", True),
    ("475", "CHECK PAID", True),
    ("495", "OUTGOING WIRE", True),
    ("699", "MISC DEBIT", True),
)
_NAMES = (
    "ACME CORP",
    "NORTHWIND TRADERS",
    "GLOBEX LTD",
    "INITECH",
    "UMBRELLA SUPPLY",
    "STARK & CO",
)
_AS_OF = date(2026, 3, 16)


class _Detail(NamedTuple):
    lines: list[str]
    minor: int
    debit: bool


def write_bai2(path: Path, transactions: int, *, accounts: int = 100, seed: int = 1) -> None:
    """Write a valid file with a group of `accounts` accounts that share `transactions` details.

    About half of the details go on in 88 records, a quarter each has funds type V or S.
    """
    chance = random.Random(seed)
    bounds = [transactions * index // accounts for index in range(accounts + 1)]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("01,121000248,BANKFEEDS,260317,0600,1,,,2/\n")
        file.write(f"02,BANKFEEDS,121000248,1,{_AS_OF:%y%m%d},2400,USD,2/\n")
        group_total, group_records = 0, 2
        for index, (first, last) in enumerate(pairwise(bounds)):
            total, records = 0, 0
            for line, amount in _account(chance, index, range(first, last)):
                file.write(line)
                total += amount
                records += 1
            file.write(f"49,{total},{records + 1}/\n")
            group_total += total
            group_records += records + 1
        file.write(f"98,{group_total},{accounts},{group_records}/\n")
        file.write(f"99,{group_total},1,{group_records + 2}/\n")


def _account(chance: random.Random, index: int, numbers: range) -> Iterator[tuple[str, int]]:
    """The lines of one account, each with what it adds to the control total."""
    opening, closing = chance.randrange(10**9), chance.randrange(10**9)
    yield (
        f"03,{4000000000 + index:012d},USD,010,{opening},,,015,{closing},,/\n",
        opening + closing,
    )
    for number in numbers:
        detail = _detail(chance, number)
        yield detail.lines[0] + "\n", detail.minor
        yield from ((line + "\n", 0) for line in detail.lines[1:])


def _detail(chance: random.Random, number: int) -> _Detail:
    code, business, debit = chance.choice(_KINDS)
    minor = chance.randrange(1, 10**7)
    name = chance.choice(_NAMES)
    reference = f"{code}{number:09d}"
    customer = f"{chance.randrange(10**8)}" if code == "475" else f"INV-{chance.randrange(10**5)}"
    head = f"16,{code},{minor},{_funds(chance, minor)},{reference},{customer}"
    match chance.randrange(4):
        case 0:  # text on the line of the fields and on two more
            lines = [f"{head},{business} {name}", f"88,REF {number} PERIOD 03/26", "88,END TO END"]
        case 1:  # all text on lines of its own
            lines = [f"{head}/", f"88,{business} {name} REF {number}"]
        case _:
            lines = [f"{head},{business} {name} REF {number}"]
    return _Detail(lines, minor, debit)


def _funds(chance: random.Random, minor: int) -> str:
    match chance.randrange(8):
        case 0 | 1:
            return f"V,{_AS_OF + timedelta(days=chance.randrange(3)):%y%m%d},"
        case 2 | 3:
            now = chance.randrange(minor + 1)
            return f"S,{now},{minor - now},0"
        case 4:
            return "0"
        case 5:
            return ""
        case _:
            return "Z"
