"""Pages of an export: transactions as lines of CSV or JSON, which Postgres itself writes.

A row never becomes an object here: the server's process passes on bytes, whatever their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Final
from uuid import UUID

from db import select
from db.queries import load
from db.select import Arguments, Asked, Condition
from db.session import Tx
from db.transactions import CATEGORY, LISTING, ORDERS, TransactionOrder

_SQL = load("exports")

PAGE_ROWS: Final = 2_000

# What a spreadsheet may take for a formula, in plain and full width, or may swallow: = + - @, tab,
# line feed and carriage return. The apostrophe is among them, so that exactly one can be taken off
# again. Source: OWASP, CSV Injection.
_BEGINNINGS: Final = tuple(ord(one) for one in "=+-@\t\n\r'＝＋－＠")  # noqa: RUF001


class Form(StrEnum):
    """How the lines are written."""

    CSV = "csv"  # as it is
    SAFE_CSV = "safe_csv"  # an apostrophe before text that a spreadsheet may take for a formula
    NDJSON = "ndjson"


class _Kind(Enum):
    """How a cell is written in CSV."""

    TEXT = "somebody's words: quoted"
    PLAIN = "nothing that needs quotes"
    DAY = "a date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A row's place in the order of an export: by day, then by id."""

    sort_date: date
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Whole lines, in order; `last` is the last row's place, None where there is no row."""

    body: bytes
    rows: int
    last: Place | None

    @property
    def is_full(self) -> bool:
        """Whether another page may follow."""
        return self.rows == PAGE_ROWS


async def moment(tx: Tx) -> datetime | None:
    """Now, by the database's clock; None where the scope's user is no member of its tenant."""
    found = await tx.value(_SQL["moment"])
    return found if isinstance(found, datetime) else None


async def page(
    tx: Tx,
    *,
    tenant_id: UUID,
    where: Sequence[Condition],
    form: Form,
    as_of: datetime,
    after: Place | None,
) -> Page:
    """The next `PAGE_ROWS` transactions that were written until `as_of`."""
    tests = [*where, Condition("t.created_at <= {}", (as_of,))]
    if after is not None:
        tests.append(Condition("(t.sort_date, t.id) > ({}, {})", (after.sort_date, after.id)))
    arguments = Arguments(tenant_id)
    asked = Asked(where=tests, order=ORDERS[TransactionOrder.POSTED_DATE_ASC])
    rows = select.rows(arguments, "t.*", listing=LISTING, asked=asked, after=None, limit=PAGE_ROWS)
    sql = _PAGE.format(rows=rows, line=_LINES[form])
    row = await tx.row(sql, *arguments.values)
    assert row is not None
    last = None if row["id"] is None else Place(sort_date=row["sort_date"], id=row["id"])
    return Page(body=row["body"], rows=row["rows"], last=last)


def header(form: Form) -> bytes:
    """What stands before the first line."""
    if form is Form.NDJSON:
        return b""
    return ",".join(name for name, _, _ in COLUMNS).encode() + b"\r\n"


def _global_id(type_name: str, sql: str) -> str:
    """As `schema.ids.encode`: base64 of these characters needs none that URLs have others for."""
    return f"encode(convert_to('{type_name}:' || {sql}, 'UTF8'), 'base64')"


def _instant(sql: str) -> str:
    return f"""to_char({sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# Name, SQL and kind. Their order is part of the format: new ones go to the end.
COLUMNS: Final = (
    ("id", _global_id("Transaction", "t.id"), _Kind.PLAIN),
    ("sortDate", "t.sort_date", _Kind.DAY),
    ("accountId", _global_id("Account", "t.account_id"), _Kind.PLAIN),
    ("accountName", "a.name", _Kind.TEXT),
    ("connectionId", _global_id("Connection", "m.connection_id"), _Kind.PLAIN),
    ("externalId", "t.external_id", _Kind.TEXT),
    ("status", "upper(t.status)", _Kind.PLAIN),
    ("postedDate", "t.posted_date", _Kind.DAY),
    ("transactionDate", "t.transaction_date", _Kind.DAY),
    ("valueDate", "t.value_date", _Kind.DAY),
    ("amount", "t.amount::text", _Kind.PLAIN),
    ("currency", "t.currency::text", _Kind.PLAIN),
    ("description", "t.description", _Kind.TEXT),
    ("descriptionRaw", "t.description_raw", _Kind.TEXT),
    ("merchantName", "t.merchant_name", _Kind.TEXT),
    ("reference", "t.reference", _Kind.TEXT),
    ("customerReference", "t.customer_reference", _Kind.TEXT),
    ("typeCode", "t.type_code", _Kind.TEXT),
    ("category", CATEGORY, _Kind.TEXT),
    ("runningBalance", "t.running_balance::text", _Kind.PLAIN),
    ("reconciled", "t.reconciled", _Kind.PLAIN),
    ("createdAt", _instant("t.created_at"), _Kind.PLAIN),
    ("updatedAt", _instant("t.updated_at"), _Kind.PLAIN),
    ("rawDocumentId", _global_id("RawDocument", "t.raw_id"), _Kind.PLAIN),
    ("line", "t.raw_line", _Kind.PLAIN),
)


def _cell(sql: str, kind: _Kind, *, safe: bool) -> str:
    """A cell of CSV; null is nothing, and an empty text is a pair of quotes. RFC 4180."""
    match kind:
        case _Kind.PLAIN:
            return f"coalesce(({sql})::text, '')"
        case _Kind.DAY:  # whatever the session's DateStyle is
            return f"coalesce(to_char({sql}, 'YYYY-MM-DD'), '')"
        case _Kind.TEXT:
            quoted = f"""replace({sql}, '"', '""') || '"'"""
            if not safe:
                return f"""coalesce('"' || {quoted}, '')"""
            codes = ", ".join(str(code) for code in _BEGINNINGS)
            begin = f"""case when ascii({sql}) in ({codes}) then '"''' else '"' end"""
            return f"coalesce({begin} || {quoted}, '')"


_CSV: Final = r"concat_ws(',', {cells}) || E'\r\n'"
_JSON: Final = r"(select row_to_json(r) from (select {fields}) as r)::text || E'\n'"


def _csv_line(*, safe: bool) -> str:
    cells = ", ".join(_cell(sql, kind, safe=safe) for _, sql, kind in COLUMNS)
    return _CSV.format(cells=cells)


def _json_line() -> str:
    fields = ", ".join(f'{sql} as "{name}"' for name, sql, _ in COLUMNS)
    return _JSON.format(fields=fields)


_LINES: Final = {
    Form.CSV: _csv_line(safe=False),
    Form.SAFE_CSV: _csv_line(safe=True),
    Form.NDJSON: _json_line(),
}

# The joins are outer ones: whatever they do not find, no row of the page may get lost.
_PAGE: Final = """
with t as materialized (
{rows}
),
line as (
  select t.sort_date, t.id, {line} as line
  from t
  left join app.accounts as a on a.tenant_id = t.tenant_id and a.id = t.account_id
  left join app.account_mappings as m on m.tenant_id = t.tenant_id and m.id = t.mapping_id
),
last as (
  select t.sort_date, t.id
  from t
  order by t.sort_date desc, t.id desc
  limit 1
)
select
  convert_to(coalesce(string_agg(line.line, '' order by line.sort_date, line.id), ''), 'UTF8')
    as body,
  count(*) as rows,
  (select last.sort_date from last) as sort_date,
  (select last.id from last) as id
from line
"""
