"""Profiles of all formats, told apart by their `format`; one without it is for CSV."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel

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


class _Kind(BaseModel):
    """What tells profiles apart; the rest is for the one that it names."""

    format: Literal["csv", "json", "qif", "xml"] = "csv"


def read_profile(value: object) -> Profile:
    """The profile that this JSON is. Raises pydantic's ValidationError."""
    name = _Kind.model_validate(value).format if isinstance(value, dict) else "csv"
    return KINDS[name].model_validate(value)
