"""CAMT totals: opening balance and entries make the closing balance; stated totals are held to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from core.errors import InvalidMoney
from core.records import ProofRecord, Severity, SummaryRecord
from statements.camt_statement import Stated, Statement, Sums
from statements.camt_values import Dates, direction, read_amount
from statements.findings import Findings

_TOTALS: Final = (("TtlNtries", "all"), ("TtlCdtNtries", "credit"), ("TtlDbtNtries", "debit"))
_CLOSING: Final = ("CLBD", "ITBD")


def prove(statement: Statement, findings: Findings) -> bool | None:
    """Whether opening balance + booked entries = closing balance; None where nothing proves it."""
    opening, closing = _opening(statement), _closing(statement)
    if opening is None or closing is None:
        return None
    if {opening.currency, closing.currency} | statement.currencies != {opening.currency}:
        findings.warn(
            "balance-currencies",
            "Opening balance, closing balance and entries are not in one currency: nothing proves "
            "that the statement is complete.",
            closing.line,
        )
        return None
    found = opening.amount + statement.net()
    if found == closing.amount:
        return True
    message = (
        f"{opening.code} {opening.amount} and the booked entries {statement.net()} make {found}, "
        f"but {closing.code} states {closing.amount} (difference {closing.amount - found})."
        f"{_reason(statement, closing.amount - found)}"
    )
    if statement.kind == "052":
        # A report may hold only what is new since the one before.
        findings.info("balance-mismatch", message, closing.line)
        return None
    findings.control(Severity.WARNING, "balance-mismatch", message, closing.line)
    return False


def proof(
    statement: Statement, dates: Dates, line_end: int, *, holds: bool | None
) -> Iterator[ProofRecord]:
    """The statement as it ended; nothing where it named no account."""
    if statement.key is None or statement.currency is None:
        return
    currency, fields = statement.currency, statement.fields
    opening, closing = _opening(statement), _closing(statement)
    entries = statement.net() if statement.currencies <= {currency} else None
    since, until = dates.read(fields.get("since", "")), dates.read(fields.get("until", ""))
    yield ProofRecord(
        account=statement.key,
        currency=currency,
        entries=entries,
        entry_count=statement.booked_credits.count + statement.booked_debits.count,
        opening=opening.amount if opening is not None and opening.currency == currency else None,
        closing=closing.amount if closing is not None and closing.currency == currency else None,
        number=fields.get("id"),
        from_date=since or (None if opening is None else opening.as_of),
        to_date=until or statement.as_of,
        holds=holds if entries is not None else None,
        line=statement.line,
        line_end=line_end,
    )


def summaries(statement: Statement) -> Iterator[SummaryRecord]:
    """The totals that the statement states; a total of debits is negative."""
    totals = statement.totals or {}
    for code, name in _TOTALS:
        count, amount = _count(totals.get(f"{name}_count")), _amount(totals.get(f"{name}_sum"))
        if count is None and amount is None:
            continue
        assert statement.key is not None and statement.currency is not None
        yield SummaryRecord(
            account=statement.key,
            code=code,
            amount=-abs(amount) if amount and name == "debit" else amount,
            item_count=count,
            currency=statement.currency,
            as_of=statement.as_of,
            line=statement.totals_line,
        )


def check_totals(statement: Statement, findings: Findings) -> None:
    """Holds stated counts and sums against all entries, or else against those that are booked."""
    totals = statement.totals
    if not totals:
        return
    booked = {"credit": statement.booked_credits, "debit": statement.booked_debits}
    other = {"credit": statement.other_credits, "debit": statement.other_debits}
    everything = statement.net() + statement.other_credits.total - statement.other_debits.total
    for found in (booked, other):
        found["all"] = _both(found["credit"], found["debit"])
    for code, name in _TOTALS:
        every = _both(booked[name], other[name])
        _held(
            (code, "entry-count", statement.totals_line),
            _count(totals.get(f"{name}_count")),
            (every.count, booked[name].count),
            findings,
        )
        total = _amount(totals.get(f"{name}_sum"))
        sums: tuple[Decimal, ...] = (every.total, booked[name].total)
        if name == "all":  # some banks state what the entries come to, signed
            sums += (everything, statement.net())
        elif total is not None:
            total = abs(total)
        _held((code, "entry-sum", statement.totals_line), total, sums, findings)
    net, sign = _amount(totals.get("net")), direction(totals.get("net_direction"))
    if net is not None and sign is not None:
        place = ("TtlNetNtry", "entry-sum", statement.totals_line)
        _held(place, net * sign, (everything, statement.net()), findings)


def _held(
    place: tuple[str, str, int],
    stated: Decimal | int | None,
    found: tuple[Decimal | int, ...],
    findings: Findings,
) -> None:
    if stated is None or stated in found:
        return
    element, code, line = place
    findings.control(
        Severity.WARNING,
        code,
        f"{element} states {stated}, but the entries here come to {found[0]}; ask the bank "
        "whether the statement is complete.",
        line,
    )


def _opening(statement: Statement) -> Stated | None:
    for code in ("OPBD", "PRCD"):
        found = [one for one in statement.balances if one.code == code]
        if found:
            return min(found, key=lambda one: one.as_of)
    return None


def _closing(statement: Statement) -> Stated | None:
    for code in _CLOSING:
        found = [one for one in statement.balances if one.code == code]
        if found:
            latest = max(one.as_of for one in found)
            return next(one for one in reversed(found) if one.as_of == latest)
    return None


def _reason(statement: Statement, difference: Decimal) -> str:
    if statement.rejected:
        return f" {statement.rejected} of its entries could not be read."
    if statement.reversed and difference == -2 * statement.reversed:
        return " It would hold if the entries marked as reversals had the other direction."
    pending = statement.other_credits.total - statement.other_debits.total
    if pending and difference == pending:
        return " It would hold with the entries that are not booked."
    return " Ask the bank whether entries are missing."


def _both(one: Sums, other: Sums) -> Sums:
    return Sums(one.count + other.count, one.total + other.total)


def _count(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 15 and text.isascii() and text.isdigit() else None


def _amount(text: str | None) -> Decimal | None:
    try:
        return None if text is None else read_amount(text)
    except InvalidMoney:
        return None
