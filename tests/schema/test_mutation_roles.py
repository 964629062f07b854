"""Each mutation has a role; below it the answer names the role, whatever the id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.models import Role
from schema.build import schema
from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.post import SECRET

ID = encode("Connection", UUID(int=7))
DEFINITION = (
    '{dateFormat: "YMD", decimalMark: ".", currency: "EUR", '
    'columns: {postedDate: "Date", amount: "Amount"}}'
)
SHA256 = "0" * 64

MUTATIONS: dict[str, tuple[Role, str]] = {
    "connectionCreate": (Role.ADMIN, '(input: {name: "C"})'),
    "connectionUpdate": (Role.ADMIN, '(id: "x", input: {name: "C"})'),
    "connectionPause": (Role.ADMIN, '(id: "x")'),
    "connectionResume": (Role.ADMIN, '(id: "x")'),
    "connectionDisconnect": (Role.ADMIN, '(id: "x")'),
    "statementUpload": (
        Role.MEMBER,
        f'(input: {{fileName: "f", size: 1, sha256: "{SHA256}"}})',
    ),
    "statementImport": (Role.MEMBER, '(input: {uploadId: "x", connectionId: "x"})'),
    "ingestionJobApprove": (Role.MEMBER, '(id: "x")'),
    "ingestionJobDiscard": (Role.MEMBER, '(id: "x")'),
    "ingestionJobCancel": (Role.MEMBER, '(id: "x")'),
    "ingestionJobRetry": (Role.MEMBER, '(id: "x")'),
    "ingestionJobRevert": (Role.MEMBER, '(id: "x")'),
    "accountCreate": (Role.MEMBER, '(input: {name: "A", currency: "EUR"})'),
    "accountUpdate": (Role.MEMBER, '(id: "x", input: {name: "A"})'),
    "accountRefresh": (Role.MEMBER, '(id: "x")'),
    "accountMappingSet": (Role.MEMBER, '(id: "x", input: {accountId: "x"})'),
    "accountMappingCreateAccount": (Role.MEMBER, '(id: "x", input: {name: "A", currency: "EUR"})'),
    "accountMappingUnset": (Role.MEMBER, '(id: "x")'),
    "accountMappingIgnore": (Role.MEMBER, '(id: "x")'),
    "accountMappingVerify": (Role.MEMBER, '(id: "x")'),
    "accountMappingRefuse": (Role.MEMBER, '(id: "x", input: {accountId: "x"})'),
    "accountMappingRefusalUndo": (Role.MEMBER, '(id: "x", input: {accountId: "x"})'),
    "personaCreate": (Role.MEMBER, '(input: {givenName: "P"})'),
    "personaUpdate": (Role.MEMBER, '(id: "x", input: {givenName: "P"})'),
    "personaMakePrimary": (Role.MEMBER, '(id: "x")'),
    "personaGroupCreate": (Role.ADMIN, '(input: {name: "G"})'),
    "personaGroupUpdate": (Role.ADMIN, '(id: "x", input: {name: "G"})'),
    "personaGroupAddMember": (Role.ADMIN, '(id: "x", input: {personaId: "x"})'),
    "personaGroupRemoveMember": (Role.ADMIN, '(id: "x", input: {personaId: "x"})'),
    "assetCreate": (Role.MEMBER, '(input: {category: OTHER, name: "A", currency: "EUR"})'),
    "assetUpdate": (Role.MEMBER, '(id: "x", input: {name: "A"})'),
    "assetArchive": (Role.MEMBER, '(id: "x")'),
    "assetRestore": (Role.MEMBER, '(id: "x")'),
    "assetOwnersSet": (Role.MEMBER, '(input: {assetId: "x", owners: []})'),
    "assetAttachAccount": (Role.MEMBER, '(id: "x", input: {accountId: "x"})'),
    "categoryCreate": (Role.MEMBER, '(input: {name: "C", code: "TRAVEL"})'),
    "categoryUpdate": (Role.MEMBER, '(id: "x", input: {name: "C"})'),
    "categoryDelete": (Role.MEMBER, '(id: "x")'),
    "categoryMappingSet": (Role.MEMBER, '(input: {providerCategory: "a", category: "b"})'),
    "categoryRuleCreate": (
        Role.MEMBER,
        '(input: {name: "R", conditions: {direction: OUT}, category: "C"})',
    ),
    "categoryRuleUpdate": (Role.MEMBER, '(id: "x", input: {name: "R"})'),
    "categoryRuleDelete": (Role.MEMBER, '(id: "x")'),
    "categoryRulesReorder": (Role.MEMBER, '(input: {ids: ["x"]})'),
    "categoryRulesApply": (Role.MEMBER, ""),
    "transactionCategorize": (Role.MEMBER, '(id: "x", input: {category: "C"})'),
    "transactionSplit": (
        Role.MEMBER,
        '(id: "x", input: {parts: [{amount: "1", category: "A"}, {amount: "1", category: "B"}]})',
    ),
    "transactionUnsplit": (Role.MEMBER, '(id: "x")'),
    "recurringTransactionDismiss": (Role.MEMBER, '(id: "x", input: {})'),
    "tenantUpdate": (Role.ADMIN, '(input: {name: "T"})'),
    "memberInvite": (Role.OWNER, '(input: {email: "a@b.example"})'),
    "memberSetRole": (Role.OWNER, '(id: "x", input: {role: VIEWER})'),
    "memberRemove": (Role.OWNER, '(id: "x")'),
    "invitationRevoke": (Role.OWNER, '(id: "x")'),
    "notificationChannelCreate": (
        Role.ADMIN,
        f'(input: {{type: WEBHOOK, name: "C", url: "https://hooks.example/", secret: "{SECRET}"}})',
    ),
    "notificationChannelUpdate": (Role.ADMIN, '(id: "x", input: {name: "C"})'),
    "notificationChannelRemove": (Role.ADMIN, '(id: "x")'),
    "notificationChannelTest": (Role.ADMIN, '(id: "x")'),
    "statementProfileCreate": (
        Role.MEMBER,
        f'(input: {{name: "P", definition: {DEFINITION}}})',
    ),
    "statementProfileUpdate": (Role.MEMBER, '(id: "x", input: {name: "P"})'),
    "statementProfileDelete": (Role.MEMBER, '(id: "x")'),
    "webhookEndpointCreate": (Role.ADMIN, '(input: {connectionId: "x"})'),
    "webhookEndpointDisable": (Role.ADMIN, '(id: "x")'),
    "webhookEndpointRotate": (Role.ADMIN, '(id: "x", input: {})'),
    "webhookEventReplay": (Role.ADMIN, '(input: {ids: ["x"]})'),
}
# Tried in one go; what they do and find is shown where each of them is at home.
OTHERS: dict[str, tuple[Role, str]] = {
    "connectionTest": (Role.ADMIN, '(id: "x")'),
    "connectionLinkBegin": (Role.ADMIN, '(input: {provider: "plaid"})'),
    "connectionSync": (Role.MEMBER, '(id: "x")'),
    "connectionSyncAll": (Role.MEMBER, ""),
    "connectionRenewAll": (Role.ADMIN, ""),
    "connectionChooseConflictPolicy": (Role.ADMIN, '(id: "x", input: {policy: ASK})'),
    "tenantChooseConflictPolicy": (Role.ADMIN, "(input: {policy: ASK})"),
    "tenantChooseExpenses": (Role.ADMIN, "(input: {source: OFF})"),
    "exchangeRatesPut": (
        Role.MEMBER,
        '(rates: [{base: "EUR", quote: "USD", day: "2026-01-01", rate: "1", source: "s"}])',
    ),
    "exchangeRateToleranceSet": (Role.ADMIN, '(percent: "2")'),
    "reviewItemsDecide": (Role.MEMBER, '(input: {ids: ["x"], decision: CONFIRMED})'),
    "matchConfirm": (Role.MEMBER, '(id: "x")'),
    "matchReject": (Role.MEMBER, '(id: "x")'),
    "transactionLink": (
        Role.MEMBER,
        '(input: {transactionId: "x", otherId: "x", kind: DUPLICATE})',
    ),
    "transactionLinkUndo": (Role.MEMBER, '(id: "x")'),
    "reconciliationCreate": (Role.MEMBER, '(input: {leftIds: ["x"], rightIds: [], note: "n"})'),
    "reconciliationUndo": (Role.MEMBER, '(id: "x")'),
    "statementReconcile": (Role.MEMBER, '(accountId: "x", to: "2026-01-01")'),
    "reconciliationRuleCreate": (Role.ADMIN, "(input: {})"),
    "reconciliationRuleUpdate": (Role.ADMIN, '(id: "x", input: {})'),
    "reconciliationRuleRemove": (Role.ADMIN, '(id: "x")'),
}
# For whoever begins, is invited, or reads.
FOR_EVERYBODY = {
    "connectionLinkComplete",
    "invitationAccept",
    "notificationsMarkRead",
    "tenantCreate",
}
FINDING_NOTHING = sorted(name for name, (_, call) in MUTATIONS.items() if '"x"' in call)


def _document(name: str, call: str) -> str:
    return f"mutation {{ {name}{call} {{ userErrors {{ code message path }} }} }}"


def _below(role: Role) -> Role:
    return list(Role)[list(Role).index(role) - 1]


@pytest.mark.parametrize("name", sorted(MUTATIONS))
async def test_lower_role_is_told_which_one_it_needs(graph: Graph, name: str) -> None:
    role, call = MUTATIONS[name]
    place = await graph.world.place()
    user = await graph.user(place, _below(role))

    answer = await graph.ask(user, _document(name, call))

    (error,) = answer["userErrors"]
    assert error["code"] == "NOT_ALLOWED"
    assert role.name in error["message"]
    assert await _audited(graph) == []


async def test_a_viewer_and_whoever_is_below_changes_nothing(graph: Graph) -> None:
    place = await graph.world.place()
    users = {role: await graph.user(place, role) for role in Role}

    answers = {
        name: await graph.ask(users[_below(role)], _document(name, call))
        for name, (role, call) in OTHERS.items()
    }

    told = {name: [error["code"] for error in one["userErrors"]] for name, one in answers.items()}
    assert told == {name: ["NOT_ALLOWED"] for name in OTHERS}
    assert await _audited(graph) == []


def test_every_mutation_has_a_role() -> None:
    there = schema._schema.mutation_type
    assert there is not None
    assert {*MUTATIONS, *OTHERS, *FOR_EVERYBODY} == set(there.fields)


@pytest.mark.parametrize("name", FINDING_NOTHING)
async def test_right_role_finds_nothing_under_a_foreign_or_malformed_id(
    graph: Graph, name: str
) -> None:
    role, call = MUTATIONS[name]
    place = await graph.world.place()
    user = await graph.user(place, role)
    foreign = encode("Connection", (await graph.world.place()).connection_id)

    answers = [
        await graph.ask(user, _document(name, call.replace('"x"', f'"{id}"')))
        for id in ("x", "", ID, foreign)
    ]

    assert answers[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert answers == [answers[0]] * 4
    assert await _audited(graph) == []


@pytest.mark.parametrize("name", sorted(set(MUTATIONS) - set(FINDING_NOTHING)))
async def test_right_role_does_it_and_leaves_a_trace(graph: Graph, name: str) -> None:
    role, call = MUTATIONS[name]
    place = await graph.world.place()
    user = await graph.user(place, role)

    answer = await graph.ask(user, _document(name, call))

    assert answer["userErrors"] == []
    (event,) = await _audited(graph)
    assert event["user_id"] == user.user_id
    assert "@" not in str(event["data"])


async def test_mutation_without_a_tenant_asks_for_one(graph: Graph) -> None:
    place = await graph.world.place()
    alone = type(place.user)(user_id=place.user_id, tenant_id=None)

    answer = await graph.ask(alone, _document("accountCreate", MUTATIONS["accountCreate"][1]))

    (error,) = answer["userErrors"]
    assert error["code"] == "NOT_ALLOWED"
    assert "X-Tenant" in error["message"]


async def _audited(graph: Graph) -> list[Any]:
    return list(await graph.world.owner.fetch("select user_id, data from app.ingestion_audit_log"))
