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
from tests.isolation.graphql_attempt import Stage, legible
from tests.isolation.graphql_bank import SLUG
from tests.isolation.graphql_documents import Operation, field_of, reachable

_REFUSALS: Final = ".userErrors"  # empty where a mutation is done
_UNDECIDED: Final = (
    "delete from app.expenses; delete from app.transaction_aliases; delete from app.review_items;"
    " delete from app.transaction_parts;"
    " delete from app.transactions; delete from app.account_balances;"
    " update app.account_mappings set state = 'pending', account_id = null;"
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
_UNSURE: Final = "update app.transactions set derived_category = null, source_category = null"
_DISABLED: Final = "update private.webhook_endpoints set disabled_at = created_at"
_HELD: Final = (
    "update app.holdings as h set removed_on = null, quantity = abs(t.amount)"
    " from app.transactions as t where t.tenant_id = h.tenant_id"
)
# Its owners are written after an asset and touch it, which is done without triggers here.
_UNTOUCHED: Final = (
    "set local session_replication_role = replica;"
    " update app.assets set updated_at = created_at;"
    " set local session_replication_role = origin"
)
_MAILED: Final = "update app.notification_channels set type = 'email', host = null, ending = null, "
# What no answer of the runs below can show, and why.
UNSEEN: Final = frozenset(
    {
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
    "ConnectionTestPayload.problem",
    "CurrencyDecimals.decimals",
    "HttpHeader.name",
    "HttpHeader.value",
    "IngestionJob.format",
    "Institution.country",
    "MappingReason.text",
    "MappingSuggestion.reason",
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
    "Query.transactionCount",
    "RecurringTransaction.confidence",
    "RecurringTransaction.dismissedAt",
    "RecurringTransaction.occurrences",
    "SourceLine.number",
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
    Run(operation="transactions", statement=_UNSURE),
    Run(operation="assets", statement=_UNTOUCHED),
    Run(operation="accounts", statement=_HELD),
    Run(operation="assets", statement=_HELD),
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
