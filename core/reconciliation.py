"""Reconciliation: rows that vouch for each other, and the rules that find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.reviews import ReviewReason


class RuleMode(StrEnum):
    """What becomes of what a rule finds."""

    AUTO = "auto"
    SUGGEST = "suggest"


class RuleShape(StrEnum):
    """How many rows of each side are one group."""

    ONE_TO_ONE = "one_to_one"
    ONE_TO_MANY = "one_to_many"
    MANY_TO_ONE = "many_to_one"
    PAYOUT = "payout"  # many of a processor's charges and fees, one deposit


class RuleSigns(StrEnum):
    """Whether both sides are the same movement, or the two ends of one."""

    EQUAL = "equal"
    OPPOSITE = "opposite"
    EITHER = "either"


class ReconciliationMethod(StrEnum):
    """Who or what reconciled."""

    RULE = "rule"
    USER = "user"
    STATEMENT = "statement"


class ReconciliationSide(StrEnum):
    """The side of a group that a row is on."""

    LEFT = "left"
    RIGHT = "right"


class ConflictPolicy(StrEnum):
    """Who wins where a source contradicts what is stored."""

    PROVIDER_WINS = "provider_wins"
    USER_WINS = "user_wins"
    ASK = "ask"


class ConflictKind(StrEnum):
    """What a source says of a row that it had said otherwise."""

    CHANGED = "changed"
    REMOVED = "removed"


class ConflictState(StrEnum):
    """How far a contradiction is settled."""

    NOTED = "noted"
    ASKED = "asked"
    KEPT = "kept"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """What a rule asks of rows. Without a selector a side is all accounts that the other side does
    not select."""

    name: str
    position: int = 0
    enabled: bool = True
    mode: RuleMode = RuleMode.SUGGEST
    shape: RuleShape = RuleShape.ONE_TO_ONE
    signs: RuleSigns = RuleSigns.EQUAL
    left_account_ids: Sequence[UUID] | None = None
    left_account_type: str | None = None
    right_account_ids: Sequence[UUID] | None = None
    right_account_type: str | None = None
    by_reference: bool = False  # an id or reference must be equal
    amount_tolerance: Decimal = Decimal(0)
    tolerance_percent: Decimal = Decimal(0)  # of the larger side; the wider of both counts
    day_window: int = 3
    text_needed: bool = False
    group_max: int = 8
    score_min: int = 85  # below, it is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationRule(RuleTerms):
    """A rule of a tenant's, in its version of now."""

    id: UUID  # of the rule in all its versions
    version_id: UUID
    version: int
    created_at: datetime
    created_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as the engine takes it: what it is called where it is told, and its terms."""

    label: str
    terms: RuleTerms
    version_id: UUID | None = None  # None: everybody has it

    @staticmethod
    def of(rule: ReconciliationRule) -> Rule:
        """A tenant's own."""
        return Rule(label=f"{rule.name}/{rule.version}", terms=rule, version_id=rule.version_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row that may be reconciled."""

    id: UUID
    account_id: UUID
    account_type: str
    connection_id: UUID
    day: date
    amount: Decimal
    currency: str
    description: str
    merchant_name: str | None = None
    external_id: str | None = None
    reference: str | None = None
    customer_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Rows that a rule finds to be one; `difference` is the left side less the right one."""

    rule: Rule
    left: tuple[Candidate, ...]
    right: tuple[Candidate, ...]
    score: int
    reasons: tuple[ReviewReason, ...]
    difference: Decimal
    unique: bool

    @property
    def automatic(self) -> bool:
        """Whether nobody needs to be asked."""
        terms = self.rule.terms
        return terms.mode is RuleMode.AUTO and self.unique and self.score >= terms.score_min

    @property
    def ids(self) -> list[UUID]:
        """All its rows."""
        return sorted(row.id for row in (*self.left, *self.right))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A group of rows that vouch for each other."""

    id: UUID
    method: ReconciliationMethod
    rule: str | None
    score: int | None
    reasons: list[dict[str, Any]]
    difference: Decimal
    currency: str
    account_id: UUID | None
    statement_to: date | None
    note: str | None
    created_at: datetime
    created_by: UUID | None
    undone_at: datetime | None
    undone_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationMember:
    """A row of a group, with the amount that it had then."""

    reconciliation_id: UUID
    transaction_id: UUID
    side: ReconciliationSide
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionConflict:
    """What a source says against a row, beside what the row said: both as they were stored."""

    transaction_id: UUID
    kind: ConflictKind
    state: ConflictState
    content_key: int
    stored: dict[str, Any]
    incoming: dict[str, Any]
    noted_at: datetime
    reconciliation_id: UUID | None  # the group that went as the source's version was taken
