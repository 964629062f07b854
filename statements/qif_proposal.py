"""Detection for QIF: what the first bytes show of dates and amounts, and what they leave open."""

from __future__ import annotations

from datetime import date

from core.errors import Unreadable
from statements.base import HEAD_BYTES
from statements.csv_text import TextLines
from statements.findings import Findings
from statements.proposal import Proposal, Question
from statements.qif_evidence import Dates, Evidence, Marks
from statements.qif_scan import parts


def propose(head: bytes) -> Proposal:
    """A profile for the QIF file that begins with these bytes.

    Later rows may still decide what is asked here; a file that contradicts itself is asked about
    both.
    """
    dates, marks = Dates(None, (date.min, date.max)), Marks(None)
    evidence = Evidence(dates, marks)
    contradictory = ""
    try:
        for part in parts(TextLines([head[:HEAD_BYTES]], None), Findings()):
            evidence.sees(part)
    except Unreadable as error:
        contradictory = error.code
    questions: list[Question] = []
    draft: dict[str, object] = {"format": "qif", "dateFormat": dates.order}
    if contradictory == "date-order-contradictory" or (dates.order is None and dates.open):
        draft["dateFormat"] = None
        questions.append(
            Question(
                field="dateFormat",
                text="Day or month first? The dates of the file do not decide it.",
                answers=("DMY", "MDY"),
                examples=(dates.open,) if dates.open else (),
            )
        )
    draft["decimalMark"] = marks.mark
    if contradictory == "decimal-mark-contradictory" or (marks.mark is None and marks.open):
        draft["decimalMark"] = None
        questions.append(
            Question(
                field="decimalMark",
                text="Is the mark in the amounts a decimal mark or does it part thousands?",
                answers=(".", ","),
                examples=(marks.open,) if marks.open else (),
            )
        )
    return Proposal(draft=draft, confidence=60 if questions else 95, questions=tuple(questions))
