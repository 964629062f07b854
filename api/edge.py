"""The edge: what every transport of GraphQL needs to serve a caller."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from api.auth import Identity
from api.callers import Caller, Callers
from api.documents import Rejected
from api.errors import Problem
from api.metrics import Metrics
from api.operations import OperationRequest, Operations, Prepared
from api.peers import Peers
from api.persisted import Persisted
from api.rate_limits import REJECTED_COST, Allowance, RateLimits
from api.streams import Streams
from resolvers.context import Context, Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What every transport of GraphQL needs."""

    operations: Operations
    persisted: Persisted
    callers: Callers
    peers: Peers
    rate_limits: RateLimits
    services: Services
    metrics: Metrics
    streams: Streams
    production: bool

    async def caller(self, scope: Scope, authorization: str | None, wanted: str | None) -> Caller:
        """Who calls, and for which tenant. Raises Problem."""
        known = self.callers.recalled(authorization, wanted)
        if known is None:
            identity = await self.identify(scope, authorization)
            known = await self.callers.choose(identity, wanted)
            self.callers.recall(authorization, wanted, known)
        return known

    async def identify(self, scope: Scope, authorization: str | None) -> Identity:
        """Whose token it is. Raises Problem, also for a peer whose tokens were bad too often."""
        if self.peers.has_failed_enough(scope) and not self.callers.recalls(authorization):
            raise self.peers.refusal()
        try:
            return await self.callers.identify(authorization)
        except Problem as problem:
            if problem.code == "UNAUTHENTICATED":
                self.peers.fail(scope)
            raise

    def allowance(self, caller: Caller) -> Allowance:
        """What the caller may still spend."""
        return self.rate_limits.of(caller.user_id, caller.tenant_id)

    async def admitted(
        self, request: OperationRequest, caller: Caller, allowance: Allowance
    ) -> Prepared:
        """The operation, ready to run and paid for. Raises Rejected and RateLimited."""
        await allowance.charged(1)
        try:
            if self.persisted.is_plain(request):
                prepared = self.operations.prepare(request)
            else:
                prepared = await self._resolved(request, caller)
        except Rejected:
            allowance.charge_anyway(REJECTED_COST - 1)
            raise
        if prepared.cost > 1:
            allowance.charge(prepared.cost - 1)
        return prepared

    def context(self, caller: Caller, own_id: str) -> Context:
        """The context of one operation."""
        return Context(
            services=self.services,
            scope=caller.scope,
            email=caller.email,
            request_id=own_id,
        )

    async def _resolved(self, request: OperationRequest, caller: Caller) -> Prepared:
        owner = str(caller.tenant_id or caller.user_id)
        request = await self.persisted.resolved(request, owner)
        prepared = self.operations.prepare(request)
        await self.persisted.keep(request, owner)
        return prepared
