-- Expenses that follow transactions.

-- name: follow
-- role: worker
-- Of rows that were written in this transaction: a merge has noted them as not indexed yet.
insert into app.expenses as e (
  tenant_id, transaction_id, amount, currency, spent_on, description, merchant_name, category
)
select
  $1, t.id, -t.amount, t.currency, t.sort_date, t.description, t.merchant_name,
  coalesce(t.user_category, t.derived_category, t.source_category)
from app.tenants as w
cross join app.unindexed_texts as u
cross join lateral unnest(u.transaction_ids) as n (id)
join app.transactions as t on t.tenant_id = $1 and t.id = n.id
where w.id = $1
  and w.expenses_from = 'debits'
  and u.tenant_id = $1
  and u.created_at = now()
  and t.status = 'posted'
  and t.amount < 0
on conflict (tenant_id, transaction_id) do nothing;

-- name: set_source
-- role: authenticated
update app.tenants as t
set expenses_from = $2
where t.id = $1;
