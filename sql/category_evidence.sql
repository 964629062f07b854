-- What the evidence of a tenant is, and what it decided, as workers read and write it.

-- name: evidence
-- role: authenticated, worker
-- Rules in their order, the tenant's names, and what it calls others'; bounded by their limits.
select
  (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', r.id, 'name', r.name, 'category', r.category, 'conditions', r.conditions
      )
      order by r.position, r.id
    ), '[]')
    from app.category_rules as r
    where r.tenant_id = $1 and r.enabled
  ) as rules,
  (
    select coalesce(jsonb_object_agg(c.name, c.code), '{}')
    from app.categories as c
    where c.tenant_id = $1
  ) as codes,
  (
    select coalesce(jsonb_object_agg(m.provider_category, m.category), '{}')
    from app.category_mappings as m
    where m.tenant_id = $1
  ) as mappings;

-- name: chosen
-- role: authenticated, worker
-- What members chose for rows of these merchants.
select
  t.merchant_key,
  t.user_category as category,
  count(*) as times,
  max(t.user_category_at) as newest
from app.transactions as t
where t.tenant_id = $1
  and t.merchant_key = any($2::text[])
  and t.user_category is not null
group by t.merchant_key, t.user_category;

-- name: count_of_connection
-- role: worker
select count(*)
from app.account_mappings as m
join app.transactions as t
  on t.tenant_id = m.tenant_id and t.account_id = m.account_id and t.mapping_id = m.id
where m.tenant_id = $1 and m.connection_id = $2 and t.status <> 'removed';

-- name: page_of_mapping
-- role: worker
-- In the order of the index that the identity of rows has.
select
  t.id, t.status, t.fingerprint, t.occurrence, t.merchant_name, t.description, t.amount, t.currency,
  t.source_category, t.extra, t.account_id, t.merchant, t.merchant_key, t.derived_category,
  t.suggested_category, t.category_code, t.category_origin, t.category_confidence,
  t.category_reason, t.category_rule_id
from app.transactions as t
where t.tenant_id = $1
  and t.mapping_id = $2
  and (t.fingerprint, t.occurrence) > ($3::bytea, $4::integer)
order by t.fingerprint, t.occurrence
limit $5;

-- name: mappings_of_connection
-- role: worker
select m.id
from app.account_mappings as m
where m.tenant_id = $1 and m.connection_id = $2
order by m.id;

-- name: concluded
-- role: authenticated
-- Rows whose category was concluded from what members chose for the merchant.
select
  t.id, t.status, t.merchant_name, t.description, t.amount, t.currency, t.source_category,
  t.extra, t.account_id, t.merchant, t.merchant_key, t.derived_category, t.suggested_category,
  t.category_code, t.category_origin, t.category_confidence, t.category_reason, t.category_rule_id
from app.transactions as t
where t.tenant_id = $1 and t.merchant_key = $2 and t.category_origin = 'user'
order by t.mapping_id, t.fingerprint, t.occurrence
limit $3
for no key update;

-- name: write
-- role: authenticated, worker
update app.transactions as t
set
  merchant = v.merchant,
  merchant_key = v.merchant_key,
  derived_category = v.category,
  suggested_category = v.suggested,
  category_code = v.code,
  category_origin = v.origin,
  category_confidence = v.confidence,
  category_reason = v.reason,
  category_rule_id = v.rule_id
from unnest(
  $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::smallint[], $10::text[], $11::uuid[]
) as v (
  id, merchant, merchant_key, category, suggested, code, origin, confidence, reason, rule_id
)
where t.tenant_id = $1 and t.id = v.id;

-- name: newest
-- role: authenticated
-- Rows as a dry run looks at them, newest first.
select
  t.id, t.sort_date, t.merchant_name, t.description, t.amount, t.currency, t.source_category,
  t.extra, t.account_id, t.user_category, t.derived_category, t.suggested_category
from app.transactions as t
where t.tenant_id = $1
  and t.status <> 'removed'
  and (t.sort_date, t.id) < ($2::date, $3::uuid)
order by t.sort_date desc, t.id desc
limit $4;
