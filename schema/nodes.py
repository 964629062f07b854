"""Every type that has an id, and how its things are found again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from db.accounts import LISTING as ACCOUNTS
from db.assets import LISTING as ASSETS
from db.categories import LISTING as CATEGORIES
from db.categories import MAPPINGS as CATEGORY_MAPPINGS
from db.category_rules import LISTING as CATEGORY_RULES
from db.connections import LISTING as CONNECTIONS
from db.deliveries import LISTING as DELIVERIES
from db.expenses import LISTING as EXPENSES
from db.institutions import LISTING as INSTITUTIONS
from db.jobs import LISTING as JOBS
from db.mappings import LISTING as MAPPINGS
from db.notification_channels import LISTING as CHANNELS
from db.notifications import LISTING as NOTIFICATIONS
from db.persona_groups import LISTING as GROUPS
from db.personas import LISTING as PERSONAS
from db.profiles import LISTING as PROFILES
from db.reconciliations import LISTING as RECONCILIATIONS
from db.recurring import LISTING as RECURRING
from db.reports import DOCUMENTS
from db.review_items import LISTING as REVIEW_ITEMS
from db.select import Listing
from db.statements import LISTING as STATEMENTS
from db.transaction_links import LISTING as LINKS
from db.transactions import LISTING as TRANSACTIONS
from resolvers import (
    account_statements,
    accounts,
    assets,
    audit,
    categories,
    category_rules,
    connections,
    expenses,
    jobs,
    mappings,
    members,
    notification_channels,
    notifications,
    persona_groups,
    personas,
    profiles,
    reconciliation_rules,
    reconciliations,
    recurring,
    reviews,
    tenants,
    transaction_links,
    transactions,
    webhooks,
)
from schema.accounts import Account
from schema.assets import Asset
from schema.audit import AuditEvent
from schema.category_rules import CategoryRule
from schema.connections import Connection
from schema.context import RequestContext
from schema.documents import RawDocument
from schema.expenses import Expense
from schema.ids import decode
from schema.institutions import Institution
from schema.jobs import IngestionJob
from schema.mappings import AccountMapping
from schema.node import Node
from schema.notification_channels import NotificationChannel, NotificationDelivery
from schema.notifications import Notification
from schema.persona_groups import PersonaGroup
from schema.personas import Persona
from schema.profiles import StatementProfile
from schema.reconciliation_rules import ReconciliationRule
from schema.reconciliations import Reconciliation
from schema.recurring import RecurringTransaction
from schema.related import maybe
from schema.review_items import ReviewItem
from schema.statements import Statement
from schema.tenant_categories import CategoryMapping, TenantCategory
from schema.tenants import Member, Tenant
from schema.transaction_links import TransactionLink
from schema.transactions import Transaction
from schema.webhooks import WebhookEndpoint, WebhookEvent

_Find = Callable[..., Awaitable[Mapping[UUID, Any]]]

NODES: Final[Mapping[str, tuple[_Find, Callable[[Any], Node]]]] = {
    "Account": (accounts.by_ids, Account.of),
    "AccountMapping": (mappings.by_ids, AccountMapping.of),
    "Asset": (assets.by_ids, Asset.of),
    "AuditLog": (audit.by_ids, AuditEvent.of),
    "CategoryMapping": (categories.mappings_by_ids, CategoryMapping.of),
    "CategoryRule": (category_rules.by_ids, CategoryRule.of),
    "Connection": (connections.by_ids, Connection.of),
    "Expense": (expenses.by_ids, Expense.of),
    "IngestionJob": (jobs.by_ids, IngestionJob.of),
    "Institution": (connections.institutions_by_ids, Institution.of),
    "Member": (members.by_ids, Member.of),
    "Notification": (notifications.by_ids, Notification.of),
    "NotificationChannel": (notification_channels.by_ids, NotificationChannel.of),
    "NotificationDelivery": (notification_channels.deliveries_by_ids, NotificationDelivery.of),
    "Persona": (personas.by_ids, Persona.of),
    "PersonaGroup": (persona_groups.by_ids, PersonaGroup.of),
    "RawDocument": (jobs.documents, RawDocument.of),
    "Statement": (account_statements.by_ids, Statement.of),
    "ReviewItem": (reviews.by_ids, ReviewItem.of),
    "Reconciliation": (reconciliations.by_ids, Reconciliation.of),
    "ReconciliationRule": (reconciliation_rules.by_ids, ReconciliationRule.of),
    "RecurringTransaction": (recurring.by_ids, RecurringTransaction.of),
    "StatementProfile": (profiles.by_ids, StatementProfile.of),
    "TenantCategory": (categories.by_ids, TenantCategory.of),
    "Tenant": (tenants.by_ids, Tenant.of),
    "Transaction": (transactions.by_ids, Transaction.of),
    "TransactionLink": (transaction_links.by_ids, TransactionLink.of),
    "WebhookEndpoint": (webhooks.endpoints_by_ids, WebhookEndpoint.of),
    "WebhookEvent": (webhooks.events_by_ids, WebhookEvent.of),
}


# Those whose reading is compiled; the others need a check first, or no SQL of theirs is declared.
LISTINGS: Final[Mapping[str, Listing]] = {
    "Account": ACCOUNTS,
    "AccountMapping": MAPPINGS,
    "Asset": ASSETS,
    "CategoryMapping": CATEGORY_MAPPINGS,
    "CategoryRule": CATEGORY_RULES,
    "Connection": CONNECTIONS,
    "Expense": EXPENSES,
    "IngestionJob": JOBS,
    "Institution": INSTITUTIONS,
    "Notification": NOTIFICATIONS,
    "NotificationChannel": CHANNELS,
    "NotificationDelivery": DELIVERIES,
    "Persona": PERSONAS,
    "PersonaGroup": GROUPS,
    "RawDocument": DOCUMENTS,
    "Statement": STATEMENTS,
    "ReviewItem": REVIEW_ITEMS,
    "Reconciliation": RECONCILIATIONS,
    "RecurringTransaction": RECURRING,
    "StatementProfile": PROFILES,
    "TenantCategory": CATEGORIES,
    "Transaction": TRANSACTIONS,
    "TransactionLink": LINKS,
}


async def find(context: RequestContext, text: str) -> Node | None:
    """The thing of an id; None for an id of nothing, of another tenant, or of no kind of ours."""
    found = decode(text)
    if found is None or found.type not in NODES:
        return None
    by_ids, show = NODES[found.type]
    return await maybe(context, by_ids, found.key, show)
