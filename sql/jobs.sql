-- Jobs as users start, follow and decide them; workers use ledger.sql.

-- name: create
-- role: authenticated
-- A repeated key adds nothing: whoever comes second waits for the first and then finds its job.
insert into app.ingestion_jobs as j (
  tenant_id, connection_id, upload_id, profile_id, mapping_id, kind, format, review,
  idempotency_key, created_by
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (tenant_id, idempotency_key) do nothing
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: by_key
-- role: authenticated
select
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.idempotency_key = $2;

-- name: of_upload
-- role: authenticated
select j.id
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.upload_id = $2
order by j.created_at, j.id
limit 1;

-- name: queued_derive
-- role: authenticated
select
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.mapping_id = $2 and j.kind = 'derive' and j.state = 'queued'
order by j.created_at, j.id
limit 1;

-- name: approve
-- role: authenticated
update app.ingestion_jobs as j
set
  state = 'queued', task = 'run', attempts = 0, next_run_at = now(), error_code = null,
  error_message = null, approved_at = now(), approved_by = $3, finished_at = null
where j.tenant_id = $1 and j.id = $2 and j.state = 'awaiting_review'
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: discard
-- role: authenticated
update app.ingestion_jobs as j
set state = 'discarded', task = 'run', stage = null, next_run_at = null, finished_at = now()
where j.tenant_id = $1 and j.id = $2 and j.state = 'awaiting_review'
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: cancel
-- role: authenticated
update app.ingestion_jobs as j
set state = 'cancelled', stage = null, next_run_at = null, finished_at = now()
where j.tenant_id = $1 and j.id = $2 and j.state = 'queued' and j.task = 'run'
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: retry
-- role: authenticated
update app.ingestion_jobs as j
set
  state = 'queued', attempts = 0, next_run_at = now(), error_code = null, error_message = null,
  finished_at = null, profile_id = coalesce($3, j.profile_id),
  -- What was approved was the preview of another reading.
  approved_at = case when j.wrote then j.approved_at end,
  approved_by = case when j.wrote then j.approved_by end
where j.tenant_id = $1
  and j.id = $2
  and (j.state = 'failed' or (j.state = 'cancelled' and j.task = 'run'))
  -- What stands in part goes on being read as it was.
  and ($3::uuid is null or not j.wrote)
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: revert
-- role: authenticated
update app.ingestion_jobs as j
set
  state = 'queued', task = 'revert', attempts = 0, next_run_at = now(), error_code = null,
  error_message = null, finished_at = null
where j.tenant_id = $1
  and j.id = $2
  and j.kind = 'import'
  and (
    j.state in ('completed', 'partial', 'awaiting_mapping')
    or (j.state in ('failed', 'cancelled') and j.wrote)
  )
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: under_way
-- role: authenticated
-- What a subscriber is told at first: the newest jobs that are under way.
select
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step
from app.ingestion_jobs as j
where j.tenant_id = $1
  and ($2::uuid is null or j.connection_id = $2)
  and j.state in ('queued', 'running')
order by j.created_at desc, j.id desc
limit 100;

-- name: changed
-- role: authenticated
-- Which jobs changed since, and when; those that changed last come first. One row tells the time of
-- the look where there are none.
select c.at, j.id, j.updated_at
from (select now() as at) as c
left join lateral (
  select i.id, i.updated_at
  from app.ingestion_jobs as i
  where i.tenant_id = $1
    and ($2::uuid is null or i.connection_id = $2)
    and i.updated_at > $3
  order by i.updated_at desc, i.id desc
  limit $4
) as j on true
order by j.updated_at desc, j.id desc;

-- name: now
-- role: authenticated
-- By the clock that rows are stamped with.
select now();

-- name: changed_since
-- role: authenticated
-- What a subscriber missed while they were away; the first that changed first.
select
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step
from app.ingestion_jobs as j
where j.tenant_id = $1
  and ($2::uuid is null or j.connection_id = $2)
  and j.updated_at >= $3
order by j.updated_at, j.id
limit $4;

-- name: latest
-- role: authenticated
select
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step
from app.ingestion_jobs as j
where j.tenant_id = $1 and ($2::uuid is null or j.connection_id = $2)
order by j.created_at desc, j.id desc
limit 1;

-- name: request_sync
-- role: authenticated
-- One sync waits at most; who asks again has asked already.
insert into app.ingestion_jobs as j (tenant_id, connection_id, kind, created_by)
values ($1, $2, 'sync', $3)
on conflict (tenant_id, connection_id) where kind = 'sync' and state = 'queued' do nothing
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: request_syncs
-- role: authenticated
-- A sync for each of these connections. One that waits joins the batch, and goes before
-- scheduled ones from now on.
insert into app.ingestion_jobs as j (tenant_id, connection_id, kind, created_by, batch_id)
select c.tenant_id, c.id, 'sync', $2, $3
from app.connections as c
where c.tenant_id = $1
  and c.provider = any($4::text[])
  and c.status = any($5::text[])
  and ($6::uuid[] is null or c.id = any($6))
order by c.created_at desc, c.id desc
limit $7
on conflict (tenant_id, connection_id) where kind = 'sync' and state = 'queued' do update
set
  trigger = case j.trigger when 'schedule' then 'user' else j.trigger end,
  batch_id = excluded.batch_id
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: queued_sync
-- role: authenticated
-- The sync that waits; it goes before scheduled ones from now on.
update app.ingestion_jobs as j
set trigger = case j.trigger when 'schedule' then 'user' else j.trigger end
where j.tenant_id = $1 and j.connection_id = $2 and j.kind = 'sync' and j.state = 'queued'
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;

-- name: request_cancel
-- role: authenticated
-- Whoever runs the sync stops at its next step.
update app.ingestion_jobs as j
set cancel_requested_at = now()
where j.tenant_id = $1 and j.id = $2 and j.state = 'running' and j.kind = 'sync'
returning
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step;
