"""Enumerations: the closed sets of the core as GraphQL sees them, every value described."""

from __future__ import annotations

from core import assets, jobs, models, personas, records, syncs
from core.jobs import JobTrigger
from core.provider_error import ErrorKind
from db.expenses import ExpenseSource, ExpenseStatus
from db.summaries import TransactionGrouping
from db.transactions import TransactionOrder
from providers.base import LinkKind, ProviderKind
from resolvers.connection_scores import Circuit
from resolvers.providers import Capability
from resolvers.refusal import RefusalCode
from resolvers.suggestions import ReasonCode
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
    syncs.SyncFrequency,
    "How often a connection is asked for news.",
    {
        syncs.SyncFrequency.MANUAL: "Only when somebody asks.",
        syncs.SyncFrequency.REALTIME: "Whenever the source says that there is something.",
        syncs.SyncFrequency.HOURLY: "Once an hour.",
        syncs.SyncFrequency.DAILY: "Once a day.",
        syncs.SyncFrequency.WEEKLY: "Once a week.",
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
    ProviderKind,
    "What stands behind a provider.",
    {
        ProviderKind.FILE: "Somebody uploads statement files.",
        ProviderKind.AGGREGATOR: "A service that reaches many banks.",
        ProviderKind.BANK: "A bank itself.",
        ProviderKind.PAYMENTS: "A payment processor.",
        ProviderKind.ACCOUNTING: "Accounting software.",
        ProviderKind.BROKER: "A broker.",
        ProviderKind.TAX: "A tax authority.",
    },
)
_register(
    Circuit,
    "Whether a connection is asked after failures.",
    {
        Circuit.CLOSED: "It is asked as usual.",
        Circuit.OPEN: "It is left alone until its next try.",
        Circuit.HALF_OPEN: "Its next try decides.",
    },
    name="ConnectionCircuit",
)
_register(
    LinkKind,
    "How a person links a connection.",
    {
        LinkKind.REDIRECT: "On the provider's page, from which they come back.",
        LinkKind.TOKEN: "With the provider's own widget, or on its page, by a token.",
        LinkKind.FORM: "By answering a form.",
    },
)
_register(
    JobTrigger,
    "What asked for a job.",
    {
        JobTrigger.USER: "A member.",
        JobTrigger.SCHEDULE: "The connection's frequency.",
        JobTrigger.WEBHOOK: "The provider, by a webhook.",
        JobTrigger.LINK: "The connection was linked.",
        JobTrigger.SYSTEM: "The system.",
    },
    name="IngestionJobTrigger",
)
_register(
    ErrorKind,
    "The kinds of errors of providers.",
    {
        ErrorKind.AUTHENTICATION: "Consent or credentials are refused.",
        ErrorKind.NETWORK: "The provider did not answer, or not in words that can be read.",
        ErrorKind.RATE_LIMIT: "The provider asks to wait.",
        ErrorKind.VALIDATION: "A question or an answer is not what was agreed on.",
        ErrorKind.BUSINESS: "The provider refuses for a reason of its own.",
    },
    name="ProviderErrorKind",
)
_register(
    syncs.SyncPhase,
    "How far the history of a connection is.",
    {
        syncs.SyncPhase.INITIAL: "The newest days are on their way.",
        syncs.SyncPhase.HISTORICAL: "The time before them is on its way.",
        syncs.SyncPhase.INCREMENTAL: "It is all there; what changes is fetched.",
    },
)
_register(
    Capability,
    "What a provider can do.",
    {
        Capability.IMPORT: "Reads uploaded documents.",
        Capability.REVIEW: "Shows what an import would do before it does it.",
        Capability.REVERT: "Takes an import back.",
        Capability.SYNC: "Is asked for accounts, balances and transactions.",
        Capability.LINK: "Is linked by a person.",
        Capability.TEST: "Can be asked whether a connection works.",
        Capability.REFRESH: "Can be asked to look at the bank now.",
        Capability.REVOKE: "Ends its consent when the connection is closed.",
        Capability.RENEW: "Has access tokens that are renewed by themselves.",
        Capability.WEBHOOKS: "Tells of news by itself.",
    },
    name="ProviderCapability",
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
