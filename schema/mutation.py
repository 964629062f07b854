"""What can be done: each field one transaction of its own, one business action."""

from __future__ import annotations

import strawberry

from schema.account_changes import AccountMutations
from schema.asset_changes import AssetMutations
from schema.category_changes import CategoryMutations, CategoryRuleMutations
from schema.connection_changes import ConnectionMutations
from schema.expenses import ExpenseMutations
from schema.link_changes import LinkMutations
from schema.mapping_changes import MappingMutations
from schema.notification_changes import NotificationMutations
from schema.persona_changes import PersonaMutations
from schema.profile_changes import ProfileMutations
from schema.reconciliation_changes import ReconciliationMutations
from schema.review_changes import ReviewMutations
from schema.split_changes import SplitMutations
from schema.statement_changes import StatementMutations
from schema.sync_changes import SyncMutations
from schema.tenant_changes import TenantMutations
from schema.webhook_changes import WebhookMutations


@strawberry.type(description="What can be done; each answers with the thing or why not.")
class Mutation(
    ConnectionMutations,
    LinkMutations,
    SyncMutations,
    ExpenseMutations,
    CategoryMutations,
    CategoryRuleMutations,
    SplitMutations,
    StatementMutations,
    ProfileMutations,
    AccountMutations,
    MappingMutations,
    PersonaMutations,
    ReviewMutations,
    AssetMutations,
    NotificationMutations,
    ReconciliationMutations,
    TenantMutations,
    WebhookMutations,
):
    """The families of mutations, together."""
