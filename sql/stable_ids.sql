-- Transactions of sources with stable ids: ids that change, ids that are taken back or vanish.

-- name: promote
-- role: worker
-- A pending row goes on as the booked one that names it: the row stays, with all that hangs on it.
with promoted as (
  update app.transactions as t
  set fingerprint = p.new_print, external_id = p.new_id, occurrence = 0
  from unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::text[]) as p (
    mapping_id, old_print, new_print, new_id
  )
  where t.tenant_id = $1
    and t.mapping_id = p.mapping_id
    and t.fingerprint = p.old_print
    and t.occurrence = 0
    and not exists (
      select
      from app.transactions as o
      where o.tenant_id = $1
        and o.mapping_id = p.mapping_id
        and o.fingerprint = p.new_print
        and o.occurrence = 0
    )
  returning t.id, t.mapping_id, t.job_id, t.raw_id, t.raw_line, p.old_print, p.new_print
)
insert into app.transaction_aliases (
  tenant_id, mapping_id, fingerprint, transaction_id, external_id, job_id, raw_id, raw_line
)
select
  $1, m.mapping_id, m.old_print, m.id, o.old_id, m.job_id, m.raw_id, m.raw_line
from promoted as m
join unnest($3::bytea[], $6::text[]) as o (old_print, old_id) on o.old_print = m.old_print
on conflict (tenant_id, mapping_id, fingerprint) do nothing;

-- name: remove
-- role: worker
-- Rows keep what they were and the page that said so. An id that a row had before is not its id.
-- What is reconciled stands until the contradiction is settled; it is told of once.
with removed as (
  update app.transactions as t
  set status = 'removed', set_aside = null, missed_at = null
  from unnest($2::uuid[], $3::bytea[]) as r (mapping_id, fingerprint)
  where t.tenant_id = $1
    and t.mapping_id = r.mapping_id
    and t.fingerprint = r.fingerprint
    and t.occurrence = 0
    and (t.status <> 'removed' or t.set_aside is not null)
  returning t.status, t.missed_at
)
select
  count(*) filter (where d.status = 'removed') as rows,
  count(*) filter (where d.status <> 'removed' and d.missed_at = now()) as reconciled
from removed as d;

-- name: missing
-- role: worker
-- Rows of a day range that a complete reading did not have.
select
  t.id, t.external_id, t.status, t.amount, t.currency, t.sort_date as day, t.description,
  t.extra ->> 'remoteId' as remote_id, t.missed_at is not null as was_missed
from app.transactions as t
where t.tenant_id = $1
  and t.account_id = $2
  and t.mapping_id = $3
  and t.sort_date between $4 and $5
  and t.status <> 'removed'
  and t.external_id is not null
  and not (t.external_id = any($6::text[]))
order by t.sort_date, t.external_id;

-- name: pending
-- role: worker
-- Those of these ids that pending rows have.
select
  t.id, t.external_id, t.status, t.amount, t.currency, t.sort_date as day, t.description,
  t.extra ->> 'remoteId' as remote_id, t.missed_at is not null as was_missed
from app.transactions as t
where t.tenant_id = $1
  and t.mapping_id = $2
  and t.fingerprint = any($3::bytea[])
  and t.occurrence = 0
  and t.status = 'pending'
order by t.sort_date, t.external_id;

-- name: standing
-- role: worker
-- Which of these ids rows have, or had before.
select i.fingerprint
from unnest($3::bytea[]) as i (fingerprint)
where exists (
  select
  from app.transactions as t
  where t.tenant_id = $1
    and t.mapping_id = $2
    and t.fingerprint = i.fingerprint
    and t.occurrence = 0
)
or exists (
  select
  from app.transaction_aliases as k
  where k.tenant_id = $1 and k.mapping_id = $2 and k.fingerprint = i.fingerprint
);

-- name: note_missed
-- role: worker
update app.transactions as t
set missed_at = now()
where t.tenant_id = $1 and t.id = any($2::uuid[]) and t.missed_at is null;
