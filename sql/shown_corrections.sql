-- Corrections as users read them.

-- name: of_new
-- role: authenticated
-- By which corrections rows are what they are.
select t.id as transaction_id, f.id
from app.transactions as t
cross join lateral (
  select c.id
  from app.corrections as c
  where c.tenant_id = t.tenant_id
    and c.mapping_id = t.mapping_id
    and c.new_print = t.fingerprint
    and c.new_occurrence = t.occurrence
    and c.state <> 'closed'
  order by c.created_at desc, c.id desc
  limit 1
) as f
where t.tenant_id = $1 and t.id = any($2::uuid[]);

-- name: of_old
-- role: authenticated
-- By which corrections rows are past.
select t.id as transaction_id, f.id
from app.transactions as t
cross join lateral (
  select c.id
  from app.corrections as c
  where c.tenant_id = t.tenant_id
    and c.mapping_id = t.mapping_id
    and c.old_print = t.fingerprint
    and c.old_occurrence = t.occurrence
    and c.state = 'applied'
  order by c.created_at desc, c.id desc
  limit 1
) as f
where t.tenant_id = $1 and t.id = any($2::uuid[]);
