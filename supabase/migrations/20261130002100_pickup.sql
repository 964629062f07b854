-- Pickup: files that connections fetch by themselves, from an SFTP server or a mailbox, and how
-- what they bring is processed.

-- ---------------------------------------------------------------------------------------------
-- Connections.
-- ---------------------------------------------------------------------------------------------
alter table app.connections
add column auto_import boolean not null default true,
add column auto_reconcile boolean not null default true;
comment on column app.connections.auto_import is
  'False: what comes over it waits for a review before it is imported.';
comment on column app.connections.auto_reconcile is
  'False: its transactions are reconciled by hand alone.';
grant update (auto_import, auto_reconcile) on app.connections to authenticated;
-- Where files are fetched and the secret that is shown there change together.
grant update (config) on app.connections to worker;

-- ---------------------------------------------------------------------------------------------
-- What lies at a source, and the documents that were fetched of it.
-- ---------------------------------------------------------------------------------------------
create table app.pickup_items (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  name text not null,
  version text not null,
  size_bytes bigint not null,
  modified_at timestamptz,
  state text not null default 'waiting',
  reason text,
  attempt_id uuid,
  archived_as text,
  seen_at timestamptz not null,
  looked_at timestamptz not null,
  fetched_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pickup_items_pkey primary key (tenant_id, id),
  constraint pickup_items_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint pickup_items_version_key unique (tenant_id, connection_id, name, version),
  constraint pickup_items_name_check check (length(name) between 1 and 1000),
  constraint pickup_items_version_check check (length(version) between 1 and 200),
  constraint pickup_items_size_bytes_check check (size_bytes >= 0),
  constraint pickup_items_state_check
  check (state in ('waiting', 'fetching', 'fetched', 'archived', 'refused', 'ignored')),
  constraint pickup_items_reason_check check (length(reason) <= 80),
  constraint pickup_items_archived_as_check check (length(archived_as) <= 2000)
);
comment on table app.pickup_items is
  'A file on a server, or a message in a mailbox, in one version: each is fetched once, however '
  'many workers look.';
comment on column app.pickup_items.version is
  'Of a file its size and time; of a message its number in the folder.';
comment on column app.pickup_items.seen_at is
  'When it was first seen as it is: from then on it must stay so, before it is fetched.';
comment on column app.pickup_items.attempt_id is
  'The ids of its documents come of it; noted before any byte is kept, so that a crash leaves '
  'nothing behind that nobody finds.';
comment on column app.pickup_items.archived_as is
  'Where it is moved; noted before it is moved.';
create index pickup_items_order_idx
on app.pickup_items (tenant_id, connection_id, created_at desc, id desc);
create index pickup_items_state_idx on app.pickup_items (tenant_id, connection_id, state);
create trigger pickup_items_touch before update on app.pickup_items
for each row execute function private.touch_updated_at();

create table app.pickup_documents (
  tenant_id uuid not null,
  id uuid not null,
  item_id uuid not null,
  connection_id uuid not null,
  job_id uuid not null,
  origin text,
  sha256 bytea not null,
  created_at timestamptz not null default now(),
  constraint pickup_documents_pkey primary key (tenant_id, id),
  constraint pickup_documents_upload_fkey
  foreign key (tenant_id, id) references app.uploads (tenant_id, id),
  constraint pickup_documents_item_fkey
  foreign key (tenant_id, item_id) references app.pickup_items (tenant_id, id),
  constraint pickup_documents_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint pickup_documents_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint pickup_documents_origin_key unique (tenant_id, connection_id, origin, sha256),
  constraint pickup_documents_origin_check check (length(origin) between 1 and 1000),
  constraint pickup_documents_sha256_check check (length(sha256) = 32)
);
comment on table app.pickup_documents is
  'A document that was fetched, and the import it was given to; its id is the upload''s.';
comment on column app.pickup_documents.origin is
  'The Message-ID of an attachment: a message that comes twice is imported once. Null for files.';
create index pickup_documents_item_idx on app.pickup_documents (tenant_id, item_id);
create index pickup_documents_job_idx on app.pickup_documents (tenant_id, job_id);

grant select on app.pickup_items, app.pickup_documents to authenticated;
grant select, insert, update, delete on app.pickup_items to worker;
grant select, insert on app.pickup_documents to worker;
-- What a worker fetches becomes an upload whose bytes are here already.
grant insert on app.uploads to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.pickup_items enable row level security;
alter table app.pickup_items force row level security;
alter table app.pickup_documents enable row level security;
alter table app.pickup_documents force row level security;

create policy uploads_insert_worker on app.uploads
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy pickup_items_select on app.pickup_items
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy pickup_items_select_worker on app.pickup_items
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy pickup_items_insert_worker on app.pickup_items
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy pickup_items_update_worker on app.pickup_items
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy pickup_items_delete_worker on app.pickup_items
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy pickup_documents_select on app.pickup_documents
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy pickup_documents_select_worker on app.pickup_documents
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy pickup_documents_insert_worker on app.pickup_documents
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));
