"""Writes `docs/reference/providers.md`: what connectors say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from providers.base import Connector, Linkable, Rate
from providers.registry import CONNECTORS, variable
from providers.webhooks import EndpointKind, Receiver, SecretOrigin
from resolvers.providers import abilities

_SECRETS: Final = {
    SecretOrigin.OURS: "made here and entered at the provider",
    SecretOrigin.PROVIDER: "made by the provider and entered here",
    SecretOrigin.NONE: "none; the provider publishes its keys",
}


def providers_page(rule: str) -> Iterator[str]:
    """The lines of the page; `rule` says that it is generated."""
    yield from ("# Providers", "", rule, "")
    yield from (
        "What each connector is, can do and needs. A provider is offered where its variables are",
        "set, which the [settings](settings.md) are read with; `bankfeeds provider set` keeps it",
        "back or gives it other limits. How to add one: [providers](../providers/README.md).",
        "",
    )
    for connector in sorted(CONNECTORS, key=lambda one: one.facts.slug):
        yield from _section(connector)


def _section(connector: Connector) -> Iterator[str]:
    facts = connector.facts
    can = ", ".join(one.value for one in abilities(connector))
    yield from (f"## {facts.name}", "", "| fact | value |", "|---|---|")
    rows = {
        "slug": f"`{facts.slug}`",
        "kind": facts.kind.value,
        "website": f"<{facts.website}>",
        "countries": ", ".join(facts.countries) or "not bound to countries",
        "can, beside syncing": can or "nothing",
        "linked by": connector.link_kind.value if isinstance(connector, Linkable) else "a form",
        "ids of transactions": "stay" if facts.stable_ids else "change; rows are known by content",
        "history": f"{facts.history_days_max:,} days at most",
        "asked": f"every {_span(facts.sync_every)}, sooner after a webhook",
        "calls, all tenants": _rate(facts.app_rate),
        "calls of a connection": _rate(facts.connection_rate),
    }
    rows |= {f"calls of `{path}`": _rate(rate) for path, rate in facts.rates.items()}
    if isinstance(connector, Receiver):
        whose = "the application" if _is_application(connector) else "each connection"
        rows["webhooks"] = f"one endpoint for {whose}; secret: {_SECRETS[connector.secret_origin]}"
    yield from (f"| {name} | {value} |" for name, value in rows.items())
    yield from ("", "| variable | default | |", "|---|---|---|")
    for name, field in connector.app.model_fields.items():
        yield _setting(facts.slug, name, field)
    yield ""


def _setting(slug: str, name: str, field: FieldInfo) -> str:
    marks = []
    if field.is_required():
        marks.append("required")
    if _is_secret(field.annotation):
        marks.append("secret")
    return f"| `{variable(slug, name)}` | {_default(field)} | {', '.join(marks)} |"


def _default(field: FieldInfo) -> str:
    value = None if field.is_required() else field.get_default()
    if value is None or _is_secret(field.annotation):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    return f"`{value}`"


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _is_application(connector: Receiver) -> bool:
    return connector.endpoint_kind is EndpointKind.APPLICATION


def _rate(rate: Rate) -> str:
    return f"{rate.calls:,} in {_span(rate.per)}"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("every whole number of seconds is one of seconds")
