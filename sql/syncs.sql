-- Syncs as workers run them: the cursor, the pages that count, and how the connection does.

-- name: cursor
-- role: worker
select s.cursor
from app.sync_cursors as s
where s.tenant_id = $1 and s.connection_id = $2;

-- name: changed
-- role: worker
select s.changed_since as since, s.changed_at as at
from app.sync_cursors as s
where s.tenant_id = $1 and s.connection_id = $2 and s.changed_since is not null;

-- name: note_changed
-- role: worker
-- The earliest day counts until a sync has read it. Without a cursor all is read anyway.
update app.sync_cursors as s
set changed_since = least(s.changed_since, $3), changed_at = $4
where s.tenant_id = $1 and s.connection_id = $2;

-- name: changes_read
-- role: worker
-- What was noted after the sync had begun stays for the next one.
update app.sync_cursors as s
set changed_since = null, changed_at = null
where s.tenant_id = $1 and s.connection_id = $2 and s.changed_at = $3;

-- name: put_cursor
-- role: worker
insert into app.sync_cursors as s (tenant_id, connection_id, job_id, cursor)
values ($1, $2, $3, $4)
on conflict (tenant_id, connection_id) do update
set job_id = excluded.job_id, cursor = excluded.cursor;

-- name: apply_pages
-- role: worker
insert into app.applied_pages (tenant_id, raw_id, job_id)
select $1, r.raw_id, $2
from unnest($3::uuid[]) as r (raw_id);

-- name: begin
-- role: worker
-- Notes in the ledger how the sync reads its pages, and which part of the history it is for.
update app.ingestion_jobs as j
set
  format = $4,
  profile = '{}',
  sync_phase = $5,
  stage = 'fetch',
  lease_until = now() + $6::interval
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running';

-- name: hold
-- role: worker
-- Keeps the lease while pages come; tells whether somebody asked for the end, or stopped the
-- connection.
update app.ingestion_jobs as j
set lease_until = now() + $4::interval, fetched = j.fetched + $5
where j.tenant_id = $1 and j.id = $2 and j.fence = $3 and j.state = 'running'
returning
  j.cancel_requested_at is not null
  or exists (
    select
    from app.connections as c
    where c.tenant_id = j.tenant_id
      and c.id = j.connection_id
      and c.status in ('paused', 'disconnected')
  ) as is_over;

-- name: reached
-- role: worker
-- A checkpoint: how far the connection's history is, in the transaction that wrote the rows.
update app.connections as c
set
  sync_phase = $3,
  sync_progress = $4,
  initial_complete_at = coalesce(c.initial_complete_at, $5),
  history_complete_at = coalesce(c.history_complete_at, $6)
where c.tenant_id = $1 and c.id = $2;

-- name: succeeded
-- role: worker
update app.connections as c
set
  status = case when c.status in ('pending', 'error', 'reauth') then 'active' else c.status end,
  last_sync_at = $3,
  next_sync_at = case
    when c.status in ('paused', 'disconnected') then null
    else $4::timestamptz
  end,
  error_code = null,
  error_kind = null,
  error_message = null,
  next_step = null,
  error_count = 0,
  retry_at = null,
  attention = false
where c.tenant_id = $1 and c.id = $2;

-- name: failed
-- role: worker
update app.connections as c
set
  status = case
    when c.status in ('paused', 'disconnected') then c.status
    else $3
  end,
  error_code = $4,
  error_kind = $5,
  error_message = $6,
  next_step = $7,
  error_count = c.error_count + 1,
  retry_at = $8,
  -- A next sync that is not set says nothing: a failure before this one took it away.
  next_sync_at = case
    when c.status in ('paused', 'disconnected') then null
    when c.sync_frequency = 'manual' and c.next_sync_at is null then null
    else $8::timestamptz
  end,
  attention = $9
where c.tenant_id = $1 and c.id = $2;

-- name: waited
-- role: worker
-- Since somebody, or the provider, last asked for a sync: others only look again. Both times are of
-- the database's clock.
select now() - coalesce(max(j.created_at), min(c.created_at))
from app.connections as c
left join app.ingestion_jobs as j
  on j.tenant_id = c.tenant_id
  and j.connection_id = c.id
  and j.kind = 'sync'
  and j.trigger <> 'schedule'
where c.tenant_id = $1 and c.id = $2;

-- name: failures
-- role: worker
select c.error_count
from app.connections as c
where c.tenant_id = $1 and c.id = $2
for no key update;

-- name: request
-- role: worker
-- One sync waits at most; who asks again has asked already, and has it go before scheduled ones.
-- None for a connection that somebody stopped.
insert into app.ingestion_jobs as j (tenant_id, connection_id, kind, trigger)
select c.tenant_id, c.id, 'sync', $3
from app.connections as c
where c.tenant_id = $1 and c.id = $2 and c.status not in ('paused', 'disconnected')
on conflict (tenant_id, connection_id) where kind = 'sync' and state = 'queued' do update
set trigger = excluded.trigger
where j.trigger = 'schedule' and excluded.trigger <> 'schedule'
returning j.id;

-- name: give_way
-- role: worker
-- Of two syncs of a connection that would wait, the newer goes on, no sooner than the older would.
update app.ingestion_jobs as j
set next_run_at = greatest(j.next_run_at, now() + $4::interval)
where j.tenant_id = $1
  and j.connection_id = $2
  and j.id <> $3
  and j.kind = 'sync'
  and j.state = 'queued'
returning j.id;

-- name: due_connections
-- role: worker
select d.tenant_id, d.connection_id
from private.due_connections($1) as d;

-- name: take
-- role: worker
-- Whoever else looks at the connection now passes by.
select
  c.sync_frequency,
  c.next_sync_at <= $3 and c.status in ('active', 'error') as is_due
from app.connections as c
where c.tenant_id = $1 and c.id = $2
for no key update skip locked;

-- name: postpone
-- role: worker
update app.connections as c
set next_sync_at = $3
where c.tenant_id = $1 and c.id = $2;
