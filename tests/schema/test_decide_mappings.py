"""Mappings: which account an external one is, decided by a member."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from schema.ids import encode
from tests.fixtures.graph import Graph, key
from tests.fixtures.world import Place
from tests.schema.test_read_fields import STATEMENT

SET = """
mutation ($id: ID!, $account: ID!) { accountMappingSet(id: $id, input: {accountId: $account}) {
  mapping { state verifiedAt verifiedBy { id } account { id } } job { id kind state mapping { id } }
  userErrors { code message path }
} }
"""
CREATE = """
mutation ($id: ID!, $currency: CurrencyCode!) {
  accountMappingCreateAccount(id: $id, input: {name: "Mine", currency: $currency}) {
    mapping { state account { id name } } job { id kind } userErrors { code path }
  }
}
"""
LIST = """
{ accountMappings { edges { node { id state account { id } externalAccount { maskedNumber }
  waitingCount
  suggestions { account { id } score reason reasons { code text } } } } } }
"""


async def _waiting(graph: Graph) -> tuple[Place, Any, str]:
    """A tenant with rows that wait, the mapping of 12345678, and an account like it."""
    place = await graph.world.place(mapping_policy="ask")
    await graph.world.take_in(place, STATEMENT)
    created = await graph.ask(
        place.user,
        'mutation { accountCreate(input: {name: "Main", currency: "EUR", '
        'maskedNumber: "12345678"}) { account { id maskedNumber } } }',
    )
    mappings = await graph.ask(place.user, LIST)
    (mapping,) = [
        edge["node"]
        for edge in mappings["edges"]
        if edge["node"]["externalAccount"]["maskedNumber"] == "••••5678"
    ]
    return place, mapping, created["account"]["id"]


async def _change(graph: Graph, place: Place, verb: str, id: str) -> Any:
    job = "" if verb == "Verify" else "job { id }"
    return await graph.ask(
        place.user,
        f"mutation ($id: ID!) {{ accountMapping{verb}(id: $id) "
        f"{{ mapping {{ state verifiedAt account {{ id }} }} {job} "
        "userErrors { code path } } }",
        id=id,
    )


async def test_waiting_rows_come_once_their_account_is_known(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)

    answer = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await graph.world.run(place, key(answer["job"]["id"]))

    assert mapping["state"] == "PENDING"
    assert answer["userErrors"] == []
    assert answer["mapping"]["state"] == "MAPPED"
    assert answer["mapping"]["verifiedBy"] == {"id": encode("User", place.user_id)}
    assert (answer["job"]["kind"], answer["job"]["state"]) == ("DERIVE", "QUEUED")
    assert answer["job"]["mapping"]["id"] == mapping["id"]
    assert graph.wakes.jobs == [key(answer["job"]["id"])]
    found = await graph.ask(
        place.user,
        "query ($id: ID!) { account(id: $id) { transactions { edges { node { id } } } } }",
        id=account,
    )
    assert len(found["transactions"]["edges"]) == 2


async def test_likely_account_is_suggested_with_the_reason(graph: Graph) -> None:
    _, mapping, account = await _waiting(graph)

    (suggestion,) = mapping["suggestions"]

    assert suggestion["account"]["id"] == account
    assert "5678" in suggestion["reason"]
    assert {"code": "SAME_MASK", "text": "both numbers end in 5678"} in suggestion["reasons"]


async def test_account_that_another_source_feeds_under_the_same_number_comes_first(
    graph: Graph,
) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    other = replace(place, connection_id=uuid4())
    await graph.world.owner.execute(
        "insert into app.connections (tenant_id, id, name, provider, mapping_policy)"
        " values ($1, $2, 'Second', 'file', 'ask')",
        other.tenant_id,
        other.connection_id,
    )
    await graph.world.take_in(other, STATEMENT)

    listed = await graph.ask(place.user, LIST)

    nodes = [edge["node"] for edge in listed["edges"]]
    pending = [node for node in nodes if node["state"] == "PENDING"]
    fed = {
        node["externalAccount"]["maskedNumber"]: node["account"]
        for node in nodes
        if node["state"] == "MAPPED"
    }
    assert len(pending) == len(fed) == 2
    for node in pending:
        first = node["suggestions"][0]
        assert first["account"] == fed[node["externalAccount"]["maskedNumber"]]
        assert first["reasons"][0]["code"] == "SAME_ROUTED_NUMBER"


async def test_full_number_that_somebody_types_is_not_kept(graph: Graph) -> None:
    place, _, _ = await _waiting(graph)

    kept = await graph.world.owner.fetchval(
        "select masked_number from app.accounts where tenant_id = $1", place.tenant_id
    )

    assert kept == "••••5678"


async def test_account_in_another_currency_is_refused(graph: Graph) -> None:
    place, mapping, _ = await _waiting(graph)
    created = await graph.ask(
        place.user,
        'mutation { accountCreate(input: {name: "Dollars", currency: "USD"}) { account { id } } }',
    )

    answer = await graph.ask(place.user, SET, id=mapping["id"], account=created["account"]["id"])

    (error,) = answer["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["accountId"])
    assert "USD" in error["message"]


async def test_foreign_account_looks_like_a_missing_one(graph: Graph) -> None:
    place, mapping, _ = await _waiting(graph)
    _, _, foreign = await _waiting(graph)

    answers = [
        await graph.ask(place.user, SET, id=mapping["id"], account=id) for id in (foreign, "x")
    ]

    assert answers[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert answers[0] == answers[1]


async def test_rows_follow_their_mapping_to_another_account_in_a_job(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)
    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await graph.world.run(place, key(first["job"]["id"]))
    before = await _ids(graph, place, account)
    other = await graph.ask(
        place.user,
        'mutation { accountCreate(input: {name: "New", currency: "EUR"}) { account { id } } }',
    )

    answer = await graph.ask(place.user, SET, id=mapping["id"], account=other["account"]["id"])
    job = await graph.world.run(place, key(answer["job"]["id"]))

    assert answer["userErrors"] == []
    assert (job["state"], job["changed"], job["imported"]) == ("completed", 2, 0)
    assert (job["total"], job["stage"]) == (job["processed"], None)
    assert await _ids(graph, place, other["account"]["id"]) == before
    assert await _ids(graph, place, account) == []


async def test_the_same_account_again_changes_nothing(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)
    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await graph.world.run(place, key(first["job"]["id"]))

    again = await graph.ask(place.user, SET, id=mapping["id"], account=account)

    assert (again["userErrors"], again["job"]) == ([], None)


async def test_setting_twice_derives_once(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)

    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await _change(graph, place, "Unset", mapping["id"])
    second = await graph.ask(place.user, SET, id=mapping["id"], account=account)

    assert first["job"]["id"] == second["job"]["id"]


@pytest.mark.parametrize("verb", ["Unset", "Ignore"])
async def test_rows_of_a_mapping_without_account_go_and_come_back_once(
    graph: Graph, verb: str
) -> None:
    place, mapping, account = await _waiting(graph)
    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await graph.world.run(place, key(first["job"]["id"]))
    before = await _ids(graph, place, account)

    gone = await _change(graph, place, verb, mapping["id"])
    taken = await graph.world.run(place, key(gone["job"]["id"]))
    between = await _ids(graph, place, account)
    back = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    returned = await graph.world.run(place, key(back["job"]["id"]))

    assert (taken["state"], taken["withdrawn"], taken["waiting"]) == ("completed", 2, 0)
    assert between == []
    assert (returned["state"], returned["imported"]) == ("completed", 2)
    assert await _ids(graph, place, account) == before


async def test_an_account_is_made_and_mapped_at_once(graph: Graph) -> None:
    place, mapping, _ = await _waiting(graph)

    answer = await graph.ask(place.user, CREATE, id=mapping["id"], currency="EUR")
    await graph.world.run(place, key(answer["job"]["id"]))

    assert answer["userErrors"] == []
    assert answer["mapping"]["account"]["name"] == "Mine"
    assert len(await _ids(graph, place, answer["mapping"]["account"]["id"])) == 2
    events = await graph.world.owner.fetch(
        "select event from app.ingestion_audit_log order by created_at"
    )
    assert [row["event"] for row in events][-2:] == ["account.created", "mapping.set"]


async def test_no_account_is_made_where_it_cannot_be_mapped(graph: Graph) -> None:
    place, mapping, _ = await _waiting(graph)

    answer = await graph.ask(place.user, CREATE, id=mapping["id"], currency="USD")

    (error,) = answer["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["currency"])
    assert answer["mapping"] is None
    count = "select count(*) from app.accounts where tenant_id = $1 and name = 'Mine'"
    assert await graph.world.owner.fetchval(count, place.tenant_id) == 0


async def test_how_many_rows_wait_is_known_until_they_come(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)
    other = "{ accountMappings(filter: {state: [PENDING]}) { edges { node { waitingCount } } } }"

    before = await _count_waiting(graph, place, mapping["id"])
    set_ = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    mapped = await _count_waiting(graph, place, mapping["id"])
    await graph.world.run(place, key(set_["job"]["id"]))
    unset = await _change(graph, place, "Unset", mapping["id"])
    await graph.world.run(place, key(unset["job"]["id"]))
    after = await _count_waiting(graph, place, mapping["id"])
    await graph.world.take_in(place, STATEMENT)
    twice = await _count_waiting(graph, place, mapping["id"])

    assert (before, mapped, after, twice) == (2, 0, 2, 4)
    listed = await graph.ask(place.user, other)
    assert sum(edge["node"]["waitingCount"] for edge in listed["edges"]) >= 4


async def _count_waiting(graph: Graph, place: Place, id: str) -> int:
    query = "query ($id: ID!) { node(id: $id) { ... on AccountMapping { waitingCount } } }"
    found = await graph.ask(place.user, query, id=id)
    count: int = found["waitingCount"]
    return count


async def _ids(graph: Graph, place: Place, account: str) -> list[str]:
    query = "query ($id: ID!) { account(id: $id) { transactions { edges { node { id } } } } }"
    found = await graph.ask(place.user, query, id=account)
    return sorted(edge["node"]["id"] for edge in found["transactions"]["edges"])


async def test_ignored_account_stays_ignored_until_set(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)

    ignored = await _change(graph, place, "Ignore", mapping["id"])
    unset = await _change(graph, place, "Unset", mapping["id"])
    await _change(graph, place, "Ignore", mapping["id"])
    back = await graph.ask(place.user, SET, id=mapping["id"], account=account)

    assert ignored["mapping"]["state"] == "IGNORED"
    assert ignored["mapping"]["verifiedAt"] is not None
    assert unset["mapping"] == {"state": "PENDING", "verifiedAt": None, "account": None}
    assert back["job"]["kind"] == "DERIVE"


async def test_mapping_that_the_system_made_is_verified_by_a_person(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    listed = await graph.ask(place.user, LIST)
    waiting_place, waiting, _ = await _waiting(graph)

    verified = await _change(graph, place, "Verify", listed["edges"][0]["node"]["id"])
    refused = await _change(graph, waiting_place, "Verify", waiting["id"])

    assert verified["mapping"]["verifiedAt"] is not None
    assert refused["userErrors"] == [{"code": "CONFLICT", "path": ["id"]}]
