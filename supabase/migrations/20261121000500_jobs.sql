-- The ledger of jobs, and the uploads that they begin with.

create table app.uploads (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  file_name text not null,
  media_type text,
  size_bytes bigint not null,
  sha256 bytea not null,
  blob_path text not null,
  state text not null default 'pending',
  sealed boolean not null default false,
  created_by uuid,
  created_at timestamptz not null default now(),
  received_at timestamptz,
  expires_at timestamptz not null,
  constraint uploads_pkey primary key (tenant_id, id),
  constraint uploads_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint uploads_file_name_check check (length(file_name) between 1 and 500),
  constraint uploads_media_type_check check (length(media_type) <= 200),
  constraint uploads_size_bytes_check check (size_bytes >= 0),
  constraint uploads_sha256_check check (length(sha256) = 32),
  -- The worker reads and deletes what lies there, so it must be the tenant's own folder.
  constraint uploads_blob_path_check
  check (length(blob_path) <= 300 and split_part(blob_path, '/', 1) = tenant_id::text),
  constraint uploads_state_check check (state in ('pending', 'received', 'imported', 'expired'))
);
comment on table app.uploads is
  'A file that a member announced: where its bytes go, and what they must be (size, sha-256).';
create index uploads_expiry_idx on app.uploads (expires_at) where state in ('pending', 'received');

create table app.ingestion_jobs (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  upload_id uuid,
  profile_id uuid,
  mapping_id uuid,
  kind text not null,
  state text not null default 'queued',
  task text not null default 'run',
  stage text,
  format text,
  profile jsonb,
  review boolean not null default false,
  idempotency_key text,
  -- progress
  total bigint,
  fetched bigint not null default 0,
  processed bigint not null default 0,
  imported bigint not null default 0,
  duplicate bigint not null default 0,
  changed bigint not null default 0,
  rejected bigint not null default 0,
  withdrawn bigint not null default 0,
  waiting bigint not null default 0,
  checkpoint bigint not null default 0,
  wrote boolean not null default false,
  rate bigint,
  -- lease
  attempts integer not null default 0,
  fence bigint not null default 0,
  lease_until timestamptz,
  next_run_at timestamptz default now(),
  -- outcome
  error_code text,
  error_message text,
  approved_at timestamptz,
  approved_by uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint ingestion_jobs_pkey primary key (tenant_id, id),
  constraint ingestion_jobs_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint ingestion_jobs_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint ingestion_jobs_upload_fkey
  foreign key (tenant_id, upload_id) references app.uploads (tenant_id, id),
  constraint ingestion_jobs_profile_fkey
  foreign key (tenant_id, profile_id) references app.statement_profiles (tenant_id, id),
  constraint ingestion_jobs_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint ingestion_jobs_idempotency_key unique (tenant_id, idempotency_key),
  constraint ingestion_jobs_kind_check check (kind in ('import', 'derive', 'sync')),
  constraint ingestion_jobs_state_check
  check (state in (
    'queued', 'running', 'awaiting_mapping', 'awaiting_review', 'completed', 'partial', 'failed',
    'cancelled', 'discarded', 'reverted'
  )),
  constraint ingestion_jobs_task_check check (task in ('run', 'revert')),
  constraint ingestion_jobs_stage_check check (length(stage) <= 40),
  constraint ingestion_jobs_format_check check (format ~ '^[a-z0-9]{2,16}$'),
  constraint ingestion_jobs_idempotency_key_check check (length(idempotency_key) between 1 and 200),
  constraint ingestion_jobs_lease_check check ((state = 'running') = (lease_until is not null)),
  constraint ingestion_jobs_error_code_check check (length(error_code) <= 80),
  constraint ingestion_jobs_error_message_check check (length(error_message) <= 2000)
);
comment on table app.ingestion_jobs is
  'The ledger of work: what is to be done, who does it now, how far it is, how it ended.';
comment on column app.ingestion_jobs.profile is
  'The column mapping that the document was read with, so that it can be read again the same way.';
comment on column app.ingestion_jobs.wrote is
  'Something of the job may stand: it goes on as it was begun, and a revert takes it back.';
comment on column app.ingestion_jobs.checkpoint is
  'Records of the document that are dealt with; commits together with the rows they made.';
comment on column app.ingestion_jobs.fence is
  'Grows with each claim; a worker whose number is old has lost the job and may write no more.';
-- One job per connection at a time, whoever claims.
create unique index ingestion_jobs_running_key
on app.ingestion_jobs (tenant_id, connection_id) where state = 'running';
create index ingestion_jobs_due_idx
on app.ingestion_jobs (coalesce(lease_until, next_run_at)) where state in ('queued', 'running');
create index ingestion_jobs_connection_idx
on app.ingestion_jobs (tenant_id, connection_id, created_at desc, id desc);
create index ingestion_jobs_order_idx on app.ingestion_jobs (tenant_id, created_at desc, id desc);
create index ingestion_jobs_finished_idx
on app.ingestion_jobs (tenant_id, finished_at) where finished_at is not null;
create index ingestion_jobs_upload_idx on app.ingestion_jobs (tenant_id, upload_id);
create index ingestion_jobs_profile_idx on app.ingestion_jobs (tenant_id, profile_id);
create index ingestion_jobs_mapping_idx on app.ingestion_jobs (tenant_id, mapping_id);

create trigger ingestion_jobs_touch before update on app.ingestion_jobs
for each row execute function private.touch_updated_at();

-- ---------------------------------------------------------------------------------------------
-- The states of a job as users may change them; workers own the rest.
-- ---------------------------------------------------------------------------------------------
create function private.check_job_transition()
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
  raise exception 'a job does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'ingestion_jobs_transition_check';
end
$$;
comment on function private.check_job_transition() is
  'What a member may make of a job: approve, discard, cancel, retry, revert.';
revoke all on function private.check_job_transition() from public;

create trigger ingestion_jobs_transition before update on app.ingestion_jobs
for each row when (current_user = 'authenticated')
execute function private.check_job_transition();
create trigger ingestion_jobs_signature before update on app.ingestion_jobs
for each row
when (current_user = 'authenticated' and new.approved_by is distinct from old.approved_by)
execute function private.sign_own_name('approved_by');

create function private.due_jobs(most integer)
returns table (tenant_id uuid, job_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select due.tenant_id, due.id
  from (
    select
      j.tenant_id,
      j.id,
      j.created_at,
      row_number() over (partition by j.tenant_id order by j.created_at, j.id) as turn
    from app.ingestion_jobs as j
    where j.state in ('queued', 'running')
      and coalesce(j.lease_until, j.next_run_at) <= now()
  ) as due
  order by due.turn, due.created_at
  limit least(most, 1000)
$$;
comment on function private.due_jobs(integer) is
  'Jobs of all tenants that nobody works on and that are due, one of each tenant first. Ids only.';

create function private.expired_uploads(most integer)
returns table (tenant_id uuid, upload_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select u.tenant_id, u.id
  from app.uploads as u
  where u.state in ('pending', 'received')
    and u.expires_at < now()
    and not exists (
      select
      from app.ingestion_jobs as j
      where j.tenant_id = u.tenant_id
        and j.upload_id = u.id
        and j.state in ('queued', 'running', 'failed')
    )
  order by u.expires_at
  limit least(most, 1000)
$$;
comment on function private.expired_uploads(integer) is
  'Uploads of all tenants whose time is over and that no job means to read. Ids only.';

revoke all on function private.due_jobs(integer) from public;
revoke all on function private.expired_uploads(integer) from public;
grant execute on function private.due_jobs(integer) to worker;
grant execute on function private.expired_uploads(integer) to worker;

grant select on app.uploads, app.ingestion_jobs to authenticated;
grant insert (
  tenant_id, id, file_name, media_type, size_bytes, sha256, blob_path, created_by, expires_at
) on app.uploads to authenticated;
grant insert (
  tenant_id, id, connection_id, upload_id, profile_id, mapping_id, kind, format, review,
  idempotency_key, created_by
) on app.ingestion_jobs to authenticated;
grant update (
  state, task, stage, profile_id, attempts, next_run_at, error_code, error_message, approved_at,
  approved_by, finished_at
) on app.ingestion_jobs to authenticated;

grant select, update on app.uploads to worker;
grant select, insert, update on app.ingestion_jobs to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.uploads enable row level security;
alter table app.uploads force row level security;
alter table app.ingestion_jobs enable row level security;
alter table app.ingestion_jobs force row level security;

create policy uploads_select on app.uploads
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy uploads_insert on app.uploads
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
);

create policy uploads_select_worker on app.uploads
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy uploads_update_worker on app.uploads
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_jobs_select on app.ingestion_jobs
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy ingestion_jobs_insert on app.ingestion_jobs
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
);

create policy ingestion_jobs_update on app.ingestion_jobs
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy ingestion_jobs_select_worker on app.ingestion_jobs
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_jobs_insert_worker on app.ingestion_jobs
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_jobs_update_worker on app.ingestion_jobs
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
