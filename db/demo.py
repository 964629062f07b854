"""The demo: two tenants, three users with different roles, a connection each; fixed ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from core.models import Role
from db.direct import connected
from db.queries import load

_SQL = load("demo")
_NAMESPACE: Final = UUID("7f2b6f0e-3c7d-5f0a-9b42-1d1b6a5e0c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    """A user of the demo and the tenant that they are in."""

    id: UUID
    email: str
    role: Role
    tenant_id: UUID
    tenant_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConnection:
    """A connection of the demo: statement files, accounts made as they appear."""

    id: UUID
    name: str
    tenant_id: UUID


def _id(name: str) -> UUID:
    return uuid5(_NAMESPACE, name)


def _user(email: str, role: Role, tenant: str) -> DemoUser:
    return DemoUser(
        id=_id(email), email=email, role=role, tenant_id=_id(tenant), tenant_name=tenant
    )


ACME: Final = "Acme Trading"
GLOBEX: Final = "Globex Retail"
USERS: Final = (
    _user("olivia@acme.example", Role.OWNER, ACME),
    _user("victor@acme.example", Role.VIEWER, ACME),
    _user("amara@globex.example", Role.ADMIN, GLOBEX),
)
CONNECTIONS: Final = (
    DemoConnection(id=_id("Acme statements"), name="Acme statements", tenant_id=_id(ACME)),
    DemoConnection(id=_id("Globex statements"), name="Globex statements", tenant_id=_id(GLOBEX)),
)


async def seed(owner_dsn: str) -> None:
    """Puts the demo in, where it is not there already; changes nothing that is."""
    async with connected(owner_dsn) as connection, connection.transaction():
        for user in USERS:
            await connection.execute(_SQL["user"], user.id, user.email)
            await connection.execute(_SQL["tenant"], user.tenant_id, user.tenant_name)
            await connection.execute(
                _SQL["member"], user.tenant_id, user.id, user.email, user.role.value
            )
        for one in CONNECTIONS:
            await connection.execute(_SQL["connection"], one.tenant_id, one.id, one.name)
