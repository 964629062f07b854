"""Receptions: the providers whose webhooks this installation takes, by their name."""

from __future__ import annotations

from collections.abc import Mapping

from db.provider_states import ProviderPolicy
from pipeline.provider_access import ProviderAccess
from providers.registry import every
from providers.webhooks import Receiver, Reception


def receptions(access: ProviderAccess) -> Mapping[str, Reception]:
    """Those that can send webhooks and at which the operator has an application."""
    # What a tenant may and whether a circuit is open says nothing of the provider's public keys.
    policy = ProviderPolicy(
        enabled=True, open_until=None, app_calls=None, connection_calls=None, attempts_max=None
    )
    return {
        slug: Reception(
            receiver=connector,
            client=access.client(connector, connection_id=None, policy=policy),
        )
        for slug, connector in every().items()
        if isinstance(connector, Receiver) and access.offers(slug)
    }
