"""What a reading from the beginning proves: that what is not in it has gone, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse

from core.syncs import SyncPhase
from pipeline.provider_access import open_http
from providers.base import Checkpoint, Wanted
from providers.http import Client
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidApp, PlaidCredentials
from sandbox.serving import serving

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ACCOUNT = {"account_id": "a1", "type": "depository", "balances": {"iso_currency_code": "USD"}}


class NoPace:
    """Keeps nobody waiting."""

    async def take(self, endpoint: str) -> None:
        return None


@dataclass(slots=True)
class Emptied:
    """A Plaid that has no transaction of an Item, and says how much of it that is."""

    status: str = ""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        request = Request(scope)  # type: ignore[arg-type]
        answers = {
            "/accounts/get": {"accounts": [ACCOUNT], "item": {"item_id": "i1"}},
            "/transactions/sync": {
                **{name: [] for name in ("accounts", "added", "modified", "removed")},
                "next_cursor": "end",
                "has_more": False,
                "transactions_update_status": self.status,
            },
        }
        await JSONResponse(answers[request.url.path])(scope, receive, send)  # type: ignore[arg-type]


@pytest.fixture
def emptied() -> Emptied:
    return Emptied()


@pytest.fixture
async def client(emptied: Emptied) -> AsyncIterator[Client]:
    with serving(emptied) as url:
        async with open_http() as http:
            app = PlaidApp(url=url, client_id="client", secret=SecretStr("secret"))
            yield Client(http, app=app, failures=PLAID.failures, pace=NoPace())


@pytest.mark.parametrize(
    ("status", "proves"),
    [
        ("HISTORICAL_UPDATE_COMPLETE", True),
        ("INITIAL_UPDATE_COMPLETE", False),
        ("TRANSACTIONS_UPDATE_STATUS_UNKNOWN", False),
        ("", False),
    ],
)
async def test_only_a_whole_reading_proves_that_what_it_has_not_is_gone(
    client: Client, emptied: Emptied, status: str, proves: bool
) -> None:
    emptied.status = status
    wanted = Wanted(
        cursor=None,
        phase=SyncPhase.INCREMENTAL,
        now=NOW,
        since=(NOW - timedelta(days=730)).date(),
        investments=False,
    )
    credentials = PlaidCredentials(access_token=SecretStr("access"), item_id="i1")

    items = [item async for item in PLAID.fetch(client, credentials, wanted)]

    done = items[-1]
    assert isinstance(done, Checkpoint)
    assert [window.account for window in done.windows] == (["a1"] if proves else [])
