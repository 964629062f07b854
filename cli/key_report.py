"""What `bankfeeds keys` says, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.key_settings import KeySource
from resolvers.key_management import Progress, Usage

UNNAMED: Final = "(no key)"

_ELSEWHERE: Final[Mapping[KeySource, str]] = {
    "environment": (
        "The keys are in BANKFEEDS_KEYS, which only you can change: add id:base64 of a new key"
        " (`openssl rand -base64 32`) at its end, restart API and workers, then put it first and"
        " restart them again. Then run `bankfeeds keys rewrap`."
    ),
    "kms": (
        "The keys are in AWS KMS. It rotates a key by itself, if told to, and nothing is to be done"
        " here. For another key: add it at the end of BANKFEEDS_KMS_KEY, restart API and workers,"
        " then put it first and restart them again. Then run `bankfeeds keys rewrap`."
    ),
}


def usage_as_json(usage: Usage, problem: str | None) -> dict[str, Any]:
    """The line of `status --json`."""
    return {
        "current": usage.configured[0],
        "works": problem is None,
        "problem": problem,
        "keys": [
            {
                "id": key_id or None,
                "current": key_id == usage.configured[0],
                "configured": key_id in usage.configured,
                "sealed": dict(sorted(usage.sealed.get(key_id, {}).items())),
            }
            for key_id in (*usage.configured, *usage.unknown)
        ],
    }


def usage_as_text(usage: Usage, problem: str | None) -> str:
    """The same for a person, with what to do."""
    lines = []
    for key_id in (*usage.configured, *usage.unknown):
        lines.append(f"{key_id or UNNAMED}: {_part(usage, key_id)}")
        places = sorted(usage.sealed.get(key_id, {}).items())
        lines += [f"  {number:>9,} {place}" for place, number in places] or ["  nothing"]
    if problem is not None:
        lines.append(f"The key that seals does not work: {problem}")
    if usage.unknown:
        lines.append("What is sealed under a key that is not configured cannot be opened: add it.")
    elif usage.stale:
        lines.append("`bankfeeds keys rewrap` wraps all of it under the key that seals.")
    return "\n".join(lines)


def _part(usage: Usage, key_id: str) -> str:
    if key_id == usage.configured[0]:
        return "seals and opens"
    return "opens" if key_id in usage.configured else "NOT CONFIGURED"


def line_of(progress: Progress) -> str:
    """One line of what was done so far."""
    return (
        f"{progress.tenants:,} tenants looked through, {progress.rewrapped:,} wrapped anew,"
        f" {progress.failed:,} failed"
    )


def progress_as_json(progress: Progress) -> dict[str, Any]:
    """The line of `rewrap --json`."""
    return {
        "tenants": progress.tenants,
        "rewrapped": progress.rewrapped,
        "changedMeanwhile": progress.changed,
        "failed": progress.failed,
        "faults": [
            {
                "place": fault.place,
                "tenant": str(fault.tenant_id),
                "record": str(fault.record_id),
                "reason": fault.reason,
            }
            for fault in progress.faults
        ],
    }


def progress_as_text(progress: Progress) -> str:
    """What was done, what was not and why."""
    lines = [
        f"{fault.place} of tenant {fault.tenant_id}, {fault.record_id}: {fault.reason}"
        for fault in progress.faults
    ]
    if progress.changed:
        lines.append(f"{progress.changed:,} changed while this ran: run it again.")
    if progress.failed:
        lines.append(f"{progress.failed:,} could not be wrapped anew, and are as they were.")
    if not (progress.changed or progress.failed):
        lines.append("Everything is under the key that seals.")
    return "\n".join([*lines, f"{progress.rewrapped:,} wrapped anew."])


def new_key_id(held: Collection[str]) -> str:
    """Today's date, with a number behind it where a key has that already."""
    today = datetime.now(UTC).date().isoformat()
    numbered = (today, *(f"{today}.{number}" for number in range(2, len(held) + 2)))
    return next(one for one in numbered if one not in held)


def added(key_id: str, path: Path) -> str:
    """What to do after a key was added to the file."""
    return (
        f"{path} has a new key, {key_id}, which seals from the next start on. Back the file up,"
        " restart API and workers, then run `bankfeeds keys rewrap`."
    )


def elsewhere(source: KeySource) -> str:
    """How keys that are in no file are rotated."""
    return _ELSEWHERE[source]
