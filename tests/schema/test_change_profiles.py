"""Statement profiles: saved, proposed from a file, and kept while something uses them."""

from __future__ import annotations

from typing import Any

import pytest

from schema.ids import encode
from tests.fixtures.graph import Graph, key
from tests.fixtures.tree_file import ELEMENTS, LINES
from tests.fixtures.world import Place

DEFINITION = {
    "dateFormat": "YMD",
    "decimalMark": ".",
    "currency": "EUR",
    "columns": {"postedDate": "Date", "amount": "Amount"},
}
CREATE = """
mutation ($name: String!, $definition: JSON!) {
  statementProfileCreate(input: {name: $name, definition: $definition}) {
    profile { id name format definition } userErrors { code message path }
  }
}
"""
UPDATE = """
mutation ($id: ID!, $input: StatementProfileUpdateInput!) {
  statementProfileUpdate(id: $id, input: $input) {
    profile { name definition } userErrors { code path }
  }
}
"""
DELETE = """
mutation ($id: ID!) { statementProfileDelete(id: $id) { deletedId userErrors { code path } } }
"""
PROPOSAL = """
query ($id: ID!) { statementProfileProposal(uploadId: $id) {
  definition confidence problem questions { field text answers examples } } }
"""


async def _create(graph: Graph, place: Place, **changes: Any) -> Any:
    given = {"name": "Bank", "definition": DEFINITION} | changes
    return await graph.ask(place.user, CREATE, **given)


async def test_profile_is_saved_changed_and_deleted(graph: Graph) -> None:
    place = await graph.world.place()

    created = (await _create(graph, place))["profile"]
    renamed = await graph.ask(place.user, UPDATE, id=created["id"], input={"name": "Other"})
    deleted = await graph.ask(place.user, DELETE, id=created["id"])
    again = await graph.ask(place.user, DELETE, id=created["id"])

    assert (created["format"], created["definition"]["dateFormat"]) == ("csv", "YMD")
    assert renamed["profile"] == {"name": "Other", "definition": created["definition"]}
    assert deleted == {"deletedId": created["id"], "userErrors": []}
    assert again["userErrors"] == [{"code": "NOT_FOUND", "path": ["id"]}]


async def test_name_is_taken_once_a_tenant(graph: Graph) -> None:
    mine, theirs = await graph.world.place(), await graph.world.place()
    await _create(graph, mine)

    again, elsewhere = await _create(graph, mine), await _create(graph, theirs)

    assert [(one["code"], one["path"]) for one in again["userErrors"]] == [("CONFLICT", ["name"])]
    assert elsewhere["userErrors"] == []


@pytest.mark.parametrize(
    ("definition", "names"),
    [
        ({}, "columns"),
        ([], "dictionary"),
        ("x", "dictionary"),
        (DEFINITION | {"nonsense": 1}, "nonsense"),
        (DEFINITION | {"delimiter": "too long"}, "delimiter"),
    ],
)
async def test_definition_that_reads_nothing_names_what_is_wrong(
    graph: Graph, definition: object, names: str
) -> None:
    place = await graph.world.place()

    answer = await _create(graph, place, definition=definition)

    (error,) = answer["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["definition"])
    assert names in error["message"]


@pytest.mark.parametrize(
    "definition", [LINES, ELEMENTS, {"format": "qif"}], ids=["json", "xml", "qif"]
)
async def test_a_profile_has_the_format_of_its_definition_and_keeps_it(
    graph: Graph, definition: dict[str, Any]
) -> None:
    place = await graph.world.place()

    created = (await _create(graph, place, definition=definition))["profile"]
    changed = definition | {"currency": "CHF"}
    same = await graph.ask(place.user, UPDATE, id=created["id"], input={"definition": changed})
    other = await graph.ask(place.user, UPDATE, id=created["id"], input={"definition": DEFINITION})

    assert (created["format"], created["definition"]) == (definition["format"], definition)
    assert same["profile"]["definition"] == changed
    assert other["userErrors"] == [{"code": "INVALID", "path": ["definition"]}]


async def test_profile_of_a_connection_is_not_deleted(graph: Graph) -> None:
    place = await graph.world.place()
    profile = (await _create(graph, place))["profile"]["id"]
    await graph.ask(
        place.user,
        "mutation ($id: ID!, $profile: ID) { connectionUpdate(id: $id, "
        "input: {profileId: $profile}) { userErrors { code } } }",
        id=encode("Connection", place.connection_id),
        profile=profile,
    )

    answer = await graph.ask(place.user, DELETE, id=profile)

    assert answer == {"deletedId": None, "userErrors": [{"code": "CONFLICT", "path": ["id"]}]}


@pytest.mark.parametrize(
    "content",
    [
        b"Date,Amount,Text\n01/02/2026,-1.50,Coffee\n03/04/2026,-2.50,Tea\n",
        b"!Type:Bank\nD01/02/2026\nT-1.50\n^\n",
    ],
    ids=["csv", "qif"],
)
async def test_proposal_asks_what_the_file_leaves_open(graph: Graph, content: bytes) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, content)
    upload_id = await graph.world.owner.fetchval(
        "select upload_id from app.ingestion_jobs where id = $1", job_id
    )

    found = await graph.ask(place.user, PROPOSAL, id=encode("Upload", upload_id))

    assert found["problem"] is None
    assert [question["field"] for question in found["questions"]] == ["dateFormat"]
    assert found["questions"][0]["answers"] == ["DMY", "MDY"]
    assert found["definition"]["dateFormat"] is None


async def test_proposal_says_why_there_is_none(graph: Graph) -> None:
    place = await graph.world.place()
    other = await graph.world.place()
    upload_id = await graph.received(place)

    pending = await graph.ask(place.user, PROPOSAL, id=upload_id)
    foreign = await graph.ask(other.user, PROPOSAL, id=upload_id)
    malformed = await graph.ask(place.user, PROPOSAL, id="x")

    assert pending["definition"] is None
    assert "arrived" in pending["problem"]
    assert (foreign, malformed) == (None, None)
    assert key(upload_id)
