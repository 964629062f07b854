-- Accounts: the tenant's own, what sources call accounts, and the balances that sources state.

create table app.accounts (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  institution_id uuid,
  name text not null,
  type text not null default 'other',
  currency char(3) not null,
  masked_number text,
  status text not null default 'active',
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint accounts_pkey primary key (tenant_id, id),
  constraint accounts_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint accounts_institution_fkey
  foreign key (tenant_id, institution_id) references app.institutions (tenant_id, id),
  constraint accounts_name_check check (length(name) between 1 and 200),
  constraint accounts_type_check
  check (type in ('checking', 'savings', 'credit_card', 'loan', 'investment', 'cash', 'other')),
  constraint accounts_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint accounts_masked_number_check check (length(masked_number) between 1 and 20),
  constraint accounts_status_check check (status in ('active', 'closed'))
);
comment on table app.accounts is 'The tenant''s own accounts, whatever sources feed them.';
create index accounts_institution_idx on app.accounts (tenant_id, institution_id);
create index accounts_order_idx on app.accounts (tenant_id, created_at desc, id desc);

create table app.account_mappings (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  lineage_id uuid not null,
  account_id uuid,
  external_account_id text not null,
  number_hash bytea,
  masked_number text,
  external_name text,
  external_type text,
  institution text,
  currency char(3) not null,
  state text not null default 'pending',
  verified_at timestamptz,
  verified_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint account_mappings_pkey primary key (tenant_id, id),
  constraint account_mappings_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint account_mappings_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint account_mappings_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id),
  constraint account_mappings_external_key unique (tenant_id, lineage_id, external_account_id),
  constraint account_mappings_target_key unique (tenant_id, id, account_id),
  constraint account_mappings_external_account_id_check
  check (length(external_account_id) between 1 and 500),
  constraint account_mappings_number_hash_check check (length(number_hash) = 32),
  constraint account_mappings_masked_number_check check (length(masked_number) between 1 and 20),
  constraint account_mappings_external_name_check check (length(external_name) <= 500),
  constraint account_mappings_institution_check check (length(institution) <= 500),
  constraint account_mappings_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint account_mappings_state_check check (state in ('pending', 'mapped', 'ignored')),
  constraint account_mappings_account_check check ((state = 'mapped') = (account_id is not null))
);
comment on table app.account_mappings is
  'An account as a source calls it, and the tenant''s account that it feeds once someone said so.';
comment on column app.account_mappings.external_account_id is
  'The source''s id; for a bank account number a keyed hash, for none is kept in clear.';
comment on column app.account_mappings.number_hash is
  'Keyed hash of the full account number under the tenant''s data key; null where none is known.';
create index account_mappings_connection_idx on app.account_mappings (tenant_id, connection_id);
create index account_mappings_account_idx on app.account_mappings (tenant_id, account_id);
create index account_mappings_order_idx
on app.account_mappings (tenant_id, created_at desc, id desc);

create trigger accounts_touch before update on app.accounts
for each row execute function private.touch_updated_at();
create trigger account_mappings_touch before update on app.account_mappings
for each row execute function private.touch_updated_at();
create trigger account_mappings_signature before update on app.account_mappings
for each row
when (current_user = 'authenticated' and new.verified_by is distinct from old.verified_by)
execute function private.sign_own_name('verified_by');

grant select on app.accounts to authenticated, worker;
grant insert, update (name, type, institution_id, status) on app.accounts to authenticated;
grant insert on app.accounts to worker;
grant select on app.account_mappings to authenticated, worker;
grant update (account_id, state, verified_at, verified_by) on app.account_mappings to authenticated;
grant insert on app.account_mappings to worker;
grant update (
  connection_id, account_id, state, external_name, external_type, institution, masked_number
) on app.account_mappings to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.accounts enable row level security;
alter table app.accounts force row level security;
alter table app.account_mappings enable row level security;
alter table app.account_mappings force row level security;

create policy accounts_select on app.accounts
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy accounts_insert on app.accounts
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
);

create policy accounts_update on app.accounts
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy accounts_select_worker on app.accounts
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy accounts_insert_worker on app.accounts
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy account_mappings_select on app.account_mappings
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy account_mappings_update on app.account_mappings
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy account_mappings_select_worker on app.account_mappings
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy account_mappings_insert_worker on app.account_mappings
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy account_mappings_update_worker on app.account_mappings
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
