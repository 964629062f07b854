"""Records of the simulated Quiltt, as its REST API and its webhooks show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

DETAILS: Final = ("email", "phone", "name", "names", "dateOfBirth", "address")
PRODUCTS: Final = ("ACCOUNT_BALANCES_AND_TRANSACTIONS", "INVESTMENTS", "ACCOUNT_BALANCE_REFRESHES")
ACTIVE: Final = frozenset({"INITIALIZING", "SYNCING", "SYNCED", "UPGRADING"})

Metadata = dict[str, Any]
Reach = Literal["nothing", "recent", "all"]  # how much of an account's past Quiltt has so far


@dataclass(slots=True, kw_only=True)
class Profile:
    """One end user."""

    id: str
    uuid: str
    created_at: datetime
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    metadata: Metadata | None = None
    deleting: bool = False

    def base(self) -> dict[str, Any]:
        """What every event says of its profile."""
        return {"id": self.id, "uuid": self.uuid, "metadata": self.metadata}

    def shown(self) -> dict[str, Any]:
        """The profile of the REST API."""
        details = {name: self.details.get(name) for name in DETAILS}
        return {**self.base(), **details, **_times(self.at, self.created_at)}


@dataclass(slots=True, kw_only=True)
class Balance:
    """What an account was worth at a moment; liabilities are negative."""

    id: str
    account_id: str
    at: datetime
    source: str
    available: Decimal | None
    current: Decimal | None
    limit: Decimal | None

    def shown(self) -> dict[str, Any]:
        """The balance of an event."""
        return {
            "id": self.id,
            "accountId": self.account_id,
            "at": instant(self.at),
            "source": self.source,
            "available": self.available,
            "current": self.current,
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What an investment is in."""

    name: str
    ticker: str
    isin: str
    cusip: str


@dataclass(slots=True, kw_only=True)
class Holding:
    """A position of an investment account."""

    id: str
    at: datetime
    security: Security
    quantity: Decimal
    price: Decimal


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One movement; money into the account is positive, whatever its kind."""

    id: str
    date: date
    amount: Decimal
    description: str
    status: str
    category: str
    pending_id: str | None = None  # the pending one that it replaces, which only Plaid tells
    is_recent: bool = True  # what is not comes with the history
    metadata: Metadata | None = None
    fees: Decimal | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    security: Security | None = None

    @property
    def entry_type(self) -> str:
        return "CREDIT" if self.amount > 0 else "DEBIT"


@dataclass(slots=True, kw_only=True)
class Account:
    """One account of a connection; the number is the bank's own and outlives every relink."""

    id: str
    profile_id: str
    connection_id: str
    name: str
    kind: str
    taxonomy: tuple[str, ...]
    currency: str
    number: str
    opening: Decimal
    limit: Decimal | None
    created_at: datetime
    at: datetime
    state: str = "OPEN"
    reach: Reach = "nothing"
    metadata: Metadata | None = None
    balance: Balance | None = None
    transactions: dict[str, Transaction] = field(default_factory=dict)
    holdings: list[Holding] = field(default_factory=list)

    def visible(self) -> list[Transaction]:
        """What Quiltt has of it, in the order in which it came."""
        if self.reach == "all":
            return list(self.transactions.values())
        is_there = self.reach == "recent"
        return [each for each in self.transactions.values() if is_there and each.is_recent]

    def shown(self) -> dict[str, Any]:
        """The account of an event."""
        return {
            "id": self.id,
            "connectionId": self.connection_id,
            "state": self.state,
            "metadata": self.metadata,
            **_times(self.at, self.created_at),
        }


@dataclass(slots=True, kw_only=True)
class Connection:
    """A profile's login at an institution, kept by one of the providers behind Quiltt."""

    id: str
    profile_id: str
    institution: str
    provider: str
    created_at: datetime
    at: datetime
    status: str = "INITIALIZING"
    metadata: Metadata | None = None
    is_refreshing: bool = False
    refreshed_at: datetime | None = None
    # What has happened at the bank since the last sync; it gives the days that it touched.
    waiting: list[Callable[[list[Account]], set[date]]] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def provider_now(self) -> str:
        return "DISCONNECTED" if self.status == "DISCONNECTED" else self.provider

    def shown(self) -> dict[str, Any]:
        """The connection of an event."""
        return {
            "id": self.id,
            "provider": self.provider_now,
            "features": list(PRODUCTS),
            "products": list(PRODUCTS),
            "status": self.status,
            "metadata": self.metadata,
            **_times(self.at, self.created_at),
        }


def instant(moment: datetime) -> str:
    """ISO 8601 with whole seconds and Z, as Quiltt writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _times(at: datetime, created_at: datetime) -> dict[str, str]:
    return {"at": instant(at), "createdAt": instant(created_at), "updatedAt": instant(at)}
