-- Connections: where a tenant's data comes from, how to read it, and the sealed credentials apart.

create table app.institutions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  external_id text,
  country char(2),
  created_at timestamptz not null default now(),
  constraint institutions_pkey primary key (tenant_id, id),
  constraint institutions_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint institutions_external_id_key unique (tenant_id, external_id),
  constraint institutions_name_check check (length(name) between 1 and 200),
  constraint institutions_external_id_check check (length(external_id) between 1 and 200),
  constraint institutions_country_check check (country ~ '^[A-Z]{2}$')
);
comment on table app.institutions is
  'A bank or other institution as one tenant knows it: a shared list would tell of tenants.';
comment on column app.institutions.external_id is
  'The source''s id of the institution, such as the BAI2 originator; null for one made by hand.';

create table app.statement_profiles (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  format text not null,
  definition jsonb not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint statement_profiles_pkey primary key (tenant_id, id),
  constraint statement_profiles_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint statement_profiles_name_key unique (tenant_id, name),
  constraint statement_profiles_name_check check (length(name) between 1 and 200),
  constraint statement_profiles_format_check check (format ~ '^[a-z0-9]{2,16}$'),
  constraint statement_profiles_definition_check
  check (jsonb_typeof(definition) = 'object' and pg_column_size(definition) < 65536)
);
comment on table app.statement_profiles is
  'Saved column mappings: how one bank writes its CSV.';

create table app.connections (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  lineage_id uuid not null,
  institution_id uuid,
  profile_id uuid,
  name text not null,
  provider text not null,
  status text not null default 'active',
  delivery text not null default 'cumulative',
  mapping_policy text not null default 'create',
  control_policy text not null default 'warn',
  currency char(3),
  decimals jsonb not null default '{}',
  config jsonb not null default '{}',
  external_id text,
  sync_frequency text not null default 'manual',
  last_sync_at timestamptz,
  next_sync_at timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint connections_pkey primary key (tenant_id, id),
  constraint connections_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint connections_institution_fkey
  foreign key (tenant_id, institution_id) references app.institutions (tenant_id, id),
  constraint connections_profile_fkey
  foreign key (tenant_id, profile_id) references app.statement_profiles (tenant_id, id),
  constraint connections_name_check check (length(name) between 1 and 200),
  constraint connections_provider_check check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint connections_status_check
  check (status in ('pending', 'active', 'paused', 'error', 'disconnected')),
  constraint connections_delivery_check check (delivery in ('cumulative', 'incremental')),
  constraint connections_mapping_policy_check check (mapping_policy in ('create', 'ask')),
  constraint connections_control_policy_check
  check (control_policy in ('ignore', 'warn', 'quarantine')),
  constraint connections_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint connections_decimals_check check (jsonb_typeof(decimals) = 'object'),
  constraint connections_config_check
  check (jsonb_typeof(config) = 'object' and pg_column_size(config) < 65536),
  constraint connections_external_id_check check (length(external_id) between 1 and 500),
  constraint connections_sync_frequency_check
  check (sync_frequency in ('manual', 'realtime', 'hourly', 'daily', 'weekly'))
);
comment on table app.connections is
  'One source of one tenant''s data. Closed, never deleted: raw data and lineage hang on it.';
comment on column app.connections.lineage_id is
  'Constant over reconnects: identity of accounts and transactions is scoped to it.';
comment on column app.connections.delivery is
  'cumulative: an equal row in a later file is the same row. incremental: it is for review.';
comment on column app.connections.control_policy is
  'What a control total that does not fit means: nothing, a finding, or a stop before import.';
comment on column app.connections.decimals is
  'Implied decimals by currency where the bank departs from ISO 4217, such as {"EUR": 0}.';
comment on column app.connections.config is 'Settings of the provider; never a secret.';
create index connections_institution_idx on app.connections (tenant_id, institution_id);
create index connections_profile_idx on app.connections (tenant_id, profile_id);
create index connections_order_idx on app.connections (tenant_id, created_at desc, id desc);

create table app.connection_credentials (
  tenant_id uuid not null,
  connection_id uuid not null,
  sealed bytea not null,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint connection_credentials_pkey primary key (tenant_id, connection_id),
  constraint connection_credentials_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint connection_credentials_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint connection_credentials_sealed_check check (length(sealed) between 32 and 65536)
);
comment on table app.connection_credentials is
  'Sealed credentials, apart from everything that a user may read.';

create function private.start_lineage()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.lineage_id := coalesce(new.lineage_id, new.id);
  return new;
end
$$;
comment on function private.start_lineage() is
  'A connection that continues none is its own lineage.';
revoke all on function private.start_lineage() from public;

create trigger connections_lineage before insert on app.connections
for each row execute function private.start_lineage();
create trigger connections_touch before update on app.connections
for each row execute function private.touch_updated_at();
create trigger statement_profiles_touch before update on app.statement_profiles
for each row execute function private.touch_updated_at();
create trigger connection_credentials_touch before update on app.connection_credentials
for each row execute function private.touch_updated_at();

grant select on app.institutions to authenticated, worker;
grant insert, update (name, country) on app.institutions to authenticated;
grant insert on app.institutions to worker;
grant select, insert, delete, update (name, definition) on app.statement_profiles to authenticated;
grant select on app.statement_profiles to worker;
grant select, insert on app.connections to authenticated;
grant update (
  institution_id, profile_id, name, status, delivery, mapping_policy, control_policy, currency,
  decimals, config, sync_frequency, next_sync_at, closed_at
) on app.connections to authenticated;
grant select, update (
  status, institution_id, external_id, last_sync_at, next_sync_at
) on app.connections to worker;
grant select, insert, update, delete on app.connection_credentials to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.institutions enable row level security;
alter table app.institutions force row level security;
alter table app.statement_profiles enable row level security;
alter table app.statement_profiles force row level security;
alter table app.connections enable row level security;
alter table app.connections force row level security;
alter table app.connection_credentials enable row level security;
alter table app.connection_credentials force row level security;

create policy institutions_select on app.institutions
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy institutions_insert on app.institutions
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy institutions_update on app.institutions
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy institutions_select_worker on app.institutions
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy institutions_insert_worker on app.institutions
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy statement_profiles_select on app.statement_profiles
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy statement_profiles_insert on app.statement_profiles
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
);

create policy statement_profiles_update on app.statement_profiles
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy statement_profiles_delete on app.statement_profiles
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy statement_profiles_select_worker on app.statement_profiles
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy connections_select on app.connections
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy connections_insert on app.connections
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
  and created_by = (select private.current_user_id())
);

create policy connections_update on app.connections
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy connections_select_worker on app.connections
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy connections_update_worker on app.connections
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy connection_credentials_select_worker on app.connection_credentials
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy connection_credentials_insert_worker on app.connection_credentials
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy connection_credentials_update_worker on app.connection_credentials
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy connection_credentials_delete_worker on app.connection_credentials
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
