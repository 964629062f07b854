"""Proposals of profiles, whatever the format of a file is."""

from __future__ import annotations

from core.errors import Unreadable
from statements import csv_detect, qif_proposal
from statements.proposal import Proposal
from statements.registry import detect


def propose(head: bytes) -> Proposal:
    """A profile for the file that begins with these bytes. Raises `Unreadable` where there is none.

    Nothing in a JSON or XML file says which of its names is what: their profiles are written.
    """
    found = detect(head)
    if found is not None and found.name == "qif":
        return qif_proposal.propose(head)
    if found is not None and found.name in {"json", "xml"}:
        raise Unreadable(
            "profile-by-hand",
            f'Profiles for {found.name} are written by hand: {{"format": "{found.name}", "rows": '
            '…, "fields": …}, as docs/statements.md shows.',
        )
    return csv_detect.propose(head)
