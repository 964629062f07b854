-- Transactions in parts.

-- name: lock_whole
-- role: authenticated
select t.amount, t.currency
from app.transactions as t
where t.tenant_id = $1 and t.id = $2 and t.status <> 'removed'
for no key update;

-- name: clear
-- role: authenticated
delete from app.transaction_parts as p
where p.tenant_id = $1 and p.transaction_id = $2;

-- name: put
-- role: authenticated
insert into app.transaction_parts (
  tenant_id, transaction_id, position, amount, whole, currency, category, note, created_by
)
select $1, $2, p.place, p.amount, $3, $4, p.category, p.note, $8
from unnest($5::numeric[], $6::text[], $7::text[]) with ordinality
  as p (amount, category, note, place);

-- name: of_transactions
-- role: authenticated
select
  p.transaction_id, p.position, p.amount, p.currency, p.category, p.note,
  p.whole = t.amount and p.currency = t.currency as current
from app.transaction_parts as p
join app.transactions as t on t.tenant_id = p.tenant_id and t.id = p.transaction_id
where p.tenant_id = $1 and p.transaction_id = any($2::uuid[])
order by p.transaction_id, p.position;
