-- Raw documents as workers write and find them.

-- name: upload
-- role: worker
select
  u.id, u.file_name, u.media_type, u.size_bytes, u.sha256, u.blob_path, u.state, u.sealed,
  u.expires_at
from app.uploads as u
where u.tenant_id = $1 and u.id = $2;

-- name: mark_imported
-- role: worker
update app.uploads as u
set state = 'imported'
where u.tenant_id = $1 and u.id = $2;

-- name: keep
-- role: worker
insert into app.raw_ingestion_data (
  tenant_id, id, connection_id, job_id, name, media_type, size_bytes, sha256, blob_path
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (tenant_id, id) do nothing;

-- name: sealed
-- role: worker
select r.sealed
from app.raw_ingestion_data as r
where r.tenant_id = $1 and r.id = $2;

-- name: keep_page
-- role: worker
insert into app.raw_ingestion_data (
  tenant_id, id, connection_id, job_id, name, media_type, size_bytes, sha256, sealed, received_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp())
returning received_at;

-- name: of_job
-- role: worker
select
  r.id, r.connection_id, r.job_id, r.name, r.media_type, r.size_bytes, r.sha256, r.blob_path,
  r.received_at
from app.raw_ingestion_data as r
where r.tenant_id = $1 and r.job_id = $2
order by r.received_at, r.id;

-- name: of_lineage
-- role: worker
-- Documents of a lineage that count, oldest first: all that are there, by no clock of a worker's,
-- which may be behind the one that noted when they came.
select
  r.id, r.connection_id, r.job_id, r.name, r.media_type, r.size_bytes, r.sha256, r.blob_path,
  r.received_at
from app.raw_ingestion_data as r
join app.ingestion_jobs as j on j.tenant_id = r.tenant_id and j.id = r.job_id
join app.connections as c on c.tenant_id = r.tenant_id and c.id = r.connection_id
where r.tenant_id = $1
  and c.lineage_id = $2
  and r.job_id <> $3
  and (
    (j.kind <> 'sync' and j.state in ('completed', 'partial', 'awaiting_mapping'))
    or exists (
      select
      from app.applied_pages as a
      where a.tenant_id = r.tenant_id and a.raw_id = r.id
    )
  )
order by r.received_at, r.id;

-- name: newer
-- role: worker
-- Documents of a lineage that came after one of them and count, oldest first.
select
  r.id, r.connection_id, r.job_id, r.name, r.media_type, r.size_bytes, r.sha256, r.blob_path,
  r.received_at
from app.raw_ingestion_data as r
join app.ingestion_jobs as j on j.tenant_id = r.tenant_id and j.id = r.job_id
join app.connections as c on c.tenant_id = r.tenant_id and c.id = r.connection_id
where r.tenant_id = $1
  and c.lineage_id = $2
  and r.received_at >= $3
  and (r.received_at, r.id) > ($3, $4)
  and (
    (j.kind <> 'sync' and j.state in ('completed', 'partial', 'awaiting_mapping'))
    or exists (
      select
      from app.applied_pages as a
      where a.tenant_id = r.tenant_id and a.raw_id = r.id
    )
  )
order by r.received_at, r.id;

-- name: read_with
-- role: worker
select j.format, j.profile
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.id = $2;

-- name: connection
-- role: worker
select
  c.id, c.lineage_id, c.institution_id, c.profile_id, c.name, c.provider, c.status, c.delivery,
  c.mapping_policy, c.control_policy, c.currency, c.decimals, c.config, c.auto_import,
  c.auto_reconcile, c.import_pending,
  c.external_id, c.sync_frequency, c.last_sync_at, c.next_sync_at, c.sync_phase,
  c.sync_progress, c.sync_accounts, c.sync_transactions, c.sync_investments, c.lookback_days,
  c.initial_complete_at, c.history_complete_at, c.consent_expires_at, c.error_code, c.error_kind,
  c.error_message, c.next_step, c.error_count, c.retry_at, c.attention, c.created_at, c.updated_at
from app.connections as c
where c.tenant_id = $1 and c.id = $2;

-- name: profile
-- role: worker
select p.definition
from app.statement_profiles as p
where p.tenant_id = $1 and p.id = $2;

-- name: delivered
-- role: worker
update app.connections as c
set last_sync_at = now()
where c.tenant_id = $1 and c.id = $2;

-- name: expired_uploads
-- role: worker
select e.tenant_id, e.upload_id
from private.expired_uploads($1) as e;

-- name: expire_upload
-- role: worker
-- An upload that a job still means to read stays.
update app.uploads as u
set state = 'expired'
where u.tenant_id = $1
  and u.id = $2
  and u.state in ('pending', 'received')
  and not exists (
    select
    from app.ingestion_jobs as j
    where j.tenant_id = u.tenant_id
      and j.upload_id = u.id
      and j.state in ('queued', 'running', 'failed')
  )
returning u.blob_path;
