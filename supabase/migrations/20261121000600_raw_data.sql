-- What jobs leave: raw documents, findings, previews of a review, the audit log.

create table app.raw_ingestion_data (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  job_id uuid not null,
  name text not null,
  media_type text,
  size_bytes bigint not null,
  sha256 bytea not null,
  blob_path text,
  sealed bytea,
  received_at timestamptz not null default now(),
  constraint raw_ingestion_data_pkey primary key (tenant_id, id),
  constraint raw_ingestion_data_job_key unique (tenant_id, job_id, id),
  constraint raw_ingestion_data_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint raw_ingestion_data_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint raw_ingestion_data_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint raw_ingestion_data_name_check check (length(name) between 1 and 500),
  constraint raw_ingestion_data_size_bytes_check check (size_bytes >= 0),
  constraint raw_ingestion_data_sha256_check check (length(sha256) = 32),
  constraint raw_ingestion_data_blob_path_check
  check (length(blob_path) <= 300 and split_part(blob_path, '/', 1) = tenant_id::text),
  constraint raw_ingestion_data_place_check check ((blob_path is null) <> (sealed is null))
);
comment on table app.raw_ingestion_data is
  'What a source delivered, byte for byte, sealed under the tenant''s data key. Append-only.';
create index raw_ingestion_data_connection_idx
on app.raw_ingestion_data (tenant_id, connection_id, received_at desc, id desc);
create index raw_ingestion_data_sha256_idx on app.raw_ingestion_data (tenant_id, sha256);

create table app.ingestion_findings (
  tenant_id uuid not null,
  job_id uuid not null,
  position integer not null,
  severity text not null,
  code text not null,
  message text not null,
  line bigint,
  field text,
  raw text,
  rejected boolean not null default false,
  created_at timestamptz not null default now(),
  constraint ingestion_findings_pkey primary key (tenant_id, job_id, position),
  constraint ingestion_findings_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint ingestion_findings_severity_check check (severity in ('info', 'warning', 'error')),
  constraint ingestion_findings_code_check check (code ~ '^[a-z0-9-]{2,60}$'),
  constraint ingestion_findings_message_check check (length(message) <= 2000),
  constraint ingestion_findings_raw_check check (length(raw) <= 2000)
);
comment on table app.ingestion_findings is
  'What a person should know about a job: rejected rows, control totals, what was kept and why.';

create table app.ingestion_previews (
  tenant_id uuid not null,
  job_id uuid not null,
  position bigint not null,
  outcome text not null,
  mapping_id uuid not null,
  amount numeric not null,
  currency char(3) not null,
  posted_date date,
  status text not null,
  description text not null,
  reference text,
  line bigint not null,
  created_at timestamptz not null default now(),
  constraint ingestion_previews_pkey primary key (tenant_id, job_id, position),
  constraint ingestion_previews_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint ingestion_previews_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint ingestion_previews_outcome_check
  check (outcome in ('new', 'duplicate', 'changed', 'waiting')),
  constraint ingestion_previews_amount_check
  check (scale(amount) <= 8 and abs(amount) < 100000000000000),
  constraint ingestion_previews_currency_check check (currency ~ '^[A-Z]{3}$')
);
comment on table app.ingestion_previews is
  'What a job under review would do with each row; deleted when the review is decided.';
create index ingestion_previews_outcome_idx
on app.ingestion_previews (tenant_id, job_id, outcome, position);
create index ingestion_previews_mapping_idx on app.ingestion_previews (tenant_id, mapping_id);

create table app.ingestion_audit_log (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  event text not null,
  connection_id uuid,
  job_id uuid,
  user_id uuid,
  data jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint ingestion_audit_log_pkey primary key (tenant_id, id),
  constraint ingestion_audit_log_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint ingestion_audit_log_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint ingestion_audit_log_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint ingestion_audit_log_event_check check (event ~ '^[a-z_.]{3,80}$'),
  constraint ingestion_audit_log_data_check
  check (jsonb_typeof(data) = 'object' and pg_column_size(data) < 16384)
);
comment on table app.ingestion_audit_log is
  'Who did what, when. Append-only; written by private.audit alone, so nobody signs for another.';
create index ingestion_audit_log_order_idx
on app.ingestion_audit_log (tenant_id, created_at desc, id desc);
create index ingestion_audit_log_connection_idx
on app.ingestion_audit_log (tenant_id, connection_id);
create index ingestion_audit_log_job_idx on app.ingestion_audit_log (tenant_id, job_id);

create trigger raw_ingestion_data_append_only
before update or delete on app.raw_ingestion_data
for each row execute function private.refuse_change();
create trigger raw_ingestion_data_no_truncate
before truncate on app.raw_ingestion_data
for each statement execute function private.refuse_change();
create trigger ingestion_audit_log_append_only
before update or delete on app.ingestion_audit_log
for each row execute function private.refuse_change();
create trigger ingestion_audit_log_no_truncate
before truncate on app.ingestion_audit_log
for each statement execute function private.refuse_change();

create function private.audit(event text, connection uuid, job uuid, data jsonb)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  -- The claims alone do not make a worker: the role that runs the statement must be one.
  insert into app.ingestion_audit_log (tenant_id, event, connection_id, job_id, user_id, data)
  select signer.tenant_id, event, connection, job, signer.user_id, coalesce(data, '{}')
  from (
    select private.current_tenant_id() as tenant_id, private.current_user_id() as user_id
    where current_setting('role') <> 'worker'
    union all
    select private.worker_tenant_id(), null
    where current_setting('role') = 'worker'
  ) as signer
  where signer.tenant_id is not null
$$;
comment on function private.audit(text, uuid, uuid, jsonb) is
  'Writes one event of the current tenant, signed with the current user (none for a worker).';

revoke all on function private.audit(text, uuid, uuid, jsonb) from public;
grant execute on function private.audit(text, uuid, uuid, jsonb) to authenticated, worker;

-- Not what is sealed: a use case that shows source lines opens a worker scope after its own check.
grant select (
  tenant_id, id, connection_id, job_id, name, media_type, size_bytes, sha256,
  blob_path, received_at
) on app.raw_ingestion_data to authenticated;
grant select on app.ingestion_findings, app.ingestion_previews, app.ingestion_audit_log
to authenticated;
grant select, insert on app.raw_ingestion_data to worker;
grant select, insert, delete on app.ingestion_findings, app.ingestion_previews to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.raw_ingestion_data enable row level security;
alter table app.raw_ingestion_data force row level security;
alter table app.ingestion_findings enable row level security;
alter table app.ingestion_findings force row level security;
alter table app.ingestion_previews enable row level security;
alter table app.ingestion_previews force row level security;
alter table app.ingestion_audit_log enable row level security;
alter table app.ingestion_audit_log force row level security;

create policy raw_ingestion_data_select on app.raw_ingestion_data
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy raw_ingestion_data_select_worker on app.raw_ingestion_data
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy raw_ingestion_data_insert_worker on app.raw_ingestion_data
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_findings_select on app.ingestion_findings
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy ingestion_findings_select_worker on app.ingestion_findings
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_findings_insert_worker on app.ingestion_findings
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_findings_delete_worker on app.ingestion_findings
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_previews_select on app.ingestion_previews
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy ingestion_previews_select_worker on app.ingestion_previews
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_previews_insert_worker on app.ingestion_previews
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_previews_delete_worker on app.ingestion_previews
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy ingestion_audit_log_select on app.ingestion_audit_log
for select to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);
