-- The ledger as workers use it. A worker that claimed a job holds its fence; every later statement
-- names it, so a worker that lost the job touches nothing.

-- name: due
-- role: worker
select d.tenant_id, d.job_id
from private.due_jobs($1) as d;

-- name: claim
-- role: worker
update app.ingestion_jobs as j
set
  state = 'running',
  attempts = j.attempts + 1,
  fence = j.fence + 1,
  lease_until = now() + $3::interval,
  started_at = coalesce(j.started_at, now()),
  error_code = null,
  error_message = null,
  error_kind = null,
  next_step = null
where j.tenant_id = $1
  and j.id = $2
  and (
    (j.state = 'queued' and j.next_run_at <= now())
    or (j.state = 'running' and j.lease_until <= now())
  )
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: postpone
-- role: worker
update app.ingestion_jobs as j
set next_run_at = now() + $3::interval
where j.tenant_id = $1 and j.id = $2 and j.state = 'queued';

-- name: renew
-- role: worker
update app.ingestion_jobs as j
set
  lease_until = now() + $4::interval,
  stage = coalesce($5, j.stage),
  total = coalesce($6, j.total),
  fetched = coalesce($7, j.fetched)
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running';

-- name: read_as
-- role: worker
update app.ingestion_jobs as j
set format = $4, profile = $5
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running';

-- name: advance
-- role: worker
update app.ingestion_jobs as j
set
  lease_until = now() + $4::interval,
  -- Only tries without progress count against a job.
  attempts = case when $5 > j.checkpoint then 1 else j.attempts end,
  checkpoint = $5,
  processed = j.processed + $6,
  imported = j.imported + $7,
  duplicate = j.duplicate + $8,
  changed = j.changed + $9,
  rejected = j.rejected + $10,
  withdrawn = j.withdrawn + $11,
  waiting = j.waiting + $12,
  rate = $13,
  wrote = j.wrote or $14
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running'
returning j.processed;

-- name: start_over
-- role: worker
update app.ingestion_jobs as j
set
  checkpoint = 0, processed = 0, imported = 0, duplicate = 0, changed = 0, rejected = 0,
  withdrawn = 0, waiting = 0
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running';

-- name: settle
-- role: worker
update app.ingestion_jobs as j
set
  state = $4,
  stage = case when $4 in ('queued', 'failed') then j.stage end,
  -- A try that failed before it wrote anything binds the next one to nothing.
  profile = case when $4 <> 'failed' or j.wrote then j.profile end,
  -- A worker that went down does not count as a try that failed.
  attempts = case when $4 = 'queued' and $6::text is null then greatest(j.attempts - 1, 0)
    else j.attempts end,
  lease_until = null,
  next_run_at = case when $4 = 'queued' then now() + $5::interval end,
  error_code = $6,
  error_message = $7,
  error_kind = $8,
  next_step = $9,
  cancel_requested_at = null,
  finished_at = case when $4 not in ('queued', 'awaiting_review') then now() end
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running';

-- name: finish
-- role: worker
-- Ends a job whose document is through: the counts say how it went. Where rows were rejected and
-- nothing was read, nothing is written: a retry, perhaps with another profile, starts afresh.
with outcome as (
  select
    o.id,
    o.rejected > 0 and o.fetched = 0 and not exists (
      select
      from app.account_balances as b
      where b.tenant_id = o.tenant_id and b.job_id = o.id
    ) as is_nothing
  from app.ingestion_jobs as o
  where o.tenant_id = $1 and o.id = $2
)
update app.ingestion_jobs as j
set
  state = case
    when j.waiting > 0 then 'awaiting_mapping'
    when o.is_nothing then 'failed'
    when j.rejected > 0 then 'partial'
    else 'completed'
  end,
  error_code = case when o.is_nothing then 'no-row-readable' end,
  error_message = case when o.is_nothing then 'No row could be read; see the findings.' end,
  profile = case when not o.is_nothing then j.profile end,
  checkpoint = case when o.is_nothing then 0 else j.checkpoint end,
  wrote = j.wrote and not o.is_nothing,
  stage = null,
  fetched = j.processed,
  lease_until = null,
  finished_at = now()
from outcome as o
where j.tenant_id = $1
  and j.id = $2
  and o.id = j.id
  and j.fence = $3
  and j.state = 'running'
returning j.state;

-- name: settle_preview
-- role: worker
-- The preview is there; approval starts over with the document's first record.
update app.ingestion_jobs as j
set
  state = 'awaiting_review',
  stage = null,
  lease_until = null,
  checkpoint = 0,
  imported = $4,
  duplicate = $5,
  changed = $6,
  waiting = $7,
  withdrawn = $8,
  error_code = $9,
  error_message = $10
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running';

-- name: derived
-- role: worker
-- Rows of an earlier job that waited for a mapping no longer do; the job settles when none wait.
update app.ingestion_jobs as j
set
  waiting = $3::bigint,
  rejected = j.rejected + $4::bigint,
  imported = j.imported + $5,
  duplicate = j.duplicate + $6,
  changed = j.changed + $7,
  state = case
    when j.state <> 'awaiting_mapping' or $3::bigint > 0 then j.state
    when j.rejected + $4::bigint > 0 then 'partial'
    else 'completed'
  end
where j.tenant_id = $1 and j.id = $2 and j.waiting > 0;

-- name: processed
-- role: worker
select coalesce(sum(j.processed), 0)::bigint
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.id = any($2::uuid[]);

-- name: rewind
-- role: worker
update app.ingestion_jobs as j
set checkpoint = 0
from app.connections as c
where j.tenant_id = $1
  and j.id <> $2
  and j.kind = 'import'
  and j.state in ('queued', 'failed', 'cancelled')
  and j.checkpoint > 0
  and c.tenant_id = j.tenant_id
  and c.id = j.connection_id
  and c.lineage_id = $3;

-- name: rewind_newer
-- role: worker
update app.ingestion_jobs as j
set checkpoint = 0
from app.connections as c, app.raw_ingestion_data as r
where j.tenant_id = $1
  and j.id <> $2
  and j.kind = 'import'
  and j.state in ('queued', 'failed', 'cancelled')
  and j.checkpoint > 0
  and c.tenant_id = j.tenant_id
  and c.id = j.connection_id
  and c.lineage_id = $3
  and r.tenant_id = j.tenant_id
  and r.job_id = j.id
  and (r.received_at, r.id) > ($4, $5);

-- name: put_findings
-- role: worker
insert into app.ingestion_findings (
  tenant_id, job_id, position, severity, code, message, line, field, raw, rejected
)
select $1, $2, f.position, f.severity, f.code, f.message, f.line, f.field, f.raw, f.rejected
from unnest(
  $3::integer[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
  $10::boolean[]
) as f (position, severity, code, message, line, field, raw, rejected)
on conflict (tenant_id, job_id, position) do nothing;

-- name: clear_findings
-- role: worker
delete from app.ingestion_findings as f
where f.tenant_id = $1 and f.job_id = $2;

-- name: next_finding
-- role: worker
select coalesce(max(f.position) + 1, 0)
from app.ingestion_findings as f
where f.tenant_id = $1 and f.job_id = $2;

-- name: clear_previews
-- role: worker
delete from app.ingestion_previews as p
where p.tenant_id = $1 and p.job_id = $2;
