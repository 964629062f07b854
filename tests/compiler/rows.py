"""Rows of two tenants, full of what two writers of JSON could write differently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

import asyncpg

from core.jobs import JobKind, JobState
from core.models import AccountType, ConnectionStatus, MappingState, Outcome, Role
from core.records import BalanceKind, Severity, TransactionStatus
from core.scope import UserScope
from schema.ids import encode
from tests.compiler.audit_rows import events
from tests.compiler.category_rows import evidence
from tests.compiler.correction_rows import correction_rows
from tests.compiler.holding_rows import holdings
from tests.compiler.odd_values import AMOUNTS, CURRENCIES, DATES, INSTANTS, JSONS, TEXTS
from tests.compiler.picking import pick, rarely
from tests.compiler.reconciliation_rows import reconciliation_rows
from tests.compiler.statement_rows import statements
from tests.compiler.sync_rows import sync_of_connection, sync_of_job

Value = TypeVar("Value")
Row = Mapping[str, Any]

_NAMESPACE: Final = UUID(int=11)
FULL_ACCOUNT_ROWS: Final = 130  # more than the largest page
_OTHER_ROWS: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant of the world. Everything in it is made from its name."""

    name: str
    role: Role = Role.OWNER  # of the user who asks

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.key("tenant", 0)

    @property
    def user(self) -> UserScope:
        """Who asks."""
        return UserScope(user_id=self.person(self.role), tenant_id=self.id)

    def key(self, table: str, number: int) -> UUID:
        """A row's id."""
        return uuid5(_NAMESPACE, f"{self.name} {table} {number}")

    def id_of(self, type_name: str, table: str, number: int) -> str:
        """The global id of a row."""
        return str(encode(type_name, self.key(table, number)))

    def person(self, role: Role) -> UUID:
        """The id of the member with that role."""
        return self.key("person", list(Role).index(role))

    def text(self, number: int) -> str:
        """A text that differs between the tenants."""
        return f"{pick(TEXTS, number)} {self.name}"


async def fill(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """Writes a tenant's rows into a migrated database."""
    for role in Role:
        await owner.execute(
            "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
            tenant.person(role),
            f"{role}@{tenant.name}.test",
        )
    await owner.execute(
        "insert into app.tenants (id, name) values ($1, $2)", tenant.id, tenant.text(1)
    )
    for table, row in _rows(tenant):
        await insert(owner, tenant, table, row)


async def insert(
    owner: asyncpg.Connection, tenant: Tenant, table: str, row: Row, *, schema: str = "app"
) -> None:
    """Writes a row of a tenant's."""
    columns = {"tenant_id": tenant.id, **row}
    marks = ", ".join(f"${number}" for number in range(1, 1 + len(columns)))
    await owner.execute(
        f"insert into {schema}.{table} ({', '.join(columns)}) values ({marks})", *columns.values()
    )


def _rows(tenant: Tenant) -> Iterator[tuple[str, Row]]:
    """Rows of all tables, parents first."""
    from tests.compiler.asset_rows import asset_rows  # which is made of what is here

    tables = (
        ("tenant_members", _members(tenant)),
        ("tenant_invitations", _invitations(tenant)),
        ("institutions", _institutions(tenant)),
        ("statement_profiles", _profiles(tenant)),
        ("connections", _connections(tenant)),
        ("accounts", _accounts(tenant)),
        ("account_mappings", _mappings(tenant)),
        ("ingestion_jobs", _jobs(tenant)),
        ("raw_ingestion_data", _documents(tenant)),
        ("mapping_waits", _waits(tenant)),
        ("transactions", _transactions(tenant)),
        ("account_balances", _balances(tenant)),
        ("holdings", holdings(tenant)),
        ("statements", statements(tenant)),
        ("ingestion_findings", _findings(tenant)),
        ("ingestion_previews", _previews(tenant)),
        ("ingestion_audit_log", events(tenant)),
    )
    for table, rows in tables:
        for row in rows:
            yield table, row
    yield from asset_rows(tenant)
    yield from reconciliation_rows(tenant)
    yield from correction_rows(tenant)


def _members(tenant: Tenant) -> Iterator[Row]:
    for role in Role:
        yield {
            "user_id": tenant.person(role),
            "email": f"{role}@{tenant.name}.test",
            "role": role,
        }


def _invitations(tenant: Tenant) -> Iterator[Row]:
    for number, role in enumerate(Role):
        yield {
            "id": tenant.key("invitation", number),
            "email": f"invited{number}@{tenant.name}.test",
            "role": role,
            "invited_by": tenant.person(Role.OWNER),
            "expires_at": datetime(9999, 1, 1, tzinfo=UTC),
        }


def _institutions(tenant: Tenant) -> Iterator[Row]:
    for number in range(3):
        yield {
            "id": tenant.key("institution", number),
            "name": tenant.text(number),
            "external_id": None if number == 0 else tenant.text(number + 4),
            "country": (None, "DE", "JP")[number],
        }


def _profiles(tenant: Tenant) -> Iterator[Row]:
    for number, definition in enumerate(JSONS):
        yield {
            "id": tenant.key("profile", number),
            "name": tenant.text(number),
            "format": "csv",
            "definition": json.dumps(definition),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 4),
        }


def _connections(tenant: Tenant) -> Iterator[Row]:
    for number, status in enumerate(ConnectionStatus):
        yield {
            "id": tenant.key("connection", number),
            "lineage_id": tenant.key("connection", number),
            "institution_id": rarely(tenant.key("institution", number % 3), number + 2),
            "profile_id": rarely(tenant.key("profile", number % 3), number + 1),
            "name": tenant.text(number),
            "provider": ("file", "some_bank")[number % 2],
            "status": status,
            "delivery": ("cumulative", "incremental")[number % 2],
            "mapping_policy": ("create", "ask")[number % 2],
            "control_policy": ("ignore", "warn", "quarantine")[number % 3],
            "currency": rarely(pick(CURRENCIES, number), number),
            "decimals": json.dumps(({}, {"USD": 3, "EUR": 0})[number % 2]),
            "external_id": rarely(tenant.text(number + 3), number),
            "sync_frequency": ("manual", "realtime", "hourly", "daily", "weekly")[number % 5],
            **sync_of_connection(number, text=tenant.text),
            "last_sync_at": rarely(pick(INSTANTS, number), number),
            "next_sync_at": rarely(pick(INSTANTS, number + 3), number + 1),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


ACCOUNTS: Final = len(AccountType) + 1
_MAPPINGS: Final = 12


def _accounts(tenant: Tenant) -> Iterator[Row]:
    for number in range(ACCOUNTS):
        yield {
            "id": tenant.key("account", number),
            "institution_id": rarely(tenant.key("institution", number % 3), number),
            "name": tenant.text(number),
            "type": pick(list(AccountType), number),
            "currency": pick(CURRENCIES, number),
            "masked_number": rarely(f"••{number}\"'\\", number + 1),
            "status": ("active", "closed")[number % 2],
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 2),
        }


def _mappings(tenant: Tenant) -> Iterator[Row]:
    for number in range(_MAPPINGS):
        state = (MappingState.MAPPED, *MappingState)[number % 4]
        connection_id = tenant.key("connection", number % 3)
        yield {
            "id": tenant.key("mapping", number),
            "connection_id": connection_id,
            "lineage_id": connection_id,
            "account_id": tenant.key("account", _fed(number)) if state == "mapped" else None,
            "external_account_id": f"{tenant.text(number)} {number}",
            "masked_number": rarely(f"…{number}", number),
            "external_name": rarely(tenant.text(number + 1), number + 1),
            "external_type": rarely(tenant.text(number + 2), number + 2),
            "institution": rarely(tenant.text(number + 3), number),
            "currency": pick(CURRENCIES, number),
            "state": state,
            "verified_at": rarely(pick(INSTANTS, number), number),
            "verified_by": rarely(tenant.person(pick(list(Role), number)), number),
            "decided_by": None if state == "pending" else ("opened", "user")[number % 2],
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 5),
        }


def _fed(number: int) -> int:
    """The account that a mapping feeds; one alone feeds the first, and none the second."""
    return number if number < ACCOUNTS else number % ACCOUNTS + 2


# A connection runs one job at a time, and jobs are of four connections.
_JOBS: Final = tuple(
    (state, kind)
    for state, kind in product(JobState, JobKind)
    if (state, kind) != (JobState.RUNNING, JobKind.MATCH)
)
_DOCUMENTS: Final = 5


def _jobs(tenant: Tenant) -> Iterator[Row]:
    counts = ("fetched", "processed", "imported", "duplicate", "changed", "rejected", "withdrawn")
    for number, (state, kind) in enumerate(_JOBS):
        yield {
            "id": tenant.key("job", number),
            "connection_id": tenant.key("connection", number % 4),
            "mapping_id": tenant.key("mapping", number % 5) if kind == "derive" else None,
            "kind": kind,
            "state": state,
            "stage": rarely(f"stage {number}", number),
            "format": rarely(("csv", "bai2", "camt053")[number % 3], number + 1),
            "review": number % 2 == 0,
            "total": (None, 0, 3, 7, 9_007_199)[number % 5],
            **{name: (number * place) % 11 for place, name in enumerate(counts, 1)},
            "waiting": number % 4,
            "rate": rarely(number * 1_000, number),
            "attempts": number % 3,
            "lease_until": datetime(2026, 3, 1, tzinfo=UTC) if state == "running" else None,
            **sync_of_job(number, text=tenant.text),
            "error_code": rarely(f"code-{number}", number),
            "error_message": rarely(tenant.text(number), number + 1),
            "approved_at": rarely(pick(INSTANTS, number), number),
            "created_by": rarely(tenant.person(pick(list(Role), number)), number + 1),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 2),
            "started_at": rarely(pick(INSTANTS, number + 3), number + 2),
            "finished_at": rarely(pick(INSTANTS, number + 4), number),
        }


def _documents(tenant: Tenant) -> Iterator[Row]:
    for number in range(_DOCUMENTS):
        yield {
            "id": tenant.key("document", number),
            "connection_id": tenant.key("connection", number % 4),
            "job_id": tenant.key("job", number),
            "name": tenant.text(number),
            "media_type": rarely(tenant.text(number + 1), number),
            "size_bytes": (0, 1, 2_147_483_647, 5, 1_000)[number],
            "sha256": sha256(bytes([number])).digest(),
            "sealed": bytes([number]),
            "received_at": pick(INSTANTS, number),
        }


def _waits(tenant: Tenant) -> Iterator[Row]:
    for number in range(6):
        yield {
            "mapping_id": tenant.key("mapping", number),
            "job_id": tenant.key("job", number),
            "waiting": number + 1,
        }


def _transactions(tenant: Tenant) -> Iterator[Row]:
    for number in range(FULL_ACCOUNT_ROWS + _OTHER_ROWS):
        full = number < FULL_ACCOUNT_ROWS
        mapping = 0 if full else 2 + number * 2 % (_MAPPINGS - 2)  # the even ones are mapped
        status = pick(list(TransactionStatus), number // 7)  # others than where nulls are
        yield {
            "id": tenant.key("transaction", number),
            "account_id": tenant.key("account", _fed(mapping)),
            "mapping_id": tenant.key("mapping", mapping),
            "job_id": tenant.key("job", number % _DOCUMENTS),
            "raw_id": tenant.key("document", number % _DOCUMENTS),
            "raw_line": number,
            "raw_line_end": number + number % 3,
            "fingerprint": sha256(str(number).encode()).digest()[:16],
            "occurrence": 0,
            "content_key": number,
            "external_id": rarely(tenant.text(number), number),
            "status": status,
            "amount": pick(AMOUNTS, number),
            "currency": pick(CURRENCIES, number // 5),
            "sort_date": pick(DATES, number // 3),
            "posted_date": rarely(pick(DATES, number // 3), number),
            "transaction_date": rarely(pick(DATES, number + 1), number + 1),
            "value_date": rarely(pick(DATES, number + 2), number + 2),
            "description": tenant.text(number // 2),
            "description_raw": tenant.text(number),
            "merchant_name": rarely(tenant.text(number + 1), number),
            "reference": rarely(tenant.text(number + 2), number + 1),
            "customer_reference": rarely(tenant.text(number + 3), number + 2),
            "type_code": rarely(str(number), number),
            "source_category": rarely(pick(TEXTS, number // 4), number + 1),
            **evidence(number),
            "running_balance": rarely(pick(AMOUNTS, number + 3), number),
            "reconciled": number % 4 == 0,
            "reconciled_at": datetime(2026, 3, 2, tzinfo=UTC) if number % 4 == 0 else None,
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


def _balances(tenant: Tenant) -> Iterator[Row]:
    for number in range(60):
        yield {
            "id": tenant.key("balance", number),
            "mapping_id": tenant.key("mapping", number % 3 * 2),
            "account_id": tenant.key("account", number % 3 * 2),
            "job_id": tenant.key("job", number % _DOCUMENTS),
            "raw_id": tenant.key("document", number % _DOCUMENTS),
            "raw_line": number,
            "kind": pick(list(BalanceKind), number // 4),
            "code": "" if number < 5 else f"{number}",
            "amount": pick(AMOUNTS, number),
            "currency": pick(CURRENCIES, number // 7),
            "as_of": pick(DATES, number // 9),
            "as_of_time": rarely(f"1{number % 10}:30", number),
            "interim": number % 2 == 0,
            "created_at": pick(INSTANTS, number // 5),
        }


def _findings(tenant: Tenant) -> Iterator[Row]:
    for number in range(24):
        yield {
            "job_id": tenant.key("job", number // 8),
            "position": number % 8,
            "severity": pick(list(Severity), number),
            "code": f"finding-{number}",
            "message": tenant.text(number),
            "line": rarely(number, number),
            "field": rarely(tenant.text(number + 1), number + 1),
            "raw": rarely(tenant.text(number + 2), number + 2),
            "rejected": number % 2 == 0,
        }


def _previews(tenant: Tenant) -> Iterator[Row]:
    for number in range(24):
        yield {
            "job_id": tenant.key("job", number // 8),
            "position": number % 8,
            "outcome": pick(list(Outcome), number),
            "mapping_id": tenant.key("mapping", number % _MAPPINGS),
            "amount": pick(AMOUNTS, number),
            "currency": pick(CURRENCIES, number),
            "posted_date": rarely(pick(DATES, number), number),
            "status": pick(list(TransactionStatus), number),
            "description": tenant.text(number),
            "reference": rarely(tenant.text(number + 1), number),
            "line": number,
            "corrects_external_id": rarely(tenant.text(number + 2)[:500], number),
            "corrects_id": tenant.key("transaction", number) if number % 3 == 0 else None,
        }
