"""Quiltt in the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from core.provider_error import Action, ErrorKind
from providers.base import LinkAsk, Linked
from providers.http import Client
from providers.quiltt.access import QuilttApp
from providers.quiltt.connector import QUILTT
from providers.quiltt.events import SIGNATURE
from providers.webhooks import Incoming
from sandbox.faults import Faults
from sandbox.quiltt import QuilttApp as QuilttSandbox
from sandbox.quiltt import create_app
from sandbox.quiltt_world import Settings
from sandbox.serving import serving
from tests.contracts.base import Adapter, Letter
from tests.fixtures.quiltt_service import Subscriber

API_KEY: Final = "qltt_secret-of-contracts"
WEBHOOK_SECRET: Final = "whsec_of-contracts"


@dataclass(slots=True, kw_only=True)
class Quiltt:
    """The simulated Quiltt with a short history, and who takes its webhooks."""

    url: str
    app: QuilttApp
    sandbox: QuilttSandbox
    subscriber: Subscriber
    hook: str

    @property
    def faults(self) -> Faults:
        return self.sandbox.faults

    async def link(self, client: Client) -> Linked:
        ask = LinkAsk(
            now=self.now(),
            reference="persona-1",
            callback_url="http://127.0.0.1/linked",
            state="state",
        )
        step = await QUILTT.begin(client, ask)
        connection_id = self.sandbox.control.link(profile_id=step.kept["profileId"])
        return await QUILTT.complete(client, ask, step.kept, {"connectionId": connection_id})

    def move(self, linked: Linked) -> None:
        self.sandbox.control.change(linked.external_id, posted=3, pending=1, edited=1, unposted=1)

    def letter(self, linked: Linked) -> Letter:
        wanted = {"name": "suite", "targetUrl": self.hook, "eventTypes": ["connection"]}
        headers = {"authorization": f"Bearer {API_KEY}"}
        reply = httpx.post(f"{self.url}/v1/webhooks/subscriptions", json=wanted, headers=headers)
        assert reply.status_code == 201, reply.text
        self.sandbox.control.sync(linked.external_id)
        self.sandbox.control.wait_for_webhooks()
        taken = self.subscriber.taken[-1]
        request = Incoming(
            headers=taken.headers, body=taken.body, received_at=self.now(), url=self.hook
        )
        return Letter(request=request, signature=SIGNATURE, secrets=(WEBHOOK_SECRET.encode(),))

    def now(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def _open() -> Iterator[Quiltt]:
    sandbox = create_app(
        seed="contracts",
        api_key=API_KEY,
        webhook_secret=WEBHOOK_SECRET,
        settings=Settings(history_days=40, transactions_per_month=8),
    )
    subscriber = Subscriber()
    with serving(sandbox) as url, serving(subscriber) as inbox:
        app = QuilttApp.model_validate(
            {"api_key": API_KEY, "connector_id": "c", "url": url, "auth_url": url}
        )
        yield Quiltt(url=url, app=app, sandbox=sandbox, subscriber=subscriber, hook=f"{inbox}/hook")


ADAPTER: Final = Adapter(
    slug="quiltt",
    open=_open,
    # The credentials are the operator's key: no person can mend them.
    meanings={"401": (Action.STOP, ErrorKind.AUTHENTICATION)},
)
