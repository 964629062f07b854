"""Review items: what the system is not sure enough of, and what a person said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class ReviewKind(StrEnum):
    """What is asked."""

    DUPLICATE = "duplicate"
    PENDING_POSTED = "pending_posted"
    TRANSFER = "transfer"
    REFUND = "refund"
    RECONCILIATION = "reconciliation"
    CONFLICT = "conflict"
    CATEGORY = "category"
    SPLIT = "split"


class ReviewState(StrEnum):
    """Where a question stands. An answer is final, but for being taken back."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"  # what it asked about is gone, or was settled otherwise


class SupersededReason(StrEnum):
    """Why a question about a pair was closed."""

    LINKED_OTHERWISE = "linked_otherwise"
    COMPARED_ANEW = "compared_anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReason:
    """One reason of a score: a stable code, a sentence, and its points, which may be negative."""

    code: str
    text: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReviewItem:
    """A question on its way. `key` names it by what it is about; `score` is in percent."""

    kind: ReviewKind
    key: str
    score: int
    rule_version: str
    transaction_id: UUID | None = None
    other_id: UUID | None = None
    account_id: UUID | None = None
    reasons: tuple[ReviewReason, ...] = ()
    evidence: dict[str, Any] | None = None  # both sides as they are, and what would be done


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """A question, and its answer once there is one."""

    id: UUID
    kind: ReviewKind
    state: ReviewState
    key: str
    transaction_id: UUID | None
    other_id: UUID | None
    account_id: UUID | None
    job_id: UUID | None
    score: int
    reasons: list[dict[str, Any]]
    evidence: dict[str, Any]
    rule_version: str
    created_at: datetime
    updated_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    superseded_reason: SupersededReason | None
