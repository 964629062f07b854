-- Corrections: rows that a source replaces or deletes by their ids.

-- name: any_of
-- role: worker
select exists (
  select
  from app.corrections as c
  where c.tenant_id = $1 and c.mapping_id = any($2::uuid[])
) as found;

-- name: note
-- role: worker
-- Said again, it is no news.
insert into app.corrections (
  tenant_id, mapping_id, external_id, new_print, new_occurrence, new_id, state, job_id, raw_id,
  raw_line
)
values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)
on conflict (tenant_id, mapping_id, external_id, new_print) do nothing;

-- name: forget
-- role: worker
delete from app.corrections as c
where c.tenant_id = $1
  and c.mapping_id = $2
  and c.external_id = $3
  and c.new_print = $4
  and c.state = 'open';

-- name: standing
-- role: worker
-- The rows that have an id; where none has, those that took the place of the one that had it, or
-- will as soon as it comes.
with recursive followed as (
  select c.new_print, c.new_occurrence
  from app.corrections as c
  where c.tenant_id = $1
    and c.mapping_id = $2
    and c.external_id = $3
    and c.new_print <> $4
    and length(c.new_print) = 16
    and c.state in ('open', 'applied')
  union
  select c.new_print, c.new_occurrence
  from followed as f
  join app.corrections as c
    on c.tenant_id = $1
      and c.mapping_id = $2
      and c.old_print = f.new_print
      and c.old_occurrence = f.new_occurrence
      and length(c.new_print) = 16
      and c.state = 'applied'
),

found as (
  select
    t.id, t.fingerprint, t.occurrence, t.job_id, t.raw_id, t.raw_line,
    t.external_id = $3 as is_direct
  from app.transactions as t
  where t.tenant_id = $1
    and t.mapping_id = $2
    and t.external_id = $3
    and (t.status <> 'removed' or t.set_aside is not null)
    and not (t.fingerprint = $4 and t.occurrence = $5)
  union
  select
    t.id, t.fingerprint, t.occurrence, t.job_id, t.raw_id, t.raw_line,
    t.external_id = $3 as is_direct
  from followed as f
  join app.transactions as t
    on t.tenant_id = $1
      and t.mapping_id = $2
      and t.fingerprint = f.new_print
      and t.occurrence = f.new_occurrence
      and (t.status <> 'removed' or t.set_aside is not null)
      and not (t.fingerprint = $4 and t.occurrence = $5)
)

select d.id, d.fingerprint, d.occurrence, d.job_id, d.raw_id, d.raw_line
from found as d
where coalesce(d.is_direct, false) or not exists (select from found as o where o.is_direct)
order by d.fingerprint, d.occurrence
limit 2;

-- name: applied
-- role: worker
update app.corrections as c
set
  state = 'applied',
  old_print = $5,
  old_occurrence = $6,
  old_job_id = $7,
  old_raw_id = $8,
  old_raw_line = $9
where c.tenant_id = $1
  and c.mapping_id = $2
  and c.external_id = $3
  and c.new_print = $4;

-- name: final
-- role: worker
-- The row that a row has become by corrections after its own.
with recursive followed as (
  select $3::bytea as print, $4::integer as occurrence, $5::text as id, 0 as step
  union all
  select c.new_print, c.new_occurrence, c.new_id, f.step + 1
  from followed as f
  join app.corrections as c
    on c.tenant_id = $1
      and c.mapping_id = $2
      and c.old_print = f.print
      and c.old_occurrence = f.occurrence
      and c.state = 'applied'
  where f.step < 100
)

select f.print, f.occurrence, f.id
from followed as f
order by f.step desc
limit 1;

-- name: reinstate
-- role: worker
-- A row that comes back as what it was before: what had corrected that is past.
update app.corrections as c
set state = 'closed'
where c.tenant_id = $1
  and c.mapping_id = $2
  and c.old_print = $3
  and c.old_occurrence = $4
  and c.state = 'applied';

-- name: replace
-- role: worker
-- The row stays, with all that hangs on it, under what its correction is known by. It counts as
-- missed until that is merged into it, so that the merge takes in whatever differs.
update app.transactions as t
set fingerprint = $3, occurrence = $4, external_id = $5, missed_at = now()
where t.tenant_id = $1
  and t.id = $2
  and not exists (
    select
    from app.transactions as o
    where o.tenant_id = t.tenant_id
      and o.mapping_id = t.mapping_id
      and o.fingerprint = $3
      and o.occurrence = $4
      and o.id <> t.id
  );

-- name: remove
-- role: worker
-- What is reconciled stands until the contradiction is settled; it is told of once.
with removed as (
  update app.transactions as t
  set status = 'removed', set_aside = null, missed_at = null
  from unnest($2::uuid[], $3::bytea[], $4::integer[]) as r (mapping_id, fingerprint, occurrence)
  where t.tenant_id = $1
    and t.mapping_id = r.mapping_id
    and t.fingerprint = r.fingerprint
    and t.occurrence = r.occurrence
    and (t.status <> 'removed' or t.set_aside is not null)
  returning t.status, t.missed_at
)

select
  count(*) filter (where d.status = 'removed') as rows,
  count(*) filter (where d.status <> 'removed' and d.missed_at = now()) as reconciled
from removed as d;

-- name: corrected
-- role: worker
-- Positions, from 1, of rows that were corrected before.
select i.position
from unnest($2::uuid[], $3::bytea[], $4::integer[])
  with ordinality as i (mapping_id, fingerprint, occurrence, position)
where exists (
  select
  from app.corrections as c
  where c.tenant_id = $1
    and c.mapping_id = i.mapping_id
    and c.old_print = i.fingerprint
    and c.old_occurrence = i.occurrence
    and c.state = 'applied'
);

-- name: waiting
-- role: worker
-- Corrections whose row has not come.
select c.mapping_id, c.external_id, c.new_print
from app.corrections as c
where c.tenant_id = $1 and c.mapping_id = any($2::uuid[]) and c.state = 'open'
order by c.created_at, c.external_id, c.new_print;

-- name: put_back
-- role: worker
-- Rows that a document's corrections replaced are again known by what they were.
update app.transactions as t
set fingerprint = c.old_print, occurrence = c.old_occurrence, external_id = c.external_id
from app.corrections as c
where c.tenant_id = $1
  and c.job_id = $2
  and c.state = 'applied'
  and length(c.new_print) = 16
  and t.tenant_id = c.tenant_id
  and t.mapping_id = c.mapping_id
  and t.fingerprint = c.new_print
  and t.occurrence = c.new_occurrence
  and not exists (
    select
    from app.transactions as o
    where o.tenant_id = c.tenant_id
      and o.mapping_id = c.mapping_id
      and o.fingerprint = c.old_print
      and o.occurrence = c.old_occurrence
  );

-- name: take_back
-- role: worker
delete from app.corrections as c
where c.tenant_id = $1 and c.job_id = $2;
