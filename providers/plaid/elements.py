"""Elements of Plaid's answers, read field by field: what is not as agreed becomes a finding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.errors import InvalidMoney, Unreadable
from core.money import is_currency, storable
from core.records import Finding, Severity
from providers.base import Page
from providers.http import read_json

RAW_CHARACTERS_MAX: Final = 200
_HIDDEN: Final = frozenset({"account_numbers"})  # of other people, in full

# What the elements of each kind of page are, in the order in which `line` counts them.
ACCOUNTS: Final = "accounts"
TRANSACTIONS: Final = "transactions"
HOLDINGS: Final = "holdings"
TRADES: Final = "investment-transactions"
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    ACCOUNTS: ("accounts",),
    TRANSACTIONS: ("accounts", "added", "modified", "removed"),
    HOLDINGS: ("accounts", "holdings"),
    TRADES: ("accounts", "investment_transactions"),
}


def kind(page: Page) -> str:
    """Which answer a page is. Raises Unreadable."""
    name = page.name.partition("/")[0]
    if name not in _LISTS:
        raise Unreadable("page-unknown", "No page of Plaid's has this name.")
    return name


def day(page: Page) -> date:
    """The day that a page's name tells. Raises Unreadable."""
    try:
        return date.fromisoformat(page.name.partition("/")[2])
    except ValueError:
        raise Unreadable("page-unknown", "The page's name tells no day.") from None


def whole(page: Page) -> dict[str, Any]:
    """A page's object. Raises Unreadable."""
    try:
        value = read_json(page.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unreadable("page-unreadable", "The page is not the JSON that Plaid sends.")
    return value


def listed(answer: Mapping[str, Any], name: str) -> list[Any]:
    """A list of the answer. Raises Unreadable where it has none of that name."""
    value = answer.get(name)
    if not isinstance(value, list):
        raise Unreadable("page-unreadable", f"The page has no list {name!r}.")
    return value


def texts(page: Page) -> Iterator[str]:
    """The page's elements, one line each, without account numbers of other people."""
    answer = json.loads(page.body, object_hook=_shown)
    for name in _LISTS[kind(page)]:
        for element in answer.get(name) or ():
            yield json.dumps(element, ensure_ascii=False, separators=(",", ":"))


def _shown(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "••••" if name in _HIDDEN and part is not None else part
        for name, part in value.items()
    }


class Element:
    """One object of a page, and what is found wrong with it."""

    def __init__(self, value: Any, line: int) -> None:
        self._value: Mapping[str, Any] = value if isinstance(value, dict) else {}
        self.line = line
        self.findings: list[Finding] = []

    def part(self, name: str) -> Element:
        """An object inside of this one; empty where there is none."""
        inner = Element(self._value.get(name), self.line)
        inner.findings = self.findings
        return inner

    def parts(self, name: str) -> list[Element]:
        """A list of objects inside of this one; empty where there is none."""
        value = self._value.get(name)
        return [Element(one, self.line) for one in value] if isinstance(value, list) else []

    def text(self, name: str) -> str | None:
        """A text that says something; null, missing and empty ones are None."""
        value = self._value.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return None if value.isspace() else value
        self.note("field-unreadable", "A field is no text; it was left out.", name)
        return None

    def number(self, name: str) -> Decimal | None:
        """A number with all its digits; None where there is none."""
        value = self._value.get(name)
        if isinstance(value, Decimal):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        if value is not None:
            self.note("field-unreadable", "A field is no number; it was left out.", name)
        return None

    def digits(self, name: str) -> str | None:
        """A number as text, in plain notation."""
        value = self.number(name)
        return None if value is None else f"{value:f}"

    def flag(self, name: str) -> bool:
        """Whether it says yes; null and missing are no."""
        return self._value.get(name) is True

    def money(self, name: str) -> Decimal | None:
        """An amount that can be stored exactly; None where there is none."""
        value = self.number(name)
        if value is None:
            return None
        try:
            return storable(value)
        except InvalidMoney as error:
            self.note("amount-unreadable", f"An amount cannot be stored: {error}.", name)
            return None

    def day(self, name: str) -> date | None:
        """A calendar date; of an instant, its day as written."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            self.note("date-unreadable", "A date cannot be read; it was left out.", name)
            return None

    def currency(self) -> str | None:
        """The currency, also an unofficial one of three letters; None for all others.

        Plaid sets exactly one of the two codes. Unofficial ones name coins and the like.
        """
        code = self.text("iso_currency_code") or self.text("unofficial_currency_code")
        return code if code is not None and is_currency(code) else None

    def note(self, code: str, message: str, field: str) -> None:
        """Something that a person should know."""
        finding = Finding(
            Severity.WARNING, code, message, self.line, field=field, raw=self._raw(field)
        )
        self.findings.append(finding)

    def rejected(self, code: str, message: str, field: str) -> Finding:
        """That the row is left out. What was found before is no matter then."""
        self.findings.clear()
        return Finding(
            Severity.ERROR,
            code,
            message,
            self.line,
            field=field,
            raw=self._raw(field),
            rejected=True,
        )

    def _raw(self, field: str) -> str | None:
        value = self._value.get(field)
        return None if value is None else str(value)[:RAW_CHARACTERS_MAX]
