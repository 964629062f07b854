"""What members make of jobs: approve, discard, cancel, retry, revert."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.jobs import JobState
from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place
from tests.schema.test_read_fields import STATEMENT

TAKEN = {
    "Approve": {"awaiting_review"},
    "Discard": {"awaiting_review"},
    "Cancel": {"queued"},
    "Retry": {"failed", "cancelled"},
    "Revert": {"completed", "partial", "awaiting_mapping"},
}
THEN = {
    "Approve": "QUEUED",
    "Discard": "DISCARDED",
    "Cancel": "CANCELLED",
    "Retry": "QUEUED",
    "Revert": "QUEUED",
}


async def _decide(graph: Graph, place: Place, verb: str, job_id: UUID) -> Any:
    return await graph.ask(
        place.user,
        f"mutation ($id: ID!) {{ ingestionJob{verb}(id: $id) "
        "{ job { state } userErrors { code message path } } }",
        id=encode("IngestionJob", job_id),
    )


async def _put(graph: Graph, job_id: UUID, state: str) -> None:
    await graph.world.owner.execute(
        "update app.ingestion_jobs set state = $2, error_code = 'x', error_message = 'x',"
        " lease_until = case when $2 = 'running' then now() + interval '1 hour' end"
        " where id = $1",
        job_id,
        state,
    )


@pytest.mark.parametrize("state", [state.value for state in JobState])
@pytest.mark.parametrize("verb", sorted(TAKEN))
async def test_decision_is_taken_in_its_states_alone(graph: Graph, verb: str, state: str) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT)
    await _put(graph, job_id, state)

    answer = await _decide(graph, place, verb, job_id)

    row = await graph.world.ledger(place, job_id)
    if state in TAKEN[verb]:
        assert answer == {"job": {"state": THEN[verb]}, "userErrors": []}
        assert graph.wakes.jobs == ([job_id] if THEN[verb] == "QUEUED" else [])
    else:
        (error,) = answer["userErrors"]
        assert (error["code"], error["path"]) == ("CONFLICT", ["id"])
        assert JobState(state).name in error["message"]
        assert (row["state"], graph.wakes.jobs) == (state, [])


async def test_review_shows_what_would_happen_and_approval_does_it(graph: Graph) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT, review=True)
    await graph.world.run(place, job_id)
    query = """
    query ($id: ID!) { ingestionJob(id: $id) { state counts { imported }
      preview(outcome: NEW, first: 2) {
        edges { node { outcome amount { amount currency } description line
                       mapping { externalAccount { maskedNumber } } } }
        pageInfo { hasNextPage } } } }
    """

    before = await graph.ask(place.user, query, id=encode("IngestionJob", job_id))
    await _decide(graph, place, "Approve", job_id)
    row = await graph.world.run(place, job_id)

    assert before["state"] == "AWAITING_REVIEW"
    assert before["counts"]["imported"] == 3
    assert before["preview"]["pageInfo"]["hasNextPage"]
    assert before["preview"]["edges"][0]["node"] == {
        "outcome": "NEW",
        "amount": {"amount": "-3.50", "currency": "EUR"},
        "description": "COFFEE",
        "line": 4,
        "mapping": {"externalAccount": {"maskedNumber": "••••5678"}},
    }
    assert (row["state"], row["imported"], row["approved_by"]) == ("completed", 3, place.user_id)


async def test_reverted_import_leaves_nothing_in_the_lists(graph: Graph) -> None:
    place = await graph.world.place()
    job = await graph.world.take_in(place, STATEMENT)

    await _decide(graph, place, "Revert", job["id"])
    row = await graph.world.run(place, job["id"])

    assert row["state"] == "reverted"
    listed = await graph.ask(place.user, "{ transactions { edges { node { id } } } }")
    assert listed["edges"] == []
    removed = "{ transactionCount(filter: {status: [REMOVED]}) }"
    assert await graph.ask(place.user, removed) == 3


async def test_retry_may_bring_the_profile_that_was_missing(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    row = await graph.world.take_in(place, b"Date,Amount,Text\n01/02/2026,-1.50,Coffee\n")
    created = await graph.ask(
        place.user,
        'mutation { statementProfileCreate(input: {name: "P", definition: '
        '{dateFormat: "DMY", decimalMark: ".", columns: {postedDate: "Date", amount: "Amount", '
        'description: ["Text"]}}}) { profile { id } } }',
    )

    answer = await graph.ask(
        place.user,
        "mutation ($id: ID!, $profile: ID) { ingestionJobRetry(id: $id, "
        "input: {profileId: $profile}) { job { state retryable } userErrors { code } } }",
        id=encode("IngestionJob", row["id"]),
        profile=created["profile"]["id"],
    )
    again = await graph.world.run(place, row["id"])

    assert (row["state"], row["error_code"]) == ("failed", "profile-required")
    assert answer == {"job": {"state": "QUEUED", "retryable": False}, "userErrors": []}
    assert (again["state"], again["imported"]) == ("completed", 1)


async def test_failed_job_says_why_and_what_to_do(graph: Graph) -> None:
    place = await graph.world.place()
    row = await graph.world.take_in(place, b"%PDF-1.7 nothing")

    job = await graph.ask(
        place.user,
        "query ($id: ID!) { ingestionJob(id: $id) { state retryable error { code message } "
        "findings { edges { node { severity code } } } } }",
        id=encode("IngestionJob", row["id"]),
    )

    assert (job["state"], job["retryable"]) == ("FAILED", True)
    assert job["error"]["code"] == "binary-file"
    assert job["findings"]["edges"][0]["node"] == {"severity": "ERROR", "code": "binary-file"}
