"""The world that GraphQL is asked in: two tenants whose every value tells whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial
from hashlib import sha256
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from core.scope import WorkerScope
from core.vault import Aad, DataKey, Vault
from db import credentials, links
from db.blobs import Blobs
from db.session import Database
from db.tenant_keys import data_key
from tests.isolation.catalog import Catalog, Table, read_catalog
from tests.isolation.graphql_arguments import Sides
from tests.isolation.graphql_bank import SLUG, STATE, FormBankCredentials
from tests.isolation.graphql_recipes import Side
from tests.isolation.rows import RECIPES, Owner, Recipe
from tests.isolation.world import SPY, VICTIM, World, world_of

ROLES: Final = ("owner", "admin", "member", "viewer")
_UTC: Final = "+00"
_KEPT: Final = b'{"kept": {}, "external_id": null}'
OUTSIDERS: Final = ("invited", "stranger", "removed")
# Two lines, as the transaction's place says; and a file whose columns and days are in doubt.
DOCUMENT: Final = "88,{mark} coffee\n88,{mark} tea\n"
CSV: Final = """\
{mark} date;{mark} amount;{mark} text
01/02/2026;-{amount};{mark} coffee
02/03/2026;{amount};{mark} tea
"""


@dataclass(frozen=True, kw_only=True)
class People:
    """Both tenants in a database, and what tells of the one that is spied on."""

    world: World

    @cached_property
    def sides(self) -> Sides:
        """The rows by whose they are."""
        return Sides(
            own=Side(owner=SPY, rows=self.world.own),
            victim=Side(owner=VICTIM, rows=self.world.victims),
            nobody=Side(owner=Owner(tenant="nobody"), rows=self.world.ghosts),
        )

    @cached_property
    def marks(self) -> frozenset[str]:
        """Whatever is the victim's alone, as an answer would show it."""
        people = {VICTIM.person(name) for name in (*ROLES, "invited")}
        found = {_shown(mark) for mark in self.world.marks} | people | {VICTIM.tenant}
        return frozenset(found | {mark.replace("-", "") for mark in found if _is_uuid(mark)})

    @cached_property
    def known(self) -> frozenset[str]:
        """Ids that are not new."""
        rows = (self.world.victims, self.world.own, self.world.ghosts)
        values = {value for side in rows for row in side.values() for value in row.values()}
        people = {owner.person(n) for owner in (VICTIM, SPY) for n in (*ROLES, *OUTSIDERS)}
        return frozenset({value for value in values if value and _is_uuid(value)} | people)

    @cached_property
    def tables(self) -> dict[str, str]:
        """The column of each table that names the tenant."""
        tables = self.world.catalog.tables
        return {t.name: "tenant_id" if "tenant_id" in t.types else "id" for t in tables}


async def people_of(
    connection: asyncpg.Connection, database: Database, vault: Vault, blobs: Blobs
) -> People:
    """Fills a migrated database. Raises `NoRecipe` for a table that nobody told how to fill."""
    catalog = await read_catalog(connection)
    world = await world_of(connection, _recipes(catalog))
    for side in (People(world=world).sides.own, People(world=world).sides.victim):
        await _fill_in(connection, side.owner)
        scope = WorkerScope(tenant_id=UUID(side.owner.tenant_id))
        key = await data_key(partial(database.as_, scope), vault)
        for table, text in (("app.uploads", CSV), ("app.raw_ingestion_data", DOCUMENT)):
            amount = side.value("app.transactions", "amount")
            content = text.format(mark=side.owner.tenant, amount=amount)
            await _seal(side, table, content, key, blobs)
        await _link(connection, side, key, vault)
    return People(world=world)


def person_email(owner: Owner, name: str) -> str:
    """The address of one who is no member; the invited one's is in the invitation."""
    return owner.email(name) if name == "invited" else f"{name}-{owner.person(name)}@example.test"


async def _fill_in(connection: asyncpg.Connection, owner: Owner) -> None:
    """People around the tenant; and its key, to be made by who can open it."""
    for name in OUTSIDERS:
        await connection.execute(
            "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
            UUID(owner.person(name)),
            person_email(owner, name),
        )
    tenant_id = UUID(owner.tenant_id)
    await connection.execute("delete from private.tenant_keys where tenant_id = $1", tenant_id)
    await connection.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, 'removed@example.test', 'owner')",
        tenant_id,
        UUID(owner.person("removed")),
    )
    await connection.execute(
        "delete from app.tenant_members where user_id = $1", UUID(owner.person("removed"))
    )


async def _seal(side: Side, table: str, text: str, key: DataKey, blobs: Blobs) -> None:
    tenant_id, record_id = UUID(side.owner.tenant_id), UUID(side.value(table, "id"))
    aad = Aad(tenant_id=tenant_id, purpose="raw", record_id=record_id)

    async def sealed() -> AsyncIterator[bytes]:
        for chunk in key.seal_stream((text.encode(),), aad=aad):
            yield chunk

    await blobs.write(side.value(table, "blob_path"), sealed())


async def _link(connection: asyncpg.Connection, side: Side, key: DataKey, vault: Vault) -> None:
    """What a link and its connection keep sealed, so that it can be opened."""
    tenant_id = UUID(side.owner.tenant_id)
    link_id = UUID(side.value("app.connection_links", "id"))
    connection_id = UUID(side.value("app.connections", "id"))
    kept = key.seal_bytes(_KEPT, aad=links.aad(tenant_id, link_id))
    held = await vault.seal(
        FormBankCredentials(login=side.owner.text("login")).to_bytes(),
        aad=credentials.aad(tenant_id, connection_id),
    )
    await connection.execute(
        "update app.connection_links set sealed = $2 where id = $1", link_id, kept
    )
    await connection.execute(
        "update app.connection_credentials set sealed = $2 where connection_id = $1",
        connection_id,
        held,
    )


def _recipes(catalog: Catalog) -> dict[str, Recipe]:
    """As the database half has them, but with numbers and days that tell whose they are."""
    return {
        table.name: {**_telling(table), **RECIPES[table.name], **_ALSO.get(table.name, {})}
        for table in catalog.tables
        if table.name in RECIPES
    }


def _telling(table: Table) -> Recipe:
    return {
        name: partial(_TELLING[kind], f"{table.name}.{name}")
        for name, kind in table.types.items()
        if kind in _TELLING
    }


# Each tenant has millions and years of its own, so that nothing is equal by chance.
_OWN: Final = {VICTIM.tenant: 3, SPY.tenant: 5}
_NOBODYS: Final = 7


def _millions(owner: Owner) -> int:
    return _OWN.get(owner.tenant, _NOBODYS)


def _number(what: str, owner: Owner) -> str:
    digest = sha256(what.encode()).digest()
    return str(_millions(owner) * 1_000_000 + int.from_bytes(digest[:4]) % 1_000_000)


def _amount(what: str, owner: Owner) -> str:
    return f"{_number(what, owner)}.25"


def _day(what: str, owner: Owner) -> str:
    return str(
        date(2000 + 3 * _millions(owner), 1, 1) + timedelta(days=int(_number(what, owner)) % 1_000)
    )


def _instant(what: str, owner: Owner) -> str:
    return f"{_day(what, owner)}T10:00:00{_UTC}"


_TELLING: Final[Mapping[str, Callable[[str, Owner], str]]] = {
    "numeric": _amount,
    "integer": _number,
    "bigint": _number,
    "date": _day,
    "timestamp with time zone": _instant,
}


def _masked(owner: Owner) -> str:
    return f"••••{_number('masked number', owner)[:4]}"


def _attempt(owner: Owner) -> Mapping[str, object]:
    """An entry of the log, with the numbers and the instant of its row."""
    table = "app.notification_deliveries"
    number = int(_number(f"{table}.attempts", owner))
    return {
        "number": number,
        "at": _instant(f"{table}.created_at", owner),
        "durationMs": number,
        "status": number,
        "error": owner.text("error"),
    }


def _reasons(owner: Owner) -> str:
    return _json([{"code": owner.text("code"), "text": owner.text("reason"), "points": 1}])


def _reason(owner: Owner) -> Mapping[str, object]:
    """Why something was reconciled."""
    points = int(_number("app.reconciliation_rules.version", owner))
    return {"code": owner.text("code"), "text": owner.text("reason"), "points": points}


def _version(what: str, owner: Owner) -> str:
    """What one side says of a row."""
    return _json(
        {
            "amount": _amount("app.transactions.amount", owner),
            "currency": "EUR",
            "sort_date": _day("app.transactions.sort_date", owner),
            "description": owner.text(what),
        }
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _shown(mark: str) -> str:
    """A value of a row as an answer shows it."""
    return mark.removeprefix("\\x").removesuffix(_UTC)


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


# What must be as it is to be shown at all.
_ALSO: Final[Mapping[str, Recipe]] = {
    "app.connections": {"decimals": '{"EUR": 2}'},
    "app.connection_links": {
        "provider": SLUG,
        "state_hash": f"\\x{sha256(STATE.encode()).hexdigest()}",
        "expires_at": "2100-01-01",
    },
    "app.statement_profiles": {
        "definition": lambda owner: _json({"name": owner.text("definition")})
    },
    "app.accounts": {"masked_number": _masked},
    "app.account_mappings": {
        "lineage_id": lambda owner: owner.uuid("app.connections id"),
        "masked_number": _masked,
    },
    "app.uploads": {"state": "received", "sealed": "true"},
    "app.ingestion_jobs": {"stage": lambda owner: owner.text("stage")},
    "app.raw_ingestion_data": {
        "blob_path": lambda owner: f"{owner.tenant_id}/raw/{owner.uuid('document')}",
        "sealed": None,
    },
    "app.ingestion_audit_log": {
        "event": lambda owner: f"{owner.tenant}.event",
        "data": lambda owner: _json({"note": owner.text("data")}),
    },
    "app.ingestion_findings": {"code": lambda owner: f"{owner.tenant}-finding"},
    "app.notifications": {"data": lambda owner: _json({"note": owner.text("note")})},
    "app.notification_deliveries": {"log": lambda owner: _json([_attempt(owner)])},
    "app.review_items": {
        "reasons": _reasons,
        "evidence": lambda owner: _json({"a": owner.text("e")}),
    },
    "app.transaction_links": {"reasons": _reasons},
    "app.tenant_invitations": {"expires_at": lambda owner: f"2{_millions(owner)}00-01-01"},
    "app.transactions": {"raw_line": "1", "raw_line_end": "2"},
    "app.reconciliations": {
        "method": "statement",
        "account_id": lambda owner: owner.uuid("app.accounts id"),
        "statement_to": partial(_day, "app.reconciliations.statement_to"),
        "reasons": lambda owner: _json([_reason(owner)]),
    },
    "app.reconciliation_members": {"active": "true"},
    "app.reconciliation_rules": {"amount_tolerance": "1.5", "tolerance_percent": "1.5"},
    "app.transaction_conflicts": {
        "stored": partial(_version, "description"),
        "incoming": partial(_version, "description"),
    },
    # Parts make up the transaction, and so does one alone.
    "app.transaction_parts": dict.fromkeys(
        ("amount", "whole"), lambda owner: _amount("app.transactions.amount", owner)
    ),
    "app.recurring_items": dict.fromkeys(
        ("amount_low", "amount_high"), lambda owner: _amount("recurring", owner)
    ),
    "app.category_rules": {
        "conditions": lambda owner: _json({"text": {"equals": owner.text("description")}})
    },
    "app.asset_personas": {"percentage": lambda owner: f"{_millions(owner)}0.07"},
}
