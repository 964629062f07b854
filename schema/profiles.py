"""Statement profiles: how files of one source are read, and proposals of one."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core import models
from core.errors import Unreadable
from db.profiles import ProfileFilter
from resolvers import text
from schema.columns import column, shown
from schema.ids import encode
from schema.node import Node
from schema.scalars import JSON
from statements.proposal import Proposal


@strawberry.type(description="A saved profile: how one bank writes its CSV, JSON, QIF or XML.")
class StatementProfile(Node):
    name: str = column("p.name", description="What users call it; unique in the tenant.")
    format: str = column(
        "p.format", description='The format that it is for: "csv", "json", "qif" or "xml".'
    )
    definition: JSON = column("p.definition", description="What it says; see docs/statements.md.")
    created_at: datetime = column("p.created_at", description="When it was saved.")
    updated_at: datetime = column("p.updated_at", description="When it was last changed.")

    @staticmethod
    def of(profile: models.StatementProfile) -> StatementProfile:
        """A profile of the tenant's."""
        return shown(
            StatementProfile, profile, id=encode("StatementProfile", profile.id), key=profile.id
        )


@strawberry.input(
    description="Which profiles: all of these hold; what is left out or null asks nothing."
)
class StatementProfileFilter:
    format: list[str] | None = strawberry.field(
        default=None,
        description="For one of these formats, as `StatementProfile.format`; 1,000 at most.",
    )
    text: str | None = strawberry.field(
        default=None,
        description="With this in the name, whatever the case; 1 to 200 characters.",
    )

    def wanted(self) -> ProfileFilter:
        """The filter as reads take it. Raises BadInput."""
        return ProfileFilter(
            formats=text.one_of("format", self.format), text=text.sought(self.text)
        )


@strawberry.type(description="Something that the file does not decide; a person does.")
class StatementProfileQuestion:
    field: str = strawberry.field(description="Where the answer goes in the definition.")
    text: str = strawberry.field(description="The question.")
    answers: list[JSON] = strawberry.field(description="Likely answers; empty: any value.")
    examples: list[str] = strawberry.field(description="Cells that the question is about.")


@strawberry.type(description="What an uploaded file shows about itself.")
class StatementProfileProposal:
    definition: JSON | None = strawberry.field(
        description="A draft, null at each question; null as a whole where the file is unreadable."
    )
    confidence: int = strawberry.field(description="How sure the draft is, in percent.")
    questions: list[StatementProfileQuestion] = strawberry.field(
        description="What is open; empty: the draft can be saved as it is."
    )
    problem: str | None = strawberry.field(
        description="Why there is no draft; null where there is one."
    )

    @staticmethod
    def of(proposal: Proposal | Unreadable) -> StatementProfileProposal:
        """A draft, or why there is none."""
        if isinstance(proposal, Unreadable):
            return StatementProfileProposal(
                definition=None, confidence=0, questions=[], problem=proposal.message
            )
        return StatementProfileProposal(
            definition=JSON(dict(proposal.draft)),
            confidence=proposal.confidence,
            questions=[
                StatementProfileQuestion(
                    field=one.field,
                    text=one.text,
                    answers=[JSON(answer) for answer in one.answers],
                    examples=list(one.examples),
                )
                for one in proposal.questions
            ],
            problem=None,
        )
