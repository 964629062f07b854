"""Formats of documents: those of statement files, and the pages that connectors fetch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.records import AccountRecord, Record, RemovalRecord, SuccessionRecord
from providers import registry
from providers.base import Connector, Page
from providers.http import read_json
from statements.base import ParseOptions, StatementFormat
from statements.registry import by_name

RECONCILIATION: Final = "reconciliation"  # a page of our own: what complete readings did not have


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFormat:
    """A fetched page, read as a statement file is: the `lines` are its elements."""

    connector: Connector
    page_name: str

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.connector.facts.slug

    def recognise(self, head: bytes) -> int:
        """Nothing: pages are known by their job."""
        return 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The page's records."""
        page = self._page(chunks)
        if self.page_name.startswith(RECONCILIATION):
            return _missed(page)
        return self.connector.parse(page)

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The texts of the page's elements."""
        page = self._page(chunks)
        if self.page_name.startswith(RECONCILIATION):
            return (json.dumps(one).encode() for one in read_json(page.body)["accounts"])
        return (text.encode() for text in self.connector.elements(page))

    def _page(self, chunks: Iterable[bytes]) -> Page:
        return Page(name=self.page_name, body=b"".join(chunks))


def of_document(format_name: str, *, document_name: str) -> StatementFormat:
    """The format of a kept document. Raises Unreadable for a name that is none."""
    connector = registry.every().get(format_name)
    if connector is not None:
        return PageFormat(connector=connector, page_name=document_name)
    return by_name(format_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What a complete reading did not have of an account, as it is stored."""

    account_id: str  # the external one
    currency: str
    succeeded: Sequence[tuple[str, str]]  # ids that go on as others
    vanished: Sequence[str]  # ids of which nothing is left


def _missed(page: Page) -> Iterator[AccountRecord | SuccessionRecord | RemovalRecord]:
    """What `reconciliation` wrote. An id that was succeeded is gone, whether its row could go on
    or its successor stood already: so it is when all is read again from the beginning."""
    said = read_json(page.body)
    for number, account in enumerate(said["accounts"], start=1):
        key = account["id"]
        yield AccountRecord(key, None, account["currency"], line=number)
        for from_id, to_id in account["succeeded"]:
            yield SuccessionRecord(key, from_id, to_id, number)
            yield RemovalRecord(key, from_id, number)
        for gone in account["vanished"]:
            yield RemovalRecord(key, gone, number)


def reconciliation(missed: Sequence[Missed]) -> bytes:
    """A page that says which ids of which accounts have gone, or go on as which others."""
    return json.dumps(
        {
            "accounts": [
                {
                    "id": one.account_id,
                    "currency": one.currency,
                    "succeeded": [list(pair) for pair in one.succeeded],
                    "vanished": list(one.vanished),
                }
                for one in missed
            ]
        }
    ).encode()
