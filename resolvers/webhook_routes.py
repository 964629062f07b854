"""Routes of webhooks: which connection a provider means when it tells of something."""

from __future__ import annotations

import logging
from uuid import UUID

from db import webhook_inbox
from db.session import Tx
from providers.base import Connector, Linked
from providers.webhooks import Receiver
from resolvers.refusing import conflict

log = logging.getLogger(__name__)


async def lead_to(tx: Tx, connector: Connector, *, connection_id: UUID, linked: Linked) -> None:
    """Sends the provider's events to the connection, also those that came before it was linked,
    and none any more that name what it was before. Raises Refusal where another tenant has it."""
    if not isinstance(connector, Receiver):
        return
    await webhook_inbox.remove_routes(tx, connection_id=connection_id)
    for item in (linked.external_id, *linked.also_named):
        if not await webhook_inbox.put_route(
            tx,
            connection_id=connection_id,
            provider=connector.facts.slug,
            item=item,
            environment=linked.environment,
        ):
            # The same as of any link that fails: who else has it is nobody's business.
            log.warning("link.route_taken", extra={"provider": connector.facts.slug})
            raise conflict("This cannot be linked here. Ask the operator.", "linkId")
