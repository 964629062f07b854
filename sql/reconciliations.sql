-- Reconciliations: rows that vouch for each other. `transactions.reconciled` follows by itself.

-- name: reconcilable_connections
-- role: worker
-- Accounts whose rows a job may have changed, where the connection reconciles by itself.
select distinct m.account_id
from app.connections as c
join app.account_mappings as m on m.tenant_id = c.tenant_id and m.lineage_id = c.lineage_id
where c.tenant_id = $1
  and c.id = $2
  and m.account_id is not null
  and c.auto_reconcile;

-- name: accounts
-- role: authenticated, worker
-- What may be on a side of a rule.
select a.id, a.type
from app.accounts as a
where a.tenant_id = $1
order by a.id;

-- name: sources
-- role: worker
-- How many connections feed accounts, those that followed each other counted once.
select count(distinct m.lineage_id)::integer
from app.account_mappings as m
where m.tenant_id = $1 and m.account_id is not null;

-- name: candidates
-- role: authenticated, worker
-- Booked rows that nobody has vouched for, and that are no duplicates, account by account, before
-- anything is joined; the newest of all where there are more than asked for. One part of several
-- has all rows of some amounts, whatever their sign. The order is one that no index has: by that of
-- all days each account would read all of the tenant's, as it would by the indexes of what is
-- summed up and of what is not reconciled: `duplicate_of is null` and `not reconciled` would open
-- these while the table is fresh.
with own as materialized (
  select
    o.id, o.account_id, o.mapping_id, o.sort_date, o.amount, o.currency, o.description,
    o.merchant_name, o.external_id, o.reference, o.customer_reference
  from unnest($2::uuid[]) as w (account_id)
  cross join lateral (
    select
      s.id, s.account_id, s.mapping_id, s.sort_date, s.amount, s.currency, s.description,
      s.merchant_name, s.external_id, s.reference, s.customer_reference
    from app.transactions as s
    where s.tenant_id = $1
      and s.account_id = w.account_id
      and s.sort_date between $3 and $4
      and s.status = 'posted'
      and s.reconciled_at is null
      and num_nonnulls(s.duplicate_of) = 0
      and ($7 = 1 or (hash_numeric(abs(s.amount)) & 2147483647) % $7 = $8)
    order by s.sort_date + 0 desc, s.id desc
    limit $5
  ) as o
)
select
  t.id, t.account_id, a.type as account_type, m.connection_id, t.sort_date as day, t.amount,
  t.currency, t.description, t.merchant_name, t.external_id, t.reference, t.customer_reference
from own as t
join app.accounts as a on a.tenant_id = $1 and a.id = t.account_id
join app.account_mappings as m on m.tenant_id = $1 and m.id = t.mapping_id
join app.connections as c on c.tenant_id = $1 and c.id = m.connection_id
where not $6::boolean or c.auto_reconcile
order by t.sort_date desc, t.id desc
limit $5;

-- name: candidate_days
-- role: authenticated, worker
-- How many candidates each day has at most; by the account's index, as above.
select o.day, count(*) as rows
from unnest($2::uuid[]) as w (account_id)
cross join lateral (
  select s.sort_date as day
  from app.transactions as s
  where s.tenant_id = $1
    and s.account_id = w.account_id
    and s.sort_date between $3 and $4
    and s.status = 'posted'
    and s.reconciled_at is null
    and num_nonnulls(s.duplicate_of) = 0
  offset 0
) as o
group by o.day;

-- name: rejected_keys
-- role: authenticated, worker
-- The newest of what members said no to, and of what they undid although a rule was sure of it.
(
  select r.key
  from app.review_items as r
  where r.tenant_id = $1 and r.kind = 'reconciliation' and r.state = 'rejected'
  order by r.created_at desc, r.id desc
  limit 20000
)
union
select 'reconciliation:' || encode(sha256(m.ids), 'hex') as key
from (
  select o.id
  from app.reconciliations as o
  where o.tenant_id = $1 and o.method = 'rule' and o.undone_by is not null
  order by o.created_at desc, o.id desc
  limit 20000
) as u
cross join lateral (
  select string_agg(uuid_send(l.transaction_id), '' order by l.transaction_id) as ids
  from app.reconciliation_members as l
  where l.tenant_id = $1 and l.reconciliation_id = u.id
  offset 0
) as m
where m.ids is not null;

-- name: stale_keys
-- role: worker
-- Open questions about rows that are reconciled otherwise, or gone.
select r.key
from app.review_items as r
where r.tenant_id = $1
  and r.kind = 'reconciliation'
  and r.state = 'open'
  and exists (
    select
    from app.transactions as t
    where t.tenant_id = r.tenant_id
      and t.id in (r.transaction_id, r.other_id)
      and (t.reconciled or t.status <> 'posted')
  );

-- name: days_of_job
-- role: worker
-- The days of a job's rows.
select distinct t.sort_date as day
from app.transactions as t
where t.tenant_id = $1 and t.job_id = $2
order by day;

-- name: lock_rows
-- role: authenticated
-- Kept from other writers, in the order in which merges and links write them.
select
  t.id, t.account_id, a.type as account_type, m.connection_id, t.sort_date as day, t.amount,
  t.currency, t.description, t.merchant_name, t.external_id, t.reference, t.customer_reference,
  t.status, t.reconciled
from app.transactions as t
join app.accounts as a on a.tenant_id = t.tenant_id and a.id = t.account_id
join app.account_mappings as m on m.tenant_id = t.tenant_id and m.id = t.mapping_id
where t.tenant_id = $1 and t.id = any($2::uuid[])
order by t.mapping_id, t.fingerprint, t.occurrence
for no key update of t;

-- name: put
-- role: authenticated
insert into app.reconciliations (
  tenant_id, id, method, rule, rule_version_id, score, reasons, difference, currency, account_id,
  statement_to, note, created_by
)
values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10, $11, $12, $13);

-- name: put_found
-- role: worker
insert into app.reconciliations (
  tenant_id, id, method, rule, rule_version_id, score, reasons, difference, currency
)
select
  $1, n.id, 'rule', n.rule, n.rule_version_id, n.score, n.reasons::jsonb, n.difference, n.currency
from unnest(
  $2::uuid[], $3::text[], $4::uuid[], $5::smallint[], $6::text[], $7::numeric[], $8::text[]
) as n (id, rule, rule_version_id, score, reasons, difference, currency);

-- name: put_found_members
-- role: worker
-- Booked rows that are of no group; the same order for everybody who writes.
insert into app.reconciliation_members (
  tenant_id, reconciliation_id, transaction_id, side, amount
)
select $1, n.reconciliation_id, t.id, n.side, t.amount
from unnest($2::uuid[], $3::uuid[], $4::text[]) as n (reconciliation_id, id, side)
join app.transactions as t on t.tenant_id = $1 and t.id = n.id
where t.status = 'posted' and not t.reconciled
order by t.id;

-- name: put_members
-- role: authenticated
insert into app.reconciliation_members (
  tenant_id, reconciliation_id, transaction_id, side, amount
)
select $1, $2, t.id, n.side, t.amount
from unnest($3::uuid[], $4::text[]) as n (id, side)
join app.transactions as t on t.tenant_id = $1 and t.id = n.id
where t.status = 'posted' and not t.reconciled
order by t.id;

-- name: put_statement_members
-- role: authenticated
-- All booked rows of an account up to a day that nobody has vouched for before.
insert into app.reconciliation_members (
  tenant_id, reconciliation_id, transaction_id, side, amount
)
select $1, $2, t.id, 'left', t.amount
from app.transactions as t
where t.tenant_id = $1
  and t.account_id = $3
  and t.sort_date <= $4
  and t.currency = $5
  and t.status = 'posted'
  and t.reconciled_at is null
  and t.duplicate_of is null
order by t.id
limit $6;

-- name: written
-- role: authenticated, worker
-- What the rows of groups that were written come to, and whether one is not any more what it was
-- written down as: who writes its row meanwhile was waited for when the row was marked. Group by
-- group: a table that has just grown is planned as if it were small, and all of the tenant's
-- members would be read.
select
  n.id,
  coalesce(sum(m.amount) filter (where m.side = 'left'), 0) as left_sum,
  coalesce(sum(m.amount) filter (where m.side = 'right'), 0) as right_sum,
  coalesce(bool_or(t.amount <> m.amount or t.status <> 'posted'), false) as moved
from unnest($2::uuid[]) as n (id)
left join lateral (
  select o.transaction_id, o.side, o.amount
  from app.reconciliation_members as o
  where o.tenant_id = $1 and o.reconciliation_id = n.id
  offset 0
) as m on true
left join app.transactions as t on t.tenant_id = $1 and t.id = m.transaction_id
group by n.id;

-- name: lock
-- role: authenticated
select
  r.id, r.method, r.rule, r.score, r.reasons, r.difference, r.currency, r.account_id,
  r.statement_to, r.note, r.created_at, r.created_by, r.undone_at, r.undone_by
from app.reconciliations as r
where r.tenant_id = $1 and r.id = $2
for no key update;

-- name: last_statement
-- role: authenticated
select max(r.statement_to)
from app.reconciliations as r
where r.tenant_id = $1 and r.account_id = $2 and r.method = 'statement' and r.undone_at is null;

-- name: undo
-- role: authenticated
update app.reconciliations as r
set undone_at = now(), undone_by = $3
where r.tenant_id = $1 and r.id = any($2::uuid[]) and r.undone_at is null;

-- name: undo_found
-- role: worker
update app.reconciliations as r
set undone_at = now()
where r.tenant_id = $1 and r.id = any($2::uuid[]) and r.undone_at is null;

-- name: restorable
-- role: authenticated
-- Whether all rows of a group stand as they were, and whether one of them is of another group.
select
  count(*) filter (
    where t.status <> 'posted' or t.amount <> m.amount or t.currency <> r.currency
  ) as other,
  count(*) filter (where t.reconciled) as busy
from app.reconciliations as r
join app.reconciliation_members as m on m.tenant_id = r.tenant_id and m.reconciliation_id = r.id
join app.transactions as t on t.tenant_id = m.tenant_id and t.id = m.transaction_id
where r.tenant_id = $1 and r.id = $2 and r.undone_at is not null
having count(*) > 0;

-- name: restore
-- role: authenticated
update app.reconciliations as r
set undone_at = null, undone_by = null
where r.tenant_id = $1 and r.id = $2 and r.undone_at is not null;

-- name: rejoin
-- role: authenticated
update app.reconciliation_members as m
set active = true
where m.tenant_id = $1 and m.reconciliation_id = $2 and not m.active;

-- name: release
-- role: authenticated, worker
update app.reconciliation_members as m
set active = false
where m.tenant_id = $1 and m.reconciliation_id = any($2::uuid[]) and m.active;

-- name: of_transactions
-- role: authenticated, worker
-- The group that each of these rows is of now.
select m.transaction_id, m.reconciliation_id
from app.reconciliation_members as m
where m.tenant_id = $1 and m.transaction_id = any($2::uuid[]) and m.active;

-- name: members
-- role: authenticated
-- A hundred at most of each: a statement's group may have as many as its account.
select l.reconciliation_id, l.transaction_id, l.side, l.amount, l.currency
from unnest($2::uuid[]) as g (id)
cross join lateral (
  select m.reconciliation_id, m.transaction_id, m.side, m.amount, t.currency
  from app.reconciliation_members as m
  join app.transactions as t on t.tenant_id = m.tenant_id and t.id = m.transaction_id
  where m.tenant_id = $1 and m.reconciliation_id = g.id
  order by m.side, m.transaction_id
  limit 100
) as l;

-- name: counts
-- role: authenticated
select m.reconciliation_id, count(*) as members
from app.reconciliation_members as m
where m.tenant_id = $1 and m.reconciliation_id = any($2::uuid[])
group by m.reconciliation_id;
