"""A QIF profile: what a QIF file leaves open, for banks and programs whose files do."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from statements.profile_rules import CONFIG, Account, Currency, Encoding, Name


class QifProfile(BaseModel):
    """How to read the QIF files of one source. What is null is told from each whole file."""

    model_config = CONFIG

    format: Literal["qif"] = Field(description="What kind of profile this is.")
    name: Name = Field(default="QIF", description="What users call it.")
    date_format: Literal["DMY", "MDY", "YMD"] | None = Field(
        default=None,
        description="Order of day, month and year; null: told from all dates of a file, which is "
        "refused where they leave it open.",
    )
    decimal_mark: Literal[".", ","] | None = Field(
        default=None,
        description="The decimal mark; the other one may part thousands. null: told from all "
        "amounts of a file.",
    )
    negate: bool = Field(default=False, description="The file shows money out as positive.")
    encoding: Encoding | None = Field(
        default=None,
        description='A name such as "utf-8" or "cp1250"; null: told from each file, UTF-8 or else '
        "cp1252.",
    )
    currency: Currency | None = Field(
        default=None, description="QIF names none; null: that of the connection."
    )
    account: Account | None = Field(
        default=None, description="The account's identity where the file names none."
    )
