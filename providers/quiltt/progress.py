"""How far the transactions of a connection are read: what the cursor of a sync keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

RECENT: Final = timedelta(days=30)  # in which what is pending becomes final or goes
_VERSION: Final = 1

Part = tuple[date, date, list[str]]  # first and last day, and accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One account: read back to a day, when Quiltt said that its transactions begin on another."""

    back_to: date
    told: date | None  # None: Quiltt knew none


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One account as Quiltt has it now."""

    account: str
    first: date | None  # the day of the first transaction; None: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All accounts. `day`: the newest transactions were read on it; None: never."""

    day: date | None = None
    accounts: Mapping[str, Read] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> Progress:
        """What a cursor keeps. One that cannot be read is none: all is read again then."""
        try:
            return _read(json.loads(cursor)) if cursor is not None else cls()
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()

    def cursor(self) -> str:
        """The text that `of` reads."""
        return json.dumps(
            {
                "version": _VERSION,
                "day": None if self.day is None else self.day.isoformat(),
                "accounts": {
                    name: [one.back_to.isoformat(), one.told and one.told.isoformat()]
                    for name, one in self.accounts.items()
                },
            },
            separators=(",", ":"),
        )

    def recent(self, account: str, *, today: date, since: date) -> date:
        """From which day on the account's newest transactions are to be read."""
        is_known = account in self.accounts and self.day is not None
        day = self.day if is_known and self.day is not None else today
        return max(day - RECENT, since)

    def to_read_again(self, changed: date, *, today: date) -> Iterator[Part]:
        """Months before the newest days, back to a day from which on something has changed: first
        and last day, and the accounts that were read so far back."""
        last = today - RECENT - timedelta(days=1)
        while last >= changed:
            first = max(last.replace(day=1), changed)
            accounts = [name for name, one in self._all() if one.back_to <= first]
            if accounts:
                yield first, last, accounts
            last = first - timedelta(days=1)

    def caught_up(self, told: Iterable[Told], *, today: date, since: date) -> Progress:
        """The newest of these accounts are read. Accounts that are no more are forgotten, those
        whose past has grown since it was read begin it again."""
        start = max(today - RECENT, since)
        accounts = {}
        for one in told:
            known = self.accounts.get(one.account)
            if known is None or (one.first is not None and one.first < (known.told or date.max)):
                known = Read(back_to=start, told=one.first)
            accounts[one.account] = known
        return replace(self, day=today, accounts=accounts)

    def anew(self, *, today: date, since: date) -> Progress:
        """The past of all accounts begins again."""
        start = max(today - RECENT, since)
        return replace(
            self, accounts={name: replace(one, back_to=start) for name, one in self._all()}
        )

    def is_complete(self, *, since: date) -> bool:
        """Whether all is read that is wanted."""
        return all(one.back_to <= since for one in self.accounts.values())

    def next_month(self, *, since: date) -> Part:
        """First and last day of what is to be read next, and of which accounts: those that are
        the furthest from being complete."""
        latest = max(one.back_to for one in self.accounts.values())
        last = latest - timedelta(days=1)
        chosen = [name for name, one in self._all() if one.back_to == latest]
        return max(last.replace(day=1), since), last, chosen

    def read_back(self, accounts: Iterable[str], *, to: date) -> Progress:
        """The accounts are read back to a day."""
        read = {name: replace(self.accounts[name], back_to=to) for name in accounts}
        return replace(self, accounts={**self.accounts, **read})

    def percent(self, *, today: date, since: date) -> int:
        """How much of the wanted past is read, of the account of which the least is."""
        if self.is_complete(since=since):
            return 100
        latest = max(one.back_to for one in self.accounts.values())
        return min(99, 100 * (today - latest).days // max((today - since).days, 1))

    def _all(self) -> list[tuple[str, Read]]:
        return sorted(self.accounts.items())


def _read(said: Any) -> Progress:
    if said["version"] != _VERSION:
        return Progress()
    return Progress(
        day=None if said["day"] is None else date.fromisoformat(said["day"]),
        accounts={
            name: Read(
                back_to=date.fromisoformat(back_to),
                told=None if told is None else date.fromisoformat(told),
            )
            for name, (back_to, told) in said["accounts"].items()
        },
    )
