"""Tokens of linking: what a client asked for, and what its user did with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class PublicToken:
    """A freshly linked Item, to be exchanged for an access token."""

    item_id: str
    expires_at: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Session:
    """One visit of the user to the page."""

    link_session_id: str
    at: datetime  # of its end; it is not known before
    public_token: str | None = None  # update mode, or left without linking
    institution: dict[str, Any] | None = None
    accounts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class LinkToken:
    """What the page may do, for whom, and where it leads afterwards."""

    link_token: str
    created_at: datetime
    expires_at: datetime
    asked: dict[str, Any]  # the request, for /link/token/get
    item_id: str | None  # update mode; None: a new Item
    add_accounts: bool  # update mode may choose accounts again
    days_requested: int
    completion_uri: str | None  # the page shows the token itself
    sessions: list[Session] = field(default_factory=list)

    @property
    def products(self) -> list[str]:
        """The products that the new Item must have."""
        return list(self.asked.get("products") or [])

    def products_at(self, supported: Collection[str]) -> list[str]:
        """The products that a new Item of this institution starts with."""
        wanted = [
            *(self.asked.get("required_if_supported_products") or []),
            *(self.asked.get("optional_products") or []),
        ]
        return [*self.products, *(one for one in wanted if one in supported)]

    @property
    def webhook(self) -> str | None:
        """The address for webhooks of the Item and of the session."""
        return self.asked.get("webhook")
