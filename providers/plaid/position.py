"""Where a connection's next sync goes on: Plaid's cursor, and how far investments were read."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

ACCOUNTS_MAX: Final = (
    200  # more are read from the beginning each time, so that the text stays short
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a checkpoint keeps. `cursor` is of /transactions/sync; None: from the beginning."""

    cursor: str | None = None
    traded_since: date | None = None  # investment transactions were read from then on …
    traded: frozenset[str] = frozenset()  # … of these accounts

    @staticmethod
    def of(text: str | None) -> Position:
        """What `text` said; a text that is not ours is Plaid's own cursor."""
        if not text:
            return Position()
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            return Position(cursor=text)
        return Position(
            cursor=_text(value.get("transactions")),
            traded_since=_day(value.get("traded_since")),
            traded=frozenset(filter(None, map(_text, value.get("traded") or ()))),
        )

    def text(self) -> str | None:
        """The position as it is kept; None at the very beginning."""
        value: dict[str, Any] = {}
        if self.cursor:
            value["transactions"] = self.cursor
        if self.traded_since is not None and len(self.traded) <= ACCOUNTS_MAX:
            value["traded_since"] = self.traded_since.isoformat()
            value["traded"] = sorted(self.traded)
        return json.dumps(value, separators=(",", ":")) if value else None

    def covers(self, since: date, accounts: Collection[str]) -> bool:
        """Whether investment transactions of these accounts were read from that day on before."""
        return (
            self.traded_since is not None
            and self.traded_since <= since
            and self.traded.issuperset(accounts)
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
