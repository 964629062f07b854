"""A request with a mistake in it is told where the mistake is, and not what stands there."""

from __future__ import annotations

from typing import Any, Final

import pytest
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values

from api.documents import Documents, Rejected
from api.errors import request_errors
from api.operations import OperationRequest, Operations
from schema.build import schema
from schema.context import open as open_context

SECRET: Final = "hunter2"
CREATE: Final = "{ connection { id } userErrors { code } }"
GIVEN: Final = (
    f"mutation ($input: ConnectionCreateInput!) {{ connectionCreate(input: $input) {CREATE} }}"
)
LITERALS: Final = (
    f'sftp: {{host: "h", password: "{SECRET}", unknown: 1}}',
    f"sftp: {{password: {SECRET}}}",
    f'sftp: {{password: ["{SECRET}"]}}',
    f'sftp: "{SECRET}"',
    f'mailbox: {{password: {{text: "{SECRET}"}}}}',
    f'profileId: {{text: "{SECRET}"}}',
    f'mailbox: ["{SECRET}", 1]',
)
VARIABLES: Final = (
    {"name": "a", "sftp": {"password": {"text": SECRET}}},
    {"name": "a", "sftp": {"password": SECRET, "unknown": 1}},
    {"name": "a", "sftp": SECRET},
    {"sftp": {"password": SECRET}},
    {"name": "a", "profileId": {"text": SECRET}},
)


@pytest.mark.parametrize("production", [True, False])
@pytest.mark.parametrize("literal", LITERALS)
def test_a_mistake_in_a_document_tells_no_value(literal: str, production: bool) -> None:
    text = f'mutation {{ connectionCreate(input: {{name: "a", {literal}}}) {CREATE} }}'

    with pytest.raises(Rejected) as rejected:
        Documents(schema, production=production).prepare(text)

    told = request_errors(rejected.value.errors, "id")
    assert told
    assert SECRET not in str(told)


@pytest.mark.parametrize("given", VARIABLES, ids=str)
def test_a_mistake_in_variables_tells_no_value(given: dict[str, Any]) -> None:
    (operation,) = parse(GIVEN).definitions
    assert isinstance(operation, OperationDefinitionNode)

    errors = get_variable_values(
        schema._schema, operation.variable_definitions or (), {"input": given}
    )

    assert isinstance(errors, list)
    assert SECRET not in str(request_errors(errors, "id"))
    assert "$input" in str(request_errors(errors, "id"))


@pytest.mark.parametrize("production", [True, False])
def test_a_mistake_in_variables_is_met_with_suggestions_in_development_alone(
    production: bool,
) -> None:
    operations = Operations(schema, open_context=open_context, production=production)
    query = "query ($by: TransactionOrder) { transactions(orderBy: $by) { edges { cursor } } }"

    with pytest.raises(Rejected) as rejected:
        operations.prepare(OperationRequest(query=query, variables={"by": "AMOUNT_DES"}))

    assert ("Did you mean" in str(rejected.value.errors)) is not production
