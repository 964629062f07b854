"""A value for each argument, by its coordinate, made from the rows of a tenant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from schema.ids import encode
from tests.fixtures.csv_file import PROFILE
from tests.fixtures.post import SECRET
from tests.isolation.graphql_bank import LOGIN, SLUG, STATE
from tests.isolation.rows import NoRecipe, Owner, Row

Value = Callable[["Side"], Any]

# Where the key behind an id lies. A type that has an id and is not here is an error.
KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "Account": ("app.accounts", "id"),
    "AccountMapping": ("app.account_mappings", "id"),
    "Asset": ("app.assets", "id"),
    "AuditLog": ("app.ingestion_audit_log", "id"),
    "Balance": ("app.account_balances", "id"),
    "CategoryMapping": ("app.category_mappings", "id"),
    "CategoryRule": ("app.category_rules", "id"),
    "Connection": ("app.connections", "id"),
    "ConnectionLink": ("app.connection_links", "id"),
    "Expense": ("app.expenses", "id"),
    "Holding": ("app.holdings", "id"),
    "IngestionJob": ("app.ingestion_jobs", "id"),
    "Institution": ("app.institutions", "id"),
    "Invitation": ("app.tenant_invitations", "id"),
    "Member": ("app.tenant_members", "user_id"),
    "Notification": ("app.notifications", "id"),
    "NotificationChannel": ("app.notification_channels", "id"),
    "NotificationDelivery": ("app.notification_deliveries", "id"),
    "Persona": ("app.personas", "id"),
    "PersonaGroup": ("app.persona_groups", "id"),
    "RawDocument": ("app.raw_ingestion_data", "id"),
    "Statement": ("app.statements", "id"),
    "RecurringTransaction": ("app.recurring_items", "id"),
    "ReviewItem": ("app.review_items", "id"),
    "Reconciliation": ("app.reconciliations", "id"),
    "ReconciliationRule": ("app.reconciliation_rules", "rule_id"),
    "StatementProfile": ("app.statement_profiles", "id"),
    "SyncBatch": ("app.ingestion_jobs", "batch_id"),
    "Tenant": ("app.tenants", "id"),
    "TenantCategory": ("app.categories", "id"),
    "Transaction": ("app.transactions", "id"),
    "TransactionLink": ("app.transaction_links", "id"),
    "Upload": ("app.uploads", "id"),
    "User": ("app.ingestion_audit_log", "user_id"),
    "WebhookEndpoint": ("private.webhook_endpoints", "id"),
    "WebhookEvent": ("app.webhook_events", "id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One tenant's rows, whether they are in the database or not."""

    owner: Owner
    rows: Mapping[str, Row]

    def key(self, type_name: str) -> UUID:
        """The key of the tenant's only thing of a type."""
        if type_name not in KEYS:
            raise NoRecipe(f"add the table of {type_name} to tests/isolation/graphql_recipes.py")
        table, column = KEYS[type_name]
        return UUID(self.value(table, column))

    def id(self, type_name: str) -> str:
        """The global id of it."""
        return str(encode(type_name, self.key(type_name)))

    def value(self, table: str, column: str) -> str:
        """A value of the tenant's only row of a table."""
        value = self.rows[table][column]
        assert value is not None
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Values of an argument.

    `base` is what it has while another argument is tried; None: one's own `value`. `types` are
    those of an id. `tells`: another tenant's value must be answered as nobody's is.
    """

    value: Value
    base: Value | None = None
    types: tuple[str, ...] = ()
    tells: bool = True


def an_id(*types: str) -> Recipe:
    """An id of a thing of this type."""
    return Recipe(value=lambda side: side.id(types[0]), types=types)


def column(table: str, name: str, *, base: Any = None) -> Recipe:
    """What the tenant's row has in a column."""
    given = None if base is None else (lambda _: base)
    return Recipe(value=lambda side: side.value(table, name), base=given)


def fixed(value: Any) -> Recipe:
    """The same value for everybody."""
    return Recipe(value=lambda _: value, tells=False)


def bound(table: str, name: str) -> Recipe:
    """A bound of a range: what lies within differs, but never because of another tenant."""
    return Recipe(value=lambda side: side.value(table, name), tells=False)


def second_of(owner: Owner) -> UUID:
    """The id of a second transaction, where one is made."""
    return UUID(hashlib.md5(owner.tenant_id.encode(), usedforsecurity=False).hexdigest())


def _parts(side: Side) -> list[dict[str, str]]:
    """Parts of the tenant's own transaction."""
    rest = Decimal(side.value("app.transactions", "amount")) - 1
    return [{"amount": "1", "category": "One"}, {"amount": str(rest), "category": "Rest"}]


def _too_much(side: Side) -> list[dict[str, str]]:
    """Parts with the transaction's amount, which make another sum: a refusal tells their sum, and
    that of the right ones would be taken for what another tenant has."""
    amount = side.value("app.transactions", "amount")
    return [{"amount": amount, "category": "One"}, {"amount": "1", "category": "Rest"}]


def _conditions(side: Side) -> dict[str, Any]:
    """What asks for things of the tenant's."""
    return {
        "accountIds": [side.id("Account")],
        "text": {"contains": side.value("app.transactions", "description")},
        "providerCategories": [side.value("app.category_mappings", "provider_category")],
    }


def _rate(side: Side) -> dict[str, str]:
    """A rate of the day and the currencies of one that the tenant has."""
    known = {name: side.value("app.exchange_rates", name) for name in ("base", "quote", "day")}
    return {**known, "rate": "1.5", "source": "a bank"}


CURSOR: Final = fixed(None)  # stands for the cursor that the other tenant was given

# By coordinate, or by the last name of one. What is in neither way here is an error.
RECIPES: Final[Mapping[str, Recipe]] = {
    "Query.node(id:)": an_id(*KEYS),
    **{
        f"Query.{name[0].lower()}{name[1:]}(id:)": an_id(name)
        for name in ("Account", "Asset", "Connection", "IngestionJob", "Persona", "Transaction")
    },
    **{
        f"Mutation.{noun}{verb}(id:)": an_id(type_name)
        for noun, type_name, verbs in (
            ("account", "Account", "Update Refresh"),
            (
                "accountMapping",
                "AccountMapping",
                "Set CreateAccount Unset Ignore Verify Refuse RefusalUndo",
            ),
            ("asset", "Asset", "Update Archive Restore AttachAccount"),
            (
                "connection",
                "Connection",
                "Update Pause Resume Disconnect Sync Test ChooseConflictPolicy",
            ),
            ("ingestionJob", "IngestionJob", "Approve Discard Cancel Retry Revert"),
            ("invitation", "Invitation", "Accept Revoke"),
            ("match", "ReviewItem", "Confirm Reject"),
            ("member", "Member", "SetRole Remove"),
            ("notificationChannel", "NotificationChannel", "Update Remove Test"),
            ("persona", "Persona", "Update MakePrimary"),
            ("personaGroup", "PersonaGroup", "Update AddMember RemoveMember"),
            ("reconciliation", "Reconciliation", "Undo"),
            ("reconciliationRule", "ReconciliationRule", "Update Remove"),
            ("statementProfile", "StatementProfile", "Update Delete"),
            ("category", "TenantCategory", "Update Delete"),
            ("categoryRule", "CategoryRule", "Update Delete"),
            ("recurringTransaction", "RecurringTransaction", "Dismiss"),
            ("transaction", "Transaction", "Categorize Split Unsplit"),
            ("transactionLink", "TransactionLink", "Undo"),
            ("webhookEndpoint", "WebhookEndpoint", "Rotate Disable"),
        )
        for verb in verbs.split()
    },
    "CategoryRulesReorderInput.ids": an_id("CategoryRule"),
    "ruleId": an_id("CategoryRule"),
    "accountId": an_id("Account"),
    "accountIds": an_id("Account"),
    "assetId": an_id("Asset"),
    "batchId": an_id("SyncBatch"),
    "connectionId": an_id("Connection"),
    "groupId": an_id("PersonaGroup"),
    "institutionId": an_id("Institution"),
    "jobId": an_id("IngestionJob"),
    "linkId": an_id("ConnectionLink"),
    "personaId": an_id("Persona"),
    "primaryMappingId": an_id("AccountMapping"),
    "profileId": an_id("StatementProfile"),
    "recurringId": an_id("RecurringTransaction"),
    "uploadId": an_id("Upload"),
    "userId": an_id("User"),
    "PersonaUpdateInput.userId": Recipe(
        value=lambda side: side.id("User"), base=lambda _: None, types=("User",)
    ),
    "WebhookEventReplayInput.ids": an_id("WebhookEvent"),
    "ReviewItemsDecideInput.ids": an_id("ReviewItem"),
    "TransactionLinkInput.transactionId": an_id("Transaction"),
    "TransactionLinkInput.otherId": Recipe(
        value=lambda side: side.id("Transaction"),
        base=lambda side: str(encode("Transaction", second_of(side.owner))),
        types=("Transaction",),
    ),
    "transactionId": an_id("Transaction"),
    "scoreFrom": fixed(1),
    "rates": Recipe(value=lambda side: [_rate(side)]),
    "base": fixed("EUR"),
    "quote": fixed("USD"),
    "dayFrom": bound("app.exchange_rates", "day"),
    "dayTo": bound("app.exchange_rates", "day"),
    "WebhookEventFilter.type": column("app.webhook_events", "type"),
    "secret": fixed(None),
    "keepHours": fixed(24),
    "percent": fixed("2.5"),
    "idempotencyKey": column("app.ingestion_jobs", "idempotency_key", base="a new key"),
    "first": fixed(1),
    "after": CURSOR,
    "currency": fixed("EUR"),
    "provider": fixed("file"),
    "format": fixed("bai2"),
    "review": fixed(False),
    "reconciled": fixed(False),
    "suggested": fixed(False),
    "event": column("app.ingestion_audit_log", "event"),
    # Refused as too long ago: nothing happens while a question is asked, to be told of.
    "since": Recipe(
        value=lambda _: (datetime.now(UTC) - timedelta(days=2)).isoformat(), tells=False
    ),
    "text": column("app.transactions", "description"),
    "AccountFilter.text": column("app.accounts", "name"),
    "ConnectionFilter.text": column("app.connections", "name"),
    "createdFrom": fixed("2000-01-01T00:00:00Z"),
    "createdTo": fixed("2999-12-31T00:00:00Z"),
    "CategoryRuleFilter.text": column("app.category_rules", "name"),
    "CategoryRuleFilter.category": column("app.category_rules", "category"),
    "TenantCategoryFilter.text": column("app.categories", "name"),
    "TenantCategoryFilter.code": column("app.categories", "code"),
    "CategoryMappingFilter.text": column("app.category_mappings", "provider_category"),
    "CategoryMappingFilter.category": column("app.category_mappings", "category"),
    "StatementProfileFilter.text": column("app.statement_profiles", "name"),
    "StatementProfileFilter.format": column("app.statement_profiles", "format"),
    "category": fixed("Groceries"),
    "conditions": Recipe(value=_conditions, base=lambda _: {"direction": "OUT"}),
    "CategoryCreateInput.name": column("app.categories", "name", base="A new category"),
    "CategoryUpdateInput.name": column("app.categories", "name"),
    "CategoryCreateInput.description": column("app.categories", "description"),
    "CategoryUpdateInput.description": column("app.categories", "description"),
    "code": fixed("TRAVEL"),
    "providerCategory": column("app.category_mappings", "provider_category"),
    "CategoryRuleCreateInput.name": column("app.category_rules", "name"),
    "CategoryRuleUpdateInput.name": column("app.category_rules", "name"),
    "CategoryRulesDryRunInput.name": column("app.category_rules", "name"),
    "isFirst": fixed(False),
    "applyToMerchant": fixed(True),
    "RecurringTransactionDismissInput.dismissed": fixed(True),
    "RecurringTransactionFilter.dismissed": fixed(False),
    "expectedFrom": bound("app.recurring_items", "next_on"),
    "expectedTo": bound("app.recurring_items", "next_on"),
    "parts": Recipe(value=_too_much, base=_parts, tells=False),
    "groupBy": fixed(["MONTH", "CATEGORY", "ACCOUNT", "MERCHANT"]),
    "merchantName": fixed("Shop"),
    "Account.balancesByDay(from:)": bound("app.account_balances", "as_of"),
    "Account.balancesByDay(to:)": bound("app.account_balances", "as_of"),
    "postedFrom": bound("app.transactions", "posted_date"),
    "postedTo": bound("app.transactions", "posted_date"),
    "amountFrom": bound("app.transactions", "amount"),
    "amountTo": bound("app.transactions", "amount"),
    "AccountCreateInput.name": column("app.accounts", "name"),
    "AccountUpdateInput.name": column("app.accounts", "name"),
    "AssetCreateInput.name": column("app.assets", "name"),
    "AssetUpdateInput.name": column("app.assets", "name"),
    **{
        f"{name}.category": fixed("FINANCIAL_ACCOUNT")
        for name in ("AssetCreateInput", "AssetUpdateInput", "AssetFilter")
    },
    "AssetCreateInput.value": bound("app.assets", "value"),
    "AssetUpdateInput.value": bound("app.assets", "value"),
    "valuedAt": bound("app.assets", "valued_at"),
    "owners": Recipe(value=lambda side: [{"personaId": side.id("Persona"), "percentage": "1.25"}]),
    "endsFrom": fixed("2000-01-01"),
    "endsTo": fixed("2999-12-31"),
    "spentFrom": bound("app.expenses", "spent_on"),
    "spentTo": bound("app.expenses", "spent_on"),
    "ConnectionLinkBeginInput.provider": fixed(SLUG),
    "callbackUrl": fixed(None),
    **dict.fromkeys(("sftp", "mailbox"), fixed(None)),  # of servers of files alone
    **dict.fromkeys(("autoImport", "autoReconcile", "importPending"), fixed(True)),
    "defaultCurrency": fixed("EUR"),
    # The bank links for the tenant: whoever names a persona is told so, whosever it is.
    "ConnectionLinkBeginInput.personaId": Recipe(
        value=lambda side: side.id("Persona"), base=lambda _: None, types=("Persona",)
    ),
    "selectAccounts": fixed(False),
    "ConnectionLinkCompleteInput.state": fixed(STATE),
    "ConnectionLinkCompleteInput.name": column("app.connections", "name"),
    "answers": fixed([{"name": LOGIN, "value": "a person"}]),
    "lookbackDays": fixed(365),
    **dict.fromkeys(("syncAccounts", "syncTransactions", "syncInvestments"), fixed(True)),
    "ConnectionCreateInput.name": column("app.connections", "name"),
    "ConnectionUpdateInput.name": column("app.connections", "name"),
    "PersonaCreateInput.name": fixed(None),
    "PersonaUpdateInput.name": fixed(None),
    "givenName": column("app.personas", "given_name"),
    "familyName": column("app.personas", "family_name"),
    "isPrimary": fixed(False),
    "PersonaGroupCreateInput.name": column("app.persona_groups", "name"),
    "PersonaGroupUpdateInput.name": column("app.persona_groups", "name"),
    "description": column("app.persona_groups", "description"),
    "StatementProfileCreateInput.name": column("app.statement_profiles", "name", base="A bank"),
    "StatementProfileUpdateInput.name": column("app.statement_profiles", "name"),
    "TenantCreateInput.name": column("app.tenants", "name"),
    "TenantUpdateInput.name": column("app.tenants", "name"),
    "NotificationChannelCreateInput.name": column("app.notification_channels", "name"),
    "NotificationChannelUpdateInput.name": column("app.notification_channels", "name"),
    "NotificationsMarkReadInput.ids": an_id("Notification"),
    "NotificationsMarkReadInput.all": fixed(False),
    "unread": fixed(True),
    "enabled": fixed(True),
    "url": fixed("https://hooks.example/"),
    "NotificationChannelCreateInput.secret": fixed(SECRET),
    "NotificationChannelUpdateInput.secret": fixed(SECRET),
    **dict.fromkeys(("recipients", "recipientRole"), fixed(None)),  # of mail alone
    "leftIds": an_id("Transaction"),
    # A row is on one side alone, and the tenant has one.
    "rightIds": Recipe(
        value=lambda side: side.id("Transaction"), base=lambda _: [], types=("Transaction",)
    ),
    **dict.fromkeys(("leftAccountIds", "rightAccountIds"), an_id("Account")),
    "note": fixed("by hand"),
    "undone": fixed(False),
    **dict.fromkeys(
        ("Period.from", "Period.to", "Mutation.statementReconcile(to:)"),
        bound("app.account_balances", "as_of"),
    ),
    "ReconciliationRuleInput.name": column("app.reconciliation_rules", "name"),
    **dict.fromkeys(("position", "dayWindow"), fixed(1)),
    **dict.fromkeys(("byReference", "textNeeded"), fixed(False)),
    **dict.fromkeys(("amountTolerance", "tolerancePercent"), fixed("1.5")),
    "groupMax": fixed(8),
    "scoreMin": fixed(85),
    "definition": fixed(PROFILE),
    "decimals": fixed([{"currency": "EUR", "decimals": 2}]),
    "institutionName": column("app.institutions", "name"),
    "maskedNumber": column("app.accounts", "masked_number"),
    "email": column("app.tenant_members", "email", base="somebody@example.test"),
    "fileName": column("app.uploads", "file_name"),
    "mediaType": column("app.uploads", "media_type"),
    "sha256": Recipe(value=lambda side: side.value("app.uploads", "sha256").removeprefix("\\x")),
    "size": fixed(7),
}
