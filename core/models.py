"""Models: rows of the database as the rest of the code sees them, one dataclass a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.jobs import JobKind, JobState, JobTask, JobTrigger
from core.records import BalanceKind, Severity, TransactionStatus
from core.syncs import SyncFrequency, SyncPhase


class Role(StrEnum):
    """What a member may do; each role may do what the ones before it may."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    def covers(self, minimum: Role) -> bool:
        """Whether this role may do what `minimum` may."""
        order = list(Role)
        return order.index(self) >= order.index(minimum)


class ConnectionStatus(StrEnum):
    """Whether a connection delivers."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    ERROR = "error"
    REAUTH = "reauth"  # a person must connect it again
    DISCONNECTED = "disconnected"


class Delivery(StrEnum):
    """What an equal row in a later file is: the same row again, or a question for a person."""

    CUMULATIVE = "cumulative"
    INCREMENTAL = "incremental"


class MappingPolicy(StrEnum):
    """What happens to an external account that nobody mapped yet."""

    CREATE = "create"
    ASK = "ask"


class ControlPolicy(StrEnum):
    """What a control total that does not fit means."""

    IGNORE = "ignore"
    WARN = "warn"
    QUARANTINE = "quarantine"


class AccountType(StrEnum):
    """What an account is."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT_CARD = "credit_card"
    LOAN = "loan"
    INVESTMENT = "investment"
    CASH = "cash"
    OTHER = "other"


class AccountStatus(StrEnum):
    """Whether an account is in use."""

    ACTIVE = "active"
    CLOSED = "closed"


class MappingState(StrEnum):
    """Whether an external account feeds one of the tenant's."""

    PENDING = "pending"
    MAPPED = "mapped"
    IGNORED = "ignored"


class UploadState(StrEnum):
    """How far an announced file is."""

    PENDING = "pending"
    RECEIVED = "received"
    IMPORTED = "imported"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """What an import does with a row."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CHANGED = "changed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A business or app; `role` is the caller's in it, where a caller asked."""

    id: UUID
    name: str
    role: Role | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    user_id: UUID
    email: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    id: UUID
    email: str
    role: Role
    expires_at: datetime
    tenant_id: UUID
    tenant_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    id: UUID
    name: str
    external_id: str | None
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementProfile:
    """How one bank writes its files; `definition` is the JSON of a profile in `statements`."""

    id: UUID
    name: str
    format: str
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    id: UUID
    lineage_id: UUID
    institution_id: UUID | None
    profile_id: UUID | None
    name: str
    provider: str
    status: ConnectionStatus
    delivery: Delivery
    mapping_policy: MappingPolicy
    control_policy: ControlPolicy
    currency: str | None
    decimals: dict[str, int]
    config: dict[str, Any]  # of a file source: where it fetches; never a secret
    auto_import: bool
    auto_reconcile: bool
    import_pending: bool
    external_id: str | None
    sync_frequency: SyncFrequency
    last_sync_at: datetime | None
    next_sync_at: datetime | None
    sync_phase: SyncPhase
    sync_progress: int | None  # percent of the history; None until something tells
    sync_accounts: bool
    sync_transactions: bool
    sync_investments: bool
    lookback_days: int
    initial_complete_at: datetime | None
    history_complete_at: datetime | None
    consent_expires_at: datetime | None
    error_code: str | None
    error_kind: str | None  # of core.provider_error.ErrorKind
    error_message: str | None
    next_step: str | None
    error_count: int  # syncs that failed since one succeeded
    retry_at: datetime | None
    attention: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: UUID
    institution_id: UUID | None
    name: str
    type: AccountType
    currency: str
    masked_number: str | None
    status: AccountStatus
    created_at: datetime
    updated_at: datetime
    primary_mapping_id: UUID | None = None  # the source that is believed first


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMapping:
    """An account as a source calls it; `account_id` is set exactly when the state is MAPPED."""

    id: UUID
    connection_id: UUID
    lineage_id: UUID
    account_id: UUID | None
    external_account_id: str
    masked_number: str | None
    external_name: str | None
    external_type: str | None
    institution: str | None
    currency: str
    state: MappingState
    verified_at: datetime | None
    verified_by: UUID | None
    created_at: datetime
    updated_at: datetime
    decided_by: str | None = None  # a MappingMethod; None: nobody has
    match_score: int | None = None
    match_reasons: Sequence[Mapping[str, Any]] | None = None
    match_rule: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    id: UUID
    account_id: UUID
    mapping_id: UUID
    raw_id: UUID
    raw_line: int
    kind: BalanceKind
    code: str
    amount: Decimal
    currency: str
    as_of: date
    as_of_time: str | None
    interim: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    id: UUID
    account_id: UUID
    mapping_id: UUID
    job_id: UUID
    raw_id: UUID
    raw_line: int
    raw_line_end: int
    external_id: str | None
    occurrence: int
    status: TransactionStatus
    amount: Decimal
    currency: str
    sort_date: date
    posted_date: date | None
    transaction_date: date | None
    value_date: date | None
    description: str
    description_raw: str
    merchant_name: str | None
    reference: str | None
    customer_reference: str | None
    type_code: str | None
    source_category: str | None
    user_category: str | None
    derived_category: str | None
    suggested_category: str | None
    category_code: str | None
    category_origin: str | None  # of `core.categories.CategoryOrigin`
    category_confidence: int | None
    category_reason: str | None
    category_rule_id: UUID | None
    merchant: str | None
    merchant_category_code: str | None
    running_balance: Decimal | None
    reconciled: bool
    reconciled_at: datetime | None
    duplicate_of: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    id: UUID
    file_name: str
    media_type: str | None
    size_bytes: int
    sha256: bytes
    blob_path: str
    state: UploadState
    sealed: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDocument:
    """What a source delivered; the bytes lie sealed at `blob_path` or in the row."""

    id: UUID
    connection_id: UUID
    job_id: UUID
    name: str
    media_type: str | None
    size_bytes: int
    sha256: bytes
    blob_path: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: UUID
    tenant_id: UUID
    connection_id: UUID
    upload_id: UUID | None
    profile_id: UUID | None
    mapping_id: UUID | None
    kind: JobKind
    state: JobState
    task: JobTask
    stage: str | None
    format: str | None
    profile: dict[str, Any] | None
    review: bool
    total: int | None
    fetched: int
    processed: int
    imported: int
    duplicate: int
    changed: int
    rejected: int
    withdrawn: int
    waiting: int
    checkpoint: int
    rate: int | None
    attempts: int
    fence: int
    error_code: str | None
    error_message: str | None
    approved_at: datetime | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    wrote: bool  # something of it may stand
    trigger: JobTrigger
    sync_phase: str | None  # of SyncPhase; None unless it is a sync
    cancel_requested_at: datetime | None
    error_kind: str | None  # of core.provider_error.ErrorKind
    next_step: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinding:
    position: int
    severity: Severity
    code: str
    message: str
    line: int | None
    field: str | None
    raw: str | None
    rejected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """What a job under review would do with one row."""

    position: int
    outcome: Outcome
    mapping_id: UUID
    amount: Decimal
    currency: str
    posted_date: date | None
    status: TransactionStatus
    description: str
    reference: str | None
    line: int
    corrects_external_id: str | None
    corrects_id: UUID | None
