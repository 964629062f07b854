"""Scan: reads a whole document before anything of it is written: can it be read, is it complete?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.errors import Unreadable
from core.models import ControlPolicy
from core.records import AccountRecord, Finding, Record, TransactionRecord
from statements.repeats import REPEATED

ACCOUNTS_MAX: Final = 10_000
CONTROL_FINDINGS_MAX: Final = 1_000
_NEVER_TAKEN: Final = frozenset({"truncated", REPEATED})  # without somebody's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a document holds: transactions that were read, rows that were not, what looks wrong."""

    transactions: int = 0
    rejected: int = 0
    accounts: int = 0
    control: tuple[Finding, ...] = ()

    def quarantined(self, policy: ControlPolicy) -> bool:
        """Whether the document must wait for someone's word.

        A truncated document always does unless the policy ignores control totals: its last row
        may be cut, and would not be known again when the whole document comes. So does one that
        holds a statement twice, for its rows would count twice.
        """
        match policy:
            case ControlPolicy.IGNORE:
                return False
            case ControlPolicy.WARN:
                return any(finding.code in _NEVER_TAKEN for finding in self.control)
            case ControlPolicy.QUARANTINE:
                return bool(self.control)


def scan(records: Iterable[Record], before: Scanned) -> Scanned:
    """What a further part of the document adds to what was seen before. Raises Unreadable."""
    transactions, rejected, accounts = before.transactions, before.rejected, before.accounts
    control = list(before.control)
    for record in records:
        if isinstance(record, TransactionRecord):
            transactions += 1
        elif isinstance(record, Finding):
            rejected += record.rejected
            if record.control and len(control) < CONTROL_FINDINGS_MAX:
                control.append(record)
        elif isinstance(record, AccountRecord):
            accounts += 1
            if accounts > ACCOUNTS_MAX:
                raise Unreadable(
                    "too-many-accounts",
                    f"The file names more than {ACCOUNTS_MAX:,} accounts. Is the account column "
                    "of the profile right? Otherwise split the file.",
                    line=record.line,
                )
    return Scanned(
        transactions=transactions, rejected=rejected, accounts=accounts, control=tuple(control)
    )
