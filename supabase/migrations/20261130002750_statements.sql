-- Statements: what a source states of an account around its rows, and whether that adds up.

create table app.statements (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  mapping_id uuid not null,
  account_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  raw_line_end bigint not null,
  ordinal integer not null,
  statement_number text,
  from_date date,
  to_date date,
  opening_balance numeric,
  closing_balance numeric,
  entries_sum numeric,
  entries_count bigint not null,
  currency char(3) not null,
  proof text not null,
  difference numeric,
  created_at timestamptz not null default now(),
  constraint statements_pkey primary key (tenant_id, id),
  constraint statements_document_key unique (tenant_id, raw_id, ordinal),
  constraint statements_mapping_fkey
  foreign key (tenant_id, mapping_id, account_id)
  references app.mapping_accounts (tenant_id, mapping_id, account_id),
  constraint statements_raw_fkey
  foreign key (tenant_id, job_id, raw_id)
  references app.raw_ingestion_data (tenant_id, job_id, id),
  constraint statements_place_check
  check (raw_line >= 0 and raw_line_end >= raw_line and ordinal >= 0),
  constraint statements_number_check check (length(statement_number) between 1 and 100),
  constraint statements_opening_check
  check (scale(opening_balance) <= 8 and abs(opening_balance) < 1e20),
  constraint statements_closing_check
  check (scale(closing_balance) <= 8 and abs(closing_balance) < 1e20),
  constraint statements_sum_check check (scale(entries_sum) <= 8 and abs(entries_sum) < 1e24),
  constraint statements_count_check check (entries_count >= 0),
  constraint statements_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint statements_proof_check check (proof in ('holds', 'fails', 'unproven')),
  constraint statements_difference_size_check
  check (scale(difference) <= 8 and abs(difference) < 1e24),
  -- What was not proven has no difference: one end of the sum is not known.
  constraint statements_difference_check check (
    case proof
      when 'unproven' then difference is null
      when 'holds' then difference is not distinct from 0
      else difference is distinct from 0 and difference is not null
    end
  )
);
comment on table app.statements is
  'Statements of accounts as documents hold them, one row each: opening balance, rows, closing
balance, and whether the rows make up for the difference of the two.';
comment on column app.statements.ordinal is 'Its place among the statements of its document.';
comment on column app.statements.entries_sum is
  'What its booked rows come to; null where they are of several currencies.';
comment on column app.statements.proof is
  'Whether opening balance and rows make the closing balance; unproven where nothing can say.';
comment on column app.statements.difference is
  'The closing balance less the opening one and the rows; null where it is unproven.';
comment on column app.statements.created_at is
  'When the document that holds it arrived.';
create index statements_account_idx
on app.statements (tenant_id, account_id, created_at desc, ordinal desc, id desc);
create index statements_newest_idx
on app.statements (tenant_id, created_at desc, ordinal desc, id desc);
create index statements_mapping_idx on app.statements (tenant_id, mapping_id, account_id);
create index statements_raw_idx on app.statements (tenant_id, job_id, raw_id);

grant select on app.statements to authenticated;
grant select, insert, delete on app.statements to worker;
grant update (account_id) on app.statements to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.statements enable row level security;
alter table app.statements force row level security;

create policy statements_select on app.statements
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy statements_select_worker on app.statements
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy statements_insert_worker on app.statements
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy statements_update_worker on app.statements
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy statements_delete_worker on app.statements
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
