"""Values of Quiltt's answers, read without trust: what is of another shape is nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

ID_CHARACTERS_MAX: Final = 500
SHOWN_CHARACTERS_MAX: Final = 200


def nodes(value: Any) -> list[Any]:
    nodes = obj(value).get("nodes")
    return nodes if isinstance(nodes, list) else []


def obj(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text_of(of: dict[str, Any], name: str) -> str | None:
    value = of.get(name)
    return value if isinstance(value, str) and value else None


def id_of(of: dict[str, Any]) -> str | None:
    value = text_of(of, "id")
    return value if value is not None and len(value) <= ID_CHARACTERS_MAX else None


def instant_day(text: object) -> date | None:
    """The day, in UTC, of an instant."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None


def number(value: object) -> Decimal | None:
    """A number that is no money; None where there is none or it is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() else None


def said(value: object) -> str | None:
    if isinstance(value, str):
        return value[:ID_CHARACTERS_MAX] or None
    found = number(value)
    return None if found is None else str(found)


def shown(value: object) -> str | None:
    return None if value is None else str(value)[:SHOWN_CHARACTERS_MAX]
