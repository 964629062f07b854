"""A BAI2 document while it is read: which file, group and account a record belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from core.errors import Unreadable
from core.money import SCALE_MAX, minor_units
from core.records import AccountRecord, ProofRecord, Record, Severity, WithdrawalRecord
from statements.bai2_details import Booking
from statements.bai2_details_fast import DetailReader
from statements.bai2_group import Group, Status, headless_group, read_currency, read_group
from statements.bai2_proof import Proof
from statements.bai2_records import Logical
from statements.bai2_summaries import Standing, entries, standing_record
from statements.bai2_totals import SPECIFICATION, Tally, Trailer, check
from statements.bai2_values import Dates, minor_amount, shortened, split_fields
from statements.base import ParseOptions
from statements.findings import Findings

CURRENCY_DEFAULT: Final = "USD"  # BAI2 version 2, record 02, "Currency Code"
VERSIONS: Final = frozenset({"2", "3"})  # 3 is BTRS: the same grammar


class Document:
    """The state of one document: takes its records in order and yields what they say.

    `details` reads the 16 records of the open account, and is None where no account is open;
    `posts` tells whether what it reads is to be yielded.
    """

    def __init__(self, options: ParseOptions, findings: Findings) -> None:
        self._options = options
        self._findings = findings
        self._dates = Dates(options.dates)
        self._sender = ""
        self._group: Group | None = None
        self._file_tally: Tally | None = None
        self._group_tally = Tally()
        self._account_tally: Tally | None = None
        self._known: set[str] = set()  # keys of the accounts yielded so far
        self._withdrawn: set[str] = set()  # keys of the accounts withdrawn by this group
        self._proof: Proof | None = None  # of the open account, where it posts
        self._proofs: list[ProofRecord] = []  # of accounts that were closed
        self._held_back = 0  # what this group states but does not post
        self.details: DetailReader | None = None
        self.posts = False

    def structure(self, record: Logical) -> Iterator[Record]:
        """Take a record of any code but 16."""
        code, text, more, line, _, cut = record
        fields, starts = split_fields(text, more, line, self._findings)
        if cut and code != "99":
            fields.pop()  # how the file would have gone on is not known
        match code:
            case "01":
                self._file_header(fields, more, line)
            case "02":
                self._group_header(fields, more, line)
            case "03":
                yield from self._account(fields, starts, more, line)
            case "49":
                self._account_trailer(fields, more, line)
            case "98":
                self._group_trailer(fields, more, line)
            case _:
                self._file_trailer(fields, more, line)
        yield from self.proofs()

    def proofs(self) -> list[ProofRecord]:
        """What came of the accounts that were closed since this was asked."""
        proofs, self._proofs = self._proofs, []
        return proofs

    def misplaced_detail(self, line: int) -> None:
        """Take a 16 record outside any account."""
        self._findings.reject(
            "misplaced-record",
            "A transaction (16) stands outside any account (03 to 49); it was left out.",
            line,
        )

    def hold_back(self) -> None:
        """Take a transaction that the group's status keeps from being posted."""
        self._held_back += 1

    def end(self, line: int) -> None:
        """Report trailers that are missing at the end, `line`."""
        missing = self._close_group(line)
        if self._file_tally is not None:
            missing.append("99")
        if missing:
            self._findings.control(
                Severity.ERROR,
                "truncated",
                f"The file ends without {', '.join(missing)}: it was cut off. Fetch it again "
                "from the bank.",
                line,
            )

    def _file_header(self, fields: Sequence[str], more: Sequence[str], line: int) -> None:
        missing = self._close_group(line)
        if self._file_tally is not None:
            missing.append("99")
        self._report_missing(missing, line)
        self._sender = fields[0] if fields else ""
        self._file_tally = Tally()
        self._file_tally.count(more)
        version = fields[7] if len(fields) > 7 else ""
        if version not in VERSIONS:
            self._findings.warn(
                "version",
                "The file does not say that it is of version 2 or 3; it was read as version 2.",
                line,
                "version",
                shortened(version),
            )

    def _group_header(self, fields: Sequence[str], more: Sequence[str], line: int) -> None:
        self._report_missing(self._close_group(line), line)
        self._open_file(line)
        self._group = read_group(fields, self._sender, self._dates, line, self._findings)
        self._group_tally.count(more)

    def _account(
        self, fields: Sequence[str], starts: set[int], more: Sequence[str], line: int
    ) -> Iterator[Record]:
        self._report_missing(self._close_account(line), line)
        group = self._open_group(line)
        tally = self._account_tally = Tally()
        tally.count(more)
        if len(fields) < 2:
            self._findings.reject(
                "account-incomplete", "The account record (03) ends in its first fields.", line
            )
            return
        currency = self._currency(fields[1], group, line)
        standing = Standing(
            account=account_key(group.originator, fields[0], currency),
            currency=currency,
            decimals=self._decimals(currency, line),
            as_of=group.as_of,
            as_of_time=group.as_of_time,
            interim=group.interim,
            line=line,
        )
        self._open_details(standing, group, tally)
        if group.status != Status.TEST:
            yield from self._account_records(fields[0], standing, group)
        self._proof = Proof(standing, tally) if group.posts else None
        for entry in entries(fields, starts, line, self._findings):
            tally.headers += minor_amount(entry.amount) or 0
            record = standing_record(entry, standing, self._findings)
            if record is None:
                continue
            if self._proof is not None:
                self._proof.state(record)
                yield record
            else:
                self._held_back += 1

    def _account_records(
        self, number: str, standing: Standing, group: Group
    ) -> Iterator[AccountRecord | WithdrawalRecord]:
        key, line = standing.account, standing.line
        if key not in self._known:
            self._known.add(key)
            yield AccountRecord(
                key, number or None, standing.currency, None, group.originator or None, line
            )
        if not number:
            self._findings.warn(
                "account-number-missing",
                "The account record (03) holds no account number.",
                line,
                "account number",
            )
        if not group.withdraws or key in self._withdrawn:
            return
        self._withdrawn.add(key)
        if group.as_of is not None:
            yield WithdrawalRecord(key, group.as_of, line)
            return
        self._findings.reject(
            "withdrawal-without-date",
            "The group takes back what was said of a day, but that day cannot be read.",
            line,
        )

    def _account_trailer(self, fields: Sequence[str], more: Sequence[str], line: int) -> None:
        tally = self._account_tally
        if tally is None:
            self._report_misplaced("49", line)
            return
        tally.count(more)
        self._close_account(line, Trailer("49", fields, line))

    def _group_trailer(self, fields: Sequence[str], more: Sequence[str], line: int) -> None:
        if self._group is None:
            self._report_misplaced("98", line)
            return
        self._report_missing(self._close_account(line), line)
        self._group_tally.count(more)
        self._close_group(line, Trailer("98", fields, line))

    def _file_trailer(self, fields: Sequence[str], more: Sequence[str], line: int) -> None:
        self._report_missing(self._close_group(line), line)
        if self._file_tally is None:
            self._report_misplaced("99", line)
            return
        self._file_tally.count(more)
        check(Trailer("99", fields, line), self._file_tally, self._findings)
        self._file_tally = None

    def _close_account(self, line: int, trailer: Trailer | None = None) -> list[str]:
        """Add the open account to its group; the trailers that are missing for that."""
        tally, proof = self._account_tally, self._proof
        self.details, self._account_tally, self._proof = None, None, None
        if tally is None:
            return []
        if proof is not None:
            trailers = 0 if trailer is None else 1
            self._proofs.append(proof.record(trailers=trailers, line_end=line))
        total, records = tally.totals()[SPECIFICATION], tally.counts()[SPECIFICATION]
        if trailer is not None:
            check(trailer, tally, self._findings)
            total, records = trailer.stated(total, records)
        self._group_tally.absorb(tally, total, records)
        return [] if trailer is not None else ["49"]

    def _close_group(self, line: int, trailer: Trailer | None = None) -> list[str]:
        """Add the open group to its file; the trailers that are missing for that."""
        missing = self._close_account(line)
        tally, group = self._group_tally, self._group
        self._group_tally, self._group = Tally(), None
        self._withdrawn.clear()
        if group is None or self._file_tally is None:
            return missing
        total, records = tally.totals()[SPECIFICATION], tally.counts()[SPECIFICATION]
        if trailer is not None:
            check(trailer, tally, self._findings)
            total, records = trailer.stated(total, records)
        self._file_tally.absorb(tally, total, records)
        self._report_held_back(group, tally.items, line)
        return missing if trailer is not None else [*missing, "98"]

    def _report_held_back(self, group: Group, accounts: int, line: int) -> None:
        held_back, self._held_back = self._held_back, 0
        if group.status == Status.TEST:
            self._findings.info(
                "test-group",
                f"A test group of {accounts} accounts with {held_back} transactions, balances and "
                "totals was checked; nothing of it was posted.",
                line,
            )
        elif held_back:
            self._findings.info(
                "delete-group",
                f"{held_back} transactions, balances and totals of a group that deletes were not "
                "posted.",
                line,
            )

    def _open_file(self, line: int) -> None:
        if self._file_tally is None:
            self._report_misplaced("02", line)
            self._file_tally = Tally()

    def _open_group(self, line: int) -> Group:
        if self._group is None:
            self._report_misplaced("03", line)
            self._file_tally = self._file_tally or Tally()
            self._group = headless_group(self._sender)
        return self._group

    def _open_details(self, standing: Standing, group: Group, tally: Tally) -> None:
        self.posts = group.posts
        self.details = DetailReader(
            Booking(
                account=standing.account,
                currency=standing.currency,
                decimals=standing.decimals,
                as_of=standing.as_of,
                extra={"as_of_date_modifier": group.modifier} if group.modifier else {},
                dates=self._dates,
                tally=tally,
                findings=self._findings,
            )
        )

    def _currency(self, stated: str, group: Group, line: int) -> str:
        """Account, group, connection, then the default of the specification, with a warning."""
        told = read_currency(stated, line, self._findings) or group.currency
        told = told or self._options.currency
        if told is None and self._findings.first("currency-assumed"):
            self._findings.warn(
                "currency-assumed",
                f"Neither account, group nor connection names a currency: {CURRENCY_DEFAULT} was "
                "assumed, here and for later accounts. Set the currency of the connection.",
                line,
                "currency",
            )
        return told or CURRENCY_DEFAULT

    def _decimals(self, currency: str, line: int) -> int:
        decimals = self._options.decimals.get(currency, minor_units(currency))
        if 0 <= decimals <= SCALE_MAX:
            return decimals
        raise Unreadable(
            "decimals",
            f"The connection sets {decimals} decimals for {currency}; set 0 to {SCALE_MAX}.",
            line=line,
        )

    def _report_missing(self, trailers: Sequence[str], line: int) -> None:
        if trailers:
            self._findings.control(
                Severity.ERROR,
                "missing-trailer",
                f"The trailer {', '.join(trailers)} is missing before this record; lines may be "
                "lost. Fetch the file again from the bank.",
                line,
            )

    def _report_misplaced(self, code: str, line: int) -> None:
        self._findings.control(
            Severity.ERROR,
            "misplaced-record",
            f"A {code} record stands where none may be; lines may be lost. Fetch the file again "
            "from the bank.",
            line,
        )


def account_key(originator: str, number: str, currency: str) -> str:
    """The identity of an account: `originator|number|currency`, bars in the parts escaped."""
    parts = (part.replace("%", "%25").replace("|", "%7C") for part in (originator, number))
    return "|".join((*parts, currency))
