"""Providers: what a connection can be made of. In this version: statement files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from statements.registry import FORMATS


class ProviderKind(StrEnum):
    """How a provider delivers."""

    FILE = "file"


class Capability(StrEnum):
    """What a provider can do."""

    IMPORT = "import"
    REVIEW = "review"
    REVERT = "revert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One kind of source; `formats` are the names of what it can read."""

    slug: str
    name: str
    kind: ProviderKind
    capabilities: Sequence[Capability]
    formats: Sequence[str]


def every() -> Sequence[Provider]:
    """All providers."""
    return (
        Provider(
            slug="file",
            name="Statement files",
            kind=ProviderKind.FILE,
            capabilities=tuple(Capability),
            formats=tuple(one.name for one in FORMATS),
        ),
    )
