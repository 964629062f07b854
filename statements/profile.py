"""A CSV profile: what a saved connection knows about its bank's CSV export, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from statements.profile_rules import Encoding, Mapped, Rules, Words, folded

COLUMNS_MAX: Final = 1_000
FOOTER_ROWS_MAX: Final = 100
PREAMBLE_LINES_MAX: Final = 200


def _named_delimiter(value: object) -> object:
    names = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    return names.get(value.casefold(), value) if isinstance(value, str) else value


Column = (
    Annotated[int, Field(strict=True, ge=0, lt=COLUMNS_MAX)]
    | Annotated[str, Field(min_length=1, max_length=200)]
)


class CsvColumns(Mapped[Column]):
    """Which column holds what: a header name (case and blanks do not matter) or an index from 0."""

    def named(self) -> list[str]:
        """The header names that are mapped."""
        return [place for _, place in self.places() if isinstance(place, str)]


class CsvProfile(Rules):
    """How to read one bank's CSV export."""

    format: Literal["csv"] = Field(default="csv", description="What kind of profile this is.")
    delimiter: Annotated[str, BeforeValidator(_named_delimiter)] = Field(
        default=",",
        min_length=1,
        max_length=1,
        description='What parts the cells: one character, or "tab", "comma", "semicolon", "pipe".',
    )
    quote: str | None = Field(
        default='"',
        min_length=1,
        max_length=1,
        description="Quote character; null: quotes are text.",
    )
    encoding: Encoding | None = Field(
        default=None,
        description='A name such as "utf-8", "windows-1252", "cp1250"; null: told from each file, '
        "UTF-8 or else cp1252. A byte order mark always wins.",
    )
    preamble: Annotated[int, Field(ge=0, le=PREAMBLE_LINES_MAX)] | Literal["until-header"] = Field(
        default=0,
        description="Physical lines before the table, or until-header: all rows before the one "
        "that has every mapped column name.",
    )
    header: bool = Field(default=True, description="Whether a row of names stands before the data.")
    header_names: Words = Field(
        default=(), description="Names for the columns of a file without header, in order."
    )
    footer_rows: int = Field(
        default=0, ge=0, le=FOOTER_ROWS_MAX, description="Rows at the end that are no transactions."
    )
    footer_starts_with: Words = Field(
        default=(), description="Rows whose first cell begins with one of these are left out."
    )
    repeated_headers: bool = Field(
        default=True, description="Leave out rows that repeat the header, as page-wise exports do."
    )
    continuation_rows: bool = Field(
        default=False,
        description="A row without date and amount goes on with the description of the row before.",
    )
    columns: CsvColumns = Field(description="Which column holds what.")

    @property
    def mapped(self) -> Mapped[Any]:
        """The mapped columns."""
        return self.columns

    @model_validator(mode="after")
    def _delimited(self) -> Self:
        if self.delimiter in "\r\n\0" or self.delimiter == self.quote:
            raise ValueError("delimiter: must be no line end and differ from `quote`")
        if self.quote is not None and self.quote in "\r\n\0":
            raise ValueError("quote: must be no line end; null switches quoting off")
        return self

    @model_validator(mode="after")
    def _resolvable_columns(self) -> Self:
        named = self.columns.named()
        if not self.header:
            known = {folded(name) for name in self.header_names}
            unknown = [name for name in named if folded(name) not in known]
            if unknown:
                raise ValueError(
                    f'columns: the file has no header and headerNames lacks "{unknown[0]}"; '
                    "name it there or use its index from 0"
                )
            if self.preamble == "until-header":
                raise ValueError("preamble: until-header needs a header; give the number of lines")
        elif self.header_names:
            raise ValueError("headerNames: only for a file without header; set `header` to false")
        elif self.preamble == "until-header" and len(set(named)) < 2:
            raise ValueError("preamble: until-header needs two or more columns mapped by name")
        return self
