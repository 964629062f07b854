"""Reasons of a score, as rules gave them."""

from __future__ import annotations

from typing import Any

import strawberry


@strawberry.type(description="What speaks for something that rules found, or against it.")
class ScoreReason:
    code: str = strawberry.field(description="For programs: stable within a rule version.")
    text: str = strawberry.field(description="In words.")
    points: int = strawberry.field(description="What it adds to the score; may be negative.")

    @staticmethod
    def of(reason: dict[str, Any]) -> ScoreReason:
        """A reason as it was kept."""
        return ScoreReason(code=reason["code"], text=reason["text"], points=reason["points"])
