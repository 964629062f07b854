"""Syncs as a client follows them: ask, wait for each job, count."""

from __future__ import annotations

import time
from typing import Any, Final

from cli.client import ApiError, Client
from cli.importing import POLL_S, SETTLED, WAITING

_SYNC: Final = """
mutation Sync($id: ID!) { connectionSync(id: $id) { job { id } userErrors { message } } }
"""
_SYNC_ALL: Final = """
mutation SyncAll { connectionSyncAll { jobs { id } userErrors { message } } }
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
        return [job["id"] for job in client.change(_SYNC_ALL, {}, name="connectionSyncAll")["jobs"]]
    return [client.change(_SYNC, {"id": connection}, name="connectionSync")["job"]["id"]]


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
