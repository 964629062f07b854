"""Profiles of all formats, told apart by their `format`; one without it is for CSV."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Discriminator, Tag, TypeAdapter

from statements.profile import CsvProfile
from statements.qif_profile import QifProfile


def _format_of(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("format", "csv"))
    return str(getattr(value, "format", "csv"))


Profile = CsvProfile | QifProfile
_ANY: Final[TypeAdapter[Profile]] = TypeAdapter(
    Annotated[
        Annotated[CsvProfile, Tag("csv")] | Annotated[QifProfile, Tag("qif")],
        Discriminator(_format_of),
    ]
)


def read_profile(value: object) -> Profile:
    """The profile that this JSON is. Raises pydantic's ValidationError."""
    return _ANY.validate_python(value)
