"""GraphQL of the simulated Quiltt: the nodes of one profile, and what may be changed.

    POST /v1/graphql   Basic `profileId:API_KEY`, or Bearer with a session token

Errors are HTTP 200 with `errors`, but for credentials that are wrong. Money is written with the
digits that it has.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn

from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo, graphql_sync
from starlette.requests import Request
from starlette.responses import Response

from sandbox.quiltt_answers import Refused, answer, refused
from sandbox.quiltt_links import disconnect, fail
from sandbox.quiltt_nodes import Nodes
from sandbox.quiltt_records import Account, Connection, Profile, Transaction
from sandbox.quiltt_schema import schema_of
from sandbox.quiltt_world import World, metadata_of

OPERATIONS_MAX: Final = 10
Asked = dict[str, Any]
Info = GraphQLResolveInfo[Any]

DOCUMENTATION: Final = "https://www.quiltt.dev/api/graphql"


class GraphQL:
    """The endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def answered(self, request: Request) -> Response:
        """Answer one operation, or a list of them."""
        raw = await request.body()
        with self._world.use():
            profile = self._profile(request.headers.get("authorization", ""))
            try:
                asked = json.loads(raw, parse_float=Decimal)
            except ValueError as error:
                raise refused(400, "Is the body valid JSON?") from error
            if isinstance(asked, list):
                return answer([self._answer(profile, each) for each in asked[:OPERATIONS_MAX]])
            return answer(self._answer(profile, asked))

    def _profile(self, authorization: str) -> Profile:
        scheme, _, credential = authorization.partition(" ")
        match scheme:
            case "Bearer":
                return self._world.sessions.of(credential).profile
            case "Basic":
                return self._profile_of_pair(credential)
            case _:
                raise _unauthenticated()

    def _profile_of_pair(self, credential: str) -> Profile:
        try:
            profile_id, _, secret = base64.b64decode(credential).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _unauthenticated() from error
        if not hmac.compare_digest(secret.encode(), self._world.api_key.encode()):
            raise _unauthenticated()
        try:
            profile = self._world.profile(profile_id)
        except Refused as error:
            raise _unauthenticated() from error
        if profile.deleting:
            raise _unauthenticated()
        return profile

    def _answer(self, profile: Profile, asked: Any) -> dict[str, Any]:
        if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
            return {"errors": [_error("No query string was present", "BAD_USER_INPUT")]}
        failure = self._failure()
        if failure is not None and not failure["is_partial"]:
            return {"data": None, "errors": [_error(failure["message"], failure["code"])]}
        done = graphql_sync(
            schema_of(self._providers()),
            asked["query"],
            root_value=_Root(self._world, profile).fields(),
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        said = _said(done)
        if failure is not None:
            said["errors"] = [_error(failure["message"], failure["code"])]
        return said

    def _failure(self) -> dict[str, Any] | None:
        """The failure that was asked for, if it is due."""
        for failure in self._world.graphql_failures:
            if failure["after"] > 0:
                failure["after"] -= 1
            elif failure["times"] > 0:
                failure["times"] -= 1
                return failure
        return None

    def _providers(self) -> frozenset[str]:
        in_use = {each.provider for each in self._world.connections.values()}
        return frozenset({self._world.settings.provider, *in_use})


class _Root:
    """The root fields as one profile has them."""

    def __init__(self, world: World, profile: Profile) -> None:
        self._world = world
        self._profile = profile
        self._nodes = Nodes(world, profile)

    def fields(self) -> dict[str, Callable[..., Any]]:
        nodes = self._nodes
        return {
            "profile": lambda _: nodes.profile(),
            "connection": lambda _, id: nodes.connection(self._connection(id)),
            "connections": lambda _, **asked: nodes.connections(**asked),
            "account": lambda _, id: nodes.account(self._account(id)),
            "accounts": lambda _, **asked: nodes.accounts(**asked),
            "transaction": lambda _, id: nodes.transaction(self._transaction(id)),
            "transactions": lambda _, **asked: nodes.transactions(None, **asked),
            "holding": lambda _, id: nodes.holding_of(id) or _missing(),
            "holdings": lambda _, **asked: nodes.holdings(None, **asked),
            "connectionDisconnect": self._disconnect,
            "connectionSimulateError": self._simulate_error,
            "connectionUpdate": self._update_connection,
            "accountUpdate": self._update_account,
            "transactionUpdate": self._update_transaction,
            "profileUpdate": self._update_profile,
        }

    def _connection(self, connection_id: str) -> Connection:
        found = self._world.connections.get(connection_id)
        return found if found and found.profile_id == self._profile.id else _missing()

    def _account(self, account_id: str) -> Account:
        found = self._world.accounts.get(account_id)
        return found if found and found.profile_id == self._profile.id else _missing()

    def _transaction(self, transaction_id: str) -> tuple[Account, Transaction]:
        for account in self._world.accounts_of_profile(self._profile):
            if transaction_id in account.transactions:
                return account, account.transactions[transaction_id]
        return _missing()

    def _disconnect(self, _: Info, input: Asked) -> dict[str, Any]:
        connection = self._connection(input["id"])
        return self._done(input, lambda: disconnect(self._world, connection), connection)

    def _simulate_error(self, _: Info, input: Asked) -> dict[str, Any]:
        connection = self._connection(input["id"])
        if self._world.settings.mode == "PRODUCTION":
            return _rejected(input, "Errors cannot be simulated in PRODUCTION")
        return self._done(input, lambda: fail(self._world, connection, "repairable"), connection)

    def _update_connection(self, _: Info, input: Asked) -> dict[str, Any]:
        connection = self._connection(input["id"])
        return self._done(input, lambda: _mark(connection, input), connection)

    def _update_account(self, _: Info, input: Asked) -> dict[str, Any]:
        account = self._account(input["id"])
        return self._done(input, lambda: _mark(account, input), account)

    def _update_transaction(self, _: Info, input: Asked) -> dict[str, Any]:
        account, transaction = self._transaction(input["id"])
        return self._done(input, lambda: _mark(transaction, input), (account, transaction))

    def _update_profile(self, _: Info, input: Asked) -> dict[str, Any]:
        wanted = {name: value for name, value in input.items() if name != "clientMutationId"}
        if wanted.get("dateOfBirth"):
            wanted["dateOfBirth"] = wanted["dateOfBirth"].isoformat()
        profile = self._profile
        return self._done(input, lambda: self._world.update_profile(profile, wanted), profile)

    def _done(self, input: Asked, action: Callable[[], object], record: Any) -> dict[str, Any]:
        """The payload of a mutation; what the service does not do is told in it."""
        try:
            action()
        except Refused as error:
            if "instruction" in error.body:
                return _rejected(input, error.body["instruction"])
            return _rejected(input, *(text for texts in error.body.values() for text in texts))
        return {
            "success": True,
            "record": self._nodes.of(record),
            "errors": None,
            "clientMutationId": input.get("clientMutationId"),
        }


def _mark(record: Account | Connection | Transaction, input: Asked) -> None:
    if "metadata" in input:
        record.metadata = metadata_of(input["metadata"])


def _rejected(input: Asked, *messages: str) -> dict[str, Any]:
    return {
        "success": False,
        "record": None,
        "errors": [{"message": message, "path": ["input"]} for message in messages],
        "clientMutationId": input.get("clientMutationId"),
    }


def _missing() -> NoReturn:
    raise GraphQLError("Not Found", extensions={"code": "NOT_FOUND"})


def _unauthenticated() -> Refused:
    return refused(401, "Are you sending valid credentials in the `Authorization` header?")


def _said(done: ExecutionResult) -> dict[str, Any]:
    """The answer; where nothing of it could be read, `data` is null."""
    if not done.errors:
        return {"data": done.data}
    errors = [
        _error(
            each.message,
            (each.extensions or {}).get("code", "GRAPHQL_VALIDATION_FAILED"),
            path=each.path,
        )
        for each in done.errors
    ]
    has_data = any(value is not None for value in (done.data or {}).values())
    return {"data": done.data if has_data else None, "errors": errors}


def _error(message: str, code: str, *, path: list[str | int] | None = None) -> dict[str, Any]:
    extensions = {
        "code": code,
        "instruction": "Look the request up in the documentation.",
        "documentationUrl": DOCUMENTATION,
    }
    return {"message": message, "extensions": extensions, **({"path": path} if path else {})}
