"""Reading investments: what is held, and the transactions of a range of days."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from core.provider_error import ProviderError
from providers.base import Page
from providers.http import Client, unreadable
from providers.plaid.api import ask_item, is_code, told
from providers.plaid.elements import HOLDINGS, TRADES
from providers.plaid.settings import PlaidCredentials

COUNT: Final = 500
OFFSETS_MAX: Final = 200  # pages
TRIES_MAX: Final = 3
# The Item has none of it, or the operator or the user does not want it: no reason to fail.
_NONE: Final = (
    "PRODUCTS_NOT_SUPPORTED",
    "NO_INVESTMENT_ACCOUNTS",
    "INVALID_PRODUCT",
    "ADDITIONAL_CONSENT_REQUIRED",
    "ACCESS_NOT_GRANTED",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Pages of investments. `complete`: the transactions are all of their days."""

    pages: list[Page] = field(default_factory=list)
    ready: bool = True  # False: Plaid is still fetching them
    complete: bool = False


async def portfolio(
    client: Client,
    credentials: PlaidCredentials,
    *,
    accounts: Collection[str],
    first: date,
    last: date,
) -> Portfolio:
    """What these accounts hold, and their transactions. Raises ProviderError."""
    options = {"account_ids": sorted(accounts)}
    try:
        held = await ask_item(client, credentials, "/investments/holdings/get", options=options)
        told(held, "accounts", "holdings", "securities")
        pages = [Page(name=f"{HOLDINGS}/{last}", body=held.body)]
        trades = await _trades(client, credentials, options, first=first, last=last)
    except ProviderError as error:
        if is_code(error, *_NONE):
            return Portfolio()
        if is_code(error, "PRODUCT_NOT_READY"):
            return Portfolio(ready=False)
        raise
    return Portfolio(pages=pages + (trades or []), complete=trades is not None)


async def _trades(
    client: Client,
    credentials: PlaidCredentials,
    options: dict[str, Any],
    *,
    first: date,
    last: date,
) -> list[Page] | None:
    """All pages of a range. None where it changed each time that it was read: a page that moves
    while pages are turned hides one of its lines."""
    for _ in range(TRIES_MAX):
        pages: list[Page] = []
        total: int | None = None
        for number in range(OFFSETS_MAX):
            response = await ask_item(
                client,
                credentials,
                "/investments/transactions/get",
                start_date=first.isoformat(),
                end_date=last.isoformat(),
                options={**options, "count": COUNT, "offset": number * COUNT, "async_update": True},
            )
            answer = told(response, "accounts", "securities", "investment_transactions")
            rows = answer["investment_transactions"]
            count = answer.get("total_investment_transactions")
            if not isinstance(count, int):
                raise unreadable()
            if total not in {None, count}:
                break
            total = count
            pages.append(Page(name=f"{TRADES}/{number + 1}", body=response.body))
            if number * COUNT + len(rows) >= count or not rows:
                return pages
    return None
