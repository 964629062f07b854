"""The schema keeps its rules: everything is described, and what is promised is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema import export

SCHEMA = build_schema(export.text())
TODAY = date.today()  # noqa: DTZ011  # a deadline is a day

NAMES = {
    "Query": "node viewer providers connection connections account accounts transaction "
    "transactions transactionCount accountMappings ingestionJob ingestionJobs members auditLog "
    "statementFormats statementProfiles statementProfileProposal webhookEvents webhookEndpoints "
    "invitations personas persona personaGroups assets asset notifications notificationCount "
    "notificationChannels expenses",
    "Mutation": "connectionCreate connectionUpdate connectionPause connectionResume "
    "transactionCategorize tenantChooseExpenses "
    "connectionSync connectionSyncAll connectionRenewAll connectionLinkBegin "
    "connectionLinkComplete connectionTest "
    "connectionDisconnect statementUpload statementImport ingestionJobApprove ingestionJobDiscard "
    "ingestionJobRevert ingestionJobRetry ingestionJobCancel accountCreate accountUpdate "
    "accountRefresh "
    "accountMappingSet accountMappingUnset accountMappingIgnore accountMappingVerify "
    "accountMappingCreateAccount tenantCreate tenantUpdate memberInvite memberSetRole "
    "memberRemove invitationAccept invitationRevoke "
    "webhookEventReplay webhookEndpointCreate webhookEndpointRotate webhookEndpointDisable "
    "notificationsMarkRead notificationChannelCreate notificationChannelUpdate "
    "notificationChannelRemove notificationChannelTest "
    "statementProfileCreate statementProfileUpdate statementProfileDelete personaCreate "
    "personaUpdate personaMakePrimary personaGroupCreate personaGroupUpdate personaGroupAddMember "
    "personaGroupRemoveMember assetCreate assetUpdate assetArchive assetRestore assetOwnersSet "
    "assetAttachAccount",
    "Subscription": "ingestionJobUpdated connectionUpdated transactionsChanged notificationAdded",
    "Transaction": "id externalId account connection amount postedDate transactionDate status "
    "description descriptionRaw merchantName category source reconciliation valueDate reference "
    "customerReference typeCode runningBalance",
    "IngestionJob": "id connection kind state stage progress counts findings error createdAt "
    "startedAt finishedAt preview rate total attempts format review retryable",
    "AccountMapping": "id connection externalAccount account state suggestions waitingCount "
    "verifiedAt verifiedBy",
    "MappingSuggestion": "account score reason reasons",
    "IngestionCounts": "fetched processed imported duplicate changed rejected withdrawn waiting",
    "StatementUploadPayload": "uploadId url method headers expiresAt userErrors",
    "StatementImportPayload": "job userErrors",
    "Persona": "id kind name givenName familyName email isPrimary status user groups assets",
    "PersonaGroup": "id name description status members assets",
    "Asset": "id category name description institutionName status currency value valuedAt source "
    "account connection group owners",
    "AssetOwner": "persona ownershipType percentage",
    "ConnectionConnection": "edges pageInfo",
}


def _types() -> Iterator[GraphQLNamedType]:
    for kind in SCHEMA.type_map.values():
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            yield kind


def _described() -> Iterator[tuple[str, str | None]]:
    for kind in _types():
        yield kind.name, kind.description
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield f"{kind.name}.{name}", value.description
        if isinstance(kind, GraphQLInputObjectType):
            for name, input_field in kind.fields.items():
                yield f"{kind.name}.{name}", input_field.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{kind.name}.{name}({argument_name})", argument.description


def test_everything_is_described_in_a_sentence() -> None:
    bad = [
        place
        for place, text in _described()
        if not text or not text.rstrip().endswith((".", '"')) or text.startswith("This field")
    ]

    assert not bad, f"describe in one sentence: {bad}"


def test_deprecations_say_until_when_and_end_then() -> None:
    reasons = {
        f"{kind.name}.{name}": field.deprecation_reason
        for kind in _types()
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType)
        for name, field in kind.fields.items()
        if field.deprecation_reason is not None
    }

    for place, reason in reasons.items():
        deadline = re.search(r"Removed after (\d{4}-\d{2}-\d{2})\.", reason)
        assert deadline, f"{place}: say `Removed after <date>.`"
        assert date.fromisoformat(deadline[1]) >= TODAY, f"{place}: remove it now"


@pytest.mark.parametrize("type_name", sorted(NAMES))
def test_promised_names_are_there(type_name: str) -> None:
    kind = SCHEMA.type_map[type_name]

    assert isinstance(kind, GraphQLObjectType)
    assert set(NAMES[type_name].split()) <= set(kind.fields)


def test_every_mutation_answers_a_nullable_payload_with_user_errors() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None

    for name, field in mutation.fields.items():
        payload = field.type
        assert isinstance(payload, GraphQLObjectType), f"{name}: the payload is nullable"
        assert payload.name.lower() == f"{name}payload".lower()
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"


def test_money_is_never_bare_and_never_a_float() -> None:
    fields = {
        f"{kind.name}.{name}": str(field.type)
        for kind in _types()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
    }

    assert fields["Money.amount"] == "Decimal!"
    assert fields["Transaction.amount"] == "Money!"
    floats = [place for place, kind in fields.items() if kind.startswith("Float")]
    assert floats == ["ConnectionHealth.score", "IngestionJob.progress"]


def test_kept_schema_is_the_one_of_the_code() -> None:
    kept = export.PATH.read_text(encoding="utf-8")

    assert kept == export.text(), "run `python -m schema.export`"
