"""What a tenant says itself: categories, rules of both kinds, rates; and payments that recur."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import asyncpg

from core.categories import RecurringPeriod, RecurringState
from core.models import AccountType, Role
from core.reconciliation import RuleMode, RuleShape, RuleSigns
from tests.compiler.odd_values import AMOUNTS, CURRENCIES, DATES, INSTANTS
from tests.compiler.picking import pick, rarely
from tests.compiler.rows import ACCOUNTS, Tenant, insert

Row = Mapping[str, Any]

_ROWS: Final = 9
_CONDITIONS: Final[tuple[Row, ...]] = (
    {"text": {"matches": "*coffee*"}},
    {"merchant": {"contains": "\"'\\é"}, "direction": "out", "amount_from": "0.00000001"},
    {"currency": "EUR", "provider_categories": ["\"'\\é", "TRAVEL"]},
)


# Every third transaction is split, every other one of them when it was of another amount.
_PARTS: Final = """
insert into app.transaction_parts (
  tenant_id, transaction_id, position, amount, whole, currency, category, note
)
select
  $1, t.id, p.position, case p.position when 1 then t.half else t.whole - t.half end, t.whole,
  t.currency, $2 || p.position, case p.position when 2 then $2 end
from (
  select n.id, n.currency, n.whole, trunc(n.whole / 2, 8) as half
  from (
    select
      s.id, s.currency, case when s.place % 6 = 0 then s.amount else -s.amount end as whole
    from (
      select i.id, i.currency, i.amount, row_number() over (order by i.id) as place
      from app.transactions as i
      where i.tenant_id = $1
    ) as s
    where s.place % 3 = 0 and abs(s.amount) > 0.00000001
  ) as n
) as t
cross join generate_series(1, 2) as p (position)
"""
_REFUSALS: Final = """
insert into app.mapping_refusals (tenant_id, mapping_id, account_id, created_by, created_at)
select $1, m.id, a.id, $2, a.created_at
from app.account_mappings as m
join app.accounts as a on a.tenant_id = m.tenant_id
where m.tenant_id = $1 and a.id <> coalesce(m.account_id, m.id)
"""


async def fill(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """Writes them beside a tenant's other rows."""
    tables = (
        ("categories", _categories(tenant)),
        ("category_mappings", _mappings(tenant)),
        ("category_rules", _category_rules(tenant)),
        ("recurring_items", _recurring(tenant)),
        ("reconciliation_rules", _reconciliation_rules(tenant)),
        ("exchange_rates", _rates()),
    )
    for table, rows in tables:
        for row in rows:
            await insert(owner, tenant, table, row)
    await owner.execute(
        "update app.category_rules set enabled = not enabled where tenant_id = $1"
        " and position in (0, 1)",
        tenant.id,
    )
    await owner.execute(_PARTS, tenant.id, tenant.text(2))
    await owner.execute(_REFUSALS, tenant.id, tenant.person(Role.MEMBER))


def _categories(tenant: Tenant) -> Iterator[Row]:
    for number in range(_ROWS):
        yield {
            "id": tenant.key("category", number),
            "name": f"{tenant.text(number)} {number}" if number else "Own words",
            "code": pick(("TRAVEL_FLIGHTS", "TRAVEL", "OTHER"), number),
            "description": rarely(tenant.text(number + 1), number),
            "created_by": rarely(tenant.person(Role.ADMIN), number + 1),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


def _mappings(tenant: Tenant) -> Iterator[Row]:
    for number in range(_ROWS):
        yield {
            "id": tenant.key("category mapping", number),
            "provider_category": f"{tenant.text(number)} {number}",
            "category": pick(("Own words", "TRAVEL", "gone"), number),
            "updated_by": rarely(tenant.person(Role.OWNER), number),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 2),
        }


def _category_rules(tenant: Tenant) -> Iterator[Row]:
    for number in range(_ROWS):
        yield {
            "id": tenant.key("category rule", number),
            "position": number // 2,  # some are equal, as they are for a moment
            "name": tenant.text(number),
            "enabled": number % 3 != 1,
            "conditions": json.dumps(pick(_CONDITIONS, number)),
            "category": pick(("Own words", "TRAVEL", "gone"), number),
            "version": 1 + number % 2,
            "updated_by": rarely(tenant.person(Role.ADMIN), number),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


def _recurring(tenant: Tenant) -> Iterator[Row]:
    for number in range(_ROWS):
        low, high = sorted((pick(AMOUNTS, number), pick(AMOUNTS, number + 3)))
        is_dismissed = number % 4 == 3
        yield {
            "id": tenant.key("recurring", number),
            "account_id": tenant.key("account", number % ACCOUNTS),
            "merchant_key": f"merchant {number}",
            "merchant": tenant.text(number),
            "currency": pick(CURRENCIES, number),
            "is_income": number % 2 == 0,
            "period": pick(list(RecurringPeriod), number),
            "state": pick(list(RecurringState), number),
            "first_on": pick(DATES, number),
            "last_on": pick(DATES, number + 1),
            "next_on": rarely(pick(DATES, number + 2), number),
            "amount_low": low,
            "amount_high": high,
            "occurrences": number + 3,
            "missed": number % 3,
            "confidence": number * 11,
            "dismissed_at": pick(INSTANTS, number) if is_dismissed else None,
            "dismissed_by": tenant.person(Role.OWNER) if is_dismissed else None,
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


def _reconciliation_rules(tenant: Tenant) -> Iterator[Row]:
    """The second of each pair is the version of now of the first."""
    for number in range(_ROWS):
        is_replaced = number % 2 == 0 and number + 1 < _ROWS
        yield {
            "id": tenant.key("rule version", number),
            "rule_id": tenant.key("rule", number // 2),
            "version": 1 + number % 2,
            "position": number % 3,
            "name": tenant.text(number),
            "enabled": number % 3 != 0,
            "mode": pick(list(RuleMode), number),
            "shape": pick(list(RuleShape), number // 2),
            "signs": pick(list(RuleSigns), number),
            "left_account_ids": [tenant.key("account", number % 3)],
            "left_account_type": rarely(pick(list(AccountType), number), number),
            "right_account_ids": rarely([tenant.key("account", 3 + number % 2)], number),
            "right_account_type": rarely(pick(list(AccountType), number + 1), number + 1),
            "by_reference": number % 2 == 0,
            "amount_tolerance": Decimal(number) / 8,
            "tolerance_percent": Decimal(number) / 4,
            "day_window": number * 10,
            "text_needed": number % 3 == 0,
            "group_max": 2 + number % 7,
            "score_min": number * 12,
            "created_at": pick(INSTANTS, number),
            "created_by": rarely(tenant.person(Role.ADMIN), number),
            "replaced_at": pick(INSTANTS, number + 1) if is_replaced else None,
        }


def _rates() -> Iterator[Row]:
    for number, day in enumerate(sorted(set(DATES))):
        yield {
            "base": pick(CURRENCIES, number),
            "quote": pick(CURRENCIES, number + 1),
            "day": day,
            "rate": Decimal(number + 1) / 8,
            "source": f"source {number}",
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }
