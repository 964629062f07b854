"""Profiles of all formats, told apart by their `format`; one without it is for CSV."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Discriminator, Tag, TypeAdapter

from statements.profile import CsvProfile
from statements.qif_profile import QifProfile
from statements.tree_profile import TreeProfile


def _kind_of(value: object) -> str:
    found = value.get("format", "csv") if isinstance(value, dict) else "csv"
    return "tree" if found in {"json", "xml"} else str(found)


Profile = CsvProfile | QifProfile | TreeProfile
_ANY: Final[TypeAdapter[Profile]] = TypeAdapter(
    Annotated[
        Annotated[CsvProfile, Tag("csv")]
        | Annotated[QifProfile, Tag("qif")]
        | Annotated[TreeProfile, Tag("tree")],
        Discriminator(_kind_of),
    ]
)


def read_profile(value: object) -> Profile:
    """The profile that this JSON is. Raises pydantic's ValidationError."""
    return _ANY.validate_python(value)
