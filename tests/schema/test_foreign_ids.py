"""A thing of another tenant, a missing one and a malformed id are answered exactly alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.notifications import NotificationKind
from core.scope import UserScope
from db import assets, notifications
from schema.ids import encode
from schema.nodes import NODES
from tests.fixtures.context import an_account
from tests.fixtures.graph import Graph, key
from tests.fixtures.personas import a_group, a_persona
from tests.fixtures.post import SECRET
from tests.fixtures.world import Place
from tests.schema.test_read_fields import STATEMENT

SOME = UUID(int=7)
NODE = "query ($id: ID!) { node(id: $id) { id __typename } }"
ADMINS = """
  auditLog { edges { node { id } } }
  webhookEvents { edges { node { id } } }
  webhookEndpoints { edges { node { id } } }
"""
IDS = f"""
{{
  connections {{ edges {{ node {{ id institution {{ id }} }} }} }}
  accounts {{ edges {{ node {{ id institution {{ id }} }} }} }}
  transactions {{ edges {{ node {{
    id source {{ rawDocument {{ id }} }} links {{ id }} reconciledIn {{ id }}
  }} }} }}
  statements {{ edges {{ node {{ id }} }} }}
  reviewItems {{ edges {{ node {{ id }} }} }}
  categories {{ edges {{ node {{ id }} }} }}
  categoryMappings {{ edges {{ node {{ id }} }} }}
  categoryRules {{ edges {{ node {{ id }} }} }}
  recurringTransactions {{ edges {{ node {{ id }} }} }}
  reconciliationRules {{ id }}
  accountMappings {{ edges {{ node {{ id }} }} }}
  ingestionJobs {{ edges {{ node {{ id }} }} }}
  statementProfiles {{ edges {{ node {{ id }} }} }}
  personas {{ edges {{ node {{ id }} }} }}
  personaGroups {{ edges {{ node {{ id }} }} }}
  assets {{ edges {{ node {{ id }} }} }}
  expenses {{ edges {{ node {{ id }} }} }}
  notifications {{ edges {{ node {{ id }} }} }}
  notificationChannels {{ edges {{ node {{ id deliveries {{ edges {{ node {{ id }} }} }} }} }} }}
  members {{ edges {{ node {{ id }} }} }}
  {ADMINS}
  viewer {{ tenant {{ id }} }}
}}
"""
PROFILE = """
mutation { statementProfileCreate(input: {name: "P", definition: {
  dateFormat: "YMD", decimalMark: ".", currency: "EUR",
  columns: {postedDate: "Date", amount: "Amount"}
}}) { profile { id } userErrors { message path } } }
"""
CHANNEL = """
mutation ($secret: String!) { notificationChannelCreate(
  input: {type: WEBHOOK, name: "C", url: "https://hooks.example/", secret: $secret}
) { channel { id } userErrors { message path } } }
"""
TEST = """
mutation ($id: ID!) { notificationChannelTest(id: $id) { userErrors { message } } }
"""


# An endpoint, and an event that came to it.
WEBHOOK = """
with made as (
  insert into private.webhook_endpoints (
    tenant_id, connection_id, id, provider, kind, token_hash
  )
  select $1, $2, gen_random_uuid(), 'file', 'connection', sha256(uuid_send($2))
)
insert into app.webhook_events (
  tenant_id, id, connection_id, provider, type, dedupe_key, sealed, state, received_at
)
values ($1, gen_random_uuid(), $2, 'file', 'changed', 'one', '', 'done', now())
"""


# What judging, matching and reconciling leave.
DERIVED = """
with category as (
  insert into app.categories (tenant_id, name, code) values ($1, 'Mine', 'FOOD_AND_DRINK')
), mapping as (
  insert into app.category_mappings (tenant_id, provider_category, category)
  values ($1, 'TRAVEL', 'Mine')
), rule as (
  insert into app.category_rules (tenant_id, position, name, conditions, category)
  values ($1, 0, 'R', '{"merchant": {"equals": "shop"}}', 'Mine')
), recurring as (
  insert into app.recurring_items (
    tenant_id, account_id, merchant_key, merchant, currency, is_income, period, first_on, last_on,
    amount_low, amount_high, occurrences, confidence
  )
  select $1, a.id, 'shop', 'Shop', 'EUR', false, 'weekly', '2026-05-01', '2026-06-01', -2, -1, 5, 90
  from app.accounts as a
  where a.tenant_id = $1
  limit 1
), terms as (
  insert into app.reconciliation_rules (
    tenant_id, rule_id, version, position, name, mode, shape, signs, by_reference,
    amount_tolerance, tolerance_percent, day_window, text_needed, group_max, score_min
  )
  values (
    $1, gen_random_uuid(), 1, 0, 'R', 'suggest', 'one_to_one', 'equal', false, 0, 0, 3, false, 8, 85
  )
), grouped as (
  insert into app.reconciliations (tenant_id, method, difference, currency)
  values ($1, 'user', 0, 'EUR')
  returning id
), member as (
  insert into app.reconciliation_members (
    tenant_id, reconciliation_id, transaction_id, side, amount, active
  )
  select $1, g.id, $2, 'left', 1, true from grouped as g
), link as (
  insert into app.transaction_links (
    tenant_id, kind, transaction_id, other_id, method, score, rule_version
  )
  values ($1, 'refund', $2, $3, 'auto', 90, 'test')
)
insert into app.review_items (tenant_id, kind, key, transaction_id, score, rule_version)
values ($1, 'duplicate', 'one', $2, 60, 'test')
"""


async def _filled(graph: Graph) -> Place:
    place = await graph.world.place()
    await graph.world.owner.execute(
        "update app.tenants set expenses_from = 'debits' where id = $1", place.tenant_id
    )
    await graph.world.take_in(place, STATEMENT)
    created = await graph.ask(place.user, PROFILE)
    assert created["userErrors"] == []
    await graph.world.owner.execute(WEBHOOK, place.tenant_id, place.connection_id)
    rows = await graph.world.owner.fetch(
        "select id from app.transactions where tenant_id = $1 limit 2", place.tenant_id
    )
    await graph.world.owner.execute(DERIVED, place.tenant_id, *(row["id"] for row in rows))
    persona_id = await a_persona(graph.world, place)
    await a_group(graph.world, place, persona_id)
    account_id = await an_account(graph.world, place)
    async with graph.world.database.as_(place.worker) as tx:
        await assets.ensure_for_account(
            tx,
            tenant_id=place.tenant_id,
            account_id=account_id,
            persona_id=persona_id,
            connection_id=place.connection_id,
            name="Main",
            institution=None,
        )
    channel = await graph.ask(place.user, CHANNEL, secret=SECRET)
    tested = await graph.ask(place.user, TEST, id=channel["channel"]["id"])
    assert tested["userErrors"] == []
    async with graph.world.database.as_(place.worker) as tx:
        await notifications.put(
            tx,
            tenant_id=place.tenant_id,
            kind=NotificationKind.DATA_ANOMALY,
            connection_id=place.connection_id,
            data={},
            key="anomaly",
        )
    return place


def _ids(data: Any) -> set[str]:
    if isinstance(data, list):
        return set().union(*map(_ids, data))
    if not isinstance(data, dict):
        return set()
    own = {data["id"]} if "id" in data else set()
    return own.union(*map(_ids, data.values()))


async def test_every_id_finds_its_own_thing_again_and_nothing_for_others(graph: Graph) -> None:
    mine, theirs = await _filled(graph), await _filled(graph)
    ids = _ids(await graph.ask(mine.user, IDS))

    own = [await graph.ask(mine.user, NODE, id=one) for one in ids]
    foreign = [await graph.ask(theirs.user, NODE, id=one) for one in ids]

    assert {node["__typename"] for node in own} == set(NODES)
    assert {node["id"] for node in own} == ids
    assert foreign == [None] * len(ids)


@pytest.mark.parametrize("id", ["", "garbage", encode("Account", SOME), encode("X", SOME)])
async def test_id_of_nothing_answers_null(graph: Graph, id: str) -> None:
    place = await graph.world.place()

    assert await graph.ask(place.user, NODE, id=id) is None
    for field in ("account", "connection", "transaction", "ingestionJob", "persona", "asset"):
        query = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        assert await graph.ask(place.user, query, id=id) is None


@pytest.mark.parametrize(
    ("field", "filter_type", "name", "type_name"),
    [
        ("transactions", "TransactionFilter", "connectionId", "Connection"),
        ("transactions", "TransactionFilter", "jobId", "IngestionJob"),
        ("transactions", "TransactionFilter", "accountIds", "Account"),
        ("accounts", "AccountFilter", "connectionId", "Connection"),
        ("accountMappings", "AccountMappingFilter", "connectionId", "Connection"),
        ("accountMappings", "AccountMappingFilter", "accountId", "Account"),
        ("ingestionJobs", "IngestionJobFilter", "connectionId", "Connection"),
        ("personas", "PersonaFilter", "groupId", "PersonaGroup"),
        ("assets", "AssetFilter", "personaId", "Persona"),
        ("assets", "AssetFilter", "groupId", "PersonaGroup"),
        ("assets", "AssetFilter", "accountId", "Account"),
        ("assets", "AssetFilter", "connectionId", "Connection"),
        ("auditLog", "AuditLogFilter", "jobId", "IngestionJob"),
        ("notifications", "NotificationFilter", "connectionId", "Connection"),
    ],
)
async def test_filter_by_an_id_of_nothing_finds_nothing(
    graph: Graph, field: str, filter_type: str, name: str, type_name: str
) -> None:
    mine, theirs = await _filled(graph), await _filled(graph)
    query = f"query ($f: {filter_type}!) {{ {field}(filter: $f) {{ edges {{ node {{ id }} }} }} }}"
    ids = [one for one in _ids(await graph.ask(theirs.user, IDS)) if _is(one, type_name)]

    for id in (ids[0], encode(type_name, SOME), "garbage"):
        found = await graph.ask(mine.user, query, f={name: id})
        assert found["edges"] == []
    own = [one for one in _ids(await graph.ask(mine.user, IDS)) if _is(one, type_name)]
    found = [await graph.ask(mine.user, query, f={name: id}) for id in own]
    assert any(page["edges"] for page in found) or field == "auditLog"


async def test_user_without_a_tenant_sees_themself_and_nothing_else(graph: Graph) -> None:
    user = UserScope(user_id=await graph.stranger(), tenant_id=None)

    viewer = await graph.ask(
        user, "{ viewer { user { email } tenant { id } role tenants { id } } }"
    )
    answer = await graph.answer(user, "{ accounts { edges { node { id } } } }")

    assert viewer["tenant"] is None
    assert viewer["role"] is None
    assert viewer["tenants"] == []
    assert [str(error) for error in answer.errors] == ["choose a tenant with the X-Tenant header"]


async def test_stranger_in_a_foreign_tenant_sees_nothing(graph: Graph) -> None:
    place = await _filled(graph)
    stranger = UserScope(user_id=await graph.stranger(), tenant_id=place.tenant_id)

    data = await graph.answer(stranger, IDS.replace(ADMINS, ""))

    assert data.errors == []
    assert _ids(data.data) == set()


def _is(id: str, type_name: str) -> bool:
    return encode(type_name, key(id)) == id
