"""A group says what its rows come to, also where somebody changes a row while it is made."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from core.errors import Conflict
from core.reconciliation import Proposal, Reconciliation, RuleMode
from core.reviews import ReviewKind, ReviewState
from core.scope import WorkerScope
from db import reconciliations as stored
from matching.reconcile import DEFAULT_RULES
from resolvers import reconciliations
from resolvers.refusal import RefusalCode, Refused
from tests.fixtures.reconciling import Ledger
from tests.flows.test_reconciliation import BANK, BOOKS, _in, _rule, _take_in, ledger

__all__ = ["ledger"]

CHANGED = "update app.transactions set amount = 120 where id = $1"


@pytest.fixture
async def pair(ledger: Ledger) -> list[Any]:
    """An invoice and its payment, of which nobody has said anything."""
    await _take_in(ledger, _in(BOOKS, (10_000, "A")), _in(BANK, (10_000, "B"), day=9))
    return [row["id"] for row in await ledger.rows()]


async def _waits_for(ledger: Ledger, holder: Any) -> None:
    """Until somebody waits for a lock of this connection's."""
    waits = "select count(*) from pg_locks where not granted and $1 = any(pg_blocking_pids(pid))"
    pid = await holder.fetchval("select pg_backend_pid()")
    async with asyncio.timeout(20):
        while True:
            if await ledger.world.owner.fetchval(waits, pid):
                return
            await asyncio.sleep(0.02)


async def test_a_row_that_changes_meanwhile_is_not_reconciled_as_it_was(
    ledger: Ledger, pair: list[Any]
) -> None:
    async with ledger.world.owner.acquire() as other:
        async with other.transaction():
            await other.execute(CHANGED, pair[1])
            making = asyncio.ensure_future(
                reconciliations.create(
                    ledger.context, left_ids=pair[:1], right_ids=pair[1:], note=None
                )
            )
            await _waits_for(ledger, other)
        answer = await making

    assert isinstance(answer, Refused)
    assert (answer.code, answer.path) == (RefusalCode.INVALID, ("note",))  # the sides differ now
    assert await ledger.groups() == []


async def test_yes_to_a_question_about_other_amounts_is_refused(ledger: Ledger) -> None:
    await _rule(ledger, mode=RuleMode.SUGGEST)
    await _take_in(ledger, _in(BOOKS, (10_000, "MILLER")), _in(BANK, (10_000, "MILLER"), day=4))
    (item,) = await ledger.questions(ReviewKind.RECONCILIATION)
    await ledger.world.owner.execute(CHANGED, (await ledger.rows())[1]["id"])

    answer = await ledger.answer(item, ReviewState.CONFIRMED)

    assert isinstance(answer, Refused)
    assert answer.code is RefusalCode.CONFLICT
    assert await ledger.groups() == []


async def test_a_worker_writes_no_group_without_all_of_its_rows(
    ledger: Ledger, pair: list[Any]
) -> None:
    days = await ledger.rows()
    scope = WorkerScope(tenant_id=ledger.place.tenant_id)
    async with ledger.world.database.as_(scope) as tx:
        rows = await stored.candidates(
            tx,
            tenant_id=ledger.place.tenant_id,
            account_ids={await ledger.account(BOOKS[-4:]), await ledger.account(BANK[-4:])},
            first=days[0]["sort_date"],
            last=days[-1]["sort_date"],
            by_itself=False,
        )
    made = await reconciliations.create(
        ledger.context, left_ids=pair[1:], right_ids=[], note="by hand"
    )
    left, right = sorted(rows, key=lambda row: row.id == pair[1])
    found = Proposal(
        rule=DEFAULT_RULES[0],
        left=(left,),
        right=(right,),
        score=100,
        reasons=(),
        difference=Decimal(0),
        unique=True,
    )

    with pytest.raises(Conflict):
        async with ledger.world.database.as_(scope) as tx:
            await stored.put_found(tx, tenant_id=ledger.place.tenant_id, found=[found])

    assert isinstance(made, Reconciliation)
    assert len(await ledger.groups()) == 1
