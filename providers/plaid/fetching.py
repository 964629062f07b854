"""Syncing an Item: accounts, transactions from the cursor on, then investments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from core.provider_error import ProviderError
from core.syncs import SyncPhase
from providers.base import Checkpoint, Page, Restart, Wanted, Window
from providers.http import Client
from providers.plaid.accounts import INVESTMENT
from providers.plaid.api import ask_item, is_code, told
from providers.plaid.elements import ACCOUNTS
from providers.plaid.portfolio import portfolio
from providers.plaid.position import Position
from providers.plaid.reading import COMPLETE, INITIAL, NOT_READY, Reading
from providers.plaid.settings import PlaidApp, PlaidCredentials

NOT_READY_AGAIN: Final = timedelta(seconds=5)
HISTORY_AGAIN: Final = timedelta(seconds=30)  # a webhook comes sooner
INVESTMENTS_AGAIN: Final = timedelta(minutes=1)
TRADES_AGAIN: Final = timedelta(days=60)  # late and cancelled ones appear in that time
AHEAD: Final = timedelta(days=31)  # banks date some transactions into the future


async def fetch(
    client: Client, credentials: PlaidCredentials, wanted: Wanted
) -> AsyncIterator[Page | Restart | Checkpoint]:
    """The pages of one sync. Transactions count before investments are asked for."""
    held = Position.of(wanted.cursor)
    item = await _item(client, credentials, wanted.now.date())
    reading = Reading(client=client, credentials=credentials, start=held.cursor)
    if wanted.accounts:
        yield item.page
    while wanted.transactions and not reading.ended:
        try:
            page = await reading.next()
        except ProviderError as error:
            if is_code(error, "PRODUCTS_NOT_SUPPORTED"):
                break  # an Item of investments alone
            yield reading.again(error)
            if wanted.accounts:
                yield item.page
        else:
            yield page
    if reading.status == NOT_READY:
        yield Checkpoint(
            cursor=wanted.cursor,
            initial_complete=False,
            history_complete=False,
            again_after=NOT_READY_AGAIN,
        )
        return
    done = _done(reading, item, wanted, replace(held, cursor=reading.cursor))
    yield done
    if wanted.investments and item.has_investments(client.app):
        for each in await _invested(reading, item, wanted, done):
            yield each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What /accounts/get says of the Item."""

    page: Page
    kinds: dict[str, str]  # the type of each account
    products: frozenset[str]

    @property
    def investments(self) -> frozenset[str]:
        """The accounts that hold investments."""
        return frozenset(key for key, kind in self.kinds.items() if kind in INVESTMENT)

    def has_investments(self, app: PlaidApp) -> bool:
        """Whether it is worth asking for them."""
        return app.investments and "investments" in self.products and bool(self.investments)


async def _item(client: Client, credentials: PlaidCredentials, today: date) -> _Item:
    response = await ask_item(client, credentials, "/accounts/get")
    answer = told(response, "accounts")
    item = answer.get("item")
    names = ("products", "available_products", "consented_products")
    said = [item.get(name) for name in names] if isinstance(item, dict) else []
    return _Item(
        page=Page(name=f"{ACCOUNTS}/{today}", body=response.body),
        kinds=dict(_kinds(answer)),
        products=frozenset(
            name for part in said if isinstance(part, list) for name in part if type(name) is str
        ),
    )


def _kinds(answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for account in answer["accounts"]:
        if isinstance(account, dict) and isinstance(account.get("account_id"), str):
            yield account["account_id"], str(account.get("type") or "")


def _done(reading: Reading, item: _Item, wanted: Wanted, position: Position) -> Checkpoint:
    """The transactions are here, as far as Plaid has them."""
    is_all = reading.status != INITIAL
    return Checkpoint(
        cursor=position.text(),
        history_complete=is_all,
        again_after=None if is_all else HISTORY_AGAIN,
        windows=tuple(_windows(reading, item, wanted, is_all=is_all)),
    )


def _windows(reading: Reading, item: _Item, wanted: Wanted, *, is_all: bool) -> Iterator[Window]:
    """What was read from the beginning is all there is: the rest has gone, and nobody tells.

    Not on the very first sync, before which there was nothing.
    """
    is_first = wanted.cursor is None and wanted.phase is SyncPhase.INITIAL
    if reading.start is not None or is_first or not reading.ended:
        return
    if reading.status not in {INITIAL, COMPLETE}:
        return  # Plaid does not say how much of it this is: what is not here may be still to come
    today, oldest = wanted.now.date(), reading.oldest
    first = min(oldest or wanted.since, wanted.since) if is_all else oldest
    if first is None:
        return
    last = max(reading.newest or today, today + AHEAD)
    for account in sorted((item.kinds.keys() - item.investments) | reading.accounts):
        yield Window(account=account, first=first, last=last, certain=True)


async def _invested(
    reading: Reading, item: _Item, wanted: Wanted, done: Checkpoint
) -> list[Page | Checkpoint]:
    """Holdings, and transactions: all that is wanted at first, then the newest days again."""
    position, today = Position.of(done.cursor), wanted.now.date()
    first = wanted.since
    if position.covers(first, item.investments):
        first = max(first, today - TRADES_AGAIN)
    else:
        position = replace(position, traded_since=first, traded=item.investments)
    found = await portfolio(
        reading.client,
        reading.credentials,
        accounts=item.investments,
        first=first,
        last=today,
    )
    if not found.ready:
        return [replace(done, windows=(), again_after=done.again_after or INVESTMENTS_AGAIN)]
    if not found.pages:
        return []
    # An account that has transactions of the other kind too is told of by those.
    whole = item.investments - reading.accounts if found.complete else frozenset()
    return [
        *found.pages,
        replace(
            done,
            cursor=position.text() if found.complete else done.cursor,
            # The first sync asks for the newest days alone: the others follow at once.
            history_complete=done.history_complete and wanted.phase is not SyncPhase.INITIAL,
            windows=tuple(
                Window(account=account, first=first, last=today) for account in sorted(whole)
            ),
        ),
    ]
