"""What `bankfeeds provider list` says, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from db.provider_states import ProviderPolicy
from providers.base import Rate
from providers.registry import every
from resolvers.providers import abilities


def as_rows(
    configured: Collection[str], policies: Mapping[str, ProviderPolicy]
) -> list[dict[str, Any]]:
    """Each provider by name, with what holds for it."""
    return [
        {
            "slug": slug,
            "name": connector.facts.name,
            "kind": connector.facts.kind.value,
            "configured": slug in configured,
            "enabled": policies[slug].enabled,
            "unavailableUntil": _instant(policies[slug]),
            "appCalls": policies[slug].app_calls or _a_minute(connector.facts.app_rate),
            "connectionCalls": policies[slug].connection_calls
            or _a_minute(connector.facts.connection_rate),
            "attempts": policies[slug].attempts_max,
            "abilities": [one.value for one in abilities(connector)],
        }
        for slug, connector in sorted(every().items())
    ]


def as_text(rows: list[dict[str, Any]]) -> str:
    """The same in lines."""
    return "\n".join(map(_line, rows))


def _line(row: dict[str, Any]) -> str:
    state = "offered" if row["configured"] else "no application is set"
    if not row["enabled"]:
        state = "kept back"
    if row["unavailableUntil"] is not None:
        state += f", does not answer, is tried again at {row['unavailableUntil']}"
    tries = "" if row["attempts"] is None else f", {row['attempts']} tries"
    return (
        f"{row['slug']}: {row['name']}; {state}; {row['appCalls']} calls a minute, "
        f"{row['connectionCalls']} of a connection{tries}"
    )


def _a_minute(rate: Rate) -> int:
    return int(rate.calls * 60 / rate.per.total_seconds())


def _instant(policy: ProviderPolicy) -> str | None:
    return None if policy.open_until is None else policy.open_until.isoformat(timespec="seconds")
