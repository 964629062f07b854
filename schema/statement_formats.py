"""Statement formats: what files can be read, and what each needs."""

from __future__ import annotations

import strawberry

from statements.catalog import FormatFacts


@strawberry.type(description="Something that a profile of a format may say.")
class StatementFormatOption:
    name: str = strawberry.field(
        description="Its place in the definition; dots lead into objects, as in columns.amount."
    )
    description: str = strawberry.field(description="What it means.")
    required: bool = strawberry.field(description="Whether its object cannot do without it.")


@strawberry.type(description="A format that statement files are read in.")
class StatementFormat:
    name: str = strawberry.field(description="Its name in mutations and profiles.")
    title: str = strawberry.field(description="Its name for people.")
    file_extensions: list[str] = strawberry.field(
        description="What its files usually end with; only their content tells them apart."
    )
    needs_profile: bool = strawberry.field(
        description="Whether a file says nothing without a profile; see statementProfileCreate."
    )
    proves_balances: bool = strawberry.field(
        description="Whether opening balance and rows must make the closing balance, where a file "
        "states both."
    )
    options: list[StatementFormatOption] = strawberry.field(
        description="What a profile may say; empty: the format has no profiles."
    )

    @staticmethod
    def of(facts: FormatFacts) -> StatementFormat:
        """A format."""
        return StatementFormat(
            name=facts.name,
            title=facts.title,
            file_extensions=list(facts.file_extensions),
            needs_profile=facts.needs_profile,
            proves_balances=facts.proves_balances,
            options=[
                StatementFormatOption(
                    name=option.name, description=option.description, required=option.required
                )
                for option in facts.options
            ],
        )
