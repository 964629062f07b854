-- Accounts that go on after a new link: under another id, or over another connection; and days that
-- a provider says have changed.

create table app.mapping_aliases (
  tenant_id uuid not null,
  lineage_id uuid not null,
  external_account_id text not null,
  mapping_id uuid not null,
  created_at timestamptz not null default now(),
  constraint mapping_aliases_pkey primary key (tenant_id, lineage_id, external_account_id),
  constraint mapping_aliases_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint mapping_aliases_external_account_id_check
  check (length(external_account_id) between 1 and 500)
);
comment on table app.mapping_aliases is
  'Ids that an external account had before: documents of that time still speak of it.';
create index mapping_aliases_mapping_idx on app.mapping_aliases (tenant_id, mapping_id);

grant select, insert, update (lineage_id) on app.mapping_aliases to worker;
-- A connection that turns out to continue another joins its lineage.
grant update (lineage_id) on app.connections to worker;
grant update (lineage_id, external_account_id) on app.account_mappings to worker;

alter table app.sync_cursors
add column changed_since date,
add column changed_at timestamptz,
add constraint sync_cursors_changed_check check ((changed_since is null) = (changed_at is null));
comment on column app.sync_cursors.changed_since is
  'The first day of which the provider says that something changed, until a sync has read it.';

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.mapping_aliases enable row level security;
alter table app.mapping_aliases force row level security;

create policy mapping_aliases_select_worker on app.mapping_aliases
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy mapping_aliases_insert_worker on app.mapping_aliases
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy mapping_aliases_update_worker on app.mapping_aliases
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
