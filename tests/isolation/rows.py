"""One row for every table, made from the catalog; what the catalog cannot tell is in a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

import asyncpg

from tests.isolation.catalog import Catalog, Table

# Values are what a statement says between quotes; None is null.
Row = Mapping[str, str | None]
Maker = Callable[["Owner"], str | None]
Recipe = Mapping[str, str | Maker | None]

_NAMESPACE: Final = UUID(int=7)
_ROLES: Final = ("owner", "admin", "member", "viewer")
# Columns that name a person.
PEOPLE: Final = frozenset(
    {"created_by", "invited_by", "verified_by", "approved_by", "user_id", "updated_by"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose rows they are: every value that can tell of a tenant is made from the names."""

    tenant: str
    name: str = ""  # of further rows of the same tenant

    @property
    def tenant_id(self) -> str:
        return str(uuid5(_NAMESPACE, self.tenant))

    def uuid(self, what: str) -> str:
        return str(uuid5(_NAMESPACE, f"{self.tenant} {self.name} {what}"))

    def text(self, what: str) -> str:
        return f"{self.tenant}{self.name} {what}"

    def person(self, role: str) -> str:
        return str(uuid5(_NAMESPACE, f"{self.tenant} person {role}"))

    def email(self, role: str) -> str:
        return f"{role}@{self.tenant}{self.name}.test"


# What a column must be where a check or a rule asks for it. A table without a recipe is an error:
# whoever adds one says here what its rows look like, were it only `{}`.
RECIPES: Final[Mapping[str, Recipe]] = {
    "app.tenants": {
        "id": lambda owner: owner.tenant_id,
        "expenses_from": "off",
        "conflict_policy": "ask",
        "rate_tolerance_percent": "2",
    },
    "app.tenant_members": {
        "user_id": lambda owner: owner.person("viewer"),
        "email": lambda owner: owner.email("viewer"),
        "role": "viewer",
    },
    "app.tenant_invitations": {
        "email": lambda owner: owner.email("invited"),
        "role": "viewer",
        "accepted_at": None,
        "expires_at": "2100-01-01",
    },
    "private.tenant_keys": {},
    "app.institutions": {"country": "DE"},
    "app.statement_profiles": {"format": "csv"},
    "app.connections": {
        "lineage_id": lambda owner: owner.uuid("app.connections id"),
        "provider": "file",
        "status": "active",
        "delivery": "cumulative",
        "mapping_policy": "create",
        "control_policy": "warn",
        "conflict_policy": "ask",
        "sync_frequency": "manual",
        "sync_phase": "initial",
        "sync_progress": "0",
        "lookback_days": "730",
        "error_kind": "network",
    },
    "app.connection_credentials": {},
    "app.sync_cursors": {},
    "app.applied_pages": {},
    "app.transaction_aliases": {
        "fingerprint": lambda owner: "\\x" + sha256(owner.text("old").encode()).hexdigest()[:32],
    },
    "app.corrections": {
        # Both of the transaction's own, so that it leads to the correction from either side.
        "new_print": lambda owner: "\\x" + sha256(owner.text("row").encode()).hexdigest()[:32],
        "old_print": lambda owner: "\\x" + sha256(owner.text("row").encode()).hexdigest()[:32],
        "displaced_print": lambda owner: (
            "\\x" + sha256(owner.text("displaced").encode()).hexdigest()[:32]
        ),
        "new_occurrence": "0",
        "old_occurrence": "0",
        "state": "applied",
    },
    "app.expenses": {"status": "active"},
    "app.connection_links": {"provider": "plaid", "expires_at": "2100-01-01", "used_at": None},
    "app.quiltt_profiles": {"environment": "sandbox"},
    "app.quiltt_sessions": {
        "state": "open",
        "issued_at": "2026-01-01 12:00",
        "expires_at": "2026-01-01 12:15",
        "used_at": None,
        "closed_at": None,
    },
    "app.mapping_aliases": {},
    "app.provider_flags": {"provider": "plaid", "enabled": "true"},
    "app.accounts": {
        "type": "other",
        "status": "active",
        "masked_number": "1234",
        "primary_mapping_id": None,
    },
    "app.account_mappings": {
        "state": "mapped",
        "masked_number": "1234",
        "decided_by": "matched",
        "match_score": "40",
        "match_rule": "1",
        "match_reasons": lambda owner: (
            f'[{{"code": "same_name", "text": "{owner.text("reason")}", "score": 40}}]'
        ),
    },
    "app.mapping_numbers": {"kind": "iban"},
    "app.mapping_refusals": {},
    "app.mapping_accounts": {},
    "app.mapping_waits": {},
    "app.uploads": {
        "state": "pending",
        "blob_path": lambda owner: f"{owner.tenant_id}/raw/{owner.uuid('upload')}",
        "expires_at": "2026-01-01",
    },
    "app.ingestion_jobs": {
        "kind": "import",
        "state": "queued",
        "task": "run",
        "stage": None,
        "format": "bai2",
        "lease_until": None,
        "trigger": "user",
        "sync_phase": None,
        "error_kind": "network",
        "cancel_requested_at": None,
    },
    "app.pickup_items": {"state": "fetched"},
    "app.pickup_documents": {},
    "app.raw_ingestion_data": {"format": "bai2", "blob_path": None},
    "app.ingestion_findings": {"severity": "info", "code": "a-finding"},
    "app.ingestion_previews": {"outcome": "new", "status": "posted"},
    "app.ingestion_audit_log": {"event": "test.event"},
    "app.transactions": {
        "status": "posted",
        "duplicate_of": None,
        "occurrence": "0",
        "fingerprint": lambda owner: "\\x" + sha256(owner.text("row").encode()).hexdigest()[:32],
        "reconciled": "false",
        "reconciled_at": None,
        "set_aside": None,
        "user_category": None,
        "category_rule_id": lambda owner: owner.uuid("app.category_rules id"),
        "category_origin": "model",
        "category_code": "FOOD_AND_DRINK_COFFEE",
    },
    "app.transaction_texts": {"transaction_id": lambda owner: owner.uuid("app.transactions id")},
    # So that a search finds it, whatever its texts are.
    "app.unindexed_texts": {
        "transaction_ids": lambda owner: f"{{{owner.uuid('app.transactions id')}}}",
    },
    "private.webhook_endpoints": {"provider": "file", "kind": "connection", "disabled_at": None},
    "private.webhook_routes": {"provider": "file"},
    "private.webhook_inbox": {"provider": "file", "state": "received", "locked_until": None},
    "app.webhook_events": {"provider": "file", "state": "done", "locked_until": None},
    "app.holdings": {"quantity": "0"},
    "app.statements": {"proof": "unproven", "difference": None},
    "app.account_balances": {
        "kind": "closing_ledger",
        "as_of_time": "12:00",
        "code": lambda owner: f"{owner.tenant}{owner.name}",
    },
    "app.personas": {
        "kind": "person",
        "name": None,
        "email": lambda owner: owner.email("persona"),
        "status": "active",
    },
    "app.persona_groups": {"status": "active"},
    "app.persona_group_members": {},
    "app.assets": {"category": "financial_account", "status": "active", "source": "manual"},
    "app.asset_personas": {"ownership_type": "owner"},
    "app.review_items": {
        "kind": "duplicate",
        "state": "open",
        "score": "50",
        "reasons": "[]",
        "decided_at": None,
        "decided_by": None,
        "superseded_reason": None,
    },
    "app.categories": {"code": "FOOD_AND_DRINK"},
    "app.category_mappings": {},
    "app.category_rules": {"conditions": "{}", "enabled": "true"},
    "app.category_rule_versions": {"rule_id": lambda owner: owner.uuid("versioned rule")},
    # Two parts make up a whole; what is refused of one alone is refused for that, too.
    "app.transaction_parts": {},
    "app.recurring_items": {
        "is_income": "true",  # as the amount of the transaction says
        "period": "monthly",
        "state": "active",
        "occurrences": "3",
        "dismissed_at": None,
        "dismissed_by": None,
    },
    "app.category_looks": {},
    "app.reconciliation_rules": {
        "enabled": "true",
        "mode": "auto",
        "shape": "one_to_one",
        "signs": "equal",
        "left_account_ids": lambda owner: f"{{{owner.uuid('app.accounts id')}}}",
        "right_account_ids": lambda owner: f"{{{owner.uuid('app.accounts id')}}}",
        "left_account_type": "other",
        "right_account_type": "other",
        "group_max": "8",
        "replaced_at": None,
    },
    "app.reconciliations": {
        "method": "rule",
        "reasons": "[]",
        "account_id": None,
        "statement_to": None,
        "undone_at": None,
        "undone_by": None,
    },
    # Both sides are the tenant's only row.
    "app.transaction_links": {
        "kind": "refund",
        "method": "user",
        "state": "active",
        "score": "50",
        "reasons": "[]",
        "undone_at": None,
        "undone_by": None,
        "undone_reason": None,
        "undone_rule_version": None,
    },
    # So that another one may be.
    "app.reconciliation_members": {"side": "left", "active": "false"},
    "app.transaction_conflicts": {"kind": "changed", "state": "asked"},
    "app.unmatched_transactions": {
        "transaction_ids": lambda owner: f"{{{owner.uuid('app.transactions id')}}}",
    },
    "app.exchange_rates": {"base": "EUR", "quote": "USD"},
    # The one kind that users may make, too.
    "app.notifications": {"kind": "test"},
    "app.notification_reads": {},
    "app.notification_channels": {
        "type": "webhook",
        "enabled": "true",
        "disabled_reason": None,
        "disabled_at": None,
        "kinds": None,
        "ending": lambda owner: owner.tenant[:4],
        "recipients": None,
        "recipient_role": None,
    },
    "app.notification_channel_secrets": {},
    "app.notification_deliveries": {
        "state": "pending",
        "settled_at": None,
        "locked_until": None,
        "log": "[]",
    },
}


class NoRecipe(Exception):
    """A table has no recipe."""


def make_rows(
    catalog: Catalog,
    owner: Owner,
    *,
    recipes: Mapping[str, Recipe] = RECIPES,
    parents: Mapping[str, Row] | None = None,
) -> dict[str, Row]:
    """One row of `owner` for each table, nothing inserted; foreign keys name rows of `parents`,
    or each other's. Raises `NoRecipe` for a table that is not in `recipes`.
    """
    rows: dict[str, Row] = {}
    for table in catalog.tables:
        if table.name not in recipes:
            raise NoRecipe(f"add a recipe for {table.name} to tests/isolation/rows.py")
        rows[table.name] = _make_row(table, owner, parents or rows, recipes[table.name])
    return rows


async def fill(connection: asyncpg.Connection, rows: Mapping[str, Row], owner: Owner) -> None:
    """Insert the rows of one tenant and its people, one in each role."""
    for role in _ROLES:
        await connection.execute(
            "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
            UUID(owner.person(role)),
            owner.email(role),
        )
    for name, row in rows.items():
        # A trigger may have made it already: a mapping is remembered with its account.
        await connection.execute(f"{insert(name, row)} on conflict do nothing")
    for role in _ROLES:
        await connection.execute(
            "insert into app.tenant_members (tenant_id, user_id, email, role) "
            "values ($1, $2, $3, $4) on conflict do nothing",
            UUID(owner.tenant_id), UUID(owner.person(role)), owner.email(role), role,
        )  # fmt: skip


def insert(table: str, row: Row) -> str:
    """An insert of one row, as text."""
    values = ", ".join(literal(value) for value in row.values())
    return f"insert into {table} ({', '.join(row)}) values ({values})"


def literal(value: str | None) -> str:
    """A value as SQL."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def _make_row(table: Table, owner: Owner, parents: Mapping[str, Row], recipe: Recipe) -> Row:
    row: dict[str, str | None] = {
        name: _value(table, name, kind, owner) for name, kind in table.types.items()
    }
    for key in table.foreign_keys:
        if key.target in parents:
            values = (parents[key.target][column] for column in key.target_columns)
            row |= dict(zip(key.columns, values, strict=True))
    for name, made in recipe.items():
        if name in row:
            row[name] = made(owner) if callable(made) else made
    return row


def _value(table: Table, column: str, kind: str, owner: Owner) -> str:
    if column == "tenant_id":
        return owner.tenant_id
    if column in PEOPLE:
        return owner.person("owner")
    match kind:
        case "uuid" | "uuid[]":
            one = owner.uuid(f"{table.name} {column}")
            return one if kind == "uuid" else f"{{{one}}}"
        case "text" | "text[]":
            one = owner.text(column)
            return one if kind == "text" else f'{{"{one}"}}'
        case "bytea":
            return "\\x" + sha256(owner.text(f"{table.name} {column}").encode()).hexdigest()
        case _:
            return _EQUAL_FOR_ALL[kind]


# Small values are the same for every tenant: they tell nothing, and an answer that differs must
# differ because of a row that is there.
_EQUAL_FOR_ALL: Final = {
    "character(2)": "DE",
    "character(3)": "EUR",
    "numeric": "1.5",
    "smallint": "1",
    "integer": "1",
    "bigint": "1",
    "boolean": "false",
    "date": "2026-01-01",
    "timestamp with time zone": "2026-01-01",
    "jsonb": "{}",
}
