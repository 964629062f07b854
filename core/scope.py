"""A scope: on whose behalf a transaction runs. The database decides what it may see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserScope:
    """A signed-in user, acting in one tenant, or in none where nothing of a tenant is asked."""

    user_id: UUID
    tenant_id: UUID | None

    role: ClassVar[str] = "authenticated"

    def __hash__(self) -> int:
        """Of the ids' numbers: asked for at each read, and a UUID takes its time over its own."""
        tenant = self.tenant_id
        return hash((self.user_id.int, None if tenant is None else tenant.int))

    @property
    def claims(self) -> str:
        """The claims as JSON, as the policies read them. The membership is checked there."""
        claims = {"sub": str(self.user_id), "role": self.role}
        if self.tenant_id is not None:
            claims["tenant_id"] = str(self.tenant_id)
        return json.dumps(claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerScope:
    """A job of one tenant; without a tenant, only questions that are answered with ids."""

    tenant_id: UUID | None

    role: ClassVar[str] = "worker"

    @property
    def claims(self) -> str:
        """The claims as JSON: they carry the tenant and no user."""
        claims = {"role": self.role}
        if self.tenant_id is not None:
            claims["tenant_id"] = str(self.tenant_id)
        return json.dumps(claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookScope:
    """Webhook intake, before the tenant of an event is known: definer functions, and no table."""

    role: ClassVar[str] = "webhook"
    tenant_id: ClassVar[UUID | None] = None

    @property
    def claims(self) -> str:
        """The claims as JSON: the role alone."""
        return json.dumps({"role": self.role})


Scope = UserScope | WorkerScope | WebhookScope
