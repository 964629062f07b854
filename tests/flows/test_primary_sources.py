"""One account, several sources: the one that a member declared is believed first."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from resolvers import accounts
from tests.fixtures.camt_file import Entry, balance, camt, statement
from tests.fixtures.context import context
from tests.fixtures.mapped import beside, mapping_of, undo
from tests.fixtures.world import Place, World


async def test_balances_come_from_the_primary_source_first(world: World) -> None:
    place = await world.place()
    other = await beside(world, place)
    older = camt(statement(balance("CLBD", "10.00", "2026-03-01"), Entry(servicer="R1")))
    newer = camt(statement(balance("CLBD", "99.00", "2026-03-02"), Entry(servicer="R2")))
    await world.take_in(place, older)
    await world.take_in(other, newer)
    account_id = (await mapping_of(world, place))["account_id"]
    user = context(world, place)

    before = await _told(world, place, account_id)
    done = await accounts.update(
        user,
        account_id=account_id,
        name=None,
        type=None,
        status=None,
        institution_id=None,
        primary_mapping_id=((await mapping_of(world, place))["id"],),
    )
    primary = await _told(world, place, account_id)
    await undo(world, place)
    after = await _told(world, place, account_id)

    assert done.primary_mapping_id == (await mapping_of(world, place))["id"]  # type: ignore[union-attr]
    assert before == (["99.00"], ["10.00", "99.00"])
    assert primary == (["10.00"], ["10.00", "10.00"])
    assert after == (["99.00"], ["99.00"])
    assert await world.owner.fetchval("select primary_mapping_id from app.accounts") is None


async def _told(world: World, place: Place, account_id: UUID) -> tuple[list[str], list[str]]:
    """The latest closing balances, and those of two days."""
    user = context(world, place)
    latest = await accounts.latest_balances(user, [account_id])
    daily = await accounts.balances_by_day(
        user,
        [account_id],
        first_day=date(2026, 3, 1),
        last_day=date(2026, 3, 2),
        kind=None,
    )
    return (
        [f"{one.amount:.2f}" for one in latest[account_id]],
        [f"{one.amount:.2f}" for one in daily[account_id]],
    )
