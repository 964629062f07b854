-- Links: a person on the way through a provider's pages, and back with what they were given.

create table app.connection_links (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  provider text not null,
  connection_id uuid,
  state_hash bytea not null,
  sealed bytea not null,
  callback_url text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now(),
  constraint connection_links_pkey primary key (tenant_id, id),
  constraint connection_links_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint connection_links_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint connection_links_provider_check check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint connection_links_state_hash_check check (length(state_hash) = 32),
  constraint connection_links_sealed_check check (length(sealed) between 32 and 65536),
  constraint connection_links_callback_url_check check (length(callback_url) between 1 and 2000)
);
comment on table app.connection_links is
  'One try to link: whose it is, what must come back, and what is kept sealed until then.';
comment on column app.connection_links.state_hash is
  'SHA-256 of the state that was sent along: whoever comes back without it is somebody else.';
create index connection_links_connection_idx on app.connection_links (tenant_id, connection_id);
create index connection_links_expiry_idx on app.connection_links (expires_at);

grant select, insert, update, delete on app.connection_links to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security. Users never read it: what is kept for them is a secret until they are back.
-- ---------------------------------------------------------------------------------------------
alter table app.connection_links enable row level security;
alter table app.connection_links force row level security;

create policy connection_links_select_worker on app.connection_links
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy connection_links_insert_worker on app.connection_links
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy connection_links_update_worker on app.connection_links
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy connection_links_delete_worker on app.connection_links
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
