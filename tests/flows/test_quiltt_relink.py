"""Banks that were linked again: the same accounts and rows, whatever they are called now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.models import MappingState
from pipeline.reactions import react
from providers.quiltt.connector import QUILTT
from providers.webhooks import Incoming, Relinked
from sandbox.quiltt_answers import to_json
from sandbox.quiltt_world import Relink
from tests.fixtures.personas import a_persona
from tests.fixtures.quiltt_syncing import Syncing, beside, derive, map_all
from tests.fixtures.quiltt_syncing_fixture import Link


@pytest.mark.parametrize("mode", ["same", "moved", "new_ids"])
async def test_a_bank_that_is_reconnected_goes_on_without_doubles(link: Link, mode: Relink) -> None:
    bank = await link()
    bank.quiltt.control.change(bank.external_id, posted=3, pending=2)
    await bank.settle()
    await bank.world.reconcile(bank.place)
    accounts, rows = await _accounts(bank), await _row_ids(bank)
    bank.quiltt.control.error(bank.external_id)
    await bank.sync()

    again = await bank.use(bank.quiltt.control.reconnect(bank.external_id, mode=mode))
    await again.sync()
    same = await again.rows() == again.truth()
    again.quiltt.control.change(again.external_id, posted=1, settled=1, pending=1)
    await again.sync()

    assert same
    assert await again.rows() == again.truth()
    assert await _accounts(again) == accounts
    # What a person had set stands on the rows that it stood on; but for what was pending.
    kept = await bank.world.owner.fetchval(
        "select count(*) from app.transactions where reconciled and status <> 'removed'"
    )
    assert kept >= len(rows) - 2
    assert len(await _row_ids(again)) == len(rows) + 2


async def test_old_documents_are_read_under_the_ids_of_now(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.change(bank.external_id, pending=2)
    await bank.settle()
    bank.quiltt.control.change(bank.external_id, settled=1, vanished=1)
    again = await bank.use(bank.quiltt.control.reconnect(bank.external_id, mode="new_ids"))
    await again.settle()
    before = await again.rows()
    mappings = await again.world.owner.fetch("select id from app.account_mappings order by id")

    for mapping in mappings:
        await derive(again, mapping["id"])

    assert await again.rows() == before == again.truth()
    assert await again.world.owner.fetch("select id from app.account_mappings order by id") == (
        mappings
    )


async def test_what_waits_for_a_mapping_is_whole_when_it_has_one(link: Link) -> None:
    bank = await link(columns={"mapping_policy": "ask"})
    bank.quiltt.control.change(bank.external_id, pending=3)
    await bank.settle()
    bank.quiltt.control.change(bank.external_id, settled=1, vanished=1)
    await bank.sync()
    unmapped = await bank.rows()
    for mapping_id in await map_all(bank):
        await derive(bank, mapping_id)

    # Nobody compared while nobody had said where the rows go: the next reading does.
    await bank.sync()

    assert unmapped == {}
    assert await bank.rows() == bank.truth()


async def test_a_new_link_to_the_same_bank_continues_the_old_one(link: Link) -> None:
    bank = await link()
    await bank.settle()
    accounts, rows = await _accounts(bank), await _row_ids(bank)
    bank.quiltt.control.disconnect(bank.external_id)

    other = await beside(bank)
    await other.settle()

    assert await other.rows() == other.truth()
    assert await _accounts(other) == accounts
    assert await _row_ids(other) == rows
    lineages = await bank.world.owner.fetch("select distinct lineage_id from app.connections")
    assert len(lineages) == 1


async def test_an_event_moves_the_account_before_the_first_sync_does(link: Link) -> None:
    bank = await link()
    await bank.settle()
    accounts = await _accounts(bank)
    bank.quiltt.control.disconnect(bank.external_id)
    other = await beside(bank)
    asked = await _react(bank)

    assert asked
    parents = await bank.world.owner.fetch(
        "select distinct connection_id from app.account_mappings"
    )
    assert [row["connection_id"] for row in parents] == [other.place.connection_id]
    [job_id] = set(asked)
    await other.run(job_id)
    await other.settle()
    assert await _accounts(other) == accounts
    assert await other.rows() == other.truth()


async def test_the_event_of_a_connection_that_nobody_has_linked_changes_nothing(
    link: Link,
) -> None:
    bank = await link()
    await bank.settle()
    bank.quiltt.control.reconnect(bank.external_id, mode="moved")

    assert await _react(bank) == []
    parents = await bank.world.owner.fetch(
        "select distinct connection_id from app.account_mappings"
    )
    assert [row["connection_id"] for row in parents] == [bank.place.connection_id]


async def test_an_account_of_another_id_is_the_same_where_the_provider_says_so(
    link: Link,
) -> None:
    bank = await link()
    await bank.settle()
    [first, *_] = await bank.rows()

    async with bank.world.database.as_(bank.place.worker) as tx:
        reacted = await react(
            tx,
            tenant_id=bank.place.tenant_id,
            connection_id=bank.place.connection_id,
            reaction=Relinked(from_id=first, to_id="acct_new"),
            now=bank.time(),
        )

    known = await bank.world.owner.fetch(
        "select m.external_account_id, k.external_account_id as before"
        " from app.mapping_aliases k join app.account_mappings m on m.id = k.mapping_id"
    )
    assert len(reacted.jobs) == 1
    assert [tuple(row) for row in known] == [("acct_new", first)]


async def test_two_accounts_that_look_alike_are_not_taken_for_each_other(link: Link) -> None:
    bank = await link(institution="Sandbox Credit Union", accounts=["Share Draft"])
    await bank.settle()
    world = bank.quiltt.app.control._world
    [account] = world.accounts_of(world.connection(bank.external_id))
    again = await bank.use(bank.quiltt.control.reconnect(bank.external_id, mode="new_ids"))
    twin = bank.quiltt.control.open_account(bank.external_id)
    [made] = [
        one for one in world.accounts_of(world.connection(bank.external_id)) if one.id != twin
    ]
    world.accounts[twin].name, world.accounts[twin].number = made.name, made.number

    await again.sync()

    known = await again.world.owner.fetch("select external_account_id from app.account_mappings")
    assert {row["external_account_id"] for row in known} == {account.id, made.id, twin}


async def test_each_account_becomes_an_asset_of_whose_connection_it_is_once(link: Link) -> None:
    bank = await link()
    persona = await a_persona(bank.world, bank.place)
    await bank.world.owner.execute(
        "update app.connections set persona_id = $2 where id = $1",
        bank.place.connection_id,
        persona,
    )

    await bank.sync()
    made = await _assets(bank)
    modes: tuple[Relink, ...] = ("same", "moved", "new_ids")
    for mode in modes:
        bank = await bank.use(bank.quiltt.control.reconnect(bank.external_id, mode=mode))
        await bank.settle()
    opened = bank.quiltt.control.open_account(bank.external_id)
    await bank.sync()

    assert {name for name, *_ in made} == {
        "Sandbox First Bank Everyday Checking",
        "Sandbox First Bank Rainy Day Savings",
        "Sandbox First Bank Rewards Card",
    }
    assert {row[1:] for row in made} == {(persona, "owner", 100)}
    after = await _assets(bank)
    assert set(made) < set(after)
    assert len(after) == len(made) + 1
    assert opened


async def test_an_account_that_is_ignored_or_waits_is_no_asset(link: Link) -> None:
    bank = await link(columns={"mapping_policy": "ask"})
    persona = await a_persona(bank.world, bank.place)
    await bank.world.owner.execute("update app.connections set persona_id = $1", persona)
    await bank.sync()
    waiting = await _assets(bank)
    ids = await map_all(bank)
    await bank.world.owner.execute(
        "update app.account_mappings set state = $1, account_id = null where id = $2",
        MappingState.IGNORED,
        ids[0],
    )

    await bank.sync()

    assert waiting == []
    assert len(await _assets(bank)) == len(ids) - 1


async def test_accounts_of_a_connection_that_is_nobodys_are_no_assets(link: Link) -> None:
    bank = await link()

    await bank.sync()

    assert await _assets(bank) == []


async def _react(bank: Syncing) -> list[UUID]:
    """Does what the events of accounts that were reconnected ask for."""
    asked: list[UUID] = []
    for event in bank.quiltt.control.events():
        if event["type"] != "account.reconnected":
            continue
        body = to_json({"environment": {"id": "env_1"}, "events": [event]})
        request = Incoming(headers={}, body=body, received_at=bank.time(), url="")
        [told] = QUILTT.events(request)
        for reaction in QUILTT.reactions(told):
            if isinstance(reaction, Relinked):
                async with bank.world.database.as_(bank.place.worker) as tx:
                    reacted = await react(
                        tx,
                        tenant_id=bank.place.tenant_id,
                        connection_id=bank.place.connection_id,
                        reaction=reaction,
                        now=bank.time(),
                    )
                asked += reacted.jobs
    return asked


async def _accounts(bank: Syncing) -> dict[str, UUID]:
    rows = await bank.world.owner.fetch("select name, id from app.accounts order by name")
    return {row["name"]: row["id"] for row in rows}


async def _row_ids(bank: Syncing) -> set[UUID]:
    rows = await bank.world.owner.fetch(
        "select id from app.transactions where tenant_id = $1 and status <> 'removed'",
        bank.place.tenant_id,
    )
    return {row["id"] for row in rows}


async def _assets(bank: Syncing) -> list[tuple[Any, ...]]:
    rows = await bank.world.owner.fetch(
        "select a.name, p.persona_id, p.ownership_type, p.percentage"
        " from app.assets a join app.asset_personas p on p.asset_id = a.id order by a.name"
    )
    return [tuple(row) for row in rows]
