"""Plaid's rate limits: requests a minute of an endpoint, for one Item and for the client."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.plaid_errors import PlaidError

WINDOW: Final = timedelta(minutes=1)
EXCEEDED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """An endpoint's limits a minute, and the code of the refusal."""

    code: str
    per_item: int | None = None  # none
    per_client: int | None = None  # none


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """A request above a limit."""

    path: str
    item_id: str | None  # the client's own limit
    at: datetime


def _published() -> dict[str, Limit]:
    return {
        "/accounts/balance/get": Limit(code="BALANCE_LIMIT", per_item=5, per_client=1_200),
        "/accounts/get": Limit(code="ACCOUNTS_LIMIT", per_item=15, per_client=15_000),
        "/institutions/get_by_id": Limit(code="INSTITUTIONS_GET_BY_ID_LIMIT", per_client=400),
        "/investments/holdings/get": Limit(
            code="INVESTMENT_HOLDINGS_GET_LIMIT", per_item=15, per_client=2_000
        ),
        "/investments/transactions/get": Limit(
            code="INVESTMENT_TRANSACTIONS_LIMIT", per_item=30, per_client=20_000
        ),
        "/item/get": Limit(code="ITEM_GET_LIMIT", per_item=15, per_client=5_000),
        "/item/remove": Limit(code="ITEM_REMOVE_LIMIT", per_item=30, per_client=2_000),
        "/transactions/sync": Limit(code="TRANSACTIONS_SYNC_LIMIT", per_item=50, per_client=2_500),
    }


@dataclass(slots=True)
class Limits:
    """Counts every request; refuses those above a limit only where it is told to."""

    enforced: bool = False
    limits: dict[str, Limit] = field(default_factory=_published)
    exceeded: deque[Exceeded] = field(default_factory=lambda: deque(maxlen=EXCEEDED_MAX))
    _recent: dict[tuple[str, str | None], deque[datetime]] = field(default_factory=dict)

    def count(self, path: str, item_id: str | None, now: datetime) -> None:
        """One request more; raises PlaidError where limits are enforced and it is too many."""
        limit = self.limits.get(path)
        if limit is None:
            return
        bounds: list[tuple[str | None, int | None]] = [(None, limit.per_client)]
        if item_id is not None:
            bounds.append((item_id, limit.per_item))
        above = [
            Exceeded(path=path, item_id=key, at=now)
            for key, most in bounds
            if most is not None and self._recently((path, key), now) > most
        ]
        self.exceeded.extend(above)
        if above and self.enforced:
            raise PlaidError(limit.code)

    def _recently(self, key: tuple[str, str | None], now: datetime) -> int:
        recent = self._recent.setdefault(key, deque())
        recent.append(now)
        while recent[0] <= now - WINDOW:
            recent.popleft()
        return len(recent)
