"""Plaid's personal finance categories, version 2, and what version 1 called some of them.

Facts of Plaid's published taxonomy; both levels are open sets, and a code that is not here is kept
as it came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

_FILE: Final = "categories.json"


@lru_cache(maxsize=1)
def detailed() -> Mapping[str, str]:
    """The primary category of each detailed one."""
    said: Mapping[str, list[str]] = _said()["primaries"]
    return {f"{primary}_{name}": primary for primary, names in said.items() for name in names}


@lru_cache(maxsize=1)
def renamed() -> Mapping[str, str]:
    """What detailed categories of version 1 alone are in version 2."""
    said: Mapping[str, str] = _said()["version_1"]
    return said


def current(code: str) -> str:
    """The detailed category of version 2 for one of either version; unknown ones as they are."""
    return renamed().get(code, code)


def is_known(code: str) -> bool:
    """Whether the taxonomy has the detailed category, in either version."""
    return code in detailed() or code in renamed()


@lru_cache(maxsize=1_000)
def label(code: str) -> str:
    """A known category in words: "Food and drink: coffee"."""
    newest = current(code)
    primary = detailed()[newest]
    return f"{_words(primary).capitalize()}: {_words(newest.removeprefix(f'{primary}_'))}"


def _words(code: str) -> str:
    return code.replace("_", " ").lower()


def _said() -> dict[str, Any]:
    text = files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value
