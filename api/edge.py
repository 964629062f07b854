"""The edge: what every transport of GraphQL needs to serve a caller."""

from __future__ import annotations

from dataclasses import dataclass

from api.callers import Caller, Callers
from api.metrics import Metrics
from api.operations import Operations
from api.streams import Streams
from resolvers.context import Context, Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What every transport of GraphQL needs."""

    operations: Operations
    callers: Callers
    services: Services
    metrics: Metrics
    streams: Streams
    production: bool

    def context(self, caller: Caller, own_id: str) -> Context:
        """The context of one operation."""
        return Context(
            services=self.services,
            user_id=caller.user_id,
            email=caller.email,
            tenant_id=caller.tenant_id,
            request_id=own_id,
        )
