"""Writes the tenant of bench/reconcile_speed.py: accounts, sources, rules, rows, and a job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Final
from uuid import UUID, uuid5

import asyncpg

from bench.reconcile_rows import Made, accounts
from core.reconciliation import RuleMode, RuleShape, RuleSigns, RuleTerms

_SOURCES: Final = {"books": "file", "bank": "plaid", "processor": "file"}
_COLUMNS: Final = (
    "tenant_id",
    "id",
    "account_id",
    "mapping_id",
    "job_id",
    "raw_id",
    "raw_line",
    "raw_line_end",
    "fingerprint",
    "occurrence",
    "content_key",
    "status",
    "amount",
    "currency",
    "sort_date",
    "posted_date",
    "description",
    "description_raw",
    "reference",
)


async def fill(dsn: str, tenant: UUID, rows: Sequence[Made]) -> None:
    """Writes everything, and a queued job of the bank's that has the tenant's id."""
    admin = await asyncpg.connect(dsn)
    await admin.execute("set session_replication_role = replica")
    for source, provider in _SOURCES.items():
        await admin.execute(
            "insert into app.connections (tenant_id, id, lineage_id, name, provider)"
            " values ($1, $2, $2, $3, $4)",
            *(tenant, uuid5(tenant, source), source, provider),
        )
    for account, source, kind in accounts():
        await _account(admin, tenant, account, source, kind)
    for position, terms in enumerate(_rules(tenant)):
        await _rule(admin, tenant, replace(terms, position=position))
    await admin.copy_records_to_table(
        "transactions", schema_name="app", columns=_COLUMNS, records=_records(tenant, rows)
    )
    await admin.execute(
        "insert into app.ingestion_jobs (tenant_id, id, connection_id, kind)"
        " values ($1, $1, $2, 'import')",
        *(tenant, uuid5(tenant, "bank")),
    )
    # What autovacuum is about to do, which leaves empty tables alone.
    await admin.execute("vacuum (analyze) app.transactions, app.accounts, app.account_mappings")
    await admin.close()


async def _account(
    admin: asyncpg.Connection[asyncpg.Record], tenant: UUID, account: str, source: str, kind: str
) -> None:
    own, lineage = uuid5(tenant, account), uuid5(tenant, source)
    await admin.execute(
        "insert into app.accounts (tenant_id, id, name, currency, type)"
        " values ($1, $2, $3, 'EUR', $4)",
        *(tenant, own, account, kind),
    )
    await admin.execute(
        "insert into app.account_mappings (tenant_id, id, connection_id, lineage_id, account_id,"
        " external_account_id, currency, state)"
        " values ($1, $2, $3, $3, $2, $4, 'EUR', 'mapped')",
        *(tenant, own, lineage, account),
    )
    await admin.execute(
        "insert into app.mapping_accounts (tenant_id, mapping_id, account_id) values ($1, $2, $2)",
        *(tenant, own),
    )


async def _rule(admin: asyncpg.Connection[asyncpg.Record], tenant: UUID, terms: RuleTerms) -> None:
    values = {
        "tenant_id": tenant,
        "rule_id": uuid5(tenant, terms.name),
        "version": 1,
        **asdict(terms),
    }
    columns = ", ".join(values)
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await admin.execute(
        f"insert into app.reconciliation_rules ({columns}) values ({marks})",  # noqa: S608 - fields
        *values.values(),
    )


def _rules(tenant: UUID) -> Iterator[RuleTerms]:
    """What an accountant of the tenant's would say: sure are references, payouts and names."""
    sides: dict[str, list[UUID]] = {source: [] for source in _SOURCES}
    for account, source, _ in accounts():
        sides[source].append(uuid5(tenant, account))
    auto = RuleTerms(
        name="the same reference",
        mode=RuleMode.AUTO,
        signs=RuleSigns.EITHER,
        by_reference=True,
        day_window=10,
        score_min=80,
    )
    yield auto
    yield replace(
        auto,
        name="payouts",
        by_reference=False,
        signs=RuleSigns.EQUAL,
        shape=RuleShape.PAYOUT,
        left_account_ids=sides["processor"],
        right_account_ids=sides["bank"],
        day_window=3,
    )
    names = replace(
        auto,
        name="amount, days and name",
        by_reference=False,
        signs=RuleSigns.EQUAL,
        left_account_ids=sides["books"],
        right_account_ids=sides["bank"],
        text_needed=True,
        day_window=3,
    )
    yield names
    parts = replace(names, shape=RuleShape.ONE_TO_MANY, day_window=20, score_min=75)
    yield replace(parts, name="invoice in parts")
    yield replace(parts, name="several invoices at once", shape=RuleShape.MANY_TO_ONE)


def _records(tenant: UUID, rows: Sequence[Made]) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows):
        account = uuid5(tenant, row.account)
        yield (
            *(tenant, row.id, account, account, tenant, account, number, number),
            *(row.id.bytes, 0, 0, "posted", row.amount, "EUR", row.day, row.day),
            *(row.text, row.text, row.reference),
        )
