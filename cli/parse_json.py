"""The JSON of `bankfeeds parse`: grouped by account, with a temporary file instead of memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Final, Self, assert_never

import orjson

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    HoldingRecord,
    PortfolioRecord,
    ProofRecord,
    Record,
    RemovalRecord,
    Severity,
    SuccessionRecord,
    SummaryRecord,
    TransactionRecord,
    WithdrawalRecord,
)

BUFFER_BYTES: Final = 4 * 1024 * 1024
COPY_BYTES: Final = 256 * 1024
_FINDINGS: Final = ("", "findings")
_PROOFS: Final = {True: "holds", False: "fails", None: "unproven"}


class Spool:
    """Items of many lists in one temporary file, each list readable by itself.

    Memory holds `BUFFER_BYTES` and about 100 bytes for each list and flush.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._waiting: dict[tuple[str, str], bytearray] = {}
        self._size = 0
        self._places: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, name: tuple[str, str], item: bytes) -> None:
        """Appends an item to the list of that name, with a comma before all but the first."""
        waiting = self._waiting.get(name)
        if waiting is None:
            waiting = self._waiting[name] = bytearray()
        if waiting or name in self._places:
            waiting += b",\n"
        waiting += item
        self._size += len(item) + 2
        if self._size >= BUFFER_BYTES:
            self._flush()

    def read(self, name: tuple[str, str]) -> Iterator[bytes]:
        """The items of the list with the commas between them, in pieces."""
        for start, size in self._places.get(name, ()):
            self._file.seek(start)
            left = size
            while left > 0:
                piece = self._file.read(min(left, COPY_BYTES))
                left -= len(piece)
                yield piece
        if name in self._waiting:
            yield bytes(self._waiting[name])

    def _flush(self) -> None:
        start = self._file.seek(0, 2)
        for name, waiting in self._waiting.items():
            self._file.write(waiting)
            self._places.setdefault(name, []).append((start, len(waiting)))
            start += len(waiting)
        self._waiting = {}
        self._size = 0


class JsonReport:
    """Collects records and prints them as one JSON document; amounts are decimal strings."""

    def __init__(self) -> None:
        self.format: str | None = None
        self._accounts: dict[str, AccountRecord] = {}
        self._holders: set[str] = set()  # accounts that hold securities
        self._spool = Spool()

    def add(self, record: Record) -> None:
        """Takes one record in."""
        match record:
            case TransactionRecord():
                self._put(record.account, "transactions", _transaction(record))
            case AccountRecord():
                self._accounts.setdefault(record.key, record)
            case BalanceRecord():
                self._put(record.account, "balances", _balance(record))
            case SummaryRecord():
                self._put(record.account, "summaries", _summary(record))
            case ProofRecord():
                self._put(record.account, "statements", _statement(record))
            case Finding():
                self._put("", "findings", _finding(record))
            case WithdrawalRecord():
                self._put("", "findings", _finding(withdrawal_finding(record)))
            case HoldingRecord():
                self._holders.add(record.account)
                self._put(record.account, "holdings", _holding(record))
            case RemovalRecord() | SuccessionRecord() | PortfolioRecord():
                pass  # what they say, the lists of an account say
            case _:
                assert_never(record)

    def write(self) -> None:
        """Prints the document to standard output."""
        out = sys.stdout.buffer
        with self._spool as spool:
            out.write(b'{"format":' + orjson.dumps(self.format) + b',"accounts":[')
            for number, account in enumerate(self._accounts.values()):
                out.write(b",\n" if number else b"\n")
                out.write(orjson.dumps(_account(account))[:-1])
                held = ("holdings",) if account.key in self._holders else ()
                for name in ("balances", "summaries", "statements", "transactions", *held):
                    out.write(b',"' + name.encode("ascii") + b'":[')
                    out.writelines(spool.read((account.key, name)))
                    out.write(b"]")
                out.write(b"}")
            out.write(b'],\n"findings":[')
            out.writelines(spool.read(_FINDINGS))
            out.write(b"]}\n")
            out.flush()

    def _put(self, account: str, name: str, value: Mapping[str, Any]) -> None:
        self._spool.add((account, name), orjson.dumps(value))


def withdrawal_finding(record: WithdrawalRecord) -> Finding:
    """What a withdrawal looks like to a reader of the report."""
    return Finding(
        Severity.INFO,
        "day-withdrawn",
        f"The bank takes back what it said of account {record.account} on {record.posted_date}.",
        line=record.line,
    )


def _account(record: AccountRecord) -> dict[str, Any]:
    return {
        "externalId": record.number or record.key,
        "currency": record.currency,
        "name": record.name,
        "number": record.number,
    }


def _balance(record: BalanceRecord) -> dict[str, Any]:
    return {
        "kind": record.kind.value,
        "amount": _amount(record.amount),
        "currency": record.currency,
        "asOf": record.as_of.isoformat(),
        "code": record.code,
        "interim": record.interim,
    }


def _summary(record: SummaryRecord) -> dict[str, Any]:
    return {
        "code": record.code,
        "amount": _amount(record.amount),
        "itemCount": record.item_count,
        "currency": record.currency,
        "asOf": _date(record.as_of),
    }


def _statement(record: ProofRecord) -> dict[str, Any]:
    return {
        "number": record.number,
        "from": _date(record.from_date),
        "to": _date(record.to_date),
        "openingBalance": _amount(record.opening),
        "closingBalance": _amount(record.closing),
        "entriesSum": _amount(record.entries),
        "entriesCount": record.entry_count,
        "currency": record.currency,
        "proof": _PROOFS[record.holds],
        "difference": _amount(record.difference),
        "line": record.line,
        "lineEnd": record.line_end,
    }


def _holding(record: HoldingRecord) -> dict[str, Any]:
    return {
        "security": record.security,
        "name": record.name,
        "ticker": record.ticker,
        "type": record.type,
        "quantity": _amount(record.quantity),
        "price": _amount(record.price),
        "value": _amount(record.value),
        "currency": record.currency,
        "asOf": record.as_of.isoformat(),
    }


def _transaction(record: TransactionRecord) -> dict[str, Any]:
    return {
        "externalId": record.external_id,
        "amount": _amount(record.amount),
        "currency": record.currency,
        "postedDate": _date(record.posted_date),
        "valueDate": _date(record.value_date),
        "transactionDate": _date(record.transaction_date),
        "status": record.status.value,
        "description": record.description,
        "descriptionRaw": record.description_raw,
        "reference": record.reference,
        "customerReference": record.customer_reference,
        "typeCode": record.type_code,
        "merchantName": record.merchant_name,
        "runningBalance": _amount(record.running_balance),
        "line": record.line,
        "lineEnd": record.line_end,
    }


def _finding(record: Finding) -> dict[str, Any]:
    return {
        "severity": record.severity.value,
        "code": record.code,
        "message": record.message,
        "line": record.line,
        "field": record.field,
        "raw": record.raw,
        "rejected": record.rejected,
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
