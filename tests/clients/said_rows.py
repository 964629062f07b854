"""Rows of what members and rules have said, so many of each: categories, rules, parts, questions,
links, reconciliations, conflicts, what recurs, rates, refusals."""

from __future__ import annotations

from typing import Final

from tests.fixtures.world import Place, World

# $1: the tenant, $2: its owner, $3: how many of each. Accounts have $3 times $3 transactions or
# more, of which the first ones of each account are said something of.
_ROWS: Final = """
create temporary view said_rows as
select t.*, row_number() over (partition by t.account_id order by t.id) as place
from app.transactions as t
where t.status = 'posted' and t.amount <> 0
"""
_STATEMENTS: Final = (
    """
    insert into app.categories (tenant_id, name, code, created_by)
    select $1, 'Own ' || n, 'TRAVEL', $2 from generate_series(1, $3::int) as n
    """,
    """
    insert into app.category_mappings (tenant_id, provider_category, category, updated_by)
    select $1, 'Theirs ' || n, 'Own ' || n, $2 from generate_series(1, $3::int) as n
    """,
    """
    insert into app.category_rules (
      tenant_id, position, name, enabled, conditions, category, updated_by
    )
    select $1, n, 'Rule ' || n, true, '{"text": {"contains": "tea"}}', 'Own ' || n, $2
    from generate_series(1, $3::int) as n
    """,
    """
    insert into app.category_rule_versions (
      tenant_id, rule_id, version, name, enabled, conditions, category, changed_by
    )
    select r.tenant_id, r.id, r.version + n, r.name, true, r.conditions, r.category, $2
    from app.category_rules as r
    cross join generate_series(1, $3::int) as n
    where r.tenant_id = $1
    """,
    """
    update app.transactions as t
    set
      derived_category = r.category, category_rule_id = r.id, category_code = 'TRAVEL',
      category_origin = 'rule', category_confidence = 100, category_reason = 'said by ' || $2::uuid
    from said_rows as s
    join app.category_rules as r on r.tenant_id = s.tenant_id and r.position = s.place
    where s.tenant_id = $1 and t.tenant_id = $1 and t.id = s.id and s.place <= $3::int
    """,
    """
    insert into app.transaction_parts (
      tenant_id, transaction_id, position, amount, whole, currency, category, created_by
    )
    select $1, s.id, n, s.amount, s.amount * $3::int, s.currency, 'Own 1', $2
    from said_rows as s
    cross join generate_series(1, $3::int) as n
    where s.tenant_id = $1 and s.place <= $3::int
    """,
    """
    insert into app.recurring_items (
      tenant_id, account_id, merchant_key, merchant, currency, is_income, period, first_on,
      last_on, amount_low, amount_high, occurrences, confidence, dismissed_at, dismissed_by
    )
    select
      $1, a.id, 'm' || n, 'M', 'EUR', false, 'monthly', '2026-01-01', '2026-03-01', -2, -1, 3, 90,
      now(), $2
    from app.accounts as a
    cross join generate_series(1, $3::int) as n
    where a.tenant_id = $1
    """,
    """
    insert into app.review_items (
      tenant_id, kind, key, transaction_id, other_id, account_id, job_id, score, reasons,
      rule_version, state, decided_at, decided_by
    )
    select
      $1, k.kind, k.kind || s.id, s.id, s.id, s.account_id, s.job_id, 80,
      '[{"code": "same-amount", "text": "equal", "points": 9}]', 'rule-1', 'confirmed', now(), $2
    from said_rows as s
    cross join unnest(array['duplicate', 'conflict', 'split', 'category', 'reconciliation'])
      as k (kind)
    where s.tenant_id = $1 and s.place <= $3::int
    """,
    """
    insert into app.transaction_links (
      tenant_id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_by
    )
    select
      $1, 'refund', s.id, o.id, 'user', 80,
      '[{"code": "same-amount", "text": "equal", "points": 9}]', 'user', $2
    from said_rows as s
    join said_rows as o on o.account_id = s.account_id and o.place = 1
    where s.tenant_id = $1 and s.place between 2 and $3::int
    """,
    """
    insert into app.transaction_conflicts (
      tenant_id, transaction_id, kind, state, content_key, stored, incoming
    )
    select
      $1, s.id, 'changed', 'asked', 1, private.version_of(to_jsonb(s)),
      private.version_of(to_jsonb(s) || '{"amount": 7}')
    from said_rows as s
    where s.tenant_id = $1 and s.place <= $3::int and $2::uuid is not null
    """,
    """
    with made as (
      insert into app.reconciliations (
        tenant_id, method, score, reasons, difference, currency, created_by
      )
      select
        $1, 'user', 80, '[{"code": "same-amount", "text": "equal", "points": 9}]', 0, 'EUR', $2
      from generate_series(1, $3::int)
      returning id
    ), numbered as (
      select m.id, row_number() over (order by m.id) as place from made as m
    )
    insert into app.reconciliation_members (
      tenant_id, reconciliation_id, transaction_id, side, amount
    )
    select $1, m.id, s.id, 'left', s.amount
    from numbered as m
    join said_rows as s on s.tenant_id = $1 and s.place = m.place
    """,
    """
    insert into app.reconciliation_rules (
      tenant_id, rule_id, version, position, name, mode, shape, signs, left_account_ids,
      right_account_ids, by_reference, amount_tolerance, tolerance_percent, day_window,
      text_needed, group_max, score_min, created_by
    )
    select
      $1, gen_random_uuid(), 1, n, 'Rule ' || n, 'suggest', 'one_to_one', 'equal', a.ids, a.ids,
      true, 0, 0, 3, false, 8, 85, $2
    from generate_series(1, $3::int) as n
    cross join (
      select array_agg(i.id) as ids from app.accounts as i where i.tenant_id = $1
    ) as a
    """,
    """
    insert into app.exchange_rates (tenant_id, base, quote, day, rate, source)
    select $1, 'EUR', 'USD', date '2026-03-01' + n, 1, 'bank ' || $2::uuid
    from generate_series(1, $3::int) as n
    """,
    """
    insert into app.mapping_refusals (tenant_id, mapping_id, account_id, created_by)
    select $1, m.id, a.id, $2
    from app.account_mappings as m
    cross join lateral (
      select i.id
      from app.accounts as i
      where i.tenant_id = $1 and i.id is distinct from m.account_id
      order by i.id
      limit $3::int
    ) as a
    where m.tenant_id = $1
    """,
)


async def said(world: World, place: Place, size: int) -> None:
    """Writes them."""
    async with world.owner.acquire() as connection:
        await connection.execute(_ROWS)
        for statement in _STATEMENTS:
            await connection.execute(statement, place.tenant_id, place.user_id, size)
        await connection.execute("drop view said_rows")
