-- Corrections: a source says of a row, by its id, that another one takes its place, or that it is
-- deleted. What was corrected stays corrected whatever document repeats it, and a correction that
-- comes before its row waits for it.

create table app.corrections (
  tenant_id uuid not null,
  mapping_id uuid not null,
  external_id text not null,
  new_print bytea not null,
  new_occurrence integer not null,
  new_id text,
  state text not null,
  old_print bytea,
  old_occurrence integer,
  old_job_id uuid,
  old_raw_id uuid,
  old_raw_line bigint,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  created_at timestamptz not null default now(),
  constraint corrections_pkey primary key (tenant_id, mapping_id, external_id, new_print),
  constraint corrections_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint corrections_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint corrections_old_raw_fkey
  foreign key (tenant_id, old_job_id, old_raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint corrections_external_id_check check (length(external_id) between 1 and 500),
  constraint corrections_new_print_check check (length(new_print) in (0, 16)),
  constraint corrections_old_print_check check (length(old_print) = 16),
  constraint corrections_state_check check (state in ('open', 'applied', 'closed')),
  constraint corrections_old_check check (
    (state = 'open') = (old_print is null)
    and (old_print is null) = (old_occurrence is null)
    and (old_print is null) = (old_raw_line is null)
    and (old_job_id is null) = (old_raw_id is null)
  )
);
comment on table app.corrections is
  'Rows that a source has replaced or deleted by their ids, and where both versions stand.';
comment on column app.corrections.external_id is 'The id of the row that is corrected.';
comment on column app.corrections.new_print is
  'The fingerprint of the row that takes its place; empty where it is deleted.';
comment on column app.corrections.state is
  'open: its row has not come. applied: it has. closed: a later correction took it back.';
comment on column app.corrections.old_print is 'The fingerprint of the row that was corrected.';
create index corrections_raw_idx on app.corrections (tenant_id, job_id, raw_id);
create index corrections_old_raw_idx on app.corrections (tenant_id, old_job_id, old_raw_id);
create index corrections_old_print_idx on app.corrections (tenant_id, mapping_id, old_print);

grant select on app.corrections to authenticated;
grant select, insert, update, delete on app.corrections to worker;

alter table app.corrections enable row level security;
alter table app.corrections force row level security;

create policy corrections_select on app.corrections
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy corrections_select_worker on app.corrections
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy corrections_insert_worker on app.corrections
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy corrections_update_worker on app.corrections
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy corrections_delete_worker on app.corrections
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
