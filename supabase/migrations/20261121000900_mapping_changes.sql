-- Mappings that change after rows came: rows follow their mapping in a job, batch by batch.

-- ---------------------------------------------------------------------------------------------
-- Where the rows of a mapping may stand: in the account that it feeds, or still in one it fed.
-- ---------------------------------------------------------------------------------------------
create table app.mapping_accounts (
  tenant_id uuid not null,
  mapping_id uuid not null,
  account_id uuid not null,
  created_at timestamptz not null default now(),
  constraint mapping_accounts_pkey primary key (tenant_id, mapping_id, account_id),
  constraint mapping_accounts_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint mapping_accounts_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id)
);
comment on table app.mapping_accounts is
  'Every account that a mapping feeds or once fed. Written by a trigger; nothing is taken out.';
create index mapping_accounts_account_idx on app.mapping_accounts (tenant_id, account_id);

create function private.remember_mapping_account()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.mapping_accounts (tenant_id, mapping_id, account_id)
  values (new.tenant_id, new.id, new.account_id)
  on conflict (tenant_id, mapping_id, account_id) do nothing;
  return null;
end
$$;
comment on function private.remember_mapping_account() is
  'Notes which accounts a mapping has fed, before any row can follow it there.';
revoke all on function private.remember_mapping_account() from public;

create trigger account_mappings_remember
after insert or update of account_id on app.account_mappings
for each row when (new.account_id is not null)
execute function private.remember_mapping_account();

insert into app.mapping_accounts (tenant_id, mapping_id, account_id)
select m.tenant_id, m.id, m.account_id
from app.account_mappings as m
where m.account_id is not null;

alter table app.transactions
drop constraint transactions_mapping_fkey,
add constraint transactions_mapping_fkey
foreign key (tenant_id, mapping_id, account_id)
references app.mapping_accounts (tenant_id, mapping_id, account_id);
alter table app.account_balances
drop constraint account_balances_mapping_fkey,
add constraint account_balances_mapping_fkey
foreign key (tenant_id, mapping_id, account_id)
references app.mapping_accounts (tenant_id, mapping_id, account_id);
alter table app.account_mappings drop constraint account_mappings_target_key;

grant select on app.mapping_accounts to authenticated, worker;
grant update (account_id) on app.account_balances to worker;

-- ---------------------------------------------------------------------------------------------
-- Rows of a mapping that feeds no account any more.
-- ---------------------------------------------------------------------------------------------
alter table app.transactions
add column set_aside text,
add constraint transactions_set_aside_check
check (set_aside is null or (set_aside in ('pending', 'posted') and status = 'removed'));
comment on column app.transactions.set_aside is
  'The status that a row had when its mapping lost its account, and gets back with one; else null.';

-- ---------------------------------------------------------------------------------------------
-- Rows that wait for a mapping.
-- ---------------------------------------------------------------------------------------------
create table app.mapping_waits (
  tenant_id uuid not null,
  mapping_id uuid not null,
  job_id uuid not null,
  waiting bigint not null,
  created_at timestamptz not null default now(),
  constraint mapping_waits_pkey primary key (tenant_id, mapping_id, job_id),
  constraint mapping_waits_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint mapping_waits_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint mapping_waits_waiting_check check (waiting > 0)
);
comment on table app.mapping_waits is
  'How many rows of the document of an import wait for a mapping to name an account.';
create index mapping_waits_job_idx on app.mapping_waits (tenant_id, job_id);

grant select on app.mapping_waits to authenticated;
grant select, insert, update, delete on app.mapping_waits to worker;

-- Which mappings are of the same number: the strongest reason to suggest an account.
create index account_mappings_number_idx
on app.account_mappings (tenant_id, number_hash) where number_hash is not null;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.mapping_accounts enable row level security;
alter table app.mapping_accounts force row level security;
alter table app.mapping_waits enable row level security;
alter table app.mapping_waits force row level security;

create policy mapping_accounts_select on app.mapping_accounts
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy mapping_accounts_select_worker on app.mapping_accounts
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy account_balances_update_worker on app.account_balances
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy mapping_waits_select on app.mapping_waits
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy mapping_waits_select_worker on app.mapping_waits
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy mapping_waits_insert_worker on app.mapping_waits
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy mapping_waits_update_worker on app.mapping_waits
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy mapping_waits_delete_worker on app.mapping_waits
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
