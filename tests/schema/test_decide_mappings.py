"""Mappings: which account an external one is, decided by a member."""

from __future__ import annotations

from typing import Any

from resolvers.mappings import ROWS_MOVED_MAX
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
LIST = """
{ accountMappings { edges { node { id state account { id } externalAccount { maskedNumber }
  suggestions { account { id } score reason } } } } }
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
    return await graph.ask(
        place.user,
        f"mutation ($id: ID!) {{ accountMapping{verb}(id: $id) "
        "{ mapping { state verifiedAt account { id } } userErrors { code path } } }",
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


async def test_rows_move_with_their_mapping(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)
    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await graph.world.run(place, key(first["job"]["id"]))
    other = await graph.ask(
        place.user,
        'mutation { accountCreate(input: {name: "New", currency: "EUR"}) { account { id } } }',
    )

    answer = await graph.ask(place.user, SET, id=mapping["id"], account=other["account"]["id"])

    assert (answer["userErrors"], answer["job"]) == ([], None)
    count = "query ($id: ID!) { transactionCount(filter: {accountIds: [$id]}) }"
    assert await graph.ask(place.user, count, id=other["account"]["id"]) == 2
    assert await graph.ask(place.user, count, id=account) == 0


async def _with_rows(graph: Graph, count: int) -> tuple[Place, str, str, str]:
    """A tenant with a mapping that so many rows came over, its account, and another one."""
    place, mapping, account = await _waiting(graph)
    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await graph.world.run(place, key(first["job"]["id"]))
    other = await graph.ask(
        place.user,
        'mutation { accountCreate(input: {name: "New", currency: "EUR"}) { account { id } } }',
    )
    balances = await graph.world.owner.fetchval(
        "select count(*) from app.account_balances where mapping_id = $1", key(mapping["id"])
    )
    await graph.world.owner.execute(
        "insert into app.transactions (tenant_id, id, account_id, mapping_id, job_id, raw_id,"
        " raw_line, raw_line_end, fingerprint, occurrence, content_key, status, amount, currency,"
        " sort_date, description, description_raw)"
        " select tenant_id, gen_random_uuid(), account_id, mapping_id, job_id, raw_id, 1, 1,"
        " fingerprint, 1000 + number, 0, 'removed', 1, currency, sort_date, 'd', 'd'"
        " from (select * from app.transactions where mapping_id = $1 limit 1) as one,"
        " generate_series(1, $2::int) as number",
        key(mapping["id"]),
        count - 2 - balances,
    )
    return place, mapping["id"], account, other["account"]["id"]


async def test_more_rows_than_can_move_at_once_are_refused(graph: Graph) -> None:
    place, id, account, other = await _with_rows(graph, ROWS_MOVED_MAX + 1)

    refused = await graph.ask(place.user, SET, id=id, account=other)
    same = await graph.ask(place.user, SET, id=id, account=account)
    await graph.world.owner.execute(
        "delete from app.transactions where id in"
        " (select id from app.transactions where status = 'removed' limit 1)"
    )
    moved = await graph.ask(place.user, SET, id=id, account=other)

    (error,) = refused["userErrors"]
    assert (error["code"], error["path"]) == ("LIMIT", ["id"])
    assert "100000" in error["message"]
    assert (refused["mapping"], same["userErrors"]) == (None, [])
    assert (moved["userErrors"], moved["mapping"]["account"]) == ([], {"id": other})


async def test_setting_twice_derives_once(graph: Graph) -> None:
    place, mapping, account = await _waiting(graph)

    first = await graph.ask(place.user, SET, id=mapping["id"], account=account)
    await _change(graph, place, "Unset", mapping["id"])
    second = await graph.ask(place.user, SET, id=mapping["id"], account=account)

    assert first["job"]["id"] == second["job"]["id"]


async def test_mapping_with_rows_is_neither_unset_nor_ignored(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    listed = await graph.ask(place.user, LIST)
    id = listed["edges"][0]["node"]["id"]

    unset, ignored = (
        await _change(graph, place, "Unset", id),
        await _change(graph, place, "Ignore", id),
    )

    assert unset["userErrors"] == ignored["userErrors"] == [{"code": "CONFLICT", "path": ["id"]}]


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
