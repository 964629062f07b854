"""Profiles of all formats, told apart by their `format`; one without it is for CSV."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from statements.profile import CsvProfile
from statements.qif_profile import QifProfile
from statements.tree_profile import TreeProfile

Profile = CsvProfile | QifProfile | TreeProfile
KINDS: Final[dict[str, type[CsvProfile] | type[QifProfile] | type[TreeProfile]]] = {
    "csv": CsvProfile,
    "json": TreeProfile,
    "qif": QifProfile,
    "xml": TreeProfile,
}


def read_profile(value: object) -> Profile:
    """The profile that this JSON is. Raises pydantic's ValidationError."""
    name = value.get("format", "csv") if isinstance(value, dict) else "csv"
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        problem = PydanticCustomError("format", f"there are profiles for {', '.join(KINDS)} only")
        raise ValidationError.from_exception_data(
            "Profile", [InitErrorDetails(type=problem, loc=("format",), input=name)]
        )
    return kind.model_validate(value)
