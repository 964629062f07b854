"""Personas, groups and assets of a tenant, as odd as the other rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Final

from core.assets import AssetCategory, OwnershipType
from core.models import Role
from tests.compiler.odd_values import AMOUNTS, CURRENCIES, DATES, INSTANTS
from tests.compiler.picking import pick, rarely
from tests.compiler.rows import ACCOUNTS, Row, Tenant

_PERSONAS: Final = 7
_GROUPS: Final = 6
_ASSETS: Final = 60
_PERCENTAGES: Final = (Decimal("33.33"), Decimal("0.01"), Decimal("12.5"), Decimal("50"))


def asset_rows(tenant: Tenant) -> Iterator[tuple[str, Row]]:
    """Rows of these tables, parents first."""
    tables = (
        ("personas", _personas(tenant)),
        ("persona_groups", _groups(tenant)),
        ("persona_group_members", _group_members(tenant)),
        ("assets", _assets(tenant)),
        ("asset_personas", _shares(tenant)),
    )
    for table, rows in tables:
        for row in rows:
            yield table, row


def _personas(tenant: Tenant) -> Iterator[Row]:
    for number in range(_PERSONAS):
        business = number % 3 == 1
        user_id = None if business else rarely(tenant.person(pick(list(Role), number)), number)
        yield {
            "id": tenant.key("persona", number),
            "user_id": user_id,
            "kind": "business" if business else "person",
            "name": tenant.text(number) if business else None,
            "given_name": None if business or number % 4 == 3 else tenant.text(number),
            "family_name": None if business or number % 4 == 0 else tenant.text(number + 1),
            "email": rarely(f"p{number}@{tenant.name}.test", number),
            "is_primary": user_id is not None and number < len(Role),
            "status": "active" if number < len(Role) else "archived",
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


def _groups(tenant: Tenant) -> Iterator[Row]:
    for number in range(_GROUPS):
        yield {
            "id": tenant.key("group", number),
            "name": tenant.text(number),
            "description": rarely(tenant.text(number + 2), number),
            "status": ("active", "archived")[number % 2],
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 3),
        }


def _group_members(tenant: Tenant) -> Iterator[Row]:
    for group, persona in product(range(_GROUPS), range(_PERSONAS)):
        if (group + persona) % 3 != 1:
            yield {
                "group_id": tenant.key("group", group),
                "persona_id": tenant.key("persona", persona),
            }


def _assets(tenant: Tenant) -> Iterator[Row]:
    for number in range(_ASSETS):
        is_account = number < ACCOUNTS
        valued = number % 3 != 1
        yield {
            "id": tenant.key("asset", number),
            "group_id": rarely(tenant.key("group", number % _GROUPS), number),
            "account_id": tenant.key("account", number) if is_account else None,
            "connection_id": rarely(tenant.key("connection", number % 4), number + 1),
            "category": "financial_account" if is_account else pick(list(AssetCategory), number),
            "name": tenant.text(number),
            "description": rarely(tenant.text(number + 1), number),
            "institution_name": rarely(tenant.text(number + 2), number + 1),
            "status": ("active", "archived")[number % 2],
            "currency": pick(CURRENCIES, number),
            "value": pick(AMOUNTS, number) if valued else None,
            "valued_at": pick(DATES, number) if valued else None,
            "source": ("manual", "connection")[number % 2],
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 2),
        }


def _shares(tenant: Tenant) -> Iterator[Row]:
    for number in range(_ASSETS * 3):
        kind = list(OwnershipType)[number % 3]
        yield {
            "asset_id": tenant.key("asset", number // 4),
            "persona_id": tenant.key("persona", number % _PERSONAS),
            "ownership_type": kind,
            "percentage": pick(_PERCENTAGES, number)
            if kind is OwnershipType.OWNER
            else rarely(Decimal("100.00"), number // 3),
        }
