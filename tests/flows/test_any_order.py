"""Two accounts, each fed by two sources whose files overlap: whatever order they come in, and if
some are taken back and come again, no row is lost or doubled, and links are of rows that count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

import pytest

from tests.fixtures.bai2_file import Account, Detail, Group, bai2
from tests.fixtures.camt_file import Entry, camt
from tests.fixtures.camt_file import statement as camt_statement
from tests.fixtures.two_sources import feeds, second_source
from tests.fixtures.world import Place, World

BASE: Final = date(2026, 3, 2)
SHOPS: Final = ("COFFEE CORNER", "SHOE SHOP MILLER", "GROCER ADAM", "TRAIN TICKET")
CENTS: Final = (350, 350, 1_200, 5_990, 2_000)
ACCOUNTS: Final = "AB"
KINDS: Final = ("bai2", "camt")

Counted = Counter[tuple[str, Decimal]]  # rows of an account and an amount


@dataclass(frozen=True, slots=True)
class Row:
    """A booking; `day` counts from the first one."""

    day: int
    cents: int
    text: str


@dataclass(frozen=True, slots=True)
class End:
    """Rows that count once all files are there, and how many questions about doubles are open."""

    counted: Counted
    asked: int


@dataclass(frozen=True, slots=True)
class File:
    """What a source delivers of an account at once."""

    kind: str
    account: str
    rows: tuple[Row, ...]

    def render(self) -> bytes:
        """The document."""
        if self.kind == "bai2":
            days: dict[int, list[Detail]] = {row.day: [] for row in self.rows} or {0: []}
            for row in self.rows:
                detail = Detail("475" if row.cents < 0 else "195", abs(row.cents), row.text)
                days[row.day].append(detail)
            groups = (
                Group(
                    accounts=[Account(details=details, number=f"1234567{self.account}")],
                    day=f"{BASE + timedelta(days=day):%y%m%d}",
                )
                for day, details in sorted(days.items())
            )
            return bai2(*groups)
        entries = []
        for row in self.rows:
            day = (BASE + timedelta(days=row.day)).isoformat()
            text = f"{row.text.title()} Card 88{self.account}"
            entries.append(
                Entry(amount=Decimal(row.cents) / 100, day=day, value_day=day, text=text)
            )
        account = f"<Acct><Id><Othr><Id>9999{self.account}</Id></Othr></Id><Ccy>EUR</Ccy></Acct>"
        return camt(camt_statement(*entries, account=account))


def _truth(random: Random) -> dict[str, list[Row]]:
    """Purchases, twins, refunds whole and in part, and transfers between the two."""
    rows: dict[str, list[Row]] = {account: [] for account in ACCOUNTS}
    for _ in range(random.randint(4, 8)):
        day, cents = random.randint(0, 9), random.choice(CENTS)
        shop, account = random.choice(SHOPS), random.choice("AAB")
        mine, other = rows[account], rows["B" if account == "A" else "A"]
        match random.choice(("twins", "refund", "part", "transfer", "purchase", "purchase")):
            case "twins":
                mine += [Row(day, -cents, shop)] * 2
            case "refund":
                mine += [Row(day, -cents, shop), Row(day + 2, cents, f"REFUND {shop}")]
            case "part":
                mine += [Row(day, -cents, shop), Row(day + 3, cents // 2, f"REFUND {shop}")]
            case "transfer":
                mine.append(Row(day, -10 * cents, "TRANSFER TO OWN"))
                other.append(Row(day + 1, 10 * cents, "TRANSFER FROM OWN"))
            case _:
                mine.append(Row(day, -cents, shop))
    return rows


def _told(random: Random, truth: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str], list[Row]]:
    """What each source tells of each account: one may begin late, or book later."""
    later = random.choice((0, 0, 1))
    told = {}
    for account in ACCOUNTS:
        for kind in KINDS:
            begins, days = random.choice((0, 0, 3)), later if kind == "camt" else 0
            told[kind, account] = [
                replace(row, day=row.day + days) for row in truth[account] if row.day >= begins
            ]
    return told


def _files(random: Random, told: Mapping[tuple[str, str], Sequence[Row]]) -> list[File]:
    """Two of each source and account, which may overlap."""
    files = []
    for (kind, account), rows in told.items():
        cut, back = random.randint(2, 8), random.randint(0, 3)
        ordered = sorted(rows, key=lambda row: (row.day, row.text, row.cents))
        parts = (
            [row for row in ordered if row.day < cut],
            [row for row in ordered if row.day >= cut - back],
        )
        files += [File(kind, account, tuple(part)) for part in parts if part]
    return files


async def _sources(world: World) -> dict[tuple[str, str], tuple[Place, UUID]]:
    """The place of each source, and the account that it feeds."""
    first = await world.place()
    found = {}
    for account in ACCOUNTS:
        place = first if account == "A" else await second_source(world, first)
        await world.take_in(place, File("bai2", account, ()).render())
        account_id = await world.owner.fetchval(
            "select account_id from app.account_mappings where connection_id = $1",
            place.connection_id,
        )
        other = await second_source(world, first, mapping_policy="ask")
        job = await world.take_in(other, File("camt", account, (Row(0, -1, "FIRST"),)).render())
        await feeds(world, other, account_id)
        await world.revert(other, job["id"])
        found["bai2", account] = (place, account_id)
        found["camt", account] = (other, account_id)
    return found


async def _play(world: World, files: Sequence[File], random: Random, *, again: bool) -> End:
    """Imports the files, in this order; `again`: some are taken back and delivered once more."""
    sources = await _sources(world)
    tenant_id = sources["bai2", "A"][0].tenant_id
    jobs = []
    for file in files:
        place, _ = sources[file.kind, file.account]
        jobs.append((place, file, (await world.take_in(place, file.render()))["id"]))
        if again and random.random() < 0.4:
            place, old, job_id = jobs.pop(random.randrange(len(jobs)))
            await world.revert(place, job_id)
            jobs.append((place, old, (await world.take_in(place, old.render()))["id"]))
    await _assert_links_are_of_rows_that_count(world, tenant_id)
    names = {account_id: account for (_, account), (_, account_id) in sources.items()}
    rows = await world.owner.fetch(
        "select account_id, amount, count(*) as n from app.transactions"
        " where tenant_id = $1 and status <> 'removed' and duplicate_of is null"
        " group by account_id, amount",
        tenant_id,
    )
    asked = await world.owner.fetchval(
        "select count(*) from app.review_items"
        " where tenant_id = $1 and state = 'open' and kind = 'duplicate'",
        tenant_id,
    )
    counted = {(names[row["account_id"]], row["amount"]): row["n"] for row in rows}
    return End(Counter(counted), asked)


async def _assert_links_are_of_rows_that_count(world: World, tenant_id: UUID) -> None:
    wrong = await world.owner.fetch(
        "select l.kind, a.description, b.description as other from app.transaction_links as l"
        " join app.transactions as a on a.id = l.transaction_id"
        " join app.transactions as b on b.id = l.other_id"
        " where l.tenant_id = $1 and l.state = 'active' and (b.duplicate_of is not null"
        "   or b.status = 'removed' or a.status = 'removed'"
        "   or (l.kind in ('transfer', 'refund') and a.duplicate_of is not null))",
        tenant_id,
    )
    assert wrong == []


@pytest.mark.parametrize("seed", range(4))
async def test_no_order_of_files_loses_or_doubles_a_row(world: World, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the same worlds each time
    truth = _truth(random)
    told = _told(random, truth)
    files = _files(random, told)

    calm = await _play(world, files, random, again=False)
    shuffled = await _play(world, random.sample(files, len(files)), random, again=True)

    assert shuffled == calm
    for (_, account), rows in told.items():  # a source has no row twice
        assert not _amounts(account, rows) - calm.counted
    most = sum((_amounts(account, truth[account]) for account in ACCOUNTS), Counted())
    assert sum((calm.counted - most).values()) <= calm.asked


def _amounts(account: str, rows: Iterable[Row]) -> Counted:
    return Counter((account, Decimal(row.cents) / 100) for row in rows)
