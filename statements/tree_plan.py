"""The plan of a profile with paths: where a walk looks, and what it finds there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from statements.profile import CsvColumns, CsvProfile
from statements.tree_path import Steps
from statements.tree_profile import EPOCHS, TreeProfile

AROUND: Final = ("account", "currency")  # where a row says nothing, its statement may
MONEY: Final = ("amount", "debit", "credit", "running_balance")
DATES: Final = ("posted_date", "value_date", "transaction_date")
TEXTS: Final = frozenset(("description", "extra", "merchant", "reference", "customer_reference"))


@dataclass(slots=True)
class Node:
    """One element or name on the way: what is below it, and what it is itself."""

    children: dict[str, Node] = field(default_factory=dict)
    is_statement: bool = False
    is_row: bool = False
    cells: list[int] = field(default_factory=list)  # of the row that take its value
    keys: list[str] = field(default_factory=list)  # of the statement that take it

    def at(self, steps: Steps) -> Node:
        """The node that those steps lead to, made where it was not there."""
        node = self
        for step in steps:
            node = node.children.setdefault(step, Node())
        return node


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of a row: its field, and the path to it."""

    field: str
    path: str
    steps: Steps | None  # None: the statement has it

    @property
    def is_money(self) -> bool:
        """Whether it is an amount."""
        return self.field in MONEY

    @property
    def is_date(self) -> bool:
        """Whether it is a date."""
        return self.field in DATES

    @property
    def is_text(self) -> bool:
        """Whether several values of it are one text; of all others a row has one."""
        return self.field in TEXTS


class Plan:
    """The nodes of a profile, its cells, and the rules that they are read by as if it were CSV."""

    def __init__(self, profile: TreeProfile) -> None:
        self.profile = profile
        around = profile.steps(profile.statement.path)
        below = profile.steps(profile.rows)
        self.cells = [
            Cell(field=name, path=path, steps=profile.steps(path))
            for name, path in profile.fields.places()
        ]
        self.by_field = {cell.field: place for place, cell in enumerate(self.cells)}
        for name in AROUND:
            if name not in self.by_field and name in profile.statement.places():
                self.by_field[name] = len(self.cells)
                self.cells.append(Cell(field=name, path=f"statement.{name}", steps=None))
        self.root = Node()
        self.root.at(around).is_statement = True
        row = self.root.at(around + below)
        row.is_row = True
        for place, cell in enumerate(self.cells):
            if cell.steps is not None:
                row.at(cell.steps).cells.append(place)
        for key, path in profile.statement.places().items():
            self.root.at(around + profile.steps(path)).keys.append(key)

    @property
    def header(self) -> list[str]:
        """The names of the cells, as extra fields are called."""
        return [cell.path for cell in self.cells]

    def rules(self) -> CsvProfile:
        """The profile that reads the cells."""
        given = self.profile
        columns: dict[str, int | tuple[int, ...]] = {
            name: place
            for name, place in self.by_field.items()
            if name not in {"description", "extra"}
        }
        for name in ("description", "extra"):
            columns[name] = tuple(i for i, cell in enumerate(self.cells) if cell.field == name)
        return CsvProfile(
            name=given.name,
            date_format="YMD" if given.date_format in EPOCHS else given.date_format,
            decimal_mark="." if given.minor_units else given.decimal_mark,
            thousands=given.thousands,
            grouping=given.grouping,
            negate=given.negate,
            signed_pair=given.signed_pair,
            debit_values=given.debit_values,
            credit_values=given.credit_values,
            pending_values=given.pending_values,
            ignored_values=given.ignored_values,
            currency=given.currency,
            account=given.account,
            columns=CsvColumns.model_validate(columns),
        )
