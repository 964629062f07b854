-- Rows that stand already under other ids of their source.

-- name: renumbered
-- role: worker
-- Rows whose day, amount and text another document has under an id that this one has not, as far
-- as it is known here. All that stands around them is read once, however many they are.
with incoming as materialized (
  select
    i.mapping_id, i.account_id, i.raw_line, i.external_id, i.sort_date, i.amount, i.currency,
    i.description
  from unnest(
    $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::date[], $8::numeric[], $9::text[],
    $10::text[]
  ) as i (
    mapping_id, account_id, raw_line, external_id, sort_date, amount, currency, description
  )
),

standing as materialized (
  select t.mapping_id, t.sort_date, t.amount, t.currency, t.description, t.external_id
  from app.transactions as t
  where t.tenant_id = $1
    and t.account_id = any(array(select distinct i.account_id from incoming as i))
    and t.sort_date between (select min(i.sort_date) from incoming as i)
    and (select max(i.sort_date) from incoming as i)
    and t.raw_id <> $2
    and t.status = 'posted'
    and t.external_id is not null
    and t.fingerprint <> all($11::bytea[])
)

select min(i.raw_line) as raw_line, count(*)::integer as rows
from incoming as i
where exists (
  select
  from standing as s
  where s.mapping_id = i.mapping_id
    and s.sort_date = i.sort_date
    and s.amount = i.amount
    and s.currency = i.currency
    and s.description = i.description
    and s.external_id <> i.external_id
);
