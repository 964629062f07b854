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

from tests.isolation.graphql_arguments import changed, places, variables
from tests.isolation.graphql_attempt import Stage, legible
from tests.isolation.graphql_documents import Operation, field_of, reachable
from tests.isolation.graphql_runs import MORE, Run

_REFUSALS: Final = ".userErrors"  # empty where a mutation is done
# What no answer of the runs can show, and why.
UNSEEN: Final = frozenset(
    {
        "Category.confidence",  # nothing estimates it yet
        "ConnectionTestPayload.filesMatching",  # of servers of files, and none is here
        "ConnectionTestPayload.hostKey",
        "CategoryChange.suggested",  # the rule that fits is sure
        "CategoryRulesDryRun.endCursor",  # there is one transaction alone
        "ReconciliationDryRun.lookedAtSince",  # all days are looked at
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
    "Query.exchangeRateTolerance",
    "ExchangeRateToleranceSetPayload.percent",
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
    "Reconciliation.memberCount",
    "Reconciliation.score",
    "ReconciliationDryRun.automaticCount",
    "ReconciliationDryRun.groupCount",
    "ReconciliationDryRun.lookedAtSince",
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
    "Transaction.merchantCategoryCode",  # four digits
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
    "transactionCount: TransactionFilter.recurringId of RecurringTransaction",
})  # fmt: skip
_TELL_NOTHING: Final = frozenset({"Boolean", "Float", "CurrencyCode"})


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
