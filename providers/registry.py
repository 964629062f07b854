"""The connectors there are: a literal, and what other distributions add by an entry point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Final

from pydantic import SecretStr, ValidationError

from core.errors import BadInput
from core.settings import PROVIDER_PREFIX
from providers.base import AppSettings, Connector
from providers.plaid.connector import PLAID
from providers.quiltt.connector import QUILTT

CONNECTORS: Final[tuple[Connector, ...]] = (PLAID, QUILTT)
GROUP: Final = "bankfeeds.providers"  # an entry point names a connector object


class UnknownProvider(BadInput):
    """No connector has this name."""


@lru_cache(maxsize=1)
def every() -> Mapping[str, Connector]:
    """All connectors by slug; ours win over those of other distributions."""
    found: dict[str, Connector] = {}
    for entry in entry_points(group=GROUP):
        connector = entry.load()
        found[connector.facts.slug] = connector
    return {**found, **{one.facts.slug: one for one in CONNECTORS}}


def by_slug(slug: str) -> Connector:
    """The connector of a provider. Raises UnknownProvider with the names that there are."""
    connector = every().get(slug)
    if connector is None:
        raise UnknownProvider(
            f"There is no provider {slug!r}. Known: {', '.join(sorted(every()))}."
        )
    return connector


def configured(values: Mapping[str, SecretStr]) -> Mapping[str, AppSettings]:
    """The operator's applications by slug, from variables such as BANKFEEDS_PROVIDER_PLAID_SECRET.

    A provider of which nothing is set is left out. Raises BadInput with every name that is missing
    or that no provider has; never with a value.
    """
    problems = [*_unknown(values)]
    apps: dict[str, AppSettings] = {}
    for slug, connector in every().items():
        given = _given(values, slug, connector)
        if not given:
            continue
        try:
            apps[slug] = connector.app.model_validate(given)
        except ValidationError as error:
            problems += [
                f"{variable(slug, str(one['loc'][0]))}: {one['msg']}"
                for one in error.errors(include_input=False, include_url=False)
            ]
    if problems:
        raise BadInput("\n".join(("These settings of providers are wrong:", *sorted(problems))))
    return apps


def variable(slug: str, field: str) -> str:
    """The name of the variable that sets a field of a provider's application."""
    return f"{PROVIDER_PREFIX}{slug}_{field}".upper()


def variables() -> Iterator[str]:
    """All variables that providers read."""
    for slug, connector in every().items():
        for field in connector.app.model_fields:
            yield variable(slug, field)


def _given(values: Mapping[str, SecretStr], slug: str, connector: Connector) -> dict[str, str]:
    names = {field: variable(slug, field) for field in connector.app.model_fields}
    return {
        field: values[name].get_secret_value() for field, name in names.items() if name in values
    }


def _unknown(values: Mapping[str, SecretStr]) -> Iterator[str]:
    known = set(variables())
    for name in values:
        if name not in known:
            yield f"{name}: no provider reads this; unset it"
