-- The rows of a mapping, brought where the mapping says: into its account, or out of sight.

-- name: current
-- role: worker
-- Held until the transaction ends: a decision waits for the rows that were written before it.
select m.id, m.account_id, m.state
from app.account_mappings as m
where m.tenant_id = $1 and m.id = any($2::uuid[])
order by m.id
for share;

-- name: row_count
-- role: worker
select count(*)
from app.transactions as t
where t.tenant_id = $1 and t.mapping_id = $2;

-- name: place
-- role: worker
-- The next rows after a key go into an account. Those that were set aside get their status back.
with part as (
  select t.id, t.fingerprint, t.occurrence, t.account_id, t.set_aside
  from app.transactions as t
  where t.tenant_id = $1
    and t.mapping_id = $2
    and (t.fingerprint, t.occurrence) > ($3::bytea, $4::integer)
  order by t.fingerprint, t.occurrence
  limit $5
),

placed as (
  update app.transactions as t
  set
    account_id = $6,
    status = coalesce(t.set_aside, t.status),
    set_aside = null
  from part as p
  where t.tenant_id = $1
    and t.id = p.id
    and (p.account_id <> $6 or p.set_aside is not null)
  returning p.set_aside is not null as is_back, t.status <> 'removed' as stands
),

last_one as (
  select p.fingerprint, p.occurrence
  from part as p
  order by p.fingerprint desc, p.occurrence desc
  limit 1
)

select
  (select count(*) from part) as seen,
  (select count(*) from placed as d where d.is_back) as back,
  (select count(*) from placed as d where d.stands and not d.is_back) as moved,
  (select l.fingerprint from last_one as l) as fingerprint,
  (select l.occurrence from last_one as l) as occurrence;

-- name: set_aside
-- role: worker
-- The next rows after a key leave their account: removed, until an account takes them back.
with part as (
  select t.id, t.fingerprint, t.occurrence, t.status
  from app.transactions as t
  where t.tenant_id = $1
    and t.mapping_id = $2
    and (t.fingerprint, t.occurrence) > ($3::bytea, $4::integer)
  order by t.fingerprint, t.occurrence
  limit $5
),

aside as (
  update app.transactions as t
  set set_aside = t.status, status = 'removed'
  from part as p
  where t.tenant_id = $1 and t.id = p.id and t.status <> 'removed'
  returning t.reconciled
),

last_one as (
  select p.fingerprint, p.occurrence
  from part as p
  order by p.fingerprint desc, p.occurrence desc
  limit 1
)

select
  (select count(*) from part) as seen,
  (select count(*) from aside) as aside,
  (select count(*) from aside as a where a.reconciled) as reconciled,
  (select l.fingerprint from last_one as l) as fingerprint,
  (select l.occurrence from last_one as l) as occurrence;

-- name: place_balances
-- role: worker
update app.account_balances as b
set account_id = $3
where b.tenant_id = $1
  and b.id in (
    select s.id
    from app.account_balances as s
    where s.tenant_id = $1 and s.mapping_id = $2 and s.account_id <> $3
    limit $4
  );

-- name: drop_balances
-- role: worker
-- The documents state them again when the mapping names an account.
delete from app.account_balances as b
where b.tenant_id = $1
  and b.id in (
    select s.id
    from app.account_balances as s
    where s.tenant_id = $1 and s.mapping_id = $2
    limit $3
  );

-- name: add_waits
-- role: worker
insert into app.mapping_waits as w (tenant_id, job_id, mapping_id, waiting)
select $1, $2, n.mapping_id, n.waiting
from unnest($3::uuid[], $4::bigint[]) as n (mapping_id, waiting)
on conflict (tenant_id, mapping_id, job_id) do update
set waiting = w.waiting + excluded.waiting;

-- name: clear_waits
-- role: worker
-- Of a job, or of what it left for one mapping.
delete from app.mapping_waits as w
where w.tenant_id = $1 and w.job_id = $2 and ($3::uuid is null or w.mapping_id = $3);
