"""Plaid in the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import SecretStr

from core.provider_error import Action, ErrorKind
from providers.base import LinkAsk, Linked, Page
from providers.http import Client
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidApp
from providers.webhooks import Incoming
from sandbox.faults import Faults
from sandbox.plaid import PlaidSandbox, create_app
from sandbox.plaid_outbox import HEADER
from sandbox.serving import serving
from tests.contracts.base import Adapter, Golden, Letter

CLIENT_ID: Final = "client-of-contracts"
SECRET: Final = "secret-of-contracts-8f2c"
PLATYPUS: Final = "ins_109508"


@dataclass(slots=True, kw_only=True)
class Plaid:
    """The simulated Plaid with a short history."""

    url: str
    app: PlaidApp
    sandbox: PlaidSandbox

    @property
    def faults(self) -> Faults:
        return self.sandbox.faults

    async def link(self, client: Client) -> Linked:
        told = await client.post(
            "/sandbox/public_token/create",
            json={
                "institution_id": PLATYPUS,
                "initial_products": ["transactions"],
                "options": {
                    "override_username": "user_good",
                    "override_password": "pass_good",
                    "webhook": "http://127.0.0.1:1/nobody",
                    "transactions": {"days_requested": 730},
                },
            },
            headers={"PLAID-CLIENT-ID": CLIENT_ID, "PLAID-SECRET": SECRET},
        )
        ask = LinkAsk(
            now=self.now(),
            reference="persona-1",
            callback_url="http://localhost/linked",
            state="state",
        )
        return await PLAID.complete(client, ask, {}, {"public_token": told.json()["public_token"]})

    def move(self, linked: Linked) -> None:
        step: dict[str, Any] = {"added": 3, "pending": 2, "modified": 2, "removed": 1}
        self.sandbox.control.advance(linked.external_id, **step)

    def letter(self, linked: Linked) -> Letter:
        self.sandbox.control.fire(linked.external_id, "NEW_ACCOUNTS_AVAILABLE")
        letter = self.sandbox.control.webhooks()[-1]
        assert letter.token is not None
        request = Incoming(
            headers={HEADER: letter.token, "content-type": "application/json"},
            body=letter.body,
            received_at=self.now(),
            url="http://127.0.0.1:1/nobody",
        )
        return Letter(request=request, signature=HEADER)

    def now(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def _open() -> Iterator[Plaid]:
    sandbox = create_app(seed=5, client_id=CLIENT_ID, secret=SECRET, now=lambda: datetime.now(UTC))
    sandbox.control.set_history(days=60, per_day=1)
    sandbox.control.set_pace(initial_s=0, historical_s=0)
    with serving(sandbox) as url:
        app = PlaidApp(url=url, client_id=CLIENT_ID, secret=SecretStr(SECRET))
        yield Plaid(url=url, app=app, sandbox=sandbox)


_REMOVED: Final = b"""{
  "accounts": [],
  "added": [],
  "modified": [],
  "removed": [{"account_id": "acc-1", "transaction_id": "tx-1"}],
  "next_cursor": "c", "has_more": false, "request_id": "r"
}"""

ADAPTER: Final = Adapter(
    slug="plaid",
    open=_open,
    meanings={
        # Plaid tells of a person's access by codes with status 400 alone: 401 and 403 are about
        # what the operator set.
        "401": (Action.STOP, ErrorKind.VALIDATION),
        "403": (Action.STOP, ErrorKind.VALIDATION),
    },
    golden=(
        Golden(
            page=Page(name="transactions/1", body=_REMOVED),
            records=("RemovalRecord(account='acc-1', external_id='tx-1', line=1)",),
        ),
    ),
)
