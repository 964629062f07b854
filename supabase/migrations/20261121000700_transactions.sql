-- Transactions, each traceable to the place in the raw document that it came from, and balances.

create table app.transactions (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  mapping_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  raw_line_end bigint not null,
  fingerprint bytea not null,
  occurrence integer not null,
  content_key bigint not null,
  external_id text,
  status text not null,
  amount numeric not null,
  currency char(3) not null,
  amount_key bigint not null generated always as ((floor(amount * 100))::bigint) stored,
  sort_date date not null,
  posted_date date,
  transaction_date date,
  value_date date,
  description text not null,
  description_raw text not null,
  merchant_name text,
  reference text,
  customer_reference text,
  type_code text,
  source_category text,
  running_balance numeric,
  extra jsonb,
  reconciled boolean not null default false,
  reconciled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint transactions_pkey primary key (tenant_id, id),
  constraint transactions_identity_key unique (tenant_id, mapping_id, fingerprint, occurrence),
  constraint transactions_mapping_fkey
  foreign key (tenant_id, mapping_id, account_id)
  references app.account_mappings (tenant_id, id, account_id) on update cascade,
  constraint transactions_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint transactions_place_check check (raw_line >= 0 and raw_line_end >= raw_line),
  constraint transactions_fingerprint_check check (length(fingerprint) = 16),
  constraint transactions_occurrence_check check (occurrence >= 0),
  constraint transactions_external_id_check check (length(external_id) between 1 and 500),
  constraint transactions_status_check check (status in ('pending', 'posted', 'removed')),
  constraint transactions_amount_check
  check (scale(amount) <= 8 and abs(amount) < 100000000000000),
  constraint transactions_running_balance_check
  check (scale(running_balance) <= 8 and abs(running_balance) < 100000000000000),
  constraint transactions_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint transactions_reconciled_check check (reconciled = (reconciled_at is not null))
);
comment on table app.transactions is
  'Bookings, signed from the holder''s side: money in is positive. Removed ones stay, marked.';
comment on column app.transactions.fingerprint is
  'Identity within the external account: of the source''s id where there is one, or of content.';
comment on column app.transactions.occurrence is
  'Ordinal among equal rows of one document: real twins are 0, 1, 2 … and a repeat adds nothing.';
comment on column app.transactions.content_key is
  'Digest of what is no part of the identity: tells a changed row from a repeated one.';
comment on column app.transactions.amount_key is
  'The amount in hundredths, rounded down: numeric is not leakproof, so an index needs this.';
comment on column app.transactions.sort_date is
  'Posted date, else transaction, value or delivery date: lists order by it, so it is never null.';
comment on column app.transactions.raw_line is
  'First physical line in the raw document, from 1; raw_line_end is the last.';
create index transactions_account_idx
on app.transactions (tenant_id, account_id, sort_date desc, id desc);
create index transactions_order_idx on app.transactions (tenant_id, sort_date desc, id desc);
create index transactions_external_id_idx
on app.transactions (tenant_id, mapping_id, external_id) where external_id is not null;
create index transactions_raw_idx on app.transactions (tenant_id, job_id, raw_id);

create table app.account_balances (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  mapping_id uuid not null,
  account_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  kind text not null,
  code text not null default '',
  amount numeric not null,
  currency char(3) not null,
  as_of date not null,
  as_of_time text,
  interim boolean not null default false,
  created_at timestamptz not null default now(),
  constraint account_balances_pkey primary key (tenant_id, id),
  constraint account_balances_statement_key
  unique nulls not distinct (
    tenant_id, mapping_id, as_of, kind, code, interim, as_of_time, raw_id
  ),
  constraint account_balances_mapping_fkey
  foreign key (tenant_id, mapping_id, account_id)
  references app.account_mappings (tenant_id, id, account_id) on update cascade,
  constraint account_balances_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint account_balances_kind_check
  check (kind in (
    'opening_ledger', 'closing_ledger', 'current_ledger', 'opening_available',
    'closing_available', 'current_available', 'running', 'other'
  )),
  constraint account_balances_code_check check (length(code) <= 20),
  constraint account_balances_amount_check
  check (scale(amount) <= 8 and abs(amount) < 100000000000000),
  constraint account_balances_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint account_balances_as_of_time_check check (as_of_time ~ '^[0-2][0-9]:[0-5][0-9]$')
);
comment on table app.account_balances is
  'Balances as sources stated them, one row per statement: the history of an account.';
comment on column app.account_balances.created_at is
  'When the document that states it arrived: the newest of equal days and times counts.';
create index account_balances_account_idx
on app.account_balances (tenant_id, account_id, as_of desc, created_at desc);
create index account_balances_raw_idx on app.account_balances (tenant_id, job_id, raw_id);

create trigger transactions_touch before update on app.transactions
for each row execute function private.touch_updated_at();

grant select on app.transactions, app.account_balances to authenticated;
grant select, insert, update, delete on app.transactions to worker;
grant select, insert, delete on app.account_balances to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.transactions enable row level security;
alter table app.transactions force row level security;
alter table app.account_balances enable row level security;
alter table app.account_balances force row level security;

create policy transactions_select on app.transactions
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy transactions_select_worker on app.transactions
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy transactions_insert_worker on app.transactions
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy transactions_update_worker on app.transactions
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy transactions_delete_worker on app.transactions
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy account_balances_select on app.account_balances
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy account_balances_select_worker on app.account_balances
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy account_balances_insert_worker on app.account_balances
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy account_balances_delete_worker on app.account_balances
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
