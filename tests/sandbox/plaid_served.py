"""The simulated Plaid on a socket, and a client that does what tests do all the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import httpx

from sandbox.plaid import PlaidSandbox, create_app
from sandbox.plaid_control import Control
from sandbox.serving import serving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLIENT_ID, SECRET = "client-of-tests", "secret-of-tests"
CREDENTIALS = {"PLAID-CLIENT-ID": CLIENT_ID, "PLAID-SECRET": SECRET}
PAGES_MAX = 1_000
PLATYPUS = "ins_109508"
MUTATION = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"
LINK: dict[str, Any] = {
    "client_name": "Bankfeeds",
    "language": "en",
    "country_codes": ["US"],
    "user": {"client_user_id": "an-opaque-id"},
    "products": ["transactions"],
}
_PEOPLE = count(1)  # every Item is of another person, unless a test names one


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """An Item of the client."""

    access_token: str
    item_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A sandbox and the way to it."""

    app: PlaidSandbox
    url: str
    http: httpx.Client

    @property
    def control(self) -> Control:
        return self.app.control

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        reply = self.http.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return parsed(reply)

    def refused(self, path: str, **body: Any) -> dict[str, Any]:
        reply = self.http.post(path, json=body)
        assert reply.status_code >= 400, reply.text
        return parsed(reply)

    def public_token(
        self,
        username: str | None = None,
        *,
        products: tuple[str, ...] = ("transactions",),
        institution_id: str = PLATYPUS,
        days: int = 730,
        webhook: str | None = None,
    ) -> str:
        options = {
            "override_username": username or f"user_good_{next(_PEOPLE)}",
            "override_password": "pass_good",
            "transactions": {"days_requested": days},
            **({"webhook": webhook} if webhook else {}),
        }
        told = self.post(
            "/sandbox/public_token/create",
            institution_id=institution_id,
            initial_products=list(products),
            options=options,
        )
        return str(told["public_token"])

    def link(self, username: str | None = None, **options: Any) -> Linked:
        public_token = self.public_token(username, **options)
        told = self.post("/item/public_token/exchange", public_token=public_token)
        return Linked(access_token=told["access_token"], item_id=told["item_id"])

    def pages(
        self, item: Linked, cursor: str = "", size: int = 500, **options: Any
    ) -> list[dict[str, Any]]:
        pages = []
        for _ in range(PAGES_MAX):
            page = self.post(
                "/transactions/sync",
                access_token=item.access_token,
                cursor=cursor,
                count=size,
                options=options,
            )
            pages.append(page)
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return pages
        raise AssertionError(f"after {PAGES_MAX} pages there is always another")


class Mirror:
    """A client's copy of an Item's transactions, kept as Plaid's documentation says."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.cursor = ""

    def apply(self, pages: list[dict[str, Any]]) -> None:
        for page in pages:
            for row in (*page["added"], *page["modified"]):
                self.rows[row["transaction_id"]] = row
            for row in page["removed"]:
                self.rows.pop(row["transaction_id"], None)
        self.cursor = pages[-1]["next_cursor"]


def parsed(reply: httpx.Response) -> dict[str, Any]:
    value: dict[str, Any] = reply.json(parse_float=Decimal)
    return value


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """The transaction ids of rows."""
    return [row["transaction_id"] for row in rows]


def sync(plaid: Served, item: Linked, **body: Any) -> dict[str, Any]:
    """One page of /transactions/sync."""
    return plaid.post("/transactions/sync", access_token=item.access_token, **body)


def mirrored(plaid: Served, item: Linked) -> Mirror:
    """A copy of all that there is now."""
    mirror = Mirror()
    mirror.apply(plaid.pages(item))
    return mirror


def link_token_of(plaid: Served, **changes: Any) -> str:
    asked = {key: value for key, value in {**LINK, **changes}.items() if value is not None}
    return str(plaid.post("/link/token/create", **asked)["link_token"])


def truth(served: Served, item: Linked) -> dict[str, dict[str, Any]]:
    """The Item's transactions by id, as the sandbox knows them."""
    told = parsed(served.http.get(f"/_sandbox/items/{item.item_id}/truth"))
    rows = {row["transaction_id"]: row for row in told["transactions"]}
    for row in rows.values():
        row["original_description"] = None  # sent on request only
    return rows


@contextmanager
def served_plaid(
    seed: int = 7, *, now: Callable[[], datetime] = lambda: NOW, **options: Any
) -> Iterator[Served]:
    """A sandbox of its own."""
    app = create_app(seed=seed, client_id=CLIENT_ID, secret=SECRET, now=now, **options)
    app.control.set_history(days=90, per_day=2)
    app.control.set_pace(initial_s=0, historical_s=0)
    with serving(app) as url, httpx.Client(base_url=url, headers=CREDENTIALS) as http:
        yield Served(app=app, url=url, http=http)
