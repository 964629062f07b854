"""Links between transactions: which are one booking, and which belong together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.records import TransactionStatus
from core.reviews import ReviewReason

Source = tuple[UUID, str]  # a mapping, and the format of its files


class LinkKind(StrEnum):
    """How two transactions belong together."""

    DUPLICATE = "duplicate"
    PENDING_POSTED = "pending_posted"
    TRANSFER = "transfer"
    REFUND = "refund"

    @property
    def hides(self) -> bool:
        """Whether the first of the two does not count beside the other."""
        return self in {LinkKind.DUPLICATE, LinkKind.PENDING_POSTED}


class LinkMethod(StrEnum):
    """Who says so."""

    AUTO = "auto"
    USER = "user"


class LinkState(StrEnum):
    """Whether a link holds."""

    ACTIVE = "active"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """What of a transaction is compared with others.

    `raw_id`: the document that brought it, or the sync, all pages of which are one response.
    `rank` orders the sources of an account: the lowest is believed first. `vouched`: a person set
    something on it. `format`: of the file that brought it. `taken`: the sources that a duplicate of
    it came from already. `linked`: what counts instead of it by a link that is weighed anew.
    """

    id: UUID
    account_id: UUID
    mapping_id: UUID
    raw_id: UUID
    rank: int
    status: TransactionStatus
    amount: Decimal
    currency: str
    day: date
    posted_date: date | None = None
    transaction_date: date | None = None
    value_date: date | None = None
    description: str = ""
    description_raw: str | None = None  # as the bank printed it, where that is another text
    merchant_name: str | None = None
    merchant_key: str | None = None  # what is equal for all texts of one merchant
    reference: str | None = None
    customer_reference: str | None = None
    external_id: str | None = None
    type_code: str | None = None
    source_category: str | None = None
    running_balance: Decimal | None = None
    check_number: str | None = None
    reversal: bool = False
    vouched: bool = False
    format: str | None = None
    taken: tuple[Source, ...] = ()
    in_transfer: bool = False
    is_refund: bool = False
    paid_back: Decimal = Decimal(0)  # of it, by refunds that are linked with it
    linked: UUID | None = None
    told_by: UUID | None = None  # the mapping that stands for all that its source tells apart

    @property
    def source(self) -> Source:
        """What it came from. Formats tell a booking in their own words, each with ids of its own:
        a bank that goes over to another one is as two sources."""
        return (self.told_by or self.mapping_id, self.format or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """When a row was delivered last, what its source calls it, and the last day that the document
    tells of, where it states that."""

    received_at: datetime
    external_id: str | None
    ends: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAccount:
    """What texts may call an account."""

    id: UUID
    name: str
    masks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """What one unit of `base` was worth in `quote` on a day, as the tenant says."""

    base: str
    quote: str
    day: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A link that holds, in the order of `TransactionLink`."""

    id: UUID
    kind: LinkKind
    method: LinkMethod
    transaction_id: UUID
    other_id: UUID
    score: int

    @property
    def pair(self) -> frozenset[UUID]:
        """Both rows, whichever counts."""
        return frozenset((self.transaction_id, self.other_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Two rows that belong together, in the order of `TransactionLink`; `sure`: unasked.

    `against`: a row that one of them is linked with, and that leaves no room for both. `later`:
    sure only if all that was found sure beside it is linked.
    """

    kind: LinkKind
    transaction_id: UUID
    other_id: UUID
    account_id: UUID
    score: int
    reasons: tuple[ReviewReason, ...]
    sure: bool
    against: UUID | None = None
    later: bool = False

    @property
    def pair(self) -> frozenset[UUID]:
        """Both rows, whichever counts."""
        return frozenset((self.transaction_id, self.other_id))

    @property
    def key(self) -> str:
        """What the pair is called, whichever side is named first."""
        return pair_key(self.kind, self.transaction_id, self.other_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A link that gives way to others: to all of them, or it stands."""

    link: Standing
    by: tuple[Found, ...]


class UndoneReason(StrEnum):
    """Why the system undid a link of its own."""

    BETTER_PAIR = "better_pair"
    PRIMARY_SOURCE = "primary_source"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionLink:
    """A link as it is stored. The first is the duplicate, what went out, or the refund."""

    id: UUID
    kind: LinkKind
    transaction_id: UUID
    other_id: UUID
    method: LinkMethod
    state: LinkState
    score: int
    reasons: list[dict[str, Any]]
    rule_version: str
    created_at: datetime
    created_by: UUID | None
    undone_at: datetime | None
    undone_by: UUID | None
    undone_reason: UndoneReason | None
    undone_rule_version: str | None


def pair_key(kind: LinkKind, one: UUID, other: UUID) -> str:
    """Names two rows and how they belong together. Rows keep their ids in replays and imports."""
    first, second = sorted((one, other))
    # Whether one of two equal rows was pending is no other question.
    asked = LinkKind.DUPLICATE if kind.hides else kind
    return f"{asked}:{first}:{second}"
