-- Pickups: what lies at a source, what was fetched of it, and what is to be archived.

-- name: settled
-- role: worker
-- Versions of messages that nobody needs to look at again.
select i.version
from app.pickup_items as i
where i.tenant_id = $1
  and i.connection_id = $2
  and i.version = any($3::text[])
  and i.state not in ('waiting', 'fetching');

-- name: sight
-- role: worker
-- What was seen before stays as old as it is, and as far as it is.
insert into app.pickup_items as i (
  tenant_id, connection_id, name, version, size_bytes, modified_at, state, reason, seen_at,
  looked_at
)
select $1, $2, f.name, f.version, f.size_bytes, f.modified_at, f.state, f.reason, $3, $3
from unnest(
  $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::text[], $9::text[]
) as f (name, version, size_bytes, modified_at, state, reason)
order by f.name, f.version
on conflict (tenant_id, connection_id, name, version) do update
set
  looked_at = excluded.looked_at,
  -- What was refused when it was fetched stays so until it is tried again.
  state = case
    when i.state = 'waiting' or i.fetched_at is null then excluded.state
    else i.state
  end,
  reason = case
    when i.state = 'waiting' or i.fetched_at is null then excluded.reason
    else i.reason
  end,
  seen_at = case
    when i.state <> 'waiting' and i.fetched_at is null then excluded.seen_at
    else i.seen_at
  end
where i.state in ('waiting', 'refused', 'ignored');

-- name: forget_unseen
-- role: worker
-- Files that changed or went before they had settled.
delete from app.pickup_items as i
where i.tenant_id = $1
  and i.connection_id = $2
  and i.state = 'waiting'
  and i.looked_at < $3;

-- name: forget_passed
-- role: worker
-- With other settings, what was passed over may be wanted.
delete from app.pickup_items as i
where i.tenant_id = $1 and i.connection_id = $2 and i.state in ('refused', 'ignored');

-- name: ready
-- role: worker
-- What has settled, and what is worth another try; the oldest first. Last what was begun before:
-- whatever ended that must not keep the others from being fetched.
select i.id, i.name, i.version, i.size_bytes, i.state, i.attempt_id, i.archived_as
from app.pickup_items as i
where i.tenant_id = $1
  and i.connection_id = $2
  and (
    (i.state = 'waiting' and i.looked_at = $3 and i.seen_at <= $3 - $4::interval)
    or i.state = 'fetching'
    or (i.state = 'refused' and i.looked_at = $3 and i.fetched_at < $3 - interval '1 day')
  )
order by (i.state = 'fetching'), i.modified_at nulls last, i.name, i.id
limit $5;

-- name: claim
-- role: worker
-- Under the job's fence: of two workers, one finds its lease gone, or the item taken.
update app.pickup_items as i
set state = 'fetching', attempt_id = $3, fetched_at = $4, reason = null
from app.ingestion_jobs as j
where i.tenant_id = $1
  and i.id = $2
  and i.state in ('waiting', 'fetching', 'refused')
  and i.attempt_id is not distinct from $5
  and j.tenant_id = i.tenant_id
  and j.id = $6
  and j.fence = $7
  and j.state = 'running';

-- name: has_document
-- role: worker
select exists (
  select
  from app.pickup_documents as d
  where d.tenant_id = $1 and d.connection_id = $2 and d.origin = $3 and d.sha256 = $4
);

-- name: upload
-- role: worker
insert into app.uploads (
  tenant_id, id, file_name, media_type, size_bytes, sha256, blob_path, state, sealed, received_at,
  expires_at
)
values ($1, $2, $3, $4, $5, $6, $7, 'received', true, now(), now() + interval '7 days');

-- name: import
-- role: worker
insert into app.ingestion_jobs as j (
  tenant_id, connection_id, upload_id, kind, review, trigger, created_by
)
values ($1, $2, $3, 'import', $4, $5, $6)
returning j.id;

-- name: document
-- role: worker
insert into app.pickup_documents (
  tenant_id, id, item_id, connection_id, job_id, origin, sha256
)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: fetched
-- role: worker
update app.pickup_items as i
set state = 'fetched'
where i.tenant_id = $1 and i.id = $2 and i.state = 'fetching' and i.attempt_id = $3;

-- name: pass
-- role: worker
update app.pickup_items as i
set state = $3, reason = $4, attempt_id = null
where i.tenant_id = $1 and i.id = $2 and i.state = 'fetching';

-- name: drop
-- role: worker
delete from app.pickup_items as i
where i.tenant_id = $1 and i.id = $2 and i.state = 'fetching';

-- name: imported
-- role: worker
-- What was fetched and is imported, all of it: its place is the archive now.
select i.id, i.name, i.version, i.size_bytes, i.state, i.attempt_id, i.archived_as
from app.pickup_items as i
where i.tenant_id = $1
  and i.connection_id = $2
  and i.state = 'fetched'
  and not exists (
    select
    from app.pickup_documents as d
    join app.ingestion_jobs as j on j.tenant_id = d.tenant_id and j.id = d.job_id
    where d.tenant_id = i.tenant_id
      and d.item_id = i.id
      and j.state not in ('completed', 'partial')
  )
order by i.fetched_at, i.id
limit $3;

-- name: intend
-- role: worker
update app.pickup_items as i
set archived_as = $3
where i.tenant_id = $1 and i.id = $2;

-- name: archived
-- role: worker
update app.pickup_items as i
set state = 'archived', reason = $3
where i.tenant_id = $1 and i.id = $2 and i.state = 'fetched';

-- name: unfinished
-- role: worker
-- Whether something has not settled yet, and whether something is on its way to the archive.
select
  exists (
    select
    from app.pickup_items as i
    where i.tenant_id = $1 and i.connection_id = $2 and i.state in ('waiting', 'fetching')
  ) as is_waiting,
  exists (
    select
    from app.pickup_documents as d
    join app.pickup_items as i on i.tenant_id = d.tenant_id and i.id = d.item_id
    join app.ingestion_jobs as j on j.tenant_id = d.tenant_id and j.id = d.job_id
    where d.tenant_id = $1
      and d.connection_id = $2
      and i.state = 'fetched'
      and j.state in ('queued', 'running')
  ) as is_importing;

-- name: configure
-- role: worker
-- With other settings whatever kept it from delivering may be over. Where the server is not
-- confirmed, nobody goes there.
update app.connections as c
set
  config = $3,
  status = case
    when c.status in ('paused', 'disconnected') then c.status
    when $4::boolean then 'active'
    else 'pending'
  end,
  next_sync_at = case
    when $4::boolean and c.status not in ('paused', 'disconnected') then now()
  end,
  error_code = null,
  error_kind = null,
  error_message = null,
  next_step = null,
  error_count = 0,
  retry_at = null,
  attention = false
where c.tenant_id = $1 and c.id = $2 and c.status <> 'disconnected';
