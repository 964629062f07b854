"""What can be done: each field one transaction of its own, one business action."""

from __future__ import annotations

import strawberry

from schema.account_changes import AccountMutations
from schema.connection_changes import ConnectionMutations
from schema.mapping_changes import MappingMutations
from schema.notification_changes import NotificationMutations
from schema.profile_changes import ProfileMutations
from schema.statement_changes import StatementMutations
from schema.tenant_changes import TenantMutations


@strawberry.type(description="What can be done; each answers with the thing or why not.")
class Mutation(
    ConnectionMutations,
    StatementMutations,
    ProfileMutations,
    AccountMutations,
    MappingMutations,
    NotificationMutations,
    TenantMutations,
):
    """The families of mutations, together."""
