"""Corrections in compiled queries: one statement, and the resolvers' answer."""

from __future__ import annotations

from typing import Any, Final

from tests.compiler.both_ways import ACME, GLOBEX, BothWays, Document

CORRECTION: Final = """
  externalId deletes waits createdAt line correctedLine
  rawDocument { id name } correctedDocument { id name }
  transaction { id } corrected { id externalId }
"""
TRANSACTIONS: Final = f"""
fragment T on TransactionConnection {{ edges {{ node {{
  id corrects {{ {CORRECTION} }} correctedBy {{ {CORRECTION} }}
}} }} }}
{{ last: transactions(first: 100) {{ ...T }}
  first: transactions(first: 100, orderBy: POSTED_DATE_ASC) {{ ...T }} }}
"""
PREVIEWS: Final = """
{ ingestionJobs(first: 10) { edges { node { preview(first: 10) { edges { node {
  line correctsExternalId corrects { id description corrects { externalId } }
} } } } } } }
"""


def test_corrections_are_of_their_tenant_and_both_ways_the_same(both: BothWays) -> None:
    seen = {}
    for tenant in (ACME, GLOBEX):
        answer = both.same(tenant, Document(text=TRANSACTIONS))
        assert (answer.errors, len(answer.statements)) == ([], 1)
        rows = [row for page in answer.data.values() for row in _nodes(page)]
        seen[tenant.name] = [
            row[side] for row in rows for side in ("corrects", "correctedBy") if row[side]
        ]
        assert any(row["corrects"] for row in rows)
        assert any(row["correctedBy"] for row in rows)
        assert all(tenant.name in one["externalId"] for one in seen[tenant.name])
    for name in ("deletes", "waits", "correctedDocument", "transaction", "corrected"):
        values = {bool(one[name]) for one in seen[ACME.name]}
        assert values == {True, False}, name


def test_previews_lead_to_what_they_correct(both: BothWays) -> None:
    for tenant in (ACME, GLOBEX):
        answer = both.same(tenant, Document(text=PREVIEWS))
        assert (answer.errors, len(answer.statements)) == ([], 1)
        jobs = answer.data["ingestionJobs"]["edges"]
        rows = [row for one in jobs for row in _nodes(one["node"]["preview"])]
        assert {bool(row["corrects"]) for row in rows} == {True, False}


def _nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]
