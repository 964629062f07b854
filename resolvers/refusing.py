"""Refusing: how a use case stops, its transaction rolled back, and answers with a `Refused`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from core.errors import Conflict, Forbidden
from core.models import Role
from db import tenants
from db.failures import Invalid
from db.session import Tx
from resolvers.context import Context
from resolvers.refusal import RefusalCode, Refused

_log = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_CONSTRAINTS: Final = {
    "tenant_members_owner_check": (
        RefusalCode.CONFLICT,
        "A tenant keeps at least one owner. Make somebody else an owner first.",
    ),
    "asset_personas_sum_check": (
        RefusalCode.INVALID,
        "The owners of an asset have 100 % together at most.",
    ),
    "a limit": (RefusalCode.LIMIT, "That is one more than there may be."),
}


class Refusal(Exception):
    """Ends a use case with an answer for the person who asked."""

    def __init__(self, code: RefusalCode, message: str, *path: str) -> None:
        super().__init__(message)
        self.refused = Refused(code=code, message=message, path=path)


def refusable(
    use_case: Callable[Concatenate[Context, Arguments], Awaitable[Answer]],
) -> Callable[Concatenate[Context, Arguments], Awaitable[Answer | Refused]]:
    """The use case with its refusals as answers, and those of the database too."""

    @wraps(use_case)
    async def answered(
        context: Context, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Answer | Refused:
        try:
            return await use_case(context, *args, **kwargs)
        except Refusal as refusal:
            return refusal.refused
        except Forbidden:
            # A foreign key to another tenant's row: the same answer as for one that is missing.
            return Refused(code=RefusalCode.NOT_FOUND, message="There is no such thing.")
        except Conflict:
            return Refused(code=RefusalCode.CONFLICT, message="There is one already.")
        except Invalid as error:
            if error.constraint not in _CONSTRAINTS:
                _log.warning("refused.unforeseen", extra={"constraint": error.constraint})
            code, message = _CONSTRAINTS.get(
                error.constraint, (RefusalCode.INVALID, "A value is not one that can be kept.")
            )
            return Refused(code=code, message=message)

    return answered


def missing(what: str, *path: str) -> Refusal:
    """The thing is not there, or another tenant's: nobody can tell which."""
    return Refusal(RefusalCode.NOT_FOUND, f"There is no such {what}.", *path)


def invalid(message: str, *path: str) -> Refusal:
    """A value cannot be used; the message says why and what would be."""
    return Refusal(RefusalCode.INVALID, message, *path)


def conflict(message: str, *path: str) -> Refusal:
    """The thing is in no state for this; the message names the remedy."""
    return Refusal(RefusalCode.CONFLICT, message, *path)


def limit(message: str, *path: str) -> Refusal:
    """It is more than there may be; the message says how much may, and what else would do."""
    return Refusal(RefusalCode.LIMIT, message, *path)


async def require(tx: Tx, context: Context, minimum: Role) -> None:
    """Raises Refusal unless the caller has at least this role. The policies ask again."""
    if context.tenant_id is None:
        raise Refusal(RefusalCode.NOT_ALLOWED, "Choose a tenant with the X-Tenant header.")
    role = await tenants.role(tx, tenant_id=context.tenant_id, user_id=context.user_id)
    if role is None or not role.covers(minimum):
        raise Refusal(
            RefusalCode.NOT_ALLOWED, f"This needs the role {minimum.name} or a higher one."
        )
