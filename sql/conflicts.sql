-- Conflicts: what sources say against rows that are protected.

-- name: noted
-- role: worker
select
  c.transaction_id, c.kind, c.state, c.content_key, c.stored, c.incoming, c.noted_at,
  c.reconciliation_id, t.account_id, t.currency, t.mapping_id, t.description, t.reconciled,
  t.status,
  coalesce(
    n.conflict_policy, w.conflict_policy, case when t.reconciled then 'ask' end, 'provider_wins'
  ) as policy
from app.transaction_conflicts as c
join app.transactions as t on t.tenant_id = c.tenant_id and t.id = c.transaction_id
join app.account_mappings as m on m.tenant_id = t.tenant_id and m.id = t.mapping_id
join app.connections as n on n.tenant_id = m.tenant_id and n.id = m.connection_id
join app.tenants as w on w.id = c.tenant_id
where c.tenant_id = $1 and c.state = 'noted'
order by c.transaction_id
limit $2
for no key update of c;

-- name: set_state
-- role: authenticated, worker
update app.transaction_conflicts as c
set state = $3
where c.tenant_id = $1 and c.transaction_id = any($2::uuid[]);

-- name: settle_noted
-- role: worker
select private.settle_noted($1::uuid[], $2) as settled;

-- name: settle
-- role: authenticated
select private.settle_conflict($1, $2) as done;

-- name: of_transactions
-- role: authenticated
select
  c.transaction_id, c.kind, c.state, c.content_key, c.stored, c.incoming, c.noted_at,
  c.reconciliation_id
from app.transaction_conflicts as c
where c.tenant_id = $1 and c.transaction_id = any($2::uuid[]);

-- name: open_keys
-- role: worker
-- Questions that are open although nothing contradicts any more.
select r.key
from app.review_items as r
left join app.transaction_conflicts as c
  on c.tenant_id = r.tenant_id
    and c.transaction_id = r.transaction_id
    and c.state = 'asked'
where r.tenant_id = $1
  and r.kind = 'conflict'
  and r.state = 'open'
  and (
    c.transaction_id is null
    or r.key <> 'conflict:' || c.transaction_id::text || ':' || case
      c.kind when 'removed' then 'removed' else c.content_key::text
    end
  );

-- name: choose_policy
-- role: authenticated
update app.tenants as t
set conflict_policy = $2
where t.id = $1;

-- name: choose_connection_policy
-- role: authenticated
update app.connections as c
set conflict_policy = $3
where c.tenant_id = $1 and c.id = $2;
