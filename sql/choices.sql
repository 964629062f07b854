-- What members say that transactions were for. It stays, whatever any evidence says.

-- name: row
-- role: authenticated
select t.merchant_name, t.description, t.merchant_key, t.user_category
from app.transactions as t
where t.tenant_id = $1 and t.id = $2 and t.status <> 'removed'
for no key update;

-- name: choose
-- role: authenticated
-- A row that was never looked at learns its merchant with it.
update app.transactions as t
set
  user_category = $3,
  user_category_by = case when $3::text is not null then $4::uuid end,
  user_category_at = case when $3::text is not null then now() end,
  merchant = coalesce(t.merchant, $5),
  merchant_key = coalesce(t.merchant_key, $6)
where t.tenant_id = $1 and t.id = $2 and t.status <> 'removed';

-- name: choose_for_merchant
-- role: authenticated
-- Rows for which nobody has chosen; removed ones too, for they may come back. The merchant's are
-- found first, in the order of their index: the planner would rather walk all rows of the tenant
-- in the order of their locks, or in any, where it expects many.
with mine as materialized (
  select s.id
  from app.transactions as s
  where s.tenant_id = $1 and s.merchant_key collate pg_catalog."C" = $2 and s.user_category is null
  order by s.sort_date desc, s.id desc
  limit $5
)

update app.transactions as t
set user_category = $3, user_category_by = $4, user_category_at = now()
from (
  select s.id
  from app.transactions as s
  inner join mine as m on s.id = m.id
  where s.tenant_id = $1 and s.user_category is null
  order by s.mapping_id, s.fingerprint, s.occurrence
  for no key update of s
) as f
where t.tenant_id = $1 and t.id = f.id;

-- name: take_back_for_merchant
-- role: authenticated
-- Wherever it was chosen, or only what was chosen at one instant: with one answer.
update app.transactions as t
set user_category = null, user_category_by = null, user_category_at = null
where t.tenant_id = $1
  and t.merchant_key = $2
  and t.user_category = $3
  and ($4::timestamptz is null or t.user_category_at = $4);
