"""A proposed profile: what a file shows by itself, and the questions that it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from statements.profiles import Profile, read_profile

Answer = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that the file does not decide; a person does, in the proposed profile."""

    field: str  # where the answer goes: "dateFormat", "columns.amount"
    text: str
    answers: tuple[Answer, ...]  # empty: any of the profile's values
    examples: tuple[str, ...]  # cells of the file that the question is about

    def as_json(self) -> dict[str, object]:
        """The JSON that commands and the API show."""
        return {
            "field": self.field,
            "text": self.text,
            "answers": list(self.answers),
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A draft of a profile; what is open is null in it and has a question."""

    draft: Mapping[str, object]  # JSON of a profile, with null where a question stands
    confidence: int  # percent
    questions: tuple[Question, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is open."""
        return not self.questions

    @property
    def profile(self) -> Profile | None:
        """The profile, once nothing is open."""
        return read_profile(dict(self.draft)) if self.complete else None

    def as_json(self) -> dict[str, object]:
        """The JSON that commands and the API show."""
        return {
            "profile": dict(self.draft),
            "confidence": self.confidence,
            "questions": [question.as_json() for question in self.questions],
        }
