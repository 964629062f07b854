"""Formats of documents: those of statement files, and the pages that connectors fetch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.records import AccountRecord, Record, RemovalRecord
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
            return _vanished(page)
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


def _vanished(page: Page) -> Iterator[AccountRecord | RemovalRecord]:
    """What `reconciliation` wrote. Accounts are named as they are stored."""
    said = read_json(page.body)
    for number, account in enumerate(said["accounts"], start=1):
        yield AccountRecord(account["id"], None, account["currency"], line=number)
        for gone in account["vanished"]:
            yield RemovalRecord(account["id"], gone, number)


def reconciliation(vanished: Mapping[tuple[str, str], Sequence[str]]) -> bytes:
    """A page that says which ids of which accounts, by stored id and currency, have gone."""
    return json.dumps(
        {
            "accounts": [
                {"id": account, "currency": currency, "vanished": list(ids)}
                for (account, currency), ids in vanished.items()
            ]
        }
    ).encode()
