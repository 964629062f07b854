"""Where the SQL is: beside the packages in a checkout, inside `db` in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def migrations_directory() -> Path:
    """The directory of the migrations, `<14 digits>_<name>.sql`."""
    return _first(_PACKAGE / "_migrations", _PACKAGE.parent / "supabase" / "migrations")


def sql_directory() -> Path:
    """The directory of the runtime queries, one file per aggregate."""
    return _first(_PACKAGE / "_sql", _PACKAGE.parent / "sql")


def _first(*candidates: Path) -> Path:
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"none of {', '.join(map(str, candidates))} is there: reinstall")
