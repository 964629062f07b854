"""Cursors of /transactions/sync: a position of one stream of one access token."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from sandbox.plaid_errors import PlaidError
from sandbox.plaid_ids import Ids

_MAC_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a client stands: the start of its loop, its position, and what the head was.

    `head` is 0 where no loop is under way; otherwise the ledger must not have grown beyond it.
    """

    owner: str  # Item, access token and account
    start: int = 0
    position: int = 0
    head: int = 0

    def encoded(self, ids: Ids) -> str:
        """Base64, as clients keep it."""
        plain = f"{self.owner}:{self.start}:{self.position}:{self.head}"
        return base64.b64encode(_mac(ids, plain) + plain.encode()).decode()


def owner(item_id: str, epoch: int, account_id: str | None) -> str:
    """Whose cursor it is."""
    return f"{item_id}/{epoch}/{account_id or ''}"


def decoded(text: str, ids: Ids, owner: str) -> Cursor:
    """The cursor that was issued to this owner; raises PlaidError for any other."""
    refusal = PlaidError("INVALID_FIELD", "cursor not associated with access_token")
    try:
        raw = base64.b64decode(text, validate=True)
        plain = raw[_MAC_BYTES:].decode()
    except ValueError:  # no base64, or no UTF-8
        raise refusal from None
    if raw[:_MAC_BYTES] != _mac(ids, plain):
        raise refusal
    whose, start, position, head = plain.split(":")
    if whose != owner:
        raise refusal
    return Cursor(owner=whose, start=int(start), position=int(position), head=int(head))


def _mac(ids: Ids, plain: str) -> bytes:
    return ids.digest("cursor", plain)[:_MAC_BYTES]
