"""Reading a connection of Quiltt: its accounts, the newest transactions, then month by month back.

Quiltt tells of no removals, so every window of days is read completely, and the account's rows that
are not in it have gone. What was read of which account is kept in the cursor: a sync goes on where
the one before it ended, and reads an account's past again where Quiltt has got more of it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from core.errors import Unreadable
from core.provider_error import Action, ErrorKind, ProviderError
from core.records import Finding
from core.syncs import SyncPhase
from providers.base import Checkpoint, Fetched, Page, Restart, Wanted, Window
from providers.http import Client, unreadable
from providers.quiltt import pages, queries
from providers.quiltt.calls import Answer, ask
from providers.quiltt.errors import refuse, unknown
from providers.quiltt.progress import Part, Progress, Told

log = logging.getLogger(__name__)

NOT_READY: Final = frozenset({"INITIALIZING", "SYNCING", "UPGRADING"})
ASK_AGAIN: Final = timedelta(seconds=20)  # while the bank is read for the first time
ACCOUNTS_MAX: Final = 250  # what the cursor has room for
WINDOW_PAGES_MAX: Final = 1_000
SYNC_PAGES_MAX: Final = 2_000  # then the next sync goes on
RESTARTS_MAX: Final = 6
_INVESTMENT: Final = "INVESTMENT"


class _Changed(Exception):
    """The transactions changed while they were read page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """Days of which everything is read; `last` is None for all that is to come too."""

    first: date
    last: date | None

    @property
    def name(self) -> str:
        return f"{self.first}/{self.last or 'now'}"

    def filter(self, accounts: Sequence[str]) -> dict[str, Any]:
        """As GraphQL asks for them."""
        wanted: dict[str, Any] = {
            "accountIds": list(accounts),
            "date_gte": self.first.isoformat(),
        }
        if self.last is not None:
            wanted["date_lte"] = self.last.isoformat()
        return wanted

    def windows(self, accounts: Sequence[str]) -> tuple[Window, ...]:
        last = self.last or date.max
        return tuple(Window(account=one, first=self.first, last=last) for one in accounts)


class Reading:
    """One sync of one connection."""

    def __init__(
        self, client: Client, wanted: Wanted, *, profile_id: str, connection_id: str
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._profile_id = profile_id
        self._connection_id = connection_id
        self._today = wanted.now.date()
        self._progress = Progress.of(wanted.cursor)
        self._pages = 0
        self._of_plaid = False
        self._is_ready = True
        self._is_whole = True  # everything of the window that is being read could be read

    async def items(self) -> AsyncIterator[Fetched]:
        """Pages and checkpoints. Raises ProviderError."""
        async for item in self._steadily(self._newest):
            yield item
        if not self._is_ready or self._wanted.phase is SyncPhase.INITIAL:
            return
        for first, last, accounts in self._changed():
            again = partial(self._days, _Days(first=first, last=last), accounts)
            async for item in self._steadily(again):
                yield item
        while not self._is_complete and self._pages < SYNC_PAGES_MAX:
            async for item in self._steadily(self._month):
                yield item

    async def _steadily(self, read: Callable[[], AsyncIterator[Fetched]]) -> AsyncIterator[Fetched]:
        """What `read` gives up to a checkpoint, from the beginning where it changed meanwhile."""
        for _ in range(RESTARTS_MAX):
            try:
                async for item in read():
                    yield item
            except _Changed:
                yield Restart(reason="transactions-changed")
            else:
                return
        raise _unsteady()

    async def _newest(self) -> AsyncIterator[Fetched]:
        """The accounts with their balances and holdings, and their newest transactions."""
        wanted = self._wanted
        before = Progress.of(wanted.cursor)
        answer, connection = await self._ask(queries.CONNECTION, {"balances": wanted.accounts})
        status = connection.get("status")
        refuse(status if isinstance(status, str) else "")
        yield self._page("connection", answer)
        if wanted.phase is SyncPhase.INITIAL and status in NOT_READY:
            self._is_ready = False
            yield Checkpoint(
                cursor=wanted.cursor,
                initial_complete=False,
                history_complete=False,
                again_after=ASK_AGAIN,
            )
            return
        self._of_plaid = connection.get("provider") == "PLAID"
        accounts = [one for one in connection["accounts"] if isinstance(one, dict)]
        if wanted.investments:
            async for page in self._holdings(accounts):
                yield page
        told = _told(accounts, wanted)
        windows: list[Window] = []
        for days, chosen in self._newest_days(before, told):
            async for page in self._transactions(days, chosen):
                yield page
            windows += days.windows(chosen) if self._is_whole else ()
        now = before.caught_up(told, today=self._today, since=wanted.since)
        if wanted.phase is SyncPhase.HISTORICAL and before.is_complete(since=wanted.since):
            # Somebody asks for what is read already: Quiltt has got more of it.
            now = now.anew(today=self._today, since=wanted.since)
        self._progress = now
        yield self._checkpoint(windows)

    def _newest_days(
        self, before: Progress, told: Sequence[Told]
    ) -> Iterator[tuple[_Days, list[str]]]:
        """The newest days, and of which accounts they are to be read."""
        groups: dict[date, list[str]] = {}
        for one in told:
            start = before.recent(one.account, today=self._today, since=self._wanted.since)
            groups.setdefault(start, []).append(one.account)
        for start, accounts in groups.items():
            yield _Days(first=start, last=None), accounts

    async def _month(self) -> AsyncIterator[Fetched]:
        """The month before what is read."""
        first, last, accounts = self._progress.next_month(since=self._wanted.since)
        async for item in self._days(_Days(first=first, last=last), accounts, back=True):
            yield item

    async def _days(
        self, days: _Days, accounts: Sequence[str], *, back: bool = False
    ) -> AsyncIterator[Fetched]:
        """These days. `back`: the accounts are read back to the first of them."""
        async for page in self._transactions(days, accounts):
            yield page
        if back:
            self._progress = self._progress.read_back(accounts, to=days.first)
        yield self._checkpoint(days.windows(accounts) if self._is_whole else ())

    def _changed(self) -> list[Part]:
        """Days that were read and have changed; what was never read is read anyway."""
        changed = self._wanted.changed_since
        if changed is None:
            return []
        first = max(changed, self._wanted.since)
        return list(self._progress.to_read_again(first, today=self._today))

    async def _transactions(self, days: _Days, accounts: Sequence[str]) -> AsyncIterator[Page]:
        """All pages of these days. Raises _Changed where they do not fit together."""
        seen: set[str] = set()
        read, count, after, self._is_whole = 0, None, None, True
        for number in range(1, WINDOW_PAGES_MAX + 1):
            variables = {"filter": days.filter(accounts), "after": after}
            answer = await self._ask_transactions(variables)
            part = _connection_of(answer.data.get("transactions"))
            page = self._page(f"transactions/{days.name}/{number}", answer)
            self._is_whole = self._is_whole and _is_readable(page)
            ids = [one["id"] for one in part["nodes"] if isinstance(one, dict) and "id" in one]
            read += len(part["nodes"])
            # Cursors are places in a list: where one has come or gone, the others have moved.
            if (number > 1 and part.get("count") != count) or not seen.isdisjoint(ids):
                raise _Changed
            count = part.get("count")
            seen.update(ids)
            yield page
            after = _next(part, after)
            if after is None:
                if isinstance(count, int) and count != read:
                    raise _Changed
                return
        raise _too_much()

    async def _ask_transactions(self, variables: Mapping[str, Any]) -> Answer:
        query = queries.transactions(of_plaid=self._of_plaid)
        try:
            answer, _ = await self._ask(query, variables)
        except ProviderError as error:
            if not self._of_plaid or error.code != "request-refused":
                raise
            # The environment's schema does not have Plaid's data, though the connection is theirs.
            log.info("quiltt.without_remote_data")
            self._of_plaid = False
            answer, _ = await self._ask(queries.transactions(of_plaid=False), variables)
        return answer

    async def _holdings(self, accounts: Sequence[Mapping[str, Any]]) -> AsyncIterator[Page]:
        """What investment accounts hold."""
        for account in accounts:
            if account.get("kind") != _INVESTMENT or not isinstance(account.get("id"), str):
                continue
            after = None
            for number in range(1, WINDOW_PAGES_MAX + 1):
                variables = {"account": account["id"], "after": after}
                answer, _ = await self._ask(queries.HOLDINGS, variables)
                holder = answer.data.get("account")
                held = holder.get("holdings") if isinstance(holder, dict) else None
                if held is None:
                    break
                yield self._page(f"holdings/{account['id']}/{number}", answer)
                after = _next(_connection_of(held), after)
                if after is None:
                    break
            else:
                raise _too_much()

    async def _ask(
        self, query: str, variables: Mapping[str, Any]
    ) -> tuple[Answer, Mapping[str, Any]]:
        """An answer, and the connection in it."""
        answer = await ask(
            self._client,
            query,
            {"connection": self._connection_id, **variables},
            profile_id=self._profile_id,
        )
        connection = answer.data.get("connection")
        if connection is None:
            raise unknown()
        if not isinstance(connection, dict) or not isinstance(connection.get("accounts"), list):
            raise unreadable()
        return answer, connection

    def _page(self, name: str, answer: Answer) -> Page:
        self._pages += 1
        return Page(name=name, body=answer.body)

    @property
    def _is_complete(self) -> bool:
        return self._progress.is_complete(since=self._wanted.since)

    def _checkpoint(self, windows: Iterable[Window]) -> Checkpoint:
        # The first sync is asked for the newest days alone: what is before them, the next one says.
        is_first = self._wanted.phase is SyncPhase.INITIAL and bool(self._progress.accounts)
        return Checkpoint(
            cursor=self._progress.cursor(),
            history_complete=self._is_complete and not is_first,
            progress=0
            if is_first
            else self._progress.percent(today=self._today, since=self._wanted.since),
            windows=tuple(windows),
        )


def _told(accounts: Sequence[Mapping[str, Any]], wanted: Wanted) -> list[Told]:
    """The accounts whose transactions are wanted. Raises ProviderError."""
    told = [
        Told(account=one["id"], first=pages.day_of(one.get("transactedFirstOn")))
        for one in accounts
        if wanted.transactions
        and isinstance(one.get("id"), str)
        and (wanted.investments or one.get("kind") != _INVESTMENT)
    ]
    if len(told) > ACCOUNTS_MAX:
        raise _too_much()
    return told


def _connection_of(value: Any) -> Mapping[str, Any]:
    """A Relay connection, as far as it is read here. Raises ProviderError."""
    if not isinstance(value, dict) or not isinstance(value.get("nodes"), list):
        raise unreadable()
    return value


def _next(part: Mapping[str, Any], after: str | None) -> str | None:
    """Where the next page begins; None after the last. Raises ProviderError."""
    info = part.get("pageInfo")
    if not isinstance(info, dict) or not isinstance(info.get("hasNextPage"), bool):
        raise unreadable()
    if not info["hasNextPage"]:
        return None
    cursor = info.get("endCursor")
    if not isinstance(cursor, str) or cursor == after:
        raise unreadable()
    return cursor


def _is_readable(page: Page) -> bool:
    """Whether nothing of the page is left out: what cannot be read must not count as gone."""
    try:
        return not any(
            isinstance(record, Finding) and record.rejected for record in pages.records(page)
        )
    except Unreadable:
        raise unreadable() from None


def _unsteady() -> ProviderError:
    return ProviderError(
        action=Action.RETRY,
        kind=ErrorKind.BUSINESS,
        code="data-keeps-changing",
        message="Quiltt's data changed again and again while it was read.",
        next_step="Nothing: it is tried again later.",
    )


def _too_much() -> ProviderError:
    return ProviderError(
        action=Action.STOP,
        kind=ErrorKind.VALIDATION,
        code="too-much-at-once",
        message=f"The connection has more than {ACCOUNTS_MAX:,} accounts, or more in a month than "
        f"{WINDOW_PAGES_MAX * queries.PAGE:,} transactions.",
        next_step="Report it to the operator.",
    )
