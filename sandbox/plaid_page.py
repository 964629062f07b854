"""The page at which a user logs in to a bank and chooses accounts, instead of Plaid Link.

    GET  /link/{link_token}   the form: institution, username, password
    POST /link/{link_token}   institution_id, username, password → the accounts to choose from;
                              with `accounts` as well (their numbers, or "all") → done;
                              with `leave` → left without linking

Done, the browser is sent to the completion or redirect address of the link token, with link_token
and public_token in its query (no public_token in update mode; status=exited after leaving); where
the link token has no address, the page shows the public token.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.plaid_bank import Bank
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_institutions import INSTITUTIONS, institution
from sandbox.plaid_item import Item
from sandbox.plaid_link import finish, linked, offered, repaired, usable
from sandbox.plaid_sessions import LinkToken
from sandbox.plaid_users import AccountPlan, logged_in

FORM_BYTES_MAX: Final = 64 * 1024
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "referrer-policy": "no-referrer",
}
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}"
    "label{display:block;margin:.75rem 0}input,select,button{font:inherit;padding:.4rem}"
    "input:not([type=checkbox]),select{display:block;width:100%;box-sizing:border-box}"
    "[role=alert]{color:#a40000;font-weight:bold}"
)

Form = dict[str, list[str]]


class Pages:
    """The page's two requests."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    async def get(self, request: Request) -> Response:
        """The first form."""
        with self._bank.lock:
            try:
                token = usable(self._bank, request.path_params["link_token"])
            except PlaidError as error:
                return _page("This link is no longer valid", _alert(error), status=400)
            return _login_page(self._bank, token, {}, None)

    async def post(self, request: Request) -> Response:
        """A form that was sent."""
        body = await request.body()
        if len(body) > FORM_BYTES_MAX:
            return _page("The form is too large", "", status=413)
        form = parse_qs(body.decode("utf-8", "replace"))
        with self._bank.lock:
            try:
                token = usable(self._bank, request.path_params["link_token"])
            except PlaidError as error:
                return _page("This link is no longer valid", _alert(error), status=400)
            if "leave" in form:
                finish(self._bank, token, None, None)
                return _done(token, {"status": "exited"})
            try:
                if token.item_id is not None:
                    return self._repair(token, self._bank.items[token.item_id], form)
                return self._link(token, form)
            except PlaidError as error:
                return _login_page(self._bank, token, form, error)

    def _link(self, token: LinkToken, form: Form) -> Response:
        bank, username, password = self._bank, _one(form, "username"), _one(form, "password")
        known = institution(_one(form, "institution_id"))
        plans = logged_in(username, password)
        numbers = offered(token, plans)
        chosen = _chosen(form, numbers)
        if not chosen:
            return _accounts_page(form, plans, numbers)
        item = bank.link(
            institution=known,
            username=username,
            password=password,
            products=token.products_at(known.products),
            webhook=token.webhook,
        )
        return _done(token, {"public_token": linked(bank, token, item, chosen)})

    def _repair(self, token: LinkToken, item: Item, form: Form) -> Response:
        if _one(form, "username") != item.username:
            raise PlaidError("INVALID_CREDENTIALS")
        plans = logged_in(item.username, _one(form, "password"))
        numbers = offered(token, plans)
        chosen = _chosen(form, numbers)
        if token.add_accounts and not chosen:
            return _accounts_page(form, plans, numbers)
        repaired(self._bank, token, item, chosen if token.add_accounts else [])
        return _done(token, {})


def _login_page(bank: Bank, token: LinkToken, form: Form, error: PlaidError | None) -> Response:
    item = bank.items[token.item_id] if token.item_id is not None else None
    wanted = item.institution.institution_id if item else token.asked.get("institution_id")
    wanted = wanted or _one(form, "institution_id")
    options = "".join(
        f'<option value="{known.institution_id}"'
        f"{' selected' if known.institution_id == wanted else ''}>{escape(known.name)}</option>"
        for known in INSTITUTIONS.values()
        if item is None or known == item.institution
    )
    username = _one(form, "username") or (item.username if item else "")
    body = (
        f"{_alert(error) if error else ''}"
        "<p>A simulated bank: log in as <code>user_good</code> with <code>pass_good</code>.</p>"
        f'<form method="post"><label>Institution <select name="institution_id">{options}</select>'
        '</label><label>Username <input name="username" required autocomplete="off"'
        f' value="{escape(username)}"></label>'
        '<label>Password <input name="password" type="password" required autocomplete="off">'
        "</label><button>Continue</button> "
        '<button name="leave" value="1" formnovalidate>Leave</button></form>'
    )
    name = escape(str(token.asked["client_name"]))
    return _page(f"{name} wants to see your accounts", body, status=400 if error else 200)


def _accounts_page(form: Form, plans: Sequence[AccountPlan], numbers: list[int]) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(_one(form, name))}">'
        for name in ("institution_id", "username", "password")
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="accounts" value="{number}" checked> '
        f"{escape(plans[number].name)} {escape(plans[number].mask or '')}</label>"
        for number in numbers
    )
    body = (
        f'<form method="post">{hidden}<fieldset><legend>Accounts</legend>{boxes}</fieldset>'
        '<p><button>Share these accounts</button> <button name="leave" value="1">Leave</button>'
        "</p></form>"
    )
    return _page("Choose what to share", body if numbers else "<p>No account can be shared.</p>")


def _done(token: LinkToken, told: dict[str, str]) -> Response:
    if token.completion_uri is not None:
        query = urlencode({"link_token": token.link_token, **told})
        mark = "&" if "?" in token.completion_uri else "?"
        return RedirectResponse(f"{token.completion_uri}{mark}{query}", 303, _HEADERS)
    shown = "".join(
        f"<dt>{name}</dt><dd><code>{escape(value)}</code></dd>" for name, value in told.items()
    )
    return _page("Done", f"<p>You may close this page.</p><dl>{shown}</dl>")


def _chosen(form: Form, numbers: list[int]) -> list[int]:
    values = form.get("accounts", [])
    return [number for number in numbers if values == ["all"] or str(number) in values]


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _alert(error: PlaidError) -> str:
    return f'<p role="alert">{escape(error.display or error.message)} ({error.code})</p>'


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>",
        status,
        _HEADERS,
    )
