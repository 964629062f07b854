-- Holdings: what investment accounts hold of each security, as their sources said last.

create table app.holdings (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  mapping_id uuid not null,
  account_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  security text not null,
  name text,
  ticker text,
  type text,
  quantity numeric not null,
  price numeric,
  value numeric,
  cost_basis numeric,
  currency char(3) not null,
  as_of date not null,
  removed_on date,
  stated_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint holdings_pkey primary key (tenant_id, id),
  constraint holdings_security_key unique (tenant_id, mapping_id, security),
  constraint holdings_mapping_fkey
  foreign key (tenant_id, mapping_id, account_id)
  references app.mapping_accounts (tenant_id, mapping_id, account_id),
  constraint holdings_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint holdings_place_check check (raw_line >= 0),
  constraint holdings_security_check check (length(security) between 1 and 500),
  constraint holdings_quantity_check
  check (scale(quantity) <= 18 and abs(quantity) < 1e20),
  constraint holdings_price_check check (scale(price) <= 18 and abs(price) < 1e20),
  constraint holdings_value_check check (scale(value) <= 18 and abs(value) < 1e20),
  constraint holdings_cost_basis_check
  check (scale(cost_basis) <= 18 and abs(cost_basis) < 1e20),
  constraint holdings_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint holdings_removed_check check (removed_on is null or quantity = 0)
);
comment on table app.holdings is
  'What an external account holds of a security, one row each. What it held before is in the raw
documents.';
comment on column app.holdings.security is 'The source''s id of the security.';
comment on column app.holdings.removed_on is
  'The day from which the source''s list of all holdings has it no more; its quantity is 0 then.';
comment on column app.holdings.stated_at is
  'When the document arrived that says so: an older one that is read again changes nothing.';
create index holdings_account_idx
on app.holdings (tenant_id, account_id, created_at desc, id desc);
create index holdings_mapping_idx on app.holdings (tenant_id, mapping_id, account_id);
create index holdings_raw_idx on app.holdings (tenant_id, job_id, raw_id);
create trigger holdings_touch before update on app.holdings
for each row execute function private.touch_updated_at();

grant select on app.holdings to authenticated;
grant select, insert, update, delete on app.holdings to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.holdings enable row level security;
alter table app.holdings force row level security;

create policy holdings_select on app.holdings
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy holdings_select_worker on app.holdings
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy holdings_insert_worker on app.holdings
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy holdings_update_worker on app.holdings
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy holdings_delete_worker on app.holdings
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
