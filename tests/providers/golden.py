"""Golden pages: bytes as a provider sends them beside the records that they must become."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.records import Record


def shown(record: Record) -> dict[str, Any]:
    """A record as JSON: its kind, and what differs from the defaults."""
    defaults = type(record)._field_defaults
    said = {
        name: value
        for name, value in record._asdict().items()
        if name not in defaults or value != defaults[name]
    }
    return {
        "record": type(record).__name__,
        **{name: _plain(value) for name, value in said.items()},
    }


def expected(path: Path) -> list[dict[str, Any]]:
    """The records that stand beside a page."""
    found: list[dict[str, Any]] = json.loads(
        path.with_suffix(".records.json").read_text(encoding="utf-8")
    )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if value is None or isinstance(value, bool | int | dict):
        return value
    return str(value)
