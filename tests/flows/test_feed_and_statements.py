"""A feed and the statements of its account over months: each booking counts once, all the time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sandbox.plaid_ledger import Transaction
from tests.fixtures.bai2_file import Account, Detail, Group, bai2
from tests.fixtures.plaid_feed import Feed, PlaidBank, connected
from tests.fixtures.two_sources import feeds, second_source
from tests.fixtures.world import Place, World

OUT, IN = "475", "195"
CORRECTED = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One account that a feed and statements deliver."""

    feed: Feed
    account: str  # as the feed calls it
    account_id: UUID

    @property
    def truth(self) -> list[Transaction]:
        """What the bank has, in the order of days."""
        rows = [one for one in self.feed.truth.transactions if one.account_id == self.account]
        return sorted(rows, key=lambda one: (one.day, one.transaction_id))

    async def counting(self) -> Counter[Decimal]:
        """The amounts that lists and sums go by."""
        found = await self.feed.world.owner.fetch(
            "select amount from app.transactions where tenant_id = $1 and account_id = $2"
            " and status <> 'removed' and duplicate_of is null",
            *(self.feed.place.tenant_id, self.account_id),
        )
        return Counter(row["amount"] for row in found)

    async def untraced(self) -> int:
        """Rows without their document, or hidden behind one that does not count itself."""
        found = await self.feed.world.owner.fetchval(
            "select count(*) from app.transactions as t"
            " left join app.raw_ingestion_data as r"
            " on r.tenant_id = t.tenant_id and r.job_id = t.job_id and r.id = t.raw_id"
            " left join app.transactions as k"
            " on k.tenant_id = t.tenant_id and k.id = t.duplicate_of"
            " where t.tenant_id = $1 and (r.id is null or t.duplicate_of is not null"
            " and (k.duplicate_of is not null or k.status = 'removed'))",
            self.feed.place.tenant_id,
        )
        return int(found)


def _amounts(rows: Sequence[Transaction]) -> Counter[Decimal]:
    return Counter(-one.amount for one in rows)


def _statement(rows: Sequence[Transaction], *, status: str = "1") -> bytes:
    """The rows as the bank states them: of the days on which they were booked, in capitals."""
    days: dict[str, list[Detail]] = defaultdict(list)
    for one in rows:
        text = one.original_description.upper().replace("/", " ").replace(",", " ")
        detail = Detail(OUT if one.amount > 0 else IN, int(abs(one.amount) * 100), text)
        days[f"{one.day:%y%m%d}"].append(detail)
    accounts = {day: Account(details=said, currency="USD") for day, said in days.items()}
    return bai2(*(Group(accounts=[one], day=day, status=status) for day, one in accounts.items()))


async def _books(world: World, bank: PlaidBank) -> Books:
    """Two months of a feed, with twins of one day and something that is pending."""
    bank.control.set_history(days=60, per_day=1)
    feed = await connected(world, bank, await bank.link())
    for _ in range(12):
        bank.control.advance(feed.item, post=False, added=1, twins=2, pending=2)
        rows = feed.truth.transactions
        twins = Counter((one.account_id, one.amount, one.day) for one in rows)
        twice = {account for (account, _, _), many in twins.items() if many > 1}
        waiting = {one.account_id for one in rows if one.pending and one.iso_currency_code == "USD"}
        if both := sorted(twice & waiting):
            break
    await feed.sync()
    account_id = await world.owner.fetchval(
        "select account_id from app.account_mappings where external_account_id = $1", both[0]
    )
    return Books(feed=feed, account=both[0], account_id=account_id)


async def test_months_of_a_feed_and_of_statements_count_each_booking_once(
    world: World, bank: PlaidBank
) -> None:
    books = await _books(world, bank)
    feed = books.feed
    assert await books.counting() == _amounts(books.truth)

    # The first statement: what is booked so far, and a part of it again with the next one.
    first = [one for one in books.truth if not one.pending]
    bank_files: Place = await second_source(world, feed.place, mapping_policy="ask")
    await world.take_in(bank_files, _statement(first[: len(first) * 2 // 3]))
    await feeds(world, bank_files, books.account_id)
    assert await books.counting() == _amounts(books.truth)

    # What was pending is booked, some with a tip; the feed tells first, then the statement does.
    bank.control.advance(feed.item, post=True, added=2, twins=1, pending=1)
    await feed.sync()
    assert await books.counting() == _amounts(books.truth)
    second = [one for one in books.truth if not one.pending][len(first) // 3 :]
    await world.take_in(bank_files, _statement(second))
    assert await books.counting() == _amounts(books.truth)

    # A statement that says one day wrongly, and the bank's correction of it.
    day = [one for one in second if one.day == second[0].day]
    wrong = replace(day[-1], amount=day[-1].amount + 7)
    await world.take_in(bank_files, _statement([*day[:-1], wrong], status=CORRECTED))
    assert await books.counting() == _amounts(books.truth) + _amounts([wrong])
    await world.take_in(bank_files, _statement(day, status=CORRECTED))

    assert await books.counting() == _amounts(books.truth)
    assert max((await books.counting()).values()) > 1
    assert await books.untraced() == 0
