"""Who calls, and for which tenant: a verified token, and a choice that the database confirms."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from time import monotonic
from typing import Final, NoReturn
from uuid import UUID

from api.auth import (
    KEYS_UNAVAILABLE,
    TOKEN_CHARACTERS_MAX,
    Identity,
    InvalidToken,
    TokenVerifier,
)
from api.errors import TRY_AGAIN, AccessEnded, Problem
from core.scope import UserScope
from db.failures import DatabaseUnavailable, TimedOut
from db.queries import load
from db.session import Database
from resolvers.context import Clock
from schema.ids import decode

# Only good answers are remembered, and the policies ask again anyway: who is removed sees
# nothing from the next statement on, and is told so after this long.
REMEMBERED_S: Final = 5
REMEMBERED_MAX: Final = 10_000
RECALLED_S: Final = 1.0  # in which no request of the same headers is looked at again
RECALLED_MAX: Final = 4_096
GUARD_EVERY_S: Final = 60
NO_SUCH_TENANT: Final = "no such tenant for you: X-Tenant must name one that you belong to"

_log = logging.getLogger(__name__)
_SQL = load("callers")
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user, acting in one tenant or in none."""

    user_id: UUID
    email: str | None
    tenant_id: UUID | None
    expires_at: datetime
    scope: UserScope = field(init=False, repr=False, compare=False)  # what the database is asked as

    def __post_init__(self) -> None:
        scope = UserScope(user_id=self.user_id, tenant_id=self.tenant_id)
        object.__setattr__(self, "scope", scope)


class Callers:
    """Recognises callers."""

    def __init__(self, verifier: TokenVerifier, database: Database, clock: Clock) -> None:
        self._verifier = verifier
        self._database = database
        self._clock = clock
        self._choices = _Choices()
        self._recent: OrderedDict[tuple[str | None, str | None], tuple[Caller, float]] = (
            OrderedDict()
        )

    def recalled(self, authorization: str | None, wanted: str | None) -> Caller | None:
        """Who sent the same two headers a moment ago, if their token still holds."""
        known = self._recent.get((authorization, wanted))
        if known is None:
            return None
        caller, until = known
        if monotonic() >= until or self._clock() >= caller.expires_at:
            del self._recent[authorization, wanted]
            return None
        return caller

    def recall(self, authorization: str | None, wanted: str | None, caller: Caller) -> None:
        """Remembers for a moment who sent these two headers, unless they are padded."""
        if len(authorization or "") + len(wanted or "") > TOKEN_CHARACTERS_MAX:
            return
        until = monotonic() + RECALLED_S
        self._recent[authorization, wanted] = (caller, until)
        if len(self._recent) > RECALLED_MAX:
            self._recent.popitem(last=False)

    async def identify(self, authorization: str | None) -> Identity:
        """Whose token an Authorization header holds.

        Raises Problem (401), and Problem (503) where no signing keys have come yet: the token may
        be as good as any, and a client that is told otherwise throws it away.
        """
        if authorization is None or not authorization[: len(_BEARER)].lower() == _BEARER:
            raise _unauthenticated("send a token: Authorization: Bearer …", challenge="Bearer")
        try:
            token = authorization[len(_BEARER) :].strip()
            return await self._verifier.verify(token, self._clock())
        except InvalidToken as error:
            if error.reason == KEYS_UNAVAILABLE:
                raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", TRY_AGAIN) from error
            challenge = 'Bearer error="invalid_token"'
            raise _unauthenticated(str(error), challenge=challenge) from error

    def recalls(self, authorization: str | None) -> bool:
        """Whether the header's token was good a moment ago."""
        return authorization is not None and self._verifier.remembers(
            authorization[len(_BEARER) :].strip()
        )

    async def choose(self, identity: Identity, wanted: str | None) -> Caller:
        """The caller in the tenant that X-Tenant wants, else the token, else their only one.

        Raises Problem (403) for a wanted tenant that they are not in, or that is not there, and
        Problem (503) while the database cannot say.
        """
        try:
            tenant_id = await self._chosen(identity, wanted)
        except (DatabaseUnavailable, TimedOut) as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", TRY_AGAIN) from error
        return Caller(
            user_id=identity.user_id,
            email=identity.email,
            tenant_id=tenant_id,
            expires_at=identity.expires_at,
        )

    async def check(self, caller: Caller) -> None:
        """Raises AccessEnded where the token ran out or the caller is no longer in the tenant."""
        if self._clock() >= caller.expires_at:
            raise AccessEnded("the token has expired", code="UNAUTHENTICATED", close_code=4403)
        if caller.tenant_id is None:
            return
        if await self._asked(caller.user_id, caller.tenant_id) is None:
            raise AccessEnded(
                "you are no longer a member of the tenant", code="FORBIDDEN", close_code=4401
            )

    async def guard(self, caller: Caller) -> NoReturn:
        """Watches over a connection that stays open: raises AccessEnded when its time has come."""
        while True:
            remaining_s = (caller.expires_at - self._clock()).total_seconds()
            await asyncio.sleep(max(0, min(remaining_s, GUARD_EVERY_S)))
            try:
                await self.check(caller)
            except (DatabaseUnavailable, TimedOut):
                _log.warning("guard.postponed")

    async def _chosen(self, identity: Identity, wanted: str | None) -> UUID | None:
        if wanted is not None:
            tenant_id = await self._confirmed(identity.user_id, _tenant_id(wanted))
            if tenant_id is None:
                raise Problem(HTTPStatus.FORBIDDEN, "FORBIDDEN", NO_SUCH_TENANT)
            return tenant_id
        # A claim outlives a membership; then nothing is chosen, rather than another tenant.
        return await self._confirmed(identity.user_id, identity.tenant_claim)

    async def _confirmed(self, user_id: UUID, tenant_id: UUID | None) -> UUID | None:
        """The tenant, where the user is in it; for None the only one that they are in."""
        now = asyncio.get_running_loop().time()
        known = self._choices.get((user_id, tenant_id), now)
        if known is not None:
            return known
        found = await self._asked(user_id, tenant_id)
        if found is not None:
            self._choices.put((user_id, tenant_id), found, now)
        return found

    async def _asked(self, user_id: UUID, tenant_id: UUID | None) -> UUID | None:
        scope = UserScope(user_id=user_id, tenant_id=tenant_id)
        async with self._database.as_(scope, read_only=True) as tx:
            if tenant_id is not None:
                found = await tx.value(_SQL["current"])
                return found if isinstance(found, UUID) else None
            rows = await tx.rows(_SQL["first_two"])
        return rows[0]["tenant_id"] if len(rows) == 1 else None


class _Choices:
    """What was confirmed a moment ago; the least used goes first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[UUID, UUID | None], tuple[UUID, float]] = OrderedDict()

    def get(self, key: tuple[UUID, UUID | None], now: float) -> UUID | None:
        found = self._known.get(key)
        if found is None or now >= found[1]:
            return None
        self._known.move_to_end(key)
        return found[0]

    def put(self, key: tuple[UUID, UUID | None], tenant_id: UUID, now: float) -> None:
        self._known[key] = (tenant_id, now + REMEMBERED_S)
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)


def _tenant_id(wanted: str) -> UUID:
    """A UUID, or the global id of a Tenant. Raises Problem (400)."""
    try:
        return UUID(wanted.strip())
    except ValueError:
        found = decode(wanted.strip())
    if found is None or found.type != "Tenant":
        raise Problem(
            HTTPStatus.BAD_REQUEST, "BAD_INPUT", "X-Tenant must be the id or UUID of a tenant"
        )
    return found.key


def _unauthenticated(message: str, *, challenge: str) -> Problem:
    headers = {"www-authenticate": challenge}
    return Problem(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", message, headers)
