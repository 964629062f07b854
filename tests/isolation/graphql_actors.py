"""Who asks: everybody of the spying tenant, people of none, and those who claim another's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tests.isolation.graphql_world import ROLES, person_email
from tests.isolation.rows import Owner
from tests.isolation.world import SPY, VICTIM


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who asks, in the tenant that they say; the edge has verified who they are."""

    name: str
    user_id: UUID
    email: str
    tenant_id: UUID | None


def spies() -> list[Actor]:
    """Everybody who must learn nothing of the victim."""
    return [
        *(_person(role, SPY, role, claims=SPY) for role in ROLES),
        _person("owner who claims another tenant", SPY, "owner", claims=VICTIM),
        _person("user without a tenant", SPY, "stranger", claims=None),
        _person("user without a tenant who claims one", SPY, "stranger", claims=VICTIM),
        _person("user who is invited elsewhere", SPY, "invited", claims=None),
        _person("user who was removed", VICTIM, "removed", claims=VICTIM),
    ]


def victim(role: str = "owner") -> Actor:
    """Somebody of the tenant that is spied on."""
    return _person(f"victim's {role}", VICTIM, role, claims=VICTIM)


def invited() -> Actor:
    """Somebody whom that tenant invites."""
    return _person("invited by the victim", VICTIM, "invited", claims=None)


def both() -> Actor:
    """Somebody whom both tenants let in, asking in the spying one."""
    return _person("member of both", SPY, "both", claims=SPY)


# Lets that one in.
INTO_BOTH: Final = f"""
insert into auth.users (id, email, email_confirmed_at)
values ('{SPY.person("both")}', 'both@example.test', now());
insert into app.tenant_members (tenant_id, user_id, email, role)
select t.id, '{SPY.person("both")}', 'both@example.test', 'admin' from app.tenants as t
"""


def _person(name: str, owner: Owner, who: str, *, claims: Owner | None) -> Actor:
    return Actor(
        name=name,
        user_id=UUID(owner.person(who)),
        email=owner.email(who) if who in ROLES else person_email(owner, who),
        tenant_id=None if claims is None else UUID(claims.tenant_id),
    )
