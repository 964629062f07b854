"""A refusal: why a use case did not do what it was asked, in words for the person who asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """The kinds of refusal that clients may tell apart."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    NOT_ALLOWED = "NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    LIMIT = "LIMIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """`path` names the argument, from the input's root; a thing of another tenant is NOT_FOUND."""

    code: RefusalCode
    message: str
    path: tuple[str, ...] = ()
