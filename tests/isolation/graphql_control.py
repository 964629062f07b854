"""The control: whoever has the right sees everything, and everything can be done. Else an attempt
of who has no right would prove nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationType,
    get_named_type,
)

from tests.isolation.graphql_actors import Actor, invited, victim
from tests.isolation.graphql_arguments import changed, places, variables
from tests.isolation.graphql_attempt import SECOND, UNRECONCILED, Stage, balanced, legible
from tests.isolation.graphql_bank import SLUG
from tests.isolation.graphql_documents import Operation, field_of, reachable

_REFUSALS: Final = ".userErrors"  # empty where a mutation is done
_UNDECIDED: Final = (
    "delete from app.expenses; delete from app.transaction_aliases;"
    " delete from app.review_items; delete from app.reconciliation_members;"
    " delete from app.transaction_conflicts; delete from app.transaction_links;"
    " delete from app.transaction_parts;"
    "delete from app.review_items; delete from app.transaction_links;"
    " delete from app.expenses; delete from app.transaction_aliases;"
    " delete from app.transactions; delete from app.account_balances;"
    " delete from app.statements;"
    " delete from app.mapping_refusals;"
    " update app.account_mappings set state = 'pending', account_id = null, decided_by = null,"
    " match_reasons = null, external_type = 'savings';"
    " update app.accounts set type = 'checking';"
    " update app.ingestion_jobs set state = 'completed'"
)
_FAILED: Final = (
    "update app.ingestion_jobs set state = 'failed', lease_until = null, finished_at = now()"
)
_SETTLED: Final = (
    "update app.notification_deliveries set state = 'delivered', next_attempt_at = null,"
    " settled_at = created_at; update app.notification_channels set enabled = false,"
    " disabled_reason = 'gone', disabled_at = created_at, kinds = '{test}'"
)
_LOGGED_OUT: Final = "delete from app.connection_credentials"
_AWAY: Final = (
    "insert into private.provider_states (provider, failures, open_until)"
    f" values ('{SLUG}', 5, '2030-01-02')"
)
_PRIMARY: Final = (
    "update app.accounts as a set primary_mapping_id = m.id from app.account_mappings as m"
    " where m.tenant_id = a.tenant_id and m.account_id = a.id"
)
_UNSURE: Final = "update app.transactions set derived_category = null, source_category = null"
_DISABLED: Final = "update private.webhook_endpoints set disabled_at = created_at"
_UNBALANCED: Final = "update app.statements set proof = 'fails', difference = closing_balance"
# Settings of servers, of the connection's own text and number.
_OF_SERVER: Final = (
    "update app.connections as c set provider = 'sftp', config = jsonb_build_object("
    "'host', c.name, 'port', c.error_count, 'username', c.name, 'path', c.name, 'pattern', c.name,"
    " 'settle_seconds', c.error_count, 'archive_path', c.name, 'host_keys', array[c.name])"
)
_OF_MAILBOX: Final = (
    "update app.connections as c set provider = 'mailbox', config = jsonb_build_object("
    "'host', c.name, 'port', c.error_count, 'username', c.name, 'folder', c.name,"
    " 'pattern', c.name, 'senders', array[c.name], 'authentication_results', c.name,"
    " 'archive_folder', c.name)"
)
_HELD: Final = (
    "update app.holdings as h set removed_on = null, quantity = abs(t.amount)"
    " from app.transactions as t where t.tenant_id = h.tenant_id"
)
# What is written after an asset or a transaction touches it, so that triggers are off here.
_UNTOUCHED: Final = (
    "set local session_replication_role = replica;"
    " update app.assets set updated_at = created_at;"
    " update app.transactions set updated_at = created_at;"
    " update app.expenses set updated_at = created_at;"
    " set local session_replication_role = origin"
)
_MAILED: Final = "update app.notification_channels set type = 'email', host = null, ending = null, "
_TOLD: Final = (
    f"{SECOND}; update app.transactions set duplicate_of ="
    " case when id = md5(tenant_id::text)::uuid then ("
    " select r.transaction_id from app.review_items as r"
    " where r.tenant_id = app.transactions.tenant_id) else md5(tenant_id::text)::uuid end"
)
_DECIDED: Final = (
    "update app.review_items as r set state = 'confirmed', decided_at = r.created_at, decided_by ="
    " (select m.user_id from app.tenant_members as m where m.tenant_id = r.tenant_id"
    " and m.role = 'owner' limit 1)"
)
_UNLINKED: Final = (
    "update app.transaction_links set undone_by = created_by, undone_at = created_at,"
    " state = 'undone'"
)
# The row is too much, and the balance of the day before is another than the day begins with.
# The row's sign is wrong, and the day begins with another balance than the day before ended with.
_DIFFERING: Final = "; ".join(
    (
        balanced("closing_ledger", "b.amount - 1", days_before=1),
        balanced("opening_ledger", "b.amount + t.amount", days_before=0),
    )
)
# Another account of the tenant, with a row as the one that there is.
_OPPOSITE: Final = (
    f"{UNRECONCILED};"
    " create temporary table other on commit drop as select m.tenant_id, m.account_id as one,"
    " m.id as mapping, gen_random_uuid() as account_id, gen_random_uuid() as id"
    " from app.account_mappings as m;"
    " insert into app.accounts (tenant_id, id, name, type, currency)"
    " select a.tenant_id, o.account_id, a.name, 'checking', a.currency"
    " from app.accounts as a join other as o on o.tenant_id = a.tenant_id;"
    " insert into app.account_mappings (tenant_id, id, connection_id, lineage_id, account_id,"
    " external_account_id, state, currency)"
    " select m.tenant_id, o.id, m.connection_id, m.lineage_id, o.account_id, o.id::text,"
    " 'mapped', m.currency"
    " from app.account_mappings as m join other as o on o.mapping = m.id;"
    " insert into app.transactions (tenant_id, id, account_id, mapping_id, job_id, raw_id,"
    " raw_line, raw_line_end, fingerprint, occurrence, content_key, status, amount, currency,"
    " sort_date, description, description_raw)"
    " select t.tenant_id, gen_random_uuid(), o.account_id, o.id, t.job_id, t.raw_id, t.raw_line,"
    " t.raw_line_end, t.fingerprint, t.occurrence, t.content_key, t.status, t.amount, t.currency,"
    " b.as_of, t.description, t.description_raw"
    " from app.transactions as t join other as o on o.tenant_id = t.tenant_id"
    " join app.account_balances as b on b.tenant_id = t.tenant_id;"
    " update app.transactions as t set sort_date = b.as_of from app.account_balances as b"
    " where b.tenant_id = t.tenant_id;"
    " update app.reconciliation_rules set right_account_ids = null, right_account_type = null"
)
_UNDONE: Final = "update app.reconciliations set undone_at = created_at, undone_by = created_by"
# What no answer of the runs below can show, and why.
UNSEEN: Final = frozenset(
    {
        "Category.confidence",  # nothing estimates it yet
        "ConnectionTestPayload.filesMatching",  # of servers of files, and none is here
        "ConnectionTestPayload.hostKey",
        "CategoryChange.suggested",  # the rule that fits is sure
        "CategoryRulesDryRun.endCursor",  # there is one transaction alone
        "TransactionsChanged.connection",  # not in a first event
        "TransactionsChanged.job",
    }
)
# What is the same for every tenant, or made anew each time.
UNTELLING: Final = frozenset({
    "Balance.asOfTime",
    "Category.confidence",
    "Category.detailed",
    "Category.primary",
    "CategoryChange.suggested",
    "CategoryRuleVersion.changedAt",
    "CategoryRulesDryRun.changingCount",
    "CategoryRulesDryRun.chosenCount",
    "CategoryRulesDryRun.endCursor",
    "CategoryRulesDryRun.fittingCount",
    "CategoryRulesDryRun.lookedAtCount",
    "Connection.lookbackDays",  # three digits, which are in many texts
    "Connection.provider",
    "Connection.syncProgress",  # three digits at most
    "ConnectionFailure.failedAt",
    "ConnectionHealth.consecutiveFailures",
    "ConnectionLink.expiresAt",
    "ConnectionLink.id",
    "ConnectionLink.state",
    "ConnectionLink.token",
    "ConnectionLink.url",
    "ConnectionLinkValue.name",
    "ConnectionLinkValue.value",
    "ConnectionRenewAllPayload.batchId",  # made anew each time
    "ConnectionRenewAllPayload.count",  # each tenant has one connection
    "ConnectionSyncAllPayload.batchId",
    "ConnectionSyncAllPayload.count",
    "ConnectionTestPayload.filesMatching",
    "ConnectionTestPayload.hostKey",
    "ConnectionTestPayload.problem",
    "CurrencyDecimals.decimals",
    "HttpHeader.name",
    "HttpHeader.value",
    "IngestionJob.format",
    "Institution.country",
    "MappingDecision.ruleVersion",
    "MappingDecision.score",
    "MappingDoubt.text",
    "MappingReason.score",
    "MappingSuggestion.reason",
    "MappingSuggestion.ruleVersion",
    "MappingSuggestion.score",
    "Notification.title",
    "NotificationsMarkReadPayload.markedCount",
    "Provider.countries",
    "Provider.formats",
    "Provider.historyDays",
    "Provider.name",
    "Provider.slug",
    "Provider.unavailableUntil",
    "Provider.website",
    "ProviderField.help",
    "ProviderField.label",
    "ProviderField.name",
    "Query.notificationCount",
    "Query.reviewItemCount",
    "Query.transactionCount",
    "ReviewItem.score",
    "ScoreReason.points",
    "BalanceDay.entryCount",
    "BalanceExplanation.text",
    "Reconciliation.memberCount",
    "Reconciliation.score",
    "ReconciliationDryRun.automaticCount",
    "ReconciliationDryRun.groupCount",
    "ReconciliationDryRun.transactionCount",
    "ReconciliationProposal.score",
    "ReconciliationRule.amountTolerance",
    "ReconciliationRule.dayWindow",
    "ReconciliationRule.groupMax",
    "ReconciliationRule.position",
    "ReconciliationRule.scoreMin",
    "ReconciliationRule.tolerancePercent",
    "RecurringTransaction.confidence",
    "RecurringTransaction.dismissedAt",
    "RecurringTransaction.occurrences",
    "SourceLine.number",
    "StatementFormat.fileExtensions",
    "StatementFormat.name",
    "StatementFormat.title",
    "StatementFormatOption.description",
    "StatementFormatOption.name",
    "StatementProfile.format",
    "StatementProfileProposal.confidence",
    "StatementProfileProposal.problem",
    "StatementProfileQuestion.field",
    "StatementProfileQuestion.text",
    "StatementUploadPayload.expiresAt",
    "StatementUploadPayload.method",
    "StatementUploadPayload.uploadId",
    "StatementUploadPayload.url",
    "SuggestedCategory.confidence",
    "TaxonomyCategory.description",
    "TaxonomyCategory.detailed",
    "TaxonomyCategory.primary",
    "TenantCategory.code",
    "TransactionCategorizePayload.changedCount",
    "TransactionGroup.count",
    "TransactionLink.score",
    "TransactionGroup.month",
    "TransactionPart.position",
    "TransactionSource.line",
    "TransactionSource.lineEnd",
    "TransactionSource.provider",
    "TransactionsChanged.addedCount",
    "TransactionsChanged.removedCount",
    "TransactionsChanged.updatedCount",
    "UserError.message",
    "UserError.path",
    "WebhookEndpoint.provider",
    "WebhookEndpointCreatePayload.secret",
    "WebhookEndpointCreatePayload.url",
    "WebhookEndpointRotatePayload.secret",
    "WebhookEvent.provider",
})  # fmt: skip
# Ids of types that cannot be asked for again, and a number.
UNANSWERED: Final = frozenset({
    *(
        f"node: Query.node(id:) of {name}"
        for name in (
            "Balance", "ConnectionLink", "Holding", "Invitation", "SyncBatch", "Upload", "User"
        )
    ),
    "notificationCount: NotificationFilter.connectionId of Connection",
    "reviewItemCount: ReviewItemFilter.accountId of Account",
    "reviewItemCount: ReviewItemFilter.jobId of IngestionJob",
    "reviewItemCount: ReviewItemFilter.transactionId of Transaction",
    *(
        f"reconciliationRulesDryRun: ReconciliationRuleInput.{side}AccountIds of Account"
        for side in ("left", "right")
    ),
    "transactionCount: TransactionFilter.accountIds of Account",
    "transactionCount: TransactionFilter.connectionId of Connection",
    "transactionCount: TransactionFilter.jobId of IngestionJob",
})  # fmt: skip
_TELL_NOTHING: Final = frozenset({"Boolean", "Float", "CurrencyCode"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One more question than there are operations, where one is not enough to see everything."""

    operation: str
    actor: Actor = field(default_factory=victim)
    statement: str = "select 1"


MORE: Final = (
    Run(operation="viewer", actor=invited()),
    Run(operation="invitationAccept", actor=invited()),
    Run(operation="accountMappings", statement=_UNDECIDED),
    Run(operation="accountMappingSet", statement=_UNDECIDED),
    Run(operation="connections", statement=_FAILED),
    Run(operation="connections", statement=_OF_SERVER),
    Run(operation="connections", statement=_OF_MAILBOX),
    Run(operation="connectionTest", statement=_LOGGED_OUT),
    Run(
        operation="ingestionJobs", statement="update app.ingestion_jobs set sync_phase = 'initial'"
    ),
    Run(operation="providers", statement=_AWAY),
    Run(operation="notificationChannels", statement=_SETTLED),
    Run(
        operation="notificationChannels",
        statement=f"{_MAILED} recipients = array[host], recipient_role = null",
    ),
    Run(operation="notificationChannels", statement=f"{_MAILED} recipient_role = 'admin'"),
    Run(operation="webhookEndpoints", statement=_DISABLED),
    *(
        Run(operation=operation, statement=_UNTOUCHED)
        for operation in ("assets", "expenses", "transactions")
    ),
    Run(operation="reconciliation", statement=_DIFFERING),
    Run(operation="reconciliations", statement=_UNDONE),
    Run(operation="reconciliationRulesDryRun", statement=_OPPOSITE),
    Run(operation="transactions", statement=_UNSURE),
    Run(operation="assets", statement=_UNTOUCHED),
    Run(operation="accounts", statement=_HELD),
    Run(operation="accounts", statement=_PRIMARY),
    Run(operation="assets", statement=_HELD),
    Run(operation="statements", statement=_UNBALANCED),
    Run(operation="transaction", statement=_TOLD),
    Run(operation="reviewItems", statement=_DECIDED),
    Run(operation="node", statement=_UNLINKED),
    Run(operation="connectionPause", actor=victim("viewer")),
    Run(
        operation="statementProfileProposal",
        statement="update app.uploads set state = 'expired'",
    ),
)


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the victim saw of its own."""

    fields: set[str] = field(default_factory=set)  # with a value
    telling: set[str] = field(default_factory=set)  # with a value that is the victim's alone
    cursors: dict[str, str] = field(default_factory=dict)  # by the coordinate of the list
    done: set[str] = field(default_factory=set)  # mutations
    unanswered: set[str] = field(default_factory=set)  # ids that nothing was shown for
    errors: list[str] = field(default_factory=list)


async def all_that_is_seen(stage: Stage, operations: list[Operation]) -> Seen:
    """Every operation asked by the victim's owner about its own things."""
    seen = Seen()
    by_name = {operation.name: operation for operation in operations}
    for operation in operations:
        for place, given in _given(stage, operation):
            text = await _run(seen, stage, operation, Run(operation=operation.name), given)
            shows = any(mark in text for mark in stage.people.marks)
            if place and operation.type is OperationType.QUERY and not shows:
                seen.unanswered.add(f"{operation.name}: {place}")
    for run in MORE:
        if run.operation in by_name:
            for _, given in _given(stage, by_name[run.operation]):
                await _run(seen, stage, by_name[run.operation], run, given)
    return seen


def expected(schema: GraphQLSchema) -> set[str]:
    """Every field that must be seen."""
    return {one for one in reachable(schema) - UNSEEN if not one.endswith(_REFUSALS)}


def scalars(schema: GraphQLSchema) -> set[str]:
    """Every field whose value can tell whose it is."""
    return {
        coordinate
        for coordinate in reachable(schema)
        if isinstance(kind := _type_of(schema, coordinate), GraphQLScalarType)
        and kind.name not in _TELL_NOTHING
    }


def _type_of(schema: GraphQLSchema, coordinate: str) -> object:
    parent, _, name = coordinate.partition(".")
    kind = schema.type_map[parent]
    assert isinstance(kind, GraphQLObjectType)
    return get_named_type(kind.fields[name].type)


def _given(stage: Stage, operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What an operation needs, and that with each id that it may be given, and where."""
    own = stage.people.sides.victim
    base = variables(operation, own)
    yield "", base
    for place in places(operation):
        for type_name in place.recipe.types if place.root else ():
            given = changed(base, [(place, own.id(type_name))])
            yield f"{place.coordinate} of {type_name}", given


async def _run(
    seen: Seen, stage: Stage, operation: Operation, run: Run, given: Mapping[str, Any]
) -> str:
    async with stage.prepared(operation), stage.session.undone(run.statement):
        result = await stage.ask(run.actor, operation, given)
    seen.errors += [f"{operation.name}: {error!r}" for error in result.errors or ()]
    root = operation.type.value.capitalize()
    for name, value in (result.data or {}).items():
        _look(seen, stage.people.marks, f"{root}.{name}", value)
        if operation.type is OperationType.MUTATION and value and not value["userErrors"]:
            seen.done.add(name)
    return stage.legible(result)


def _look(seen: Seen, marks: frozenset[str], coordinate: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, list):
        for one in value:
            _look(seen, marks, coordinate, one)
        return  # an empty list shows nothing
    seen.fields.add(coordinate)
    if isinstance(value, dict) and "__typename" in value:
        if "pageInfo" in value and value["pageInfo"]["endCursor"] is not None:
            seen.cursors.setdefault(coordinate, value["pageInfo"]["endCursor"])
        for key, inner in value.items():
            if key != "__typename":
                _look(seen, marks, f"{value['__typename']}.{field_of(key)}", inner)
        return
    text = legible(value) if isinstance(value, str) else str(value)
    if any(mark in text for mark in marks):
        seen.telling.add(coordinate)
