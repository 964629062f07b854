"""Members reconcile by HTTP, at one instant and with ids that are not theirs: each is answered, a
row is in one group at most, and what rows say of themselves is what the groups say."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from schema.ids import encode
from tests.fixtures.api_server import Api
from tests.fixtures.world import Place, World

FILE: Final = b"Date,Amount,Description\n" + b"".join(
    b"2026-03-%02d,%d.25,Row %d\n" % (1 + n % 28, n - 4, n) for n in range(8)
)
OURS: Final = {"INTERNAL", "UNAVAILABLE", "TIMEOUT"}
CREATE: Final = (
    "mutation ($left: [ID!]!, $right: [ID!]!, $note: String)"
    " { done: reconciliationCreate(input: {leftIds: $left, rightIds: $right, note: $note})"
    " { reconciliation { id } userErrors { code path } } }"
)
UNDO: Final = (
    "mutation ($id: ID!) { done: reconciliationUndo(id: $id)"
    " { reconciliation { id undoneAt } userErrors { code path } } }"
)
READ: Final = (
    "{ transactions(first: 50) { edges { node { id reconciliation reconciledIn { id method rule"
    " createdAt createdBy { id } members { transaction { id } } } } } } }"
)


async def _rows(world: World, place: Place) -> list[str]:
    found = await world.owner.fetch(
        "select id from app.transactions where tenant_id = $1 order by sort_date", place.tenant_id
    )
    return [str(encode("Transaction", row["id"])) for row in found]


async def _said(api: Api, place: Place, query: str, **variables: Any) -> dict[str, Any]:
    answer = await api.post(place.user_id, query, variables=variables)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    assert codes & OURS == set(), body
    return body


async def test_hostile_sides_are_refused_each_with_what_is_wrong(api: Api, world: World) -> None:
    place, other = await world.place(currency="EUR"), await world.place(currency="EUR")
    for each in (place, other):
        await world.take_in(each, FILE)
    own, foreign = await _rows(world, place), await _rows(world, other)
    strange = [str(encode("Account", UUID(int=7))), "", "%00", "'; drop table app.transactions; --"]
    many = [str(encode("Transaction", uuid4())) for _ in range(501)]
    asked: list[tuple[list[str], list[str], str | None]] = [
        ([], own[:1], "x"),
        ([], [], "x"),
        (own[:1], foreign[:1], "x"),
        (foreign[:1], own[:1], "x"),
        (foreign[:1], [], "x"),
        (own[:1], own[:1], "x"),
        (many, own[:1], "x"),
        (own[:1], many, "x"),
        (own[:1], own[1:2], None),
        (own[:1], own[1:2], " \u200b "),
        (own[:1], own[1:2], "x" * 1_001),
        *(([one], own[:1], "x") for one in strange),
    ]

    for left, right, note in asked:
        body = await _said(api, place, CREATE, left=left, right=right, note=note)
        done = (body.get("data") or {}).get("done") or {"userErrors": body.get("errors")}
        assert done["userErrors"], (left[:2], right[:2], note)
        assert done.get("reconciliation") is None

    assert await world.owner.fetchval("select count(*) from app.reconciliations") == 0


@pytest.mark.parametrize("turn", range(2))
async def test_of_reconciling_and_undoing_at_one_instant_what_stands_agrees(
    api: Api, world: World, turn: int
) -> None:
    place, other = await world.place(currency="EUR"), await world.place(currency="EUR")
    for each in (place, other):
        await world.take_in(each, FILE)
    rows = await _rows(world, place)
    first = await _said(api, place, CREATE, left=rows[:2], right=rows[2:3], note="first")
    made = first["data"]["done"]["reconciliation"]["id"]
    tasks = [
        _said(api, place, CREATE, left=rows[n : n + 2], right=rows[n + 2 : n + 4], note="n")
        for n in range(turn, 5)
    ]
    tasks += [_said(api, place, CREATE, left=rows[::-1], right=[], note="all")]
    tasks += [_said(api, place, UNDO, id=made) for _ in range(4)]
    tasks += [_said(api, other, UNDO, id=made) for _ in range(2)]

    answers = await asyncio.gather(*tasks)

    undone = [one["data"]["done"] for one in answers[-6:-2]]
    assert sum(one["reconciliation"] is not None for one in undone) == 1
    assert all(one["data"]["done"]["reconciliation"] is None for one in answers[-2:])
    shown = (await api.ask(place.user_id, READ))["transactions"]["edges"]
    for node in (edge["node"] for edge in shown):
        group = node["reconciledIn"]
        assert (node["reconciliation"] == "RECONCILED") == (group is not None)
        if group is not None:
            ids = {one["transaction"]["id"] for one in group["members"]}
            assert node["id"] in ids
            assert (group["method"], group["rule"]) == ("USER", None)
            assert group["createdBy"] is not None
    twice = await world.owner.fetchval(
        "select count(*) from (select from app.reconciliation_members where active"
        " group by transaction_id having count(*) > 1) as x"
    )
    assert twice == 0
