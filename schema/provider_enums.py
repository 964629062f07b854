"""Enumerations of providers and of syncs with them, every value described."""

from __future__ import annotations

from core import syncs
from core.jobs import JobTrigger
from core.provider_error import ErrorKind
from providers.base import LinkKind, ProviderKind
from resolvers.connection_scores import Circuit
from resolvers.providers import Capability
from schema.described import register as _register

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
