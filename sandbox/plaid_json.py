"""Plaid's JSON: numbers are written from Decimal digit by digit, instants end in Z."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import orjson

_INSTANTS: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def written(value: Any) -> bytes:
    """The value as Plaid's answers have it."""
    return orjson.dumps(value, default=_number, option=_INSTANTS)


def pretty(value: Any) -> bytes:
    """The value as Plaid's webhooks have it: two spaces a level, and signed so."""
    return orjson.dumps(value, default=_number, option=_INSTANTS | orjson.OPT_INDENT_2)


def read(body: bytes) -> Any:
    """The value of a request body; raises ValueError where it is no JSON."""
    return json.loads(body, parse_float=Decimal)


def _number(value: Decimal) -> orjson.Fragment:
    # 72.10 is sent as 72.1, and 100 as 100: Plaid's numbers carry no scale.
    return orjson.Fragment(f"{value.normalize():f}")
