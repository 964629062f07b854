"""One reading of /transactions/sync: from a cursor to where nothing more is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from core.provider_error import ProviderError
from providers.base import Page, Restart
from providers.http import Client, unreadable
from providers.plaid.api import ask_item, is_code, told
from providers.plaid.elements import TRANSACTIONS
from providers.plaid.settings import PlaidCredentials

COUNT: Final = 500
DAYS: Final = 730  # fixed for ever by the first request for transactions, so always asked for
MUTATIONS_MAX: Final = 3  # from one stored cursor; then its stream counts as broken
NOT_READY: Final = "NOT_READY"
INITIAL: Final = "INITIAL_UPDATE_COMPLETE"
COMPLETE: Final = "HISTORICAL_UPDATE_COMPLETE"

MUTATION: Final = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"


@dataclass(slots=True, kw_only=True)
class Reading:
    """Pages one after another; how often it began anew, and what it has seen."""

    client: Client
    credentials: PlaidCredentials
    start: str | None  # None: from the beginning
    status: str = ""
    ended: bool = False
    accounts: set[str] = field(default_factory=set)  # those that have transactions
    oldest: date | None = None
    newest: date | None = None
    _cursor: str | None = None
    _pages: int = 0
    _mutations: int = 0

    def __post_init__(self) -> None:
        self._cursor = self.start

    @property
    def cursor(self) -> str | None:
        """Where the next reading goes on. An empty cursor is no progress."""
        return self._cursor or self.start

    async def next(self) -> Page:
        """The next page. Raises ProviderError."""
        body: dict[str, Any] = {
            "count": COUNT,
            "options": {
                "include_original_description": True,
                "personal_finance_category_version": "v2",
                "days_requested": DAYS,
            },
        }
        if self._cursor:
            body["cursor"] = self._cursor
        response = await ask_item(self.client, self.credentials, "/transactions/sync", **body)
        self._note(told(response, "accounts", "added", "modified", "removed"))
        self._pages += 1
        return Page(name=f"{TRANSACTIONS}/{self._pages}", body=response.body)

    def again(self, error: ProviderError) -> Restart:
        """How the reading begins anew after this error; raises the error where it does not.

        A stream that keeps changing is read from the beginning at last, and so is one whose cursor
        is refused: it belongs to another access token.
        """
        if is_code(error, MUTATION):
            self._mutations += 1
            if self._mutations >= MUTATIONS_MAX:
                self.start = None
            reason = "the data changed while it was read"
        elif is_code(error, "INVALID_FIELD") and self.start is not None:
            self.start = None
            reason = "the cursor is of another access token"
        else:
            raise error
        self._cursor, self._pages = self.start, 0
        self.accounts.clear()
        self.oldest = self.newest = None
        return Restart(reason=reason)

    def _note(self, answer: dict[str, Any]) -> None:
        following, more = answer.get("next_cursor"), answer.get("has_more")
        if not isinstance(following, str) or not isinstance(more, bool):
            raise unreadable()
        if more and following in {"", self._cursor}:
            raise unreadable()  # it would never end
        self._cursor, self.ended = following, not more
        self.status = str(answer.get("transactions_update_status") or "")
        for account in answer["accounts"]:
            if isinstance(account, dict) and isinstance(account.get("account_id"), str):
                self.accounts.add(account["account_id"])
        for name in ("added", "modified"):
            for row in answer[name]:
                self._see(row)

    def _see(self, row: Any) -> None:
        """Rows are sorted by one of these days, pending ones by the second."""
        for name in ("date", "authorized_date"):
            try:
                day = date.fromisoformat(row[name])
            except (KeyError, TypeError, ValueError):
                continue
            self.oldest = day if self.oldest is None else min(day, self.oldest)
            self.newest = day if self.newest is None else max(day, self.newest)
