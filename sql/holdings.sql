-- Holdings as sources state them.

-- name: put
-- role: worker
-- The newest document counts. What repeats it changes nothing but who said so last.
insert into app.holdings as h (
  tenant_id, mapping_id, account_id, job_id, raw_id, raw_line, security, name, ticker, type,
  quantity, price, value, cost_basis, currency, as_of, stated_at
)
select
  $1, n.mapping_id, n.account_id, $2, $3, n.raw_line, n.security, n.name, n.ticker, n.type,
  n.quantity, n.price, n.value, n.cost_basis, n.currency, n.as_of, $17
from unnest(
  $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[],
  $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::text[], $16::date[]
) as n (
  mapping_id, account_id, raw_line, security, name, ticker, type, quantity, price, value,
  cost_basis, currency, as_of
)
order by n.mapping_id, n.security
on conflict (tenant_id, mapping_id, security) do update
set
  account_id = excluded.account_id,
  job_id = excluded.job_id,
  raw_id = excluded.raw_id,
  raw_line = excluded.raw_line,
  name = excluded.name,
  ticker = excluded.ticker,
  type = excluded.type,
  quantity = excluded.quantity,
  price = excluded.price,
  value = excluded.value,
  cost_basis = excluded.cost_basis,
  currency = excluded.currency,
  as_of = excluded.as_of,
  removed_on = null,
  stated_at = excluded.stated_at
where h.stated_at <= excluded.stated_at;

-- name: end_others
-- role: worker
-- A document said all that an account holds: what it did not name, the account has no more.
update app.holdings as h
set
  quantity = 0,
  value = 0,
  cost_basis = null,
  as_of = n.as_of,
  removed_on = n.as_of,
  job_id = $2,
  raw_id = $3,
  raw_line = n.raw_line,
  stated_at = $7
from unnest($4::uuid[], $5::date[], $6::bigint[]) as n (mapping_id, as_of, raw_line)
where h.tenant_id = $1
  and h.mapping_id = n.mapping_id
  and h.raw_id <> $3
  and h.removed_on is null
  and h.stated_at <= $7;

-- name: place
-- role: worker
update app.holdings as h
set account_id = $3
where h.tenant_id = $1 and h.mapping_id = $2 and h.account_id <> $3;

-- name: drop
-- role: worker
-- The documents state them again when the mapping names an account.
delete from app.holdings as h
where h.tenant_id = $1 and h.mapping_id = $2;
