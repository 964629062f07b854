"""Loads `sql/*.sql`: every fixed query under its name, one file an aggregate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from db.files import sql_directory

_HEAD = re.compile(r"^-- name: ([a-z][a-z0-9_]*)$", re.MULTILINE)


@cache
def load(aggregate: str) -> Mapping[str, str]:
    """The queries of `sql/<aggregate>.sql` by name. Raises KeyError for a name used twice."""
    text = (sql_directory() / f"{aggregate}.sql").read_text(encoding="utf-8")
    _, *parts = _HEAD.split(text)
    queries: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in queries:
            raise KeyError(f"sql/{aggregate}.sql has {name} twice")
        queries[name] = body.strip().removesuffix(";")
    return MappingProxyType(queries)
