"""BAI2 type codes: what each means, which way its money goes, and where it may stand."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from core.records import BalanceKind


class Kind(StrEnum):
    """Level and direction of a type code (BAI2 version 2, section on type codes, appendix A)."""

    STATUS = "status"
    CREDIT_SUMMARY = "credit-summary"
    CREDIT_DETAIL = "credit-detail"
    DEBIT_SUMMARY = "debit-summary"
    DEBIT_DETAIL = "debit-detail"
    MESSAGE = "message"
    UNUSED = "unused"  # no published meaning and no range that tells a direction


class TypeCode(NamedTuple):
    """One type code. `listed` is False where only the range of the number tells the kind."""

    code: str
    kind: Kind
    name: str
    listed: bool

    @property
    def sign(self) -> str | None:
        """ "" for money in, "-" for money out, None where the code tells no direction."""
        if self.kind in {Kind.CREDIT_DETAIL, Kind.CREDIT_SUMMARY}:
            return ""
        if self.kind in {Kind.DEBIT_DETAIL, Kind.DEBIT_SUMMARY}:
            return "-"
        return None


BALANCE_KINDS: Final = {
    "010": BalanceKind.OPENING_LEDGER,
    "015": BalanceKind.CLOSING_LEDGER,
    "030": BalanceKind.CURRENT_LEDGER,
    "040": BalanceKind.OPENING_AVAILABLE,
    "045": BalanceKind.CLOSING_AVAILABLE,
    "060": BalanceKind.CURRENT_AVAILABLE,
}
CHECKS: Final = frozenset({"395", "474", "475"})  # the customer reference is the check number
OWED: Final = frozenset({"056", "701", "705", "707", "709"})  # a plain amount is what is owed

# First code of each range that tells a kind where appendix A lists no such code. Loans
# (700-799) are split as their listed codes are: 701-709 status, 720-728 credit, 760 debit.
_RANGES: Final = (
    (1, Kind.STATUS),
    (100, Kind.CREDIT_SUMMARY),
    (101, Kind.CREDIT_DETAIL),
    (400, Kind.DEBIT_SUMMARY),
    (401, Kind.DEBIT_DETAIL),
    (700, Kind.STATUS),
    (710, Kind.CREDIT_DETAIL),
    (760, Kind.DEBIT_DETAIL),
    (800, Kind.UNUSED),
    (900, Kind.STATUS),
    (920, Kind.CREDIT_DETAIL),
    (960, Kind.DEBIT_DETAIL),
)


def _kind_by_range(number: int) -> Kind:
    return next((kind for first, kind in reversed(_RANGES) if number >= first), Kind.UNUSED)


def _listed() -> dict[str, TypeCode]:
    rows = Path(__file__).with_name("bai2_codes.tsv").read_text(encoding="utf-8").splitlines()[1:]
    fields = (row.split("\t") for row in rows)
    return {code: TypeCode(code, Kind(kind), name, True) for code, kind, name in fields}


def _all_codes() -> dict[str, TypeCode]:
    codes = {f"{number:03d}": number for number in range(1000)}
    by_range = {
        code: TypeCode(code, _kind_by_range(number), f"BAI2 type {code}", False)
        for code, number in codes.items()
    }
    return by_range | _listed()


TYPE_CODES: Final = _all_codes()  # every three-digit code there can be
