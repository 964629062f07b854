"""However many accounts and rows there are, all are reconciled, some of them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from core.models import Job
from core.reconciliation import RuleMode, RuleTerms
from core.reviews import ReviewKind, ReviewState
from db import ledger
from pipeline.auto_reconcile import auto_reconcile
from resolvers import reconciliation_rules
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import Account, Detail, Group, bai2
from tests.fixtures.context import context
from tests.fixtures.reconciling import Ledger
from tests.fixtures.world import World

ACCOUNTS = 210  # of the books, each with one invoice
DAYS = 14
MOST = 80
BANK = "33334444"


@pytest.fixture
async def ledger_(world: World) -> Ledger:
    """Books of many accounts and their bank, none of it reconciled yet."""
    world = world.altered(clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))
    place = await world.place(auto_reconcile=False)
    made = Ledger(world=world, place=place, context=context(world, place))
    groups = []
    for day in range(DAYS):
        numbers = range(day, ACCOUNTS, DAYS)
        books = [
            Account(number=f"7{number:07}", details=[_invoice(number)], closing=0)
            for number in numbers
        ]
        bank = Account(number=BANK, details=[_invoice(number) for number in numbers], closing=0)
        groups.append(Group(accounts=[*books, bank], day=f"2603{day + 1:02}"))
    await world.take_in(place, bai2(*groups))
    await made.call_it(BANK[-4:], "checking")
    await world.owner.execute("update app.connections set auto_reconcile = true")
    return made


def _invoice(number: int) -> Detail:
    return Detail("142", 10_000 + number, f"INVOICE MILLER {number}")


async def _rule(ledger_: Ledger, **terms: Any) -> None:
    given: dict[str, Any] = {
        "name": "Invoices",
        "mode": RuleMode.AUTO,
        "left_account_type": "other",
        "score_min": 60,
        "day_window": 1,
    } | terms
    made = await reconciliation_rules.create(ledger_.context, terms=RuleTerms(**given))
    assert not isinstance(made, Refused), made


async def _job(ledger_: Ledger) -> Job:
    world, place = ledger_.world, ledger_.place
    job = await ledger.claim(
        world.database,
        tenant_id=place.tenant_id,
        job_id=await world.job(place, b""),
        lease=world.services.lease,
    )
    assert job is not None
    return job


async def _findings(ledger_: Ledger, job: Job) -> list[asyncpg.Record]:
    return await ledger_.world.findings(ledger_.place, job.id)


async def test_more_accounts_and_rows_than_are_read_at_once(ledger_: Ledger) -> None:
    await _rule(ledger_)
    job = await _job(ledger_)

    await auto_reconcile(job, ledger_.world.services, most=MOST)

    groups = await ledger_.groups()
    assert len(groups) == ACCOUNTS
    assert {(group["rows"], group["difference"]) for group in groups} == {(2, 0)}
    assert await ledger_.rows(reconciled=False) == []
    assert [row["code"] for row in await _findings(ledger_, job)] == ["reconciled"]


async def test_days_with_too_many_rows_for_a_tolerance_are_asked_about_and_told(
    ledger_: Ledger,
) -> None:
    await _rule(ledger_, tolerance_percent=Decimal("0.001"), day_window=0)
    job = await _job(ledger_)

    await auto_reconcile(job, ledger_.world.services, most=MOST // 4)

    assert await ledger_.groups() == []
    items = await ledger_.questions(ReviewKind.RECONCILIATION)
    assert items
    codes = [row["code"] for row in await _findings(ledger_, job)]
    assert codes == ["reconciling-narrowed"]


async def test_questions_that_one_job_has_no_room_for_are_put_by_the_next(ledger_: Ledger) -> None:
    await _rule(ledger_, mode=RuleMode.SUGGEST)
    job, counts = await _job(ledger_), []
    for _ in range(3):
        await auto_reconcile(job, ledger_.world.services, most=MOST, questions=90)
        counts.append(await _open(ledger_))

    assert counts == [90, 180, ACCOUNTS]
    codes = [row["code"] for row in await _findings(ledger_, job)]
    assert codes == ["reconciling-goes-on"] * 2


async def _open(ledger_: Ledger) -> int:
    found: int = await ledger_.world.owner.fetchval(
        "select count(*) from app.review_items where state = $1", ReviewState.OPEN
    )
    return found


async def test_rows_of_one_amount_that_are_too_many_are_told(ledger_: Ledger) -> None:
    await _rule(ledger_)
    await ledger_.world.owner.execute("update app.transactions set amount = 5")
    job = await _job(ledger_)

    await auto_reconcile(job, ledger_.world.services, most=MOST)

    assert await ledger_.groups() == []
    codes = [row["code"] for row in await _findings(ledger_, job)]
    assert codes == ["reconciling-narrowed"]
