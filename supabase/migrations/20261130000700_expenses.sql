-- What a user says of a transaction, and the expenses that follow transactions.

-- ---------------------------------------------------------------------------------------------
-- A category of the user's own. It stays whatever the source says later.
-- ---------------------------------------------------------------------------------------------
alter table app.transactions
add column user_category text,
add column user_category_by uuid,
add column user_category_at timestamptz,
add constraint transactions_user_category_check check (length(user_category) between 1 and 200);
comment on column app.transactions.user_category is
  'What a member said that it was for; null: nobody did, and the source''s word counts.';

grant update (user_category, user_category_by, user_category_at) on app.transactions
to authenticated;

create policy transactions_update on app.transactions
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create trigger transactions_category_signature before update on app.transactions
for each row
when (
  current_user = 'authenticated'
  and new.user_category_by is distinct from old.user_category_by
)
execute function private.sign_own_name('user_category_by');

-- ---------------------------------------------------------------------------------------------
-- Expenses.
-- ---------------------------------------------------------------------------------------------
alter table app.tenants
add column expenses_from text not null default 'off',
add constraint tenants_expenses_from_check check (expenses_from in ('off', 'debits'));
comment on column app.tenants.expenses_from is
  'Which transactions make expenses: none, or money that went out and is booked.';
grant update (expenses_from) on app.tenants to authenticated;

create table app.expenses (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_id uuid not null,
  amount numeric not null,
  currency char(3) not null,
  spent_on date not null,
  description text not null,
  merchant_name text,
  category text,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint expenses_pkey primary key (tenant_id, id),
  constraint expenses_transaction_key unique (tenant_id, transaction_id),
  constraint expenses_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint expenses_amount_check
  check (scale(amount) <= 8 and abs(amount) < 100000000000000 and amount > 0),
  constraint expenses_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint expenses_status_check check (status in ('active', 'reversed'))
);
comment on table app.expenses is
  'What was spent, one row for each transaction that spent it; follows the transaction.';
comment on column app.expenses.amount is 'Money that went out, as a positive amount.';
create index expenses_order_idx on app.expenses (tenant_id, spent_on desc, id desc);

create trigger expenses_touch before update on app.expenses
for each row execute function private.touch_updated_at();

-- An expense changes in the transaction that changes what it is of, whoever does that.
create function private.follow_with_expense()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.expenses as e
  set
    status = case when new.status = 'posted' and new.amount < 0 then 'active' else 'reversed' end,
    amount = case when new.amount < 0 then - new.amount else e.amount end,
    currency = new.currency,
    spent_on = new.sort_date,
    description = new.description,
    merchant_name = new.merchant_name,
    category = coalesce(new.user_category, new.source_category)
  where e.tenant_id = new.tenant_id and e.transaction_id = new.id;
  return null;
end
$$;
comment on function private.follow_with_expense() is
  'Keeps the expense of a transaction as the transaction is.';
revoke all on function private.follow_with_expense() from public;

create trigger transactions_expense after update on app.transactions
for each row
when (
  old.status is distinct from new.status
  or old.amount is distinct from new.amount
  or old.currency is distinct from new.currency
  or old.sort_date is distinct from new.sort_date
  or old.description is distinct from new.description
  or old.merchant_name is distinct from new.merchant_name
  or old.source_category is distinct from new.source_category
  or old.user_category is distinct from new.user_category
)
execute function private.follow_with_expense();

grant select on app.expenses to authenticated;
grant select, insert on app.expenses to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.expenses enable row level security;
alter table app.expenses force row level security;

create policy expenses_select on app.expenses
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy expenses_select_worker on app.expenses
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy expenses_insert_worker on app.expenses
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));
