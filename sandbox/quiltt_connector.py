"""The Connector of the simulated Quiltt: a page on which a user logs in at a bank.

    GET  /connector/{connector_id}?token=&redirect_uri=[&connection_id=]   log in, or again
    POST /connector/{connector_id}                                         the steps of that form

The real one is a script in the page of whoever embeds it, and calls back there. This one goes to
`redirect_uri`, on the loopback interface only, with `type` (exited.successful or exited.aborted),
`connectorId`, `profileId` and `connectionId`.
"""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.loopback import is_here
from sandbox.quiltt_answers import Refused
from sandbox.quiltt_bank import INSTITUTIONS, PASSWORD, USER
from sandbox.quiltt_links import FIRST, link, relink
from sandbox.quiltt_records import Profile
from sandbox.quiltt_world import World

CARRIED: Final = ("token", "redirect_uri", "connection_id")

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 2rem auto }}
label, fieldset, button {{ display: block; margin: 0.75rem 0 }}
input[type=text], input[type=password], select {{ display: block; width: 100%; padding: 0.5rem }}
[role=alert] {{ border-left: 4px solid #b00020; padding-left: 0.75rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>This bank is simulated: log in as <code>{user}</code> with <code>{password}</code>.</p>
{alert}
{form}
</main>
</body>
</html>
"""
_LOGIN: Final = """<label>User name
<input type="text" name="username" autocomplete="username" required></label>
<label>Password
<input type="password" name="password" autocomplete="current-password" required></label>
"""


class Connector:
    """The page and its steps."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        path = "/connector/{connector_id}"
        return [
            Route(path, self.opened, methods=["GET"]),
            Route(path, self.stepped, methods=["POST"]),
        ]

    async def opened(self, request: Request) -> Response:
        """The first step."""
        asked = {name: request.query_params.get(name, "") for name in CARRIED}
        with self._world.use():
            refusal = self._refusal(asked)
            return refusal or self._login(asked)

    async def stepped(self, request: Request) -> Response:
        """The next step, or the way back to where the user came from."""
        asked_for = parse_qs((await request.body()).decode(), keep_blank_values=True)
        said = {name: values[0] for name, values in asked_for.items()}
        connector_id = request.path_params["connector_id"]
        with self._world.use():
            refusal = self._refusal(said)
            if refusal is not None:
                return refusal
            if "cancel" in said:
                return _back(said, "exited.aborted", {"connectorId": connector_id})
            if (said.get("username"), said.get("password")) != (USER, PASSWORD):
                return self._login(said, "The user name or the password is wrong.")
            profile = self._world.sessions.of(said["token"]).profile
            if said.get("connection_id"):
                return self._reconnected(connector_id, profile, said)
            return self._connected(connector_id, profile, said, asked_for.get("account"))

    def _refusal(self, said: dict[str, str]) -> Response | None:
        """What keeps the page from opening."""
        try:
            profile = self._world.sessions.of(said.get("token", "")).profile
        except Refused:
            return _page("Session expired", "", "The session token is missing or has expired.", 401)
        if said.get("redirect_uri") and not is_here(said["redirect_uri"]):
            text = "The way back must be on the loopback interface."
            return _page("Not possible", "", text, 400)
        connection = self._world.connections.get(said.get("connection_id", ""))
        if said.get("connection_id") and (
            connection is None or connection.profile_id != profile.id
        ):
            return _page("Not found", "", "There is no such connection.", 404)
        return None

    def _login(self, said: dict[str, str], alert: str = "") -> Response:
        status = 422 if alert else 200
        connection = self._world.connections.get(said.get("connection_id", ""))
        if connection is not None:
            form = _form(said, _LOGIN, "Reconnect")
            return _page(f"Reconnect {connection.institution}", form, alert, status)
        options = "".join(f"<option>{escape(name)}</option>" for name in INSTITUTIONS)
        choice = f'<label>Bank\n<select name="institution">{options}</select></label>\n'
        return _page("Connect a bank", _form(said, choice + _LOGIN, "Continue"), alert, status)

    def _connected(
        self, connector_id: str, profile: Profile, said: dict[str, str], names: list[str] | None
    ) -> Response:
        institution = said.get("institution") or FIRST
        if names is None:
            alert = "Choose at least one account." if "is_choosing" in said else ""
            return _accounts(said, institution, alert)
        try:
            connection = link(self._world, profile, institution=institution, names=names)
        except Refused:
            return _page("Not possible", "", "The bank does not have this account.", 422)
        done = {
            "connectorId": connector_id,
            "profileId": profile.id,
            "connectionId": connection.id,
        }
        return _back(said, "exited.successful", done)

    def _reconnected(self, connector_id: str, profile: Profile, said: dict[str, str]) -> Response:
        kept = self._world.connections[said["connection_id"]]
        try:
            connection = relink(self._world, kept, self._world.settings.relink)
        except Refused as error:
            return _page("Not possible", "", error.body["instruction"], 409)
        done = {
            "connectorId": connector_id,
            "profileId": profile.id,
            "connectionId": connection.id,
        }
        return _back(said, "exited.successful", done)


def _accounts(said: dict[str, str], institution: str, alert: str) -> Response:
    """Which accounts to share."""
    boxes = "".join(
        f'<label><input type="checkbox" name="account" value="{escape(each.name)}" checked> '
        f"{escape(each.name)} ({each.currency})</label>\n"
        for each in INSTITUTIONS.get(institution, ())
    )
    fields = f"<fieldset><legend>Accounts to share</legend>\n{boxes}</fieldset>\n"
    carried = {**said, "is_choosing": "yes"}
    names = (*CARRIED, "institution", "username", "password", "is_choosing")
    form = _form(carried, fields, "Share", carried=names)
    return _page(institution, form, alert, 422 if alert else 200)


def _form(
    said: dict[str, str], fields: str, action: str, *, carried: tuple[str, ...] = CARRIED
) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(said[name])}">\n'
        for name in carried
        if said.get(name)
    )
    return (
        f'<form method="post" action="?">\n{hidden}{fields}'
        f'<button type="submit">{action}</button>\n'
        '<button type="submit" name="cancel" value="yes" formnovalidate>Cancel</button>\n</form>'
    )


def _page(title: str, form: str, alert: str, status: int) -> Response:
    text = _PAGE.format(
        title=escape(title),
        user=USER,
        password=PASSWORD,
        alert=f'<p role="alert">{escape(alert)}</p>' if alert else "",
        form=form,
    )
    headers = {
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
    }
    return HTMLResponse(text, status, headers)


def _back(said: dict[str, str], event: str, done: dict[str, str]) -> Response:
    """To the way back with what came of it; a page says it where there is none."""
    result = {"type": event, **done}
    if not said.get("redirect_uri"):
        return _page("Done", "", f"{event}: {done.get('connectionId', 'no connection')}", 200)
    parts = urlsplit(said["redirect_uri"])
    query = "&".join(filter(None, (parts.query, urlencode(result))))
    return RedirectResponse(urlunsplit(parts._replace(query=query)), 303)
