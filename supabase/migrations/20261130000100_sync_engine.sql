-- Syncs with providers: what a connection is asked for, how far it is, and what went wrong.

-- ---------------------------------------------------------------------------------------------
-- Connections.
-- ---------------------------------------------------------------------------------------------
alter table app.connections
add column sync_phase text not null default 'initial',
add column sync_progress integer,
add column sync_accounts boolean not null default true,
add column sync_transactions boolean not null default true,
add column sync_investments boolean not null default true,
add column lookback_days integer not null default 730,
add column initial_complete_at timestamptz,
add column history_complete_at timestamptz,
add column consent_expires_at timestamptz,
add column error_code text,
add column error_kind text,
add column error_message text,
add column next_step text,
add column error_count integer not null default 0,
add column retry_at timestamptz,
add column attention boolean not null default false,
drop constraint connections_status_check,
add constraint connections_status_check
check (status in ('pending', 'active', 'paused', 'error', 'reauth', 'disconnected')),
add constraint connections_sync_phase_check
check (sync_phase in ('initial', 'historical', 'incremental')),
add constraint connections_sync_progress_check check (sync_progress between 0 and 100),
add constraint connections_lookback_days_check check (lookback_days between 1 and 3650),
add constraint connections_error_code_check check (length(error_code) <= 80),
add constraint connections_error_kind_check
check (error_kind in ('authentication', 'network', 'rate_limit', 'validation', 'business')),
add constraint connections_error_message_check check (length(error_message) <= 2000),
add constraint connections_next_step_check check (length(next_step) <= 2000),
add constraint connections_error_count_check check (error_count >= 0);
comment on column app.connections.error_count is
  'Syncs that failed since one succeeded. From three on the circuit is open until retry_at.';
comment on column app.connections.attention is
  'Nothing gets better by itself any more: somebody has to look.';
comment on column app.connections.lookback_days is
  'How many days of history are wanted; where the provider fixes it, as it was when linked.';
-- The same thing at a provider is one connection; whoever links it again goes on with the first.
create unique index connections_external_key
on app.connections (tenant_id, provider, external_id)
where external_id is not null and status <> 'disconnected';
create index connections_due_idx
on app.connections (next_sync_at)
where next_sync_at is not null and status in ('active', 'error');

grant update (
  sync_accounts, sync_transactions, sync_investments, lookback_days
) on app.connections to authenticated;
grant update (
  sync_phase, sync_progress, initial_complete_at, history_complete_at, consent_expires_at,
  error_code, error_kind, error_message, next_step, error_count, retry_at, attention
) on app.connections to worker;

alter table app.connection_credentials
add column version bigint not null default 1;
comment on column app.connection_credentials.version is
  'Grows with every renewal: whoever waited for one sees that it has happened.';

create index connection_credentials_expiry_idx
on app.connection_credentials (expires_at) where expires_at is not null;

create function private.ending_credentials(before timestamptz, most integer)
returns table (tenant_id uuid, connection_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select ending.tenant_id, ending.connection_id
  from (
    select
      k.tenant_id,
      k.connection_id,
      k.expires_at,
      row_number() over (partition by k.tenant_id order by k.expires_at, k.connection_id) as turn
    from app.connection_credentials as k
    join app.connections as c on c.tenant_id = k.tenant_id and c.id = k.connection_id
    where k.expires_at < before
      -- What could not be renewed for a day is left to syncs, or it would be asked for ever.
      and k.expires_at > now() - interval '1 day'
      and c.status in ('active', 'error')
  ) as ending
  order by ending.turn, ending.expires_at
  limit least(most, 1000)
$$;
comment on function private.ending_credentials(timestamptz, integer) is
  'Connections of all tenants whose access tokens end before an instant, or did within a day; one '
  'of each tenant first. Ids only.';
revoke all on function private.ending_credentials(timestamptz, integer) from public;
grant execute on function private.ending_credentials(timestamptz, integer) to worker;

create table app.sync_cursors (
  tenant_id uuid not null,
  connection_id uuid not null,
  job_id uuid not null,
  cursor text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sync_cursors_pkey primary key (tenant_id, connection_id),
  constraint sync_cursors_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint sync_cursors_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint sync_cursors_cursor_check check (length(cursor) <= 20000)
);
comment on table app.sync_cursors is
  'Where the next sync goes on; written in the transaction that wrote the rows before it.';
create index sync_cursors_job_idx on app.sync_cursors (tenant_id, job_id);
create trigger sync_cursors_touch before update on app.sync_cursors
for each row execute function private.touch_updated_at();

create table app.applied_pages (
  tenant_id uuid not null,
  raw_id uuid not null,
  job_id uuid not null,
  created_at timestamptz not null default now(),
  constraint applied_pages_pkey primary key (tenant_id, raw_id),
  constraint applied_pages_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id)
);
comment on table app.applied_pages is
  'Which pages of syncs count: the others are kept, and were void or never came to be applied.';
create index applied_pages_raw_idx on app.applied_pages (tenant_id, job_id, raw_id);

-- ---------------------------------------------------------------------------------------------
-- Transactions whose source gives stable ids.
-- ---------------------------------------------------------------------------------------------
alter table app.transactions add column missed_at timestamptz;
comment on column app.transactions.missed_at is
  'When a complete reading of its days did not have the row for the first time; else null.';

create table app.transaction_aliases (
  tenant_id uuid not null,
  mapping_id uuid not null,
  fingerprint bytea not null,
  transaction_id uuid not null,
  external_id text not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  created_at timestamptz not null default now(),
  constraint transaction_aliases_pkey primary key (tenant_id, mapping_id, fingerprint),
  constraint transaction_aliases_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint transaction_aliases_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint transaction_aliases_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint transaction_aliases_fingerprint_check check (length(fingerprint) = 16),
  constraint transaction_aliases_external_id_check check (length(external_id) between 1 and 500)
);
comment on table app.transaction_aliases is
  'Ids that a transaction had before, such as while it was pending, and where they came from.';
create index transaction_aliases_transaction_idx
on app.transaction_aliases (tenant_id, transaction_id);
create index transaction_aliases_raw_idx on app.transaction_aliases (tenant_id, job_id, raw_id);

-- ---------------------------------------------------------------------------------------------
-- Jobs.
-- ---------------------------------------------------------------------------------------------
alter table app.ingestion_jobs
add column trigger text not null default 'user',
add column sync_phase text,
add column cancel_requested_at timestamptz,
add column error_kind text,
add column next_step text,
-- A sync's pages are read by the connector, whose name may be longer than a file format's.
drop constraint ingestion_jobs_format_check,
add constraint ingestion_jobs_format_check check (format ~ '^[a-z0-9_]{2,40}$'),
add constraint ingestion_jobs_trigger_check
check (trigger in ('user', 'schedule', 'webhook', 'link', 'system')),
add constraint ingestion_jobs_sync_phase_check
check (sync_phase in ('initial', 'historical', 'incremental')),
add constraint ingestion_jobs_error_kind_check
check (error_kind in ('authentication', 'network', 'rate_limit', 'validation', 'business')),
add constraint ingestion_jobs_next_step_check check (length(next_step) <= 2000);
comment on column app.ingestion_jobs.trigger is 'What asked for the job; all but user are workers.';
-- A sync that waits covers whoever asks for another one.
create unique index ingestion_jobs_queued_sync_key
on app.ingestion_jobs (tenant_id, connection_id) where kind = 'sync' and state = 'queued';
create index ingestion_jobs_running_idx on app.ingestion_jobs (tenant_id) where state = 'running';

grant insert (trigger) on app.ingestion_jobs to authenticated;
grant update (cancel_requested_at) on app.ingestion_jobs to authenticated;

create or replace function private.check_job_transition()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (old.state, new.state, new.task) in (
    ('awaiting_review', 'queued', 'run'),
    ('awaiting_review', 'discarded', 'run'),
    ('awaiting_mapping', 'queued', 'run'),
    ('queued', 'cancelled', 'run'),
    ('failed', 'queued', old.task),
    ('cancelled', 'queued', 'run'),
    ('completed', 'queued', 'revert'),
    ('partial', 'queued', 'revert'),
    ('failed', 'queued', 'revert'),
    ('cancelled', 'queued', 'revert'),
    ('awaiting_mapping', 'queued', 'revert')
  ) then
    return new;
  end if;
  -- Whoever runs a sync stops at its next step when somebody asks for that.
  if old.state = 'running'
    and old.kind = 'sync'
    and new.cancel_requested_at is not null
    and to_jsonb(new) - array['cancel_requested_at', 'updated_at']
      = to_jsonb(old) - array['cancel_requested_at', 'updated_at']
  then
    return new;
  end if;
  raise exception 'a job does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'ingestion_jobs_transition_check';
end
$$;

create or replace function private.due_jobs(most integer)
returns table (tenant_id uuid, job_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select
      j.tenant_id,
      j.id,
      j.created_at,
      row_number() over (
        partition by j.tenant_id
        order by (j.trigger = 'schedule'), j.created_at, j.id
      ) as turn
    from app.ingestion_jobs as j
    where j.state in ('queued', 'running')
      and coalesce(j.lease_until, j.next_run_at) <= now()
      and not exists (
        select
        from app.ingestion_jobs as b
        where b.tenant_id = j.tenant_id
          and b.connection_id = j.connection_id
          and b.id <> j.id
          and b.state = 'running'
          and b.lease_until > now()
      )
  ),

  busy as (
    select r.tenant_id, count(*) as running
    from app.ingestion_jobs as r
    where r.state = 'running' and r.lease_until > now()
    group by r.tenant_id
  )

  select d.tenant_id, d.id
  from due as d
  left join busy as b on b.tenant_id = d.tenant_id
  order by d.turn + coalesce(b.running, 0), d.created_at
  limit least(most, 1000)
$$;
comment on function private.due_jobs(integer) is
  'Jobs of all tenants that nobody works on and that are due: those first whose tenants have the
fewest at work. Ids only.';

create function private.due_connections(most integer)
returns table (tenant_id uuid, connection_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select due.tenant_id, due.id
  from (
    select
      c.tenant_id,
      c.id,
      c.next_sync_at,
      row_number() over (partition by c.tenant_id order by c.next_sync_at, c.id) as turn
    from app.connections as c
    where c.next_sync_at <= now()
      and c.status in ('active', 'error')
      and c.provider <> 'file'
  ) as due
  order by due.turn, due.next_sync_at
  limit least(most, 1000)
$$;
comment on function private.due_connections(integer) is
  'Connections of all tenants whose next sync is due, one of each tenant first. Ids only.';
revoke all on function private.due_connections(integer) from public;
grant execute on function private.due_connections(integer) to worker;

grant select on app.sync_cursors to worker;
grant insert, update on app.sync_cursors to worker;
grant select on app.applied_pages, app.transaction_aliases to authenticated;
grant select, insert on app.applied_pages to worker;
grant select, insert, update on app.transaction_aliases to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.sync_cursors enable row level security;
alter table app.sync_cursors force row level security;
alter table app.applied_pages enable row level security;
alter table app.applied_pages force row level security;
alter table app.transaction_aliases enable row level security;
alter table app.transaction_aliases force row level security;

create policy sync_cursors_select_worker on app.sync_cursors
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy sync_cursors_insert_worker on app.sync_cursors
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy sync_cursors_update_worker on app.sync_cursors
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy applied_pages_select on app.applied_pages
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy applied_pages_select_worker on app.applied_pages
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy applied_pages_insert_worker on app.applied_pages
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy transaction_aliases_select on app.transaction_aliases
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy transaction_aliases_select_worker on app.transaction_aliases
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy transaction_aliases_insert_worker on app.transaction_aliases
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy transaction_aliases_update_worker on app.transaction_aliases
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
