"""Syncs as a client follows them: ask, wait for each job, count."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli.client import ApiError, Client
from cli.importing import POLL_S, SETTLED, WAITING

_SYNC: Final = """
mutation Sync($id: ID!) { connectionSync(id: $id) { job { id } userErrors { message } } }
"""
_SYNC_ALL: Final = """
mutation SyncAll { connectionSyncAll { batchId userErrors { message } } }
"""
_RENEW_ALL: Final = """
mutation RenewAll { connectionRenewAll { batchId userErrors { message } } }
"""
_BATCH: Final = """
query Batch($id: ID!, $after: String) {
  ingestionJobs(first: 100, after: $after, filter: {batchId: $id}) {
    edges { node { id } } pageInfo { hasNextPage endCursor }
  }
}
"""
_JOB: Final = """
query Job($id: ID!) {
  ingestionJob(id: $id) {
    id state counts { imported changed duplicate rejected withdrawn }
    error { code message } connection { id name }
  }
}
"""


def request_syncs(client: Client, connection: str | None) -> list[str]:
    """The jobs of one connection's sync, or of all connections'. Raises ApiError."""
    if connection is None:
        batch = client.change(_SYNC_ALL, {}, name="connectionSyncAll")["batchId"]
        return list(_jobs_of(client, batch))
    return [client.change(_SYNC, {"id": connection}, name="connectionSync")["job"]["id"]]


def request_renewals(client: Client) -> list[str]:
    """The jobs that renew the access tokens that are over. Raises ApiError."""
    batch = client.change(_RENEW_ALL, {}, name="connectionRenewAll")["batchId"]
    return list(_jobs_of(client, batch))


def _jobs_of(client: Client, batch: str) -> Iterator[str]:
    after = None
    while True:
        page = client.ask(_BATCH, {"id": batch, "after": after})["ingestionJobs"]
        yield from (edge["node"]["id"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def follow(client: Client, job_id: str, *, until: float) -> dict[str, Any]:
    """The job when it is settled, or as it stands at an instant of the monotonic clock."""
    while True:
        job = client.ask(_JOB, {"id": job_id})["ingestionJob"]
        if job is None:
            raise ApiError("The job is gone.")
        if job["state"] in SETTLED | WAITING or time.monotonic() > until:
            return dict(job)
        time.sleep(POLL_S)


def summary(job: dict[str, Any]) -> dict[str, Any]:
    """What a sync brought, for JSON."""
    counts = job["counts"]
    return {
        "connection": job["connection"]["name"],
        "jobId": job["id"],
        "state": job["state"],
        "new": counts["imported"],
        "changed": counts["changed"],
        "removed": counts["withdrawn"],
        "error": job["error"],
    }


def line(told: Mapping[str, object]) -> str:
    """The same, for a person."""
    counts = f"{told['new']} new, {told['changed']} changed, {told['removed']} removed"
    error = told["error"]
    reason = f" ({error['message']})" if isinstance(error, dict) else ""
    return f"{told['connection']}: {str(told['state']).lower()}, {counts}{reason}"
