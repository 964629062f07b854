"""Records: what a source says, before this system has made anything of it.

A parser yields a flat stream of them. An `AccountRecord` comes before the first record that names
its key; everything else may come in any order. They are named tuples because a parser makes
hundreds of thousands a second: a frozen dataclass costs five times as much to build.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple


class TransactionStatus(StrEnum):
    """Where a transaction stands at its source."""

    PENDING = "pending"
    POSTED = "posted"
    REMOVED = "removed"


class BalanceKind(StrEnum):
    """What a balance measures. `OTHER` keeps the source's own code beside it."""

    OPENING_LEDGER = "opening_ledger"
    CLOSING_LEDGER = "closing_ledger"
    CURRENT_LEDGER = "current_ledger"
    OPENING_AVAILABLE = "opening_available"
    CLOSING_AVAILABLE = "closing_available"
    CURRENT_AVAILABLE = "current_available"
    RUNNING = "running"
    OTHER = "other"


class Severity(StrEnum):
    """How much a finding matters: a note, something to look at, or something that was not read."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class AccountRecord(NamedTuple):
    """An account that the document speaks of.

    `key` is the document's own identity of the account: unique in the document and equal in the
    next one. `number` is the full account number where the source tells it (never stored in clear).
    """

    key: str
    number: str | None
    currency: str
    name: str | None = None
    institution: str | None = None  # the source's id of the bank: BAI2 originator, BIC, sort code
    line: int = 0
    institution_name: str | None = None  # None: the id is all that is known of it
    mask: str | None = None  # the last digits, where the source tells no more of the number
    type: str | None = None  # the source's own kind of account


class BalanceRecord(NamedTuple):
    """A balance as of the end of a day, or of an instant where the source tells the time."""

    account: str  # AccountRecord.key
    kind: BalanceKind
    amount: Decimal
    currency: str
    as_of: date
    as_of_time: str | None = None  # the bank's local time as HH:MM; banks do not say the zone
    code: str | None = None  # the source's own code, such as BAI2 "015"
    interim: bool = False  # an intraday figure that a final one will follow
    line: int = 0


class SummaryRecord(NamedTuple):
    """A total that the source states about an account: shown and checked, never booked."""

    account: str
    code: str
    amount: Decimal | None  # None: the source left it empty
    item_count: int | None
    currency: str
    as_of: date | None
    line: int = 0


# Keys of a transaction's `extra`, where a source stands between us and another one: what that one
# calls the transaction, and what it called it while it was pending.
REMOTE_ID: Final = "remoteId"
PENDING_REMOTE_ID: Final = "pendingRemoteId"


class TransactionRecord(NamedTuple):
    """One booking, amount signed from the holder's side: money in is positive."""

    account: str
    amount: Decimal
    currency: str
    posted_date: date | None  # None: the source gave none that can be read; a finding says so
    status: TransactionStatus
    description: str  # one line, white space folded
    description_raw: str  # as delivered; physical lines joined by "\n"
    line: int  # first physical line of the record, counted from 1
    line_end: int
    external_id: str | None = None  # the source's id; BAI2 has none
    transaction_date: date | None = None
    value_date: date | None = None
    reference: str | None = None  # the bank's reference
    customer_reference: str | None = None
    type_code: str | None = None  # the source's own kind of booking, such as BAI2 "165"
    merchant_name: str | None = None
    category: str | None = None  # the source's own category
    running_balance: Decimal | None = None
    extra: Mapping[str, str] | None = None  # what the source says beyond this, as text
    # The id that this booking had while it was pending, or until its source corrected it.
    pending_external_id: str | None = None


class RemovalRecord(NamedTuple):
    """The source takes back one transaction by its id: it was pending, doubled or wrong."""

    account: str
    external_id: str
    line: int


class SuccessionRecord(NamedTuple):
    """A transaction goes on under another id: it was booked, or the source named it anew."""

    account: str
    from_id: str
    to_id: str
    line: int


class HoldingRecord(NamedTuple):
    """What an investment account holds of one security, as of a day."""

    account: str
    security: str  # the source's id of the security
    quantity: Decimal
    currency: str
    as_of: date
    name: str | None = None
    ticker: str | None = None
    type: str | None = None  # the source's own kind of security
    price: Decimal | None = None  # of one unit; None: the source gave none
    value: Decimal | None = None
    cost_basis: Decimal | None = None
    line: int = 0


class PortfolioRecord(NamedTuple):
    """All that an account holds was said before, as of a day: what is not among it, it has not."""

    account: str
    as_of: date
    line: int


class ProofRecord(NamedTuple):
    """A statement that has ended: what it states around its rows, and what was found in it.

    Opening and closing balance prove the rows where the format carries both: what is booked in
    between must make up for their difference.
    """

    account: str
    currency: str
    entries: Decimal | None  # what its booked rows come to; None: they are of several currencies
    entry_count: int  # of its booked rows
    opening: Decimal | None = None  # None: not stated, or in another currency
    closing: Decimal | None = None
    number: str | None = None  # the source's own number or id of the statement
    from_date: date | None = None
    to_date: date | None = None
    holds: bool | None = None  # None: nothing proves it, either way
    line: int = 0
    line_end: int = 0
    ordinal: int = 0  # among the statements of its document, which the pipeline counts

    @property
    def difference(self) -> Decimal | None:
        """What is missing between the balances; None where they prove nothing."""
        if self.holds is None or self.opening is None or self.closing is None:
            return None
        return None if self.entries is None else self.closing - self.opening - self.entries


class WithdrawalRecord(NamedTuple):
    """The source takes back all that it said of an account and day (BAI2 group status 2 and 3)."""

    account: str
    posted_date: date
    line: int


class Finding(NamedTuple):
    """Something that a person should know about the document: what, where, and what to do."""

    severity: Severity
    code: str  # kebab-case, stable
    message: str
    line: int | None = None
    field: str | None = None
    raw: str | None = None  # the text that could not be read
    rejected: bool = False  # a row was left out because of this
    control: bool = False  # a control total, a count or a missing trailer: policy of the connection


Record = (
    AccountRecord
    | BalanceRecord
    | SummaryRecord
    | TransactionRecord
    | RemovalRecord
    | SuccessionRecord
    | HoldingRecord
    | PortfolioRecord
    | ProofRecord
    | WithdrawalRecord
    | Finding
)
