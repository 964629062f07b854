"""A profile for JSON and XML: paths to the rows, their fields, and what stands around them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from statements.profile_rules import CONFIG, Mapped, Name, Rules
from statements.tree_path import EACH, LENGTH_MAX, Steps, parse_path

EPOCHS: Final = ("epoch", "epochMillis")

Path = Annotated[str, Field(min_length=1, max_length=LENGTH_MAX)]


class TreeFields(Mapped[Path]):
    """Which path, from the row on, leads to what."""

    section: ClassVar[str] = "fields"


class TreeBalance(BaseModel):
    """A balance that a statement states."""

    model_config = CONFIG

    amount: Path = Field(description="Path to the amount.")
    date: Path | None = Field(
        default=None, description="Path to its day; without one it proves the rows, and no more."
    )
    indicator: Path | None = Field(
        default=None, description="Path to what says debit or credit, as for rows."
    )


class TreeStatement(BaseModel):
    """What stands around rows that belong together. Paths begin at the statement."""

    model_config = CONFIG

    path: Path = Field(
        default="$", description="Path to each statement; $: the whole document is one."
    )
    account: Path | None = Field(default=None, description="Path to the account's identity.")
    currency: Path | None = Field(default=None, description="Path to the currency of its rows.")
    opening: TreeBalance | None = Field(default=None, description="The balance before the rows.")
    closing: TreeBalance | None = Field(
        default=None, description="The balance after them: opening + booked rows must make it."
    )
    count: Path | None = Field(default=None, description="Path to the number of rows.")

    def places(self) -> dict[str, str]:
        """Each path by what it leads to."""
        found = {"account": self.account, "currency": self.currency, "count": self.count}
        for name, balance in (("opening", self.opening), ("closing", self.closing)):
            if balance is not None:
                found[name] = balance.amount
                found[f"{name}Date"] = balance.date
                found[f"{name}Indicator"] = balance.indicator
        return {name: path for name, path in found.items() if path is not None}


class TreeProfile(Rules):
    """How to read the JSON or XML of one source. Nothing is guessed while a file is read."""

    name: Name = Field(default="Paths", description="What users call it.")
    format: Literal["json", "xml"] = Field(description="What kind of file this is for.")
    rows: Path = Field(
        description="Path to each row, from the statement on: `transactions[]`, `Stmt/Ntry`. $ is "
        "each value of a JSON file that has one on every line."
    )
    statement: TreeStatement = Field(
        default=TreeStatement(), description="What stands around the rows."
    )
    minor_units: bool = Field(
        default=False,
        description="Amounts are whole numbers of the currency's smallest unit, such as cents.",
    )
    fields: TreeFields = Field(description="Which path, from the row on, leads to what.")

    @property
    def mapped(self) -> Mapped[Any]:
        """The mapped paths."""
        return self.fields

    @classmethod
    def more_date_formats(cls) -> tuple[str, ...]:
        """Seconds or milliseconds since 1970, in UTC."""
        return EPOCHS

    def steps(self, path: str) -> Steps:
        """The steps of a path."""
        return parse_path(path, self.format)

    @model_validator(mode="after")
    def _paths(self) -> Self:
        named = [("rows", self.rows), ("statement.path", self.statement.path)]
        named += [(f"statement.{name}", path) for name, path in self.statement.places().items()]
        named += [(f"fields.{name}", path) for name, path in self.fields.places()]
        for name, path in named:
            try:
                steps = self.steps(path)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            if name in {"rows", "statement.path"} and any(step[:1] == "@" for step in steps):
                raise ValueError(f"{name}: an attribute has no rows in it")
            if self.format == "json" and name.startswith("statement.") and name != "statement.path":
                self._check_single(name, steps)
        rows, around = self.steps(self.rows), self.steps(self.statement.path)
        if not rows and (around or self.format == "xml"):
            raise ValueError("rows: $ is for JSON files with one value on every line")
        return self

    @staticmethod
    def _check_single(name: str, steps: Steps) -> None:
        if EACH in steps:
            raise ValueError(f"{name}: a statement has one of it; [] has no place here")

    @model_validator(mode="after")
    def _whole_numbers(self) -> Self:
        if self.minor_units and self.thousands:
            raise ValueError("minorUnits: amounts are whole numbers; leave `thousands` out")
        return self
