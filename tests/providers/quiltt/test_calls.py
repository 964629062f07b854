"""Quiltt's abilities over a socket: test, refresh, revoke, link; and that its schema knows our
questions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from core.errors import BadInput
from core.provider_error import Action, ProviderError
from pipeline.provider_access import open_http
from providers import base
from providers.base import LinkAsk
from providers.http import Client, Retries
from providers.quiltt import queries
from providers.quiltt.access import QuilttCredentials
from providers.quiltt.connector import QUILTT
from providers.quiltt.links import close_session, open_session, profile_uuid
from providers.webhooks import Receiver
from sandbox.faults import FaultRule
from sandbox.quiltt_schema import schema_of
from tests.fixtures.quiltt_service import API_KEY, NOW, SPECS, Service
from tests.fixtures.quiltt_syncing import CONNECTOR_ID, application

REFERENCE = "persona-of-a-tenant"
DERIVED = SPECS / "quiltt-derived-2025-04.graphql"
ASKED = {
    "connection": queries.CONNECTION,
    "transactions": queries.transactions(of_plaid=False),
    "holdings": queries.HOLDINGS,
    "disconnect": queries.DISCONNECT,
}


class Unpaced:
    """Nobody waits."""

    async def take(self, endpoint: str) -> None:
        """Goes on at once."""


@pytest.fixture
async def client(quiltt: Service) -> AsyncIterator[Client]:
    async with open_http() as http:
        yield Client(
            http,
            app=application(quiltt),
            failures=QUILTT.failures,
            pace=Unpaced(),
            retries=Retries(initial=timedelta(milliseconds=1), most=timedelta(milliseconds=2)),
        )


def test_the_connector_has_its_abilities() -> None:
    for ability in (base.Testable, base.Refreshable, base.Revocable, base.Linkable, Receiver):
        assert isinstance(QUILTT, ability)


@pytest.mark.parametrize("name", sorted(ASKED))
def test_quiltts_schema_knows_what_is_asked(name: str) -> None:
    if not DERIVED.exists():
        pytest.skip(f"no {DERIVED}")
    schema = build_schema(DERIVED.read_text(encoding="utf-8"))

    assert validate(schema, parse(ASKED[name])) == []


def test_plaids_data_is_known_only_where_plaid_is() -> None:
    query = parse(queries.transactions(of_plaid=True))

    assert validate(schema_of(frozenset({"PLAID"})), query) == []
    assert validate(schema_of(frozenset({"MX"})), query) != []


async def test_credentials_that_work_are_told_from_those_that_do_not(
    quiltt: Service, client: Client
) -> None:
    held = _credentials(*quiltt.linked())
    await QUILTT.test(client, held)

    quiltt.control.error(held.connection_id)
    assert (await _refusal(QUILTT.test(client, held))).action is Action.REAUTH
    foreign = held.model_copy(update={"profile_id": quiltt.profile()})
    assert (await _refusal(QUILTT.test(client, foreign))).code == "not-found"
    unknown = held.model_copy(update={"profile_id": "p_unknown"})
    assert (await _refusal(QUILTT.test(client, unknown))).code == "application-refused"


async def test_a_refresh_asks_for_transactions_and_for_each_balance(
    quiltt: Service, client: Client
) -> None:
    held = _credentials(*quiltt.linked())
    quiltt.control.change(held.connection_id, sync=False, posted=1)
    before = len(quiltt.control.events())

    await QUILTT.refresh(client, held)

    types = [event["type"] for event in quiltt.control.events()[before:]]
    assert "connection.synced.successful" in types
    assert types.count("balance.created") >= 3


async def test_a_refresh_leaves_out_what_the_provider_cannot(
    quiltt: Service, client: Client
) -> None:
    quiltt.control.set(provider="PLAID")
    held = _credentials(*quiltt.linked(institution="Sandbox Credit Union"))

    await QUILTT.refresh(client, held)

    asked = quiltt.app.faults.requests("/v1/accounts")
    assert sorted(seen.status or 0 for seen in asked) == [202, 400]


async def test_a_refresh_that_runs_already_is_the_one_that_was_wanted(
    quiltt: Service, client: Client
) -> None:
    quiltt.control.set(refresh_after_s=60)
    held = _credentials(*quiltt.linked())

    await QUILTT.refresh(client, held)
    await QUILTT.refresh(client, held)

    assert [seen.status for seen in quiltt.app.faults.requests("/v1/connections")] == [202, 409]


async def test_a_refresh_too_soon_and_one_of_a_broken_connection_are_refused(
    quiltt: Service, client: Client
) -> None:
    held = _credentials(*quiltt.linked())
    await QUILTT.refresh(client, held)

    assert (await _refusal(QUILTT.refresh(client, held))).code == "rate-limited"
    quiltt.control.error(held.connection_id)
    assert (await _refusal(QUILTT.refresh(client, held))).code == "connection-not-active"


async def test_a_consent_is_ended_once_however_often_it_is_asked_for(
    quiltt: Service, client: Client
) -> None:
    held = _credentials(*quiltt.linked())

    await QUILTT.revoke(client, held)
    await QUILTT.revoke(client, held)
    await QUILTT.revoke(client, held.model_copy(update={"connection_id": "conn_unknown"}))

    assert quiltt.control.truth(held.connection_id)["connection"]["status"] == "DISCONNECTED"


async def test_a_person_has_one_profile_however_often_they_link(
    quiltt: Service, client: Client
) -> None:
    steps = [await QUILTT.begin(client, _ask()) for _ in range(3)]

    listed = quiltt.http.get("/v1/profiles").json()
    assert [one["uuid"] for one in listed] == [str(profile_uuid(REFERENCE))]
    assert listed[0]["metadata"] == {"reference": REFERENCE}
    assert {step.kept["profileId"] for step in steps} == {listed[0]["id"]}
    assert {step.widget["connectorId"] for step in steps} == {CONNECTOR_ID}
    assert all(step.expires_at == NOW + timedelta(minutes=15) for step in steps)
    assert len({step.token for step in steps}) == 3


async def test_a_profile_is_made_before_a_session_and_never_by_one(
    quiltt: Service, client: Client
) -> None:
    quiltt.app.faults.add(FaultRule(path="/v1/users/sessions", kind="status", status=500))
    await _refusal(QUILTT.begin(client, _ask()))
    await QUILTT.begin(client, _ask())

    assert len(quiltt.http.get("/v1/profiles").json()) == 1


async def test_a_link_is_complete_when_quiltt_says_whose_the_connection_is(
    quiltt: Service, client: Client
) -> None:
    step = await QUILTT.begin(client, _ask())
    profile_id = step.kept["profileId"]
    connection_id = quiltt.control.link(profile_id=profile_id)

    linked = await QUILTT.complete(
        client, _ask(), step.kept, {"connectionId": connection_id, "profileId": "p_other"}
    )

    assert linked.credentials == _credentials(profile_id, connection_id)
    assert linked.external_id == connection_id
    assert linked.environment == step.kept["environmentId"]
    assert linked.institution_name == "Sandbox First Bank"


@pytest.mark.parametrize(
    "answers", [{}, {"connectionId": ""}, {"connectionId": "p_1"}, {"connectionId": "conn_1/../x"}]
)
async def test_an_answer_that_names_no_connection_is_refused(
    client: Client, answers: dict[str, str]
) -> None:
    step = await QUILTT.begin(client, _ask())

    with pytest.raises(BadInput):
        await QUILTT.complete(client, _ask(), step.kept, answers)


async def test_a_connection_of_another_profile_is_not_taken(
    quiltt: Service, client: Client
) -> None:
    step = await QUILTT.begin(client, _ask())
    _, foreign = quiltt.linked()

    for connection_id in (foreign, "conn_doesnotexist"):
        with pytest.raises(BadInput) as refused:
            await QUILTT.complete(client, _ask(), step.kept, {"connectionId": connection_id})
        assert str(refused.value) == "The profile has no such connection."


async def test_a_connection_is_linked_again_under_its_own_profile(
    quiltt: Service, client: Client
) -> None:
    held = _credentials(*quiltt.linked())
    quiltt.control.error(held.connection_id)

    step = await QUILTT.begin(client, _ask(credentials=held))
    quiltt.control.reconnect(held.connection_id)
    linked = await QUILTT.complete(
        client, _ask(credentials=held), step.kept, {"connectionId": held.connection_id}
    )

    assert step.kept["profileId"] == held.profile_id
    assert step.widget == {"connectorId": CONNECTOR_ID, "connectionId": held.connection_id}
    assert linked.credentials == held
    other = {**step.kept, "profileId": quiltt.profile()}
    with pytest.raises(BadInput):
        await QUILTT.complete(
            client, _ask(credentials=held), other, {"connectionId": held.connection_id}
        )


async def test_an_ended_connection_is_not_linked(quiltt: Service, client: Client) -> None:
    step = await QUILTT.begin(client, _ask())
    connection_id = quiltt.control.link(profile_id=step.kept["profileId"])
    quiltt.control.disconnect(connection_id)

    refused = await _refusal(
        QUILTT.complete(client, _ask(), step.kept, {"connectionId": connection_id})
    )

    assert refused.code == "disconnected"


async def test_a_session_that_is_closed_does_not_count(quiltt: Service, client: Client) -> None:
    quiltt.control.set(sessions_hour_max=1)
    profile_id = quiltt.profile()
    session = await open_session(client, profile_id)

    assert (await _refusal(open_session(client, profile_id))).code == "rate-limited"
    await close_session(client, session.token)
    await close_session(client, session.token)
    await open_session(client, profile_id)


async def test_nothing_that_is_shown_has_a_key_or_a_token_in_it(
    quiltt: Service, client: Client
) -> None:
    step = await QUILTT.begin(client, _ask())
    assert step.token is not None
    session = await open_session(client, step.kept["profileId"])

    shown = repr((step, session, client.app, QUILTT.app.model_validate(dict(client.app))))

    assert API_KEY not in shown
    assert step.token not in shown
    assert session.token not in shown


@pytest.mark.parametrize(
    "wrong",
    [{"api_key": None}, {"connector_id": ""}, {"url": "api.quiltt.io"},
     {"auth_url": "https://auth.quiltt.io/"}, {"environment": "Prod env"}, {"unknown": "1"}],
)  # fmt: skip
def test_an_application_that_is_set_wrong_is_refused(wrong: dict[str, Any]) -> None:
    given = {"api_key": "key", "connector_id": "c"} | wrong

    with pytest.raises(ValueError, match="validation error"):
        QUILTT.app.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )


def _ask(*, credentials: QuilttCredentials | None = None) -> LinkAsk:
    return LinkAsk(
        now=NOW,
        reference=REFERENCE,
        callback_url="https://app.example/back",
        state="state",
        credentials=credentials,
        external_id=None if credentials is None else credentials.connection_id,
    )


def _credentials(profile_id: str, connection_id: str) -> QuilttCredentials:
    return QuilttCredentials(profile_id=profile_id, connection_id=connection_id)


async def _refusal(call: Any) -> ProviderError:
    with pytest.raises(ProviderError) as refused:
        await call
    return refused.value
