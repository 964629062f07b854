"""After every import balances are proved: a gap is told once, of its day, and nothing stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg

from core.continuity import Cause, DayState
from core.reconciliation import ReconciliationMethod
from resolvers import account_proofs, reconciliations
from resolvers.account_proofs import AccountProof
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Detail, Group, bai2
from tests.fixtures.camt_file import Entry, balance, camt, statement
from tests.fixtures.context import context
from tests.fixtures.reconciling import Ledger
from tests.fixtures.world import World

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
CODE = "balance-discontinuity"


def _day(day: int, closing: int, *details: Detail, status: str = "1") -> Group:
    account = Account(details=details, closing=closing)
    return Group(accounts=[account], day=f"2603{day:02}", status=status)


MONDAY = _day(2, 100_000, COFFEE)
TUESDAY = _day(3, 100_000 - 90_000, RENT)
# A row of 350 is missing of Wednesday.
WEDNESDAY = _day(4, 10_000 + 300_000 - 350, SALARY)
THURSDAY = _day(5, 309_650 - 90_000, RENT)


async def _ledger(world: World) -> Ledger:
    world = world.altered(clock=lambda: datetime(2026, 3, 10, tzinfo=UTC))
    place = await world.place()
    return Ledger(world=world, place=place, context=context(world, place))


async def _proof(ledger: Ledger) -> AccountProof:
    shown = await account_proofs.of_account(
        ledger.context, account_id=await ledger.account("5678"), first=FIRST, last=LAST
    )
    assert shown is not None
    return shown


async def _told(ledger: Ledger) -> list[asyncpg.Record]:
    return await ledger.world.owner.fetch(
        "select data ->> 'day' as day, data ->> 'message' as message,"
        " data ->> 'settledAt' as settled from app.notifications"
        " where kind = 'data_anomaly' order by key"
    )


async def _codes(ledger: Ledger, job: asyncpg.Record) -> list[str]:
    found = await ledger.world.findings(ledger.place, job["id"])
    return [row["code"] for row in found if row["code"] == CODE]


async def test_two_days_with_a_row_missing_are_located_to_the_day(world: World) -> None:
    ledger = await _ledger(world)

    good = await ledger.world.take_in(ledger.place, bai2(MONDAY, TUESDAY))
    bad = await ledger.world.take_in(ledger.place, bai2(WEDNESDAY, THURSDAY))

    assert (good["state"], bad["state"]) == ("completed", "completed")
    assert (await _codes(ledger, good), await _codes(ledger, bad)) == ([], [CODE])
    shown = await _proof(ledger)
    (found,) = shown.differences
    assert (found.since, found.day) == (date(2026, 3, 4), date(2026, 3, 4))
    assert found.amount == Decimal("-3.50")
    assert found.explanations[0].cause is Cause.MISSING
    assert [day.state for day in shown.days] == [
        DayState.UNPROVED,
        DayState.PROVED,
        DayState.DIFFERS,
        DayState.PROVED,
    ]
    assert shown.state is DayState.DIFFERS


async def test_a_cause_is_told_of_once(world: World) -> None:
    ledger = await _ledger(world)
    await ledger.world.take_in(ledger.place, bai2(MONDAY, TUESDAY, WEDNESDAY))

    again = await ledger.world.take_in(ledger.place, bai2(THURSDAY))

    (told,) = await _told(ledger)
    assert told["day"] == "2026-03-04"
    assert "the difference is -3.50" in told["message"]
    assert await _codes(ledger, again) == []


async def test_the_row_that_was_missing_mends_the_books(world: World) -> None:
    ledger = await _ledger(world)
    await ledger.world.take_in(ledger.place, bai2(MONDAY, TUESDAY, WEDNESDAY))

    mended = replace(WEDNESDAY, status="3")
    account = replace(mended.accounts[0], details=[SALARY, COFFEE])
    await ledger.world.take_in(ledger.place, bai2(replace(mended, accounts=[account])))

    shown = await _proof(ledger)
    assert shown.differences == []
    assert shown.state is DayState.PROVED


async def test_what_is_mended_is_settled_and_told_again_when_it_breaks_again(
    world: World,
) -> None:
    ledger = await _ledger(world)
    await ledger.world.take_in(ledger.place, bai2(MONDAY, TUESDAY, WEDNESDAY))
    account = replace(WEDNESDAY.accounts[0], details=[SALARY, COFFEE])
    mending = bai2(replace(WEDNESDAY, status="3", accounts=[account]))

    mended = await ledger.world.take_in(ledger.place, mending)
    (settled,) = await _told(ledger)
    broken = await ledger.world.revert(ledger.place, mended["id"])
    again = await _told(ledger)

    found = await ledger.world.findings(ledger.place, mended["id"])
    (restored,) = [row["message"] for row in found if row["code"] == "balance-restored"]
    assert "add up again at the end of 2026-03-04" in restored
    assert settled["settled"] == "2026-03-10T00:00:00+00:00"
    assert broken["state"] == "reverted"
    assert sorted(row["settled"] or "" for row in again) == ["", settled["settled"]]
    assert {row["day"] for row in again} == {"2026-03-04"}


async def test_a_day_that_comes_late_closes_the_gap_between_statements(world: World) -> None:
    ledger = await _ledger(world)
    await ledger.world.take_in(ledger.place, bai2(MONDAY))
    await ledger.world.take_in(ledger.place, bai2(_day(4, 310_000, SALARY)))
    before = await _proof(ledger)

    await ledger.world.take_in(ledger.place, bai2(TUESDAY))
    after = await _proof(ledger)

    assert [(one.since.day, one.day.day) for one in before.differences] == [(3, 4)]
    assert before.differences[0].amount == -900
    assert after.differences == []


async def test_an_account_without_balances_proves_nothing_and_says_nothing(world: World) -> None:
    ledger = await _ledger(world)
    job = await ledger.world.take_in(ledger.place, bai2(MONDAY))
    await ledger.world.owner.execute("delete from app.account_balances")

    shown = await _proof(ledger)

    assert (shown.state, shown.differences) == (DayState.UNSTATED, [])
    assert await _codes(ledger, job) == []


async def test_a_statement_that_adds_up_vouches_for_its_rows(world: World) -> None:
    ledger = await _ledger(world)
    await ledger.world.take_in(ledger.place, bai2(MONDAY, TUESDAY, WEDNESDAY))
    account = await ledger.account("5678")

    early = await account_proofs.reconcile_statement(
        ledger.context, account_id=account, day=date(2026, 3, 2)
    )
    unstated = await account_proofs.reconcile_statement(
        ledger.context, account_id=account, day=date(2026, 3, 31)
    )
    differing = await account_proofs.reconcile_statement(
        ledger.context, account_id=account, day=date(2026, 3, 4)
    )
    done = await account_proofs.reconcile_statement(
        ledger.context, account_id=account, day=date(2026, 3, 3)
    )

    assert isinstance(early, Refused)
    assert isinstance(unstated, Refused)
    assert isinstance(differing, Refused)
    assert "differs by -3.50 EUR" in differing.message
    assert not isinstance(done, Refused)
    assert done.method is ReconciliationMethod.STATEMENT
    assert [row["description"] for row in await ledger.rows(reconciled=True)] == ["COFFEE", "RENT"]
    assert [row["description"] for row in await ledger.rows(reconciled=False)] == ["SALARY"]

    undone = await reconciliations.undo(ledger.context, reconciliation_id=done.id)
    assert not isinstance(undone, Refused)
    assert await ledger.rows(reconciled=True) == []


async def test_a_statement_that_corrects_the_first_one_tells_what_now_stands_twice(
    world: World,
) -> None:
    place = await world.place()
    opening = balance("OPBD", "100", "2026-03-01")
    for closing, amount in (("90", "-10"), ("89", "-11")):
        job = await world.take_in(
            place,
            camt(statement(opening, balance("CLBD", closing), Entry(amount=Decimal(amount)))),
        )

    (told,) = [
        one["message"]
        for one in await world.findings(place, job["id"])
        if one["code"] == "balance-discontinuity"
    ]
    assert "the difference is 10" in told
