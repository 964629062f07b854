"""Enumerations: the closed sets of the core as GraphQL sees them, every value described."""

from __future__ import annotations

from categories.conditions import Direction
from core import (
    assets,
    categories,
    jobs,
    models,
    personas,
    pickups,
    records,
    statements,
)
from core.mapping_methods import MappingMethod
from db.expenses import ExpenseSource, ExpenseStatus
from db.summaries import TransactionGrouping
from db.transactions import TransactionOrder
from matching.accounts import DoubtCode, ReasonCode
from resolvers.refusal import RefusalCode
from schema.described import register as _register

_register(
    models.Role,
    "What a member may do; each role may do what the ones before it may.",
    {
        models.Role.VIEWER: "Reads everything except the audit log.",
        models.Role.MEMBER: "Imports statements, decides jobs, maps and edits accounts.",
        models.Role.ADMIN: "Makes and changes connections, and reads the audit log.",
        models.Role.OWNER: "Invites and removes members and sets their roles.",
    },
)
_register(
    models.ConnectionStatus,
    "Whether a connection delivers.",
    {
        models.ConnectionStatus.PENDING: "Its set-up is not finished.",
        models.ConnectionStatus.ACTIVE: "It delivers.",
        models.ConnectionStatus.PAUSED: "Somebody paused it; it takes nothing until resumed.",
        models.ConnectionStatus.ERROR: "Its last delivery failed.",
        models.ConnectionStatus.REAUTH: "A person must connect it again.",
        models.ConnectionStatus.DISCONNECTED: "It is closed for good; what it brought stays.",
    },
)
_register(
    models.Delivery,
    "What an equal row in a later file is.",
    {
        models.Delivery.CUMULATIVE: "The same row again: files overlap.",
        models.Delivery.INCREMENTAL: "A question for a person: each row should come once.",
    },
)
_register(
    models.MappingPolicy,
    "What happens to an external account that nobody mapped yet.",
    {
        models.MappingPolicy.CREATE: "An account is made for it.",
        models.MappingPolicy.ASK: "Its rows wait until somebody maps it.",
    },
)
_register(
    models.ControlPolicy,
    "What a control total that does not fit means.",
    {
        models.ControlPolicy.IGNORE: "Nothing.",
        models.ControlPolicy.WARN: "A finding.",
        models.ControlPolicy.QUARANTINE: "A stop before anything is written, for review.",
    },
)
_register(
    models.AccountType,
    "What an account is.",
    {
        models.AccountType.CHECKING: "A current account.",
        models.AccountType.SAVINGS: "A savings account.",
        models.AccountType.CREDIT_CARD: "A credit card; what is owed is negative.",
        models.AccountType.LOAN: "A loan; what is owed is negative.",
        models.AccountType.INVESTMENT: "An investment account.",
        models.AccountType.CASH: "Cash.",
        models.AccountType.OTHER: "Anything else, or not known yet.",
    },
)
_register(
    models.AccountStatus,
    "Whether an account is in use.",
    {
        models.AccountStatus.ACTIVE: "It is in use.",
        models.AccountStatus.CLOSED: "It is closed; its history stays.",
    },
)
_register(
    models.MappingState,
    "Whether an external account feeds one of the tenant's.",
    {
        models.MappingState.PENDING: "Nobody has decided; rows may wait.",
        models.MappingState.MAPPED: "It feeds an account.",
        models.MappingState.IGNORED: "Its rows are not wanted.",
    },
    name="AccountMappingState",
)
_register(
    ReasonCode,
    "What speaks for an account that is suggested.",
    {
        ReasonCode.SAME_IBAN: "Another source feeds it under the same IBAN.",
        ReasonCode.SAME_ROUTED_NUMBER: "Another source feeds it under the same number with the "
        "same code of the bank.",
        ReasonCode.SAME_NUMBER: "Another source feeds it under the same number.",
        ReasonCode.SAME_MASK: "The ends of both numbers are equal.",
        ReasonCode.SAME_NAME: "Both names have the same words.",
        ReasonCode.SIMILAR_NAME: "The names share words.",
        ReasonCode.SAME_INSTITUTION: "The same institution keeps both.",
        ReasonCode.SAME_TYPE: "Both are of the same kind.",
        ReasonCode.SAME_CURRENCY: "Both are in the same currency; no other is suggested.",
    },
    name="MappingReasonCode",
)
_register(
    DoubtCode,
    "Why no machine may say that an account is the one.",
    {
        DoubtCode.OTHER_NUMBER: "The numbers end differently.",
        DoubtCode.OTHER_TYPE: "They are of different kinds.",
        DoubtCode.OTHER_INSTITUTION: "Different institutions keep them.",
        DoubtCode.OTHER_NAME: "Sources call them by names that have little in common.",
        DoubtCode.SAME_DOCUMENT: "One document names both.",
        DoubtCode.REFUSED_BEFORE: "A person took it from an external account of this number.",
        DoubtCode.CLOSED: "It is closed.",
    },
    name="MappingDoubtCode",
)
_register(
    MappingMethod,
    "How an external account came to what it is.",
    {
        MappingMethod.OPENED: "An account was opened for it, as its connection says.",
        MappingMethod.MATCHED: "By rule: it surely was one of the accounts.",
        MappingMethod.USER: "By a person.",
    },
)
_register(
    models.Outcome,
    "What an import would do with a row.",
    {
        models.Outcome.NEW: "Add it.",
        models.Outcome.DUPLICATE: "Nothing: the same row is there.",
        models.Outcome.CHANGED: "Change the row that is there.",
        models.Outcome.WAITING: "Let it wait for the mapping of its account.",
    },
    name="PreviewOutcome",
)
_register(
    records.TransactionStatus,
    "Where a transaction stands at its source.",
    {
        records.TransactionStatus.PENDING: "Announced, not booked yet.",
        records.TransactionStatus.POSTED: "Booked.",
        records.TransactionStatus.REMOVED: "Taken back by its source, its import or its mapping.",
    },
)
_register(
    records.BalanceKind,
    "What a balance measures.",
    {
        records.BalanceKind.OPENING_LEDGER: "Booked, at the beginning of the day.",
        records.BalanceKind.CLOSING_LEDGER: "Booked, at the end of the day.",
        records.BalanceKind.CURRENT_LEDGER: "Booked, at the instant of the statement.",
        records.BalanceKind.OPENING_AVAILABLE: "At the holder's disposal, at the day's beginning.",
        records.BalanceKind.CLOSING_AVAILABLE: "At the holder's disposal, at the day's end.",
        records.BalanceKind.CURRENT_AVAILABLE: "At the holder's disposal, at that instant.",
        records.BalanceKind.RUNNING: "After the last row of the statement.",
        records.BalanceKind.OTHER: "Something else; the code says what.",
    },
)
_register(
    records.Severity,
    "How much a finding matters.",
    {
        records.Severity.INFO: "A note.",
        records.Severity.WARNING: "Something to look at.",
        records.Severity.ERROR: "Something was not read.",
    },
    name="FindingSeverity",
)
_register(
    jobs.JobKind,
    "What a job is for.",
    {
        jobs.JobKind.IMPORT: "Imports an uploaded document.",
        jobs.JobKind.DERIVE: "Makes rows follow a mapping that was decided after they came.",
        jobs.JobKind.SYNC: "Fetches from a provider.",
        jobs.JobKind.CATEGORIZE: "Asks rules and other evidence anew what rows were for.",
        jobs.JobKind.MATCH: "Has the rows of another primary source of an account count.",
    },
    name="IngestionJobKind",
)
_register(
    jobs.JobState,
    "Where a job stands.",
    {
        jobs.JobState.QUEUED: "Waits for a worker.",
        jobs.JobState.RUNNING: "A worker has it.",
        jobs.JobState.AWAITING_MAPPING: "Done, but rows wait for the mapping of their account.",
        jobs.JobState.AWAITING_REVIEW: "Stopped before anything is written, for somebody's review.",
        jobs.JobState.COMPLETED: "Everything was read.",
        jobs.JobState.PARTIAL: "Done, but some rows were rejected.",
        jobs.JobState.FAILED: "Ended by an error; it may be retried.",
        jobs.JobState.CANCELLED: "Cancelled before it ran.",
        jobs.JobState.DISCARDED: "Discarded after its review; nothing was written.",
        jobs.JobState.REVERTED: "Taken back.",
    },
    name="IngestionJobState",
)
_register(
    ExpenseStatus,
    "Whether an expense counts.",
    {
        ExpenseStatus.ACTIVE: "It counts.",
        ExpenseStatus.REVERSED: "Its transaction was taken back, or is no expense any more.",
    },
)
_register(
    ExpenseSource,
    "Which transactions make expenses.",
    {
        ExpenseSource.OFF: "None.",
        ExpenseSource.DEBITS: "Money that went out, once it is booked.",
    },
)
_register(
    TransactionGrouping,
    "What transactions are put together by.",
    {
        TransactionGrouping.MONTH: "The month of the day that lists go by.",
        TransactionGrouping.CATEGORY: "The category's name.",
        TransactionGrouping.ACCOUNT: "The account.",
        TransactionGrouping.MERCHANT: "The other party.",
        TransactionGrouping.CURRENCY: "The currency, by which they are always grouped too.",
    },
)
_register(
    TransactionOrder,
    "The order of a list of transactions; ties go by id, so that pages are stable.",
    {
        TransactionOrder.POSTED_DATE_DESC: "Newest first.",
        TransactionOrder.POSTED_DATE_ASC: "Oldest first.",
        TransactionOrder.AMOUNT_DESC: "Largest amount first, to the hundredth.",
        TransactionOrder.AMOUNT_ASC: "Smallest amount first, to the hundredth.",
    },
)
_register(
    RefusalCode,
    "The kinds of refusal that clients may tell apart.",
    {
        RefusalCode.INVALID: "A value cannot be used.",
        RefusalCode.NOT_FOUND: "There is no such thing for the caller.",
        RefusalCode.NOT_ALLOWED: "The caller's role does not allow it.",
        RefusalCode.CONFLICT: "The thing is in no state for this, or is there already.",
        RefusalCode.LIMIT: "It would be more than there may be.",
    },
    name="UserErrorCode",
)
_register(
    pickups.PickupState,
    "How far a file is that a connection fetches by itself.",
    {
        pickups.PickupState.WAITING: "It was seen, and must stay as it is for a while.",
        pickups.PickupState.FETCHING: "It is on its way.",
        pickups.PickupState.FETCHED: "It is here, and given to an import.",
        pickups.PickupState.ARCHIVED: "It is imported, and moved away or marked.",
        pickups.PickupState.REFUSED: "It may not be fetched.",
        pickups.PickupState.IGNORED: "It is none that is wanted.",
    },
)
_register(
    personas.PersonaKind,
    "What a persona is.",
    {
        personas.PersonaKind.PERSON: "A person, of any age.",
        personas.PersonaKind.BUSINESS: "A business, a trust, an association.",
    },
)
_register(
    personas.PersonaStatus,
    "Whether a persona, or a group of them, is in use.",
    {
        personas.PersonaStatus.ACTIVE: "It is in use.",
        personas.PersonaStatus.ARCHIVED: "It gets nothing new; what it has stays.",
    },
)
_register(
    assets.AssetCategory,
    "What an asset is.",
    {
        assets.AssetCategory.FINANCIAL_ACCOUNT: "An account, a deposit, a loan.",
        assets.AssetCategory.REAL_ESTATE: "Land, a house, a flat.",
        assets.AssetCategory.VEHICLE: "A car, a boat, an aircraft.",
        assets.AssetCategory.CRYPTO: "Cryptographic currencies and tokens.",
        assets.AssetCategory.BUSINESS: "A business, or a part of one.",
        assets.AssetCategory.VALUABLES: "Jewellery, art, collections.",
        assets.AssetCategory.INSURANCE: "An insurance with a value of its own.",
        assets.AssetCategory.OTHER: "Anything else.",
    },
)
_register(
    assets.AssetStatus,
    "Whether an asset is in use.",
    {
        assets.AssetStatus.ACTIVE: "It is in use.",
        assets.AssetStatus.ARCHIVED: "It is out of use; what is known of it stays.",
    },
)
_register(
    assets.AssetSource,
    "Who made an asset.",
    {
        assets.AssetSource.MANUAL: "Somebody entered it.",
        assets.AssetSource.CONNECTION: "A connection made it of an account.",
    },
)
_register(
    assets.OwnershipType,
    "What a persona is to an asset.",
    {
        assets.OwnershipType.OWNER: "Owns a share of it; all owners together 100 % at most.",
        assets.OwnershipType.BENEFICIARY: "Has it for their benefit; does not count as owner.",
        assets.OwnershipType.TRUSTEE: "Holds it in trust; does not count as owner.",
    },
)
_register(
    statements.Proof,
    "Whether the balances of a statement prove its rows.",
    {
        statements.Proof.HOLDS: "Opening balance and booked rows make the closing balance.",
        statements.Proof.FAILS: "They do not: rows are missing, doubled or wrong.",
        statements.Proof.UNPROVEN: "The statement has not what it takes to tell.",
    },
    name="StatementProof",
)
_register(
    categories.RecurringPeriod,
    "How often a payment comes.",
    {
        categories.RecurringPeriod.WEEKLY: "Every week.",
        categories.RecurringPeriod.FORTNIGHTLY: "Every second week.",
        categories.RecurringPeriod.MONTHLY: "Every month.",
        categories.RecurringPeriod.QUARTERLY: "Every third month.",
        categories.RecurringPeriod.YEARLY: "Every year.",
    },
)
_register(
    categories.RecurringState,
    "Whether a payment is expected again.",
    {
        categories.RecurringState.ACTIVE: "It is.",
        categories.RecurringState.ENDED: "It did not come when it should have, more than once.",
    },
)
_register(
    Direction,
    "Which way money goes.",
    {Direction.IN: "It comes in.", Direction.OUT: "It goes out."},
    name="MoneyDirection",
)
