-- The index of texts that a search asks, brought up to date after merges.

-- name: unindexed_tenants
-- role: worker
select u.tenant_id
from private.unindexed_tenants($1) as u;

-- name: lock
-- role: worker
-- One at a time: another that began before could put an older text over a newer one.
select pg_try_advisory_xact_lock(hashtextextended('bankfeeds.texts ' || $1::uuid, 0));

-- name: index_part
-- role: worker
-- The oldest merge of a tenant that waits. Rows of it that are indexed as they are stay untouched.
with part as (
  delete from app.unindexed_texts as u
  where u.tenant_id = $1
    and u.id = (
      select s.id
      from app.unindexed_texts as s
      where s.tenant_id = $1
      order by s.created_at, s.id
      limit 1
    )
  returning u.transaction_ids, u.size
),

indexed as (
  insert into app.transaction_texts as x (tenant_id, transaction_id, sort_date, amount_key, text)
  select
    t.tenant_id,
    t.id,
    t.sort_date,
    t.amount_key,
    lower(
      t.description
      || ' ' || coalesce(t.merchant_name, '')
      || ' ' || coalesce(t.reference, '')
      || ' ' || coalesce(t.customer_reference, '')
    )
  from part as p
  cross join lateral unnest(p.transaction_ids) as waiting (id)
  join app.transactions as t on t.tenant_id = $1 and t.id = waiting.id
  on conflict (tenant_id, transaction_id) do update
  set
    sort_date = excluded.sort_date,
    amount_key = excluded.amount_key,
    text = excluded.text
  where x.sort_date <> excluded.sort_date
    or x.amount_key <> excluded.amount_key
    or x.text <> excluded.text
)

select p.size
from part as p;

-- name: settle
-- role: worker
select private.settle_texts();
