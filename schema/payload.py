"""Payloads: what a mutation answers, the thing or the reasons why not."""

from __future__ import annotations

import strawberry

from resolvers.refusal import RefusalCode, Refused


@strawberry.type(description="Why a mutation did not do what it was asked.")
class UserError:
    code: RefusalCode = strawberry.field(description="The kind of refusal.")
    message: str = strawberry.field(description="The reason and the remedy, for a person.")
    path: list[str] | None = strawberry.field(
        description="The argument, from the input's root; null where it is none."
    )


@strawberry.type(description="What every mutation answers.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; empty where it was done."
    )


def user_errors(answer: object) -> list[UserError]:
    """The reasons in a use case's answer; none where it is a thing."""
    if not isinstance(answer, Refused):
        return []
    return [UserError(code=answer.code, message=answer.message, path=list(answer.path) or None)]
