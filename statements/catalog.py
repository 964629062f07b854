"""What people are told of each format: its title, its files, and what a profile may say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, get_args

from pydantic import BaseModel

from statements.profiles import KINDS
from statements.registry import FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatOption:
    """A field of a format's profile; `columns.amount` is the field `amount` of `columns`."""

    name: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatFacts:
    """What a format is, for people who choose one."""

    name: str
    title: str
    file_extensions: tuple[str, ...]  # usual ones; recognition never looks at them
    needs_profile: bool = False
    proves_balances: bool = False  # opening + rows = closing, where a file states both

    @property
    def options(self) -> tuple[FormatOption, ...]:
        """What a profile of the format may say; none where the format has no profiles."""
        kind = KINDS.get(self.name)
        return () if kind is None else tuple(_options(kind, ""))


_EVERY: Final = (
    FormatFacts(name="bai2", title="BAI2 and BTRS", file_extensions=("bai", "bai2", "txt")),
    FormatFacts(
        name="camt",
        title="ISO 20022 CAMT.052, .053 and .054",
        file_extensions=("xml", "c52", "c53", "c54"),
        proves_balances=True,
    ),
    FormatFacts(
        name="csv",
        title="CSV and other delimited text",
        file_extensions=("csv", "tsv", "txt"),
        needs_profile=True,
    ),
    FormatFacts(
        name="json",
        title="JSON, whole or on lines",
        file_extensions=("json", "jsonl", "ndjson"),
        needs_profile=True,
        proves_balances=True,
    ),
    FormatFacts(
        name="mt940",
        title="SWIFT MT940 and MT942",
        file_extensions=("sta", "mt940", "mt942", "940", "942", "txt"),
        proves_balances=True,
    ),
    FormatFacts(name="ofx", title="OFX and QFX", file_extensions=("ofx", "qfx", "qbo")),
    FormatFacts(name="qif", title="QIF", file_extensions=("qif",)),
    FormatFacts(
        name="xml",
        title="XML of any shape",
        file_extensions=("xml",),
        needs_profile=True,
        proves_balances=True,
    ),
)


def every() -> tuple[FormatFacts, ...]:
    """The facts of each format that files are read in, by name."""
    known = {facts.name: facts for facts in _EVERY}
    return tuple(known[candidate.name] for candidate in FORMATS)


def _options(kind: type[BaseModel], prefix: str) -> Iterator[FormatOption]:
    for name, field in kind.model_fields.items():
        place = f"{prefix}{field.alias or name}"
        yield FormatOption(
            name=place, description=field.description or "", required=field.is_required()
        )
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _options(part, f"{place}.")
