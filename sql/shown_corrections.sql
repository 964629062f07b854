-- Corrections as users read them.

-- name: of_transactions
-- role: authenticated
-- The last correction by which each row is what it is, and the last by which it is past.
select t.id as row_id, s.is_new, f.id
from app.transactions as t
cross join (values (true), (false)) as s (is_new)
cross join lateral (
  select c.id
  from app.corrections as c
  where c.tenant_id = t.tenant_id
    and c.mapping_id = t.mapping_id
    and (
      (
        s.is_new
        and c.new_print = t.fingerprint
        and c.new_occurrence = t.occurrence
        and c.state <> 'closed'
      )
      or (
        not s.is_new
        and c.old_print = t.fingerprint
        and c.old_occurrence = t.occurrence
        and c.state = 'applied'
      )
    )
  order by c.created_at desc, c.id desc
  limit 1
) as f
where t.tenant_id = $1 and t.id = any($2::uuid[]);
