"""Linking at Quiltt: a profile for each persona, a session for the Connector, a connection.

A session without a profile would make another profile, without a word: so the profile is made
first, under a UUID that follows from whom it is for. Made twice, it is still one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

from core.errors import BadInput
from core.provider_error import ErrorKind, ProviderError
from providers.base import LinkAsk, Linked, LinkKind, LinkStep
from providers.http import Client, unreadable
from providers.quiltt.access import QuilttCredentials
from providers.quiltt.calls import ask, object_of, of_application
from providers.quiltt.errors import refuse

SESSION_MAX: Final = timedelta(minutes=15)  # Quiltt's own live for a day
SESSIONS: Final = "/v1/users/sessions"
SESSION: Final = "/v1/users/session"
PROFILES: Final = "/v1/profiles"
PROFILE_ID, ENVIRONMENT_ID = "profileId", "environmentId"  # what is kept of a begun link
CONNECTION_ID: Final = "connectionId"  # what the browser answers with
CONNECTOR_ID: Final = "connectorId"  # what it needs to open the Connector

_ENDED: Final = frozenset({"DISCONNECTING", "DISCONNECTED"})
_CONNECTION: Final = re.compile(r"conn_[A-Za-z0-9]{1,100}")
_LINKED: Final = """
query Linked($connection: ID!) {
  connection(id: $connection) { id status institution { id name } }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A token with which a browser acts for one profile."""

    token: str = field(repr=False)
    profile_id: str
    environment_id: str
    expires_at: datetime  # Quiltt's


def profile_uuid(reference: str) -> UUID:
    """The UUID of the profile of whom a reference is of."""
    return uuid5(NAMESPACE_URL, f"bankfeeds:quiltt:{reference}")


async def make_profile(client: Client, reference: str) -> None:
    """Makes the profile, unless it is there. Raises ProviderError."""
    wanted = {"uuid": str(profile_uuid(reference)), "metadata": {"reference": reference}}
    try:
        await client.post(
            PROFILES,
            json=wanted,
            headers=of_application(client),
            endpoint="profiles",
            may_repeat=True,
        )
    except ProviderError as error:
        if error.code != "busy":  # 409: the UUID is taken, by this very profile
            raise


async def open_session(client: Client, profile: str) -> Session:
    """A session of an existing profile, by its id or UUID. Raises ProviderError."""
    response = await client.post(
        f"{client.app.auth_url}{SESSIONS}",
        json={"userId": profile},
        headers=of_application(client),
        endpoint="sessions",
    )
    said = object_of(response)
    return Session(
        token=_said(said, "token"),
        profile_id=_said(said, "userId"),
        environment_id=_said(said, ENVIRONMENT_ID),
        expires_at=_instant(_said(said, "expiresAt")),
    )


async def close_session(client: Client, token: str) -> None:
    """Ends a session, so that it no longer counts. Raises ProviderError."""
    try:
        await client.delete(
            f"{client.app.auth_url}{SESSION}",
            headers={"authorization": f"Bearer {token}"},
            endpoint="session",
        )
    except ProviderError as error:
        if error.kind is not ErrorKind.AUTHENTICATION:  # it has ended by itself
            raise


async def begin(client: Client, asked: LinkAsk) -> LinkStep:
    """The session with which the Connector is opened. Raises ProviderError."""
    session: Session = asked.session or await _session(client, asked)
    widget = {CONNECTOR_ID: client.app.connector_id}
    if asked.external_id is not None:
        widget[CONNECTION_ID] = asked.external_id
    return LinkStep(
        kind=LinkKind.TOKEN,
        url=_page(client.app.page_url, session, asked),
        token=session.token,
        expires_at=min(asked.now + SESSION_MAX, session.expires_at),
        widget=widget,
        kept={PROFILE_ID: session.profile_id, ENVIRONMENT_ID: session.environment_id},
    )


async def _session(client: Client, asked: LinkAsk) -> Session:
    known: QuilttCredentials | None = asked.credentials
    if known is not None:
        return await open_session(client, known.profile_id)
    await make_profile(client, asked.reference)
    return await open_session(client, str(profile_uuid(asked.reference)))


def _page(page_url: str | None, session: Session, asked: LinkAsk) -> str | None:
    """The Connector as a page, where the operator has one."""
    if page_url is None:
        return None
    question = {"token": session.token, "redirect_uri": asked.callback_url}
    if asked.external_id is not None:
        question["connection_id"] = asked.external_id
    return f"{page_url}?{urlencode(question)}"


async def complete(
    client: Client, asked: LinkAsk, kept: Mapping[str, str], answers: Mapping[str, str]
) -> Linked:
    """The connection that a browser names: whether it is the profile's, Quiltt says, not the
    browser. Raises BadInput and ProviderError."""
    connection_id = answers.get(CONNECTION_ID, "")
    if not _CONNECTION.fullmatch(connection_id):
        raise BadInput("The Connector names no connection.")
    profile_id = kept[PROFILE_ID]
    if asked.credentials is not None and asked.credentials.profile_id != profile_id:
        raise BadInput("The connection is of another profile.")
    try:
        answer = await ask(client, _LINKED, {"connection": connection_id}, profile_id=profile_id)
    except ProviderError as error:
        if error.code == "not-found":
            raise _foreign() from None
        raise
    connection = answer.data.get("connection")
    if not isinstance(connection, dict) or connection.get("id") != connection_id:
        raise _foreign()
    if connection.get("status") in _ENDED:
        refuse(str(connection["status"]))
    institution = connection.get("institution")
    bank: Mapping[str, Any] = institution if isinstance(institution, dict) else {}
    return Linked(
        credentials=QuilttCredentials(profile_id=profile_id, connection_id=connection_id),
        external_id=connection_id,
        environment=kept[ENVIRONMENT_ID],
        also_named=(profile_id,),
        institution_id=bank.get("id"),
        institution_name=bank.get("name"),
    )


def _said(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise unreadable()
    return value


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise unreadable() from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _foreign() -> BadInput:
    """Nobody is told whether it is another's or no connection at all."""
    return BadInput("The profile has no such connection.")
