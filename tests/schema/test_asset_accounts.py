"""Assets that are accounts: their value is the newest balance, and entering one first makes no
second."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.models import Role
from db import assets
from schema.ids import encode
from tests.fixtures.context import an_account
from tests.fixtures.graph import Graph
from tests.fixtures.personas import a_persona, an_asset
from tests.fixtures.world import Place

STATEMENT = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99300,,/
49,99300,2/
98,99300,1,4/
99,99300,1,6/
"""
ATTACH = """
mutation ($id: ID!, $account: ID!) {
  assetAttachAccount(id: $id, input: {accountId: $account}) {
    asset { account { id } value { amount currency } valuedAt source }
    userErrors { code path message }
  }
}
"""
UPDATE = """
mutation ($id: ID!, $input: AssetUpdateInput!) { assetUpdate(id: $id, input: $input) {
  asset { name value { amount } } userErrors { code path }
} }
"""
VALUES = "{ assets { edges { node { value { amount currency } valuedAt } } } }"
# kind, amount, day, time, interim
STATED = [
    ("closing_ledger", "1.00", "2026-03-03", None, False),
    ("current_ledger", "2.00", "2026-03-05", "09:00", True),
    ("current_ledger", "3.00", "2026-03-05", "18:00", True),
    ("closing_available", "9.00", "2026-03-07", None, False),
    ("closing_ledger", "4.00", "2026-03-06", None, True),
    ("closing_ledger", "5.00", "2026-03-06", None, False),
    ("current_ledger", "6.00", "2026-03-06", None, False),
]


async def _account_of_statement(graph: Graph, place: Place) -> UUID:
    """An account with one closing balance of 993.00 on March 1."""
    await graph.world.take_in(place, STATEMENT)
    found: UUID = await graph.world.owner.fetchval(
        "select id from app.accounts where tenant_id = $1", place.tenant_id
    )
    return found


async def _ensure(graph: Graph, place: Place, account_id: UUID) -> UUID:
    async with graph.world.database.as_(place.worker) as tx:
        return await assets.ensure_for_account(
            tx,
            tenant_id=place.tenant_id,
            account_id=account_id,
            persona_id=await a_persona(graph.world, place),
            connection_id=place.connection_id,
            name="Checking",
            institution="Bank",
        )


async def _attach(graph: Graph, place: Place, asset_id: UUID, account_id: UUID | str) -> Any:
    account = account_id if isinstance(account_id, str) else encode("Account", account_id)
    return await graph.ask(place.user, ATTACH, id=encode("Asset", asset_id), account=account)


async def _refusal(
    graph: Graph, place: Place, asset_id: UUID, account_id: UUID | str
) -> tuple[str, list[str]]:
    (error,) = (await _attach(graph, place, asset_id, account_id))["userErrors"]
    return error["code"], error["path"]


async def _entered(graph: Graph, place: Place, **columns: object) -> UUID:
    return await an_asset(graph.world, place, category="financial_account", **columns)


@pytest.mark.parametrize(
    ("stated", "amount", "day"),
    [
        (0, "993.00", "2026-03-01"),
        (1, "1.00", "2026-03-03"),
        (3, "3.00", "2026-03-05"),
        (7, "5.00", "2026-03-06"),
    ],
)
async def test_the_newest_and_most_final_balance_is_the_value(
    graph: Graph, stated: int, amount: str, day: str
) -> None:
    place = await graph.world.place()
    account_id = await _account_of_statement(graph, place)
    await _ensure(graph, place, account_id)
    for row in STATED[:stated]:
        await graph.world.owner.execute(
            "insert into app.account_balances (tenant_id, mapping_id, account_id, job_id, raw_id,"
            " raw_line, kind, amount, currency, as_of, as_of_time, interim)"
            " select tenant_id, mapping_id, account_id, job_id, raw_id, 1, $1, $2::text::numeric,"
            " currency, $3::text::date, $4, $5 from app.account_balances where raw_line > 1"
            " limit 1",
            *row,
        )

    (edge,) = (await graph.ask(place.user, VALUES))["edges"]

    assert edge["node"] == {"value": {"amount": amount, "currency": "EUR"}, "valuedAt": day}


async def test_an_account_without_a_balance_has_no_value(graph: Graph) -> None:
    place = await graph.world.place()
    await _ensure(graph, place, await an_account(graph.world, place))

    (edge,) = (await graph.ask(place.user, VALUES))["edges"]

    assert edge["node"] == {"value": None, "valuedAt": None}


async def test_what_was_entered_becomes_the_account_and_stays_the_only_one(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    account_id = await _account_of_statement(graph, place)
    entered = await _entered(graph, place)

    attached = await _attach(graph, place, entered, account_id)
    again = await _attach(graph, place, entered, account_id)
    found = await _ensure(graph, place, account_id)

    assert attached == again
    assert attached["asset"] == {
        "account": {"id": encode("Account", account_id)},
        "value": {"amount": "993.00", "currency": "EUR"},
        "valuedAt": "2026-03-01",
        "source": "MANUAL",
    }
    assert found == entered
    assert await graph.world.owner.fetchval("select count(*) from app.assets") == 1
    events = await graph.world.owner.fetch(
        "select data from app.ingestion_audit_log where event = 'asset.account_attached'"
    )
    assert len(events) == 1
    assert "archivedAssetId" not in events[0]["data"]


async def test_what_a_connection_made_of_the_account_is_archived(graph: Graph) -> None:
    place = await graph.world.place()
    account_id = await _account_of_statement(graph, place)
    made, entered = await _ensure(graph, place, account_id), await _entered(graph, place)

    attached = await _attach(graph, place, entered, account_id)

    assert attached["userErrors"] == []
    query = (
        "query ($id: ID!) { asset(id: $id) { status account { id } value { amount }"
        " owners { edges { node { percentage } } } } }"
    )
    assert await graph.ask(place.user, query, id=encode("Asset", made)) == {
        "status": "ARCHIVED",
        "account": None,
        "value": None,
        "owners": {"edges": [{"node": {"percentage": "100.00"}}]},
    }
    data = await graph.world.owner.fetchval(
        "select data from app.ingestion_audit_log where event = 'asset.account_attached'"
    )
    assert str(made) in data


async def test_what_was_attached_by_mistake_is_attached_elsewhere(graph: Graph) -> None:
    place = await graph.world.place()
    wrong, right = [await an_account(graph.world, place) for _ in range(2)]
    entered = await _entered(graph, place)

    for account_id in (wrong, right):
        answer = await _attach(graph, place, entered, account_id)
        assert answer["asset"]["account"] == {"id": encode("Account", account_id)}


async def test_what_cannot_be_an_account_is_refused(graph: Graph) -> None:
    place = await graph.world.place()
    account_id, other = [await an_account(graph.world, place) for _ in range(2)]
    house = await an_asset(graph.world, place)
    dollars = await _entered(graph, place, currency="USD")
    made = await _ensure(graph, place, other)
    entered, second = [await _entered(graph, place) for _ in range(2)]
    await _attach(graph, place, entered, account_id)

    assert await _refusal(graph, place, house, account_id) == ("CONFLICT", ["id"])
    assert await _refusal(graph, place, dollars, account_id) == ("INVALID", ["accountId"])
    assert await _refusal(graph, place, made, account_id) == ("CONFLICT", ["id"])
    assert await _refusal(graph, place, second, account_id) == ("CONFLICT", ["accountId"])


async def test_accounts_and_assets_of_another_tenant_look_missing(graph: Graph) -> None:
    mine, theirs = await graph.world.place(), await graph.world.place()
    entered, foreign = await _entered(graph, mine), await _entered(graph, theirs)
    own_account = await an_account(graph.world, mine)
    account_id = await an_account(graph.world, theirs)

    assert await _refusal(graph, mine, entered, account_id) == ("NOT_FOUND", ["accountId"])
    assert await _refusal(graph, mine, entered, "x") == ("NOT_FOUND", ["accountId"])
    assert await _refusal(graph, mine, foreign, own_account) == ("NOT_FOUND", ["id"])
    assert await _refusal(graph, mine, UUID(int=7), own_account) == ("NOT_FOUND", ["id"])


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"value": "1"}, "value"),
        ({"value": None}, "value"),
        ({"currency": "USD"}, "value"),
        ({"valuedAt": "2026-03-01"}, "value"),
        ({"category": "OTHER"}, "category"),
    ],
)
async def test_what_the_account_says_nobody_else_says(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()
    asset_id = await _ensure(graph, place, await _account_of_statement(graph, place))

    answer = await graph.ask(place.user, UPDATE, id=encode("Asset", asset_id), input=given)

    assert answer["userErrors"] == [{"code": "CONFLICT", "path": [path]}]


async def test_a_name_that_a_person_chose_survives_the_next_sync(graph: Graph) -> None:
    place = await graph.world.place()
    account_id = await _account_of_statement(graph, place)
    asset_id = await _ensure(graph, place, account_id)

    renamed = await graph.ask(
        place.user, UPDATE, id=encode("Asset", asset_id), input={"name": "Everyday"}
    )
    await _ensure(graph, place, account_id)

    assert renamed["asset"] == {"name": "Everyday", "value": {"amount": "993.00"}}
    row = await graph.world.owner.fetchrow("select name, value, institution_name from app.assets")
    assert row is not None
    assert tuple(row) == ("Everyday", None, "Bank")


async def test_what_was_said_before_the_account_is_kept_beside_it(graph: Graph) -> None:
    place = await graph.world.place()
    account_id = await _account_of_statement(graph, place)
    entered = await _entered(graph, place)
    await graph.ask(
        place.user,
        UPDATE,
        id=encode("Asset", entered),
        input={"value": "5", "valuedAt": "2026-02-01"},
    )
    await _attach(graph, place, entered, account_id)

    await graph.ask(place.user, UPDATE, id=encode("Asset", entered), input={"name": "Mine"})

    assert await graph.world.owner.fetchval("select value from app.assets") == 5
