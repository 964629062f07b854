"""BAI2 control totals and record counts: added up, and held against the trailers.

The specification has 49 state the sum of all amounts of 03 and 16, 98 the sum of its 49s and 99
the sum of its 98s; record counts include continuations and the trailer itself. Banks differ, so
each trailer is held against every convention that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.records import Severity
from statements.bai2_records import is_continuation
from statements.bai2_values import minor_amount, shortened
from statements.findings import Findings

SPECIFICATION: Final = "specification"
_LEVELS: Final = {"49": "account", "98": "group", "99": "file"}
_ITEMS: Final = {"98": "account-count", "99": "group-count"}
_ITEM_NAMES: Final = {"98": "accounts", "99": "groups"}


class Tally:
    """What has been added up below one trailer. Amounts are in minor units."""

    __slots__ = (
        "debits",
        "detail_continuations",
        "details",
        "header_continuations",
        "headers",
        "items",
        "left_out",
        "left_out_net",
        "messages",
        "records",
        "stated_records",
        "stated_total",
    )

    def __init__(self) -> None:
        self.headers = 0  # sum of the amounts of 03 records, as signed there
        self.details = 0  # sum of the amounts of 16 records, which are unsigned
        self.debits = 0  # the part of `details` whose type code is a debit
        self.left_out = 0  # details that became no transaction
        self.messages = 0  # those of them that are no money at all
        self.left_out_net = 0  # what they add to credits less debits
        self.records = 0  # records but continuations
        self.header_continuations = 0  # 88 after anything but 16
        self.detail_continuations = 0  # 88 after 16
        self.items = 0  # accounts of a group, groups of a file
        self.stated_total = 0  # sum of the totals that the trailers below state
        self.stated_records = 0  # sum of the counts that the trailers below state

    def count(self, more: Sequence[str]) -> None:
        """Count one record that is no detail, and its continuations."""
        self.records += 1
        self.header_continuations += sum(map(is_continuation, more))

    def absorb(self, below: Tally, total: int, records: int) -> None:
        """Add what stands below this trailer; `total` and `records` are as stated there."""
        self.headers += below.headers
        self.details += below.details
        self.debits += below.debits
        self.records += below.records
        self.header_continuations += below.header_continuations
        self.detail_continuations += below.detail_continuations
        self.items += 1
        self.stated_total += total
        self.stated_records += records

    def net(self) -> int:
        """What the details come to: credits less debits."""
        return self.details - 2 * self.debits

    def totals(self) -> dict[str, int]:
        """The control total by convention."""
        return {
            SPECIFICATION: self.headers + self.details,
            "details only": self.details,
            "credits less debits of details": self.net(),
        }

    def counts(self) -> dict[str, int]:
        """The number of records by convention."""
        return {
            SPECIFICATION: self.records + self.header_continuations + self.detail_continuations,
            "no continuations": self.records,
            "continuations of headers only": self.records + self.header_continuations,
            "continuations of details only": self.records + self.detail_continuations,
        }


class Trailer:
    """A 49, 98 or 99 record: what it states, each None where it is blank."""

    __slots__ = ("code", "items", "line", "records", "total")

    def __init__(self, code: str, fields: Sequence[str], line: int) -> None:
        self.code = code
        self.line = line
        total, items, records = ([*fields, "", "", ""])[:3]
        # ASB (New Zealand) leaves the number of accounts out: 98,73097397,507,/
        if code == "49" or not records:
            items, records = "", items
        self.total = total
        self.items = items
        self.records = records

    def stated(self, total: int, records: int) -> tuple[int, int]:
        """Total and count as stated, or those given where they are blank or unreadable."""
        own_total, own_records = minor_amount(self.total), minor_amount(self.records)
        return (
            total if own_total is None else own_total,
            records if own_records is None else own_records,
        )


def check(trailer: Trailer, tally: Tally, findings: Findings) -> None:
    """Report where the trailer fits no convention, and once which other convention fits."""
    _check_total(trailer, tally, findings)
    _check_records(trailer, tally, findings)
    if trailer.items and minor_amount(trailer.items) != tally.items:
        names = _ITEM_NAMES[trailer.code]
        _mismatch(
            findings,
            trailer,
            _ITEMS[trailer.code],
            f"states {shortened(trailer.items)} {names}, {tally.items} were found",
            trailer.items,
        )


def _check_total(trailer: Trailer, tally: Tally, findings: Findings) -> None:
    if not trailer.total:
        return
    stated = minor_amount(trailer.total)
    if stated == tally.headers + tally.details:
        return
    if trailer.code != "49" and stated == tally.stated_total:
        return
    _check_conventions(trailer, "control-total", (stated, trailer.total), tally.totals(), findings)


def _check_records(trailer: Trailer, tally: Tally, findings: Findings) -> None:
    if not trailer.records:
        return
    stated = minor_amount(trailer.records)
    # A wrong count below has been reported there; above it, the count of the trailers is right.
    if stated is not None and trailer.code != "49" and stated == tally.stated_records + 2:
        return
    _check_conventions(trailer, "record-count", (stated, trailer.records), tally.counts(), findings)


def _check_conventions(
    trailer: Trailer,
    code: str,
    stated: tuple[int | None, str],
    found: dict[str, int],
    findings: Findings,
) -> None:
    value, raw = stated
    fitting = next((name for name, sum_found in found.items() if sum_found == value), None)
    if fitting == SPECIFICATION:
        return
    if fitting is not None:
        if findings.first(f"{code}-convention"):
            findings.info(
                f"{code}-convention",
                f"The {_LEVELS[trailer.code]} trailer ({trailer.code}) follows another convention "
                f"than the specification's: {fitting}.",
                trailer.line,
            )
        return
    names = {sum_found: name for name, sum_found in reversed(found.items())}
    sums = ", ".join(f"{sum_found} ({name})" for sum_found, name in reversed(names.items()))
    closest = min(names, key=lambda sum_found: abs(sum_found - (value or 0)))
    nearest = f"; closest is {names[closest]}" if value is not None else ""
    _mismatch(findings, trailer, code, f"states {shortened(raw)}, found is {sums}{nearest}", raw)


def _mismatch(findings: Findings, trailer: Trailer, code: str, what: str, raw: str) -> None:
    findings.control(
        Severity.WARNING,
        code,
        f"The {_LEVELS[trailer.code]} trailer ({trailer.code}) {what}. Compare with the bank's "
        "own statement.",
        trailer.line,
        shortened(raw),
    )
