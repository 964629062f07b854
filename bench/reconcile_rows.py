"""A tenant's half year for bench/reconcile_speed.py: books, banks and processors, with the truth.

Of what is booked in the books most is at a bank, too: under the same reference, under a name, in
parts, or several at once; processors pay charges less fees and refunds out; and some rows have no
other side. The same size gives the same rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

FIRST: Final = date(2026, 6, 1)
DAYS: Final = 180
BOOKS: Final = 8
BANKS: Final = 8
PROCESSORS: Final = 4
CHARGES: Final = 30  # of a processor's day, about
# Of 100 groups of the books and the banks.
_KINDS: Final = {"reference": 40, "name": 40, "parts": 5, "several": 5, "nothing": 10}
_PARTS_MAX: Final = 6
_SYLLABLES: Final = tuple(a + b for a in "bcdfghklmnprst" for b in "aeiou")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A row; rows of one `group` belong together, those of none (-1) to nothing."""

    id: UUID
    account: str
    day: date
    amount: Decimal
    text: str
    reference: str | None
    group: int


@dataclass(slots=True)
class _Maker:
    chance: random.Random
    rows: list[Made] = field(default_factory=list)
    groups: int = 0

    def group(self) -> int:
        """The number of the next one."""
        self.groups += 1
        return self.groups

    def row(
        self,
        account: str,
        day: date,
        minor: int,
        text: str,
        *,
        group: int = -1,
        reference: str | None = None,
    ) -> None:
        """Books a row."""
        made = Made(
            id=UUID(int=self.chance.getrandbits(128), version=4),
            account=account,
            day=day,
            amount=Decimal(minor).scaleb(-2),
            text=text,
            reference=reference,
            group=group,
        )
        self.rows.append(made)

    def name(self) -> str:
        """Somebody's, one of several millions."""
        return " ".join("".join(self.chance.choices(_SYLLABLES, k=3)) for _ in range(2))

    def day(self) -> date:
        """One of the half year."""
        return FIRST + timedelta(days=self.chance.randrange(DAYS))

    def later(self, day: date, most: int) -> date:
        """Up to so many days later."""
        return day + timedelta(days=self.chance.randrange(most + 1))

    def books(self) -> str:
        return f"books {self.chance.randrange(BOOKS)}"

    def bank(self) -> str:
        return f"bank {self.chance.randrange(BANKS)}"


def accounts() -> Iterator[tuple[str, str, str]]:
    """Names of accounts with what feeds them, and their types."""
    for source, many, kind in (
        ("books", BOOKS, "other"),
        ("bank", BANKS, "checking"),
        ("processor", PROCESSORS, "other"),
    ):
        for number in range(many):
            yield f"{source} {number}", source, kind


def made(rows: int) -> list[Made]:
    """So many rows, or a few more, in an order that says nothing."""
    maker = _Maker(random.Random(rows))
    is_small = rows < 50_000  # room for something else than payouts
    for number in range(1 if is_small else PROCESSORS):
        _payouts(maker, f"processor {number}", charges=CHARGES // 3 if is_small else CHARGES)
    kinds = [kind for kind, share in _KINDS.items() for _ in range(share)]
    while len(maker.rows) < rows:
        _books(maker, maker.chance.choice(kinds))
    maker.chance.shuffle(maker.rows)
    return maker.rows


def _books(maker: _Maker, kind: str) -> None:
    day, name = maker.day(), maker.name()
    minor = maker.chance.randrange(500, 500_000) * maker.chance.choice((1, 1, 1, -1))
    invoice = f"Invoice {maker.chance.randrange(10**6)} {name.title()}"
    if kind == "nothing":
        maker.row(maker.chance.choice((maker.books(), maker.bank())), day, minor, invoice)
        return
    group = maker.group()
    if kind in ("reference", "name"):
        reference = f"E2E-{group:07}" if kind == "reference" else None
        maker.row(maker.books(), day, minor, invoice, group=group, reference=reference)
        bank_text = name.upper() if kind == "name" else "CREDIT TRANSFER"
        maker.row(
            maker.bank(), maker.later(day, 2), minor, bank_text, group=group, reference=reference
        )
        return
    parts = [
        maker.chance.randrange(500, 100_000)
        for _ in range(maker.chance.randrange(2, _PARTS_MAX + 1))
    ]
    if kind == "parts":
        maker.row(maker.books(), day, sum(parts), invoice, group=group)
        for part in parts:
            maker.row(maker.bank(), maker.later(day, 20), part, name.upper(), group=group)
        return
    for part in parts:
        maker.row(maker.books(), day, part, invoice, group=group)
    maker.row(maker.bank(), maker.later(day, 20), sum(parts), name.upper(), group=group)


def _payouts(maker: _Maker, account: str, *, charges: int) -> None:
    """Each day's charges less fees, and now and then a refund; paid out two days later."""
    for number in range(DAYS - 2):
        day, group, total = FIRST + timedelta(days=number), maker.group(), 0
        for _ in range(maker.chance.randrange(charges - 4, charges + 5)):
            minor = maker.chance.randrange(100, 20_000)
            fee = -(minor * 29 // 1000 + 30)
            total += minor + fee
            maker.row(account, day, minor, f"charge {maker.name()}", group=group)
            maker.row(account, day, fee, "fee", group=group)
        if maker.chance.random() < 0.3:
            refund = -maker.chance.randrange(100, 2_000)
            total += refund
            maker.row(account, day, refund, "refund", group=group)
        bank = f"bank {int(account[-1]) % BANKS}"
        maker.row(bank, day + timedelta(days=2), total, "PAYOUT OF CARDS", group=group)
