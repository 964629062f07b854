-- Transactions in parts, and payments that come again.

-- ---------------------------------------------------------------------------------------------
-- Parts of a transaction.
-- ---------------------------------------------------------------------------------------------
create table app.transaction_parts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  position smallint not null,
  amount numeric not null,
  whole numeric not null,
  currency char(3) not null,
  category text not null,
  note text,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint transaction_parts_pkey primary key (tenant_id, transaction_id, position),
  constraint transaction_parts_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint transaction_parts_position_check check (position between 1 and 50),
  constraint transaction_parts_amount_check
  check (scale(amount) <= 8 and abs(amount) < 100000000000000),
  constraint transaction_parts_whole_check
  check (scale(whole) <= 8 and abs(whole) < 100000000000000),
  constraint transaction_parts_sign_check check (sign(amount) = sign(whole) and whole <> 0),
  constraint transaction_parts_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint transaction_parts_category_check check (length(category) between 1 and 200),
  constraint transaction_parts_note_check check (length(note) between 1 and 500)
);
comment on table app.transaction_parts is
  'A transaction in parts of different categories. They count while the transaction is of the amount
and currency that was split; else the whole counts, and its parts are shown as out of date.';
comment on column app.transaction_parts.whole is 'The transaction''s amount when it was split.';

create function private.check_parts()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from touched_parts as n
    join app.transaction_parts as p
      on p.tenant_id = n.tenant_id and p.transaction_id = n.transaction_id
    group by p.tenant_id, p.transaction_id, n.position
    having sum(p.amount) <> max(p.whole)
      or min(p.whole) <> max(p.whole)
      or min(p.currency) <> max(p.currency)
  ) then
    raise exception 'parts make up the whole'
      using errcode = 'check_violation', constraint = 'transaction_parts_sum_check';
  end if;
  return null;
end
$$;
comment on function private.check_parts() is
  'Parts sum to the whole, to the last decimal: all are written at once, or none.';
revoke all on function private.check_parts() from public;

create trigger transaction_parts_sum after insert on app.transaction_parts
referencing new table as touched_parts
for each statement execute function private.check_parts();
create trigger transaction_parts_rest after delete on app.transaction_parts
referencing old table as touched_parts
for each statement execute function private.check_parts();

-- ---------------------------------------------------------------------------------------------
-- Payments that come again and again.
-- ---------------------------------------------------------------------------------------------
create table app.recurring_items (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  account_id uuid not null,
  merchant_key text not null,
  merchant text not null,
  currency char(3) not null,
  is_income boolean not null,
  period text not null,
  state text not null default 'active',
  first_on date not null,
  last_on date not null,
  next_on date,
  amount_low numeric not null,
  amount_high numeric not null,
  occurrences integer not null,
  missed integer not null default 0,
  confidence smallint not null,
  dismissed_at timestamptz,
  dismissed_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint recurring_items_pkey primary key (tenant_id, id),
  constraint recurring_items_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id),
  constraint recurring_items_key
  unique (tenant_id, account_id, merchant_key, currency, is_income),
  constraint recurring_items_merchant_check check (length(merchant) between 1 and 200),
  constraint recurring_items_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint recurring_items_period_check
  check (period in ('weekly', 'fortnightly', 'monthly', 'quarterly', 'yearly')),
  constraint recurring_items_state_check check (state in ('active', 'ended')),
  constraint recurring_items_amount_low_check
  check (scale(amount_low) <= 8 and abs(amount_low) < 100000000000000),
  constraint recurring_items_amount_high_check
  check (scale(amount_high) <= 8 and abs(amount_high) < 100000000000000),
  constraint recurring_items_amounts_check check (amount_low <= amount_high),
  constraint recurring_items_counts_check check (occurrences >= 2 and missed >= 0),
  constraint recurring_items_confidence_check check (confidence between 0 and 100),
  constraint recurring_items_dismissed_check
  check ((dismissed_at is null) = (dismissed_by is null))
);
comment on table app.recurring_items is
  'Payments of one merchant on one account that come in a period, as the rows so far show.';
comment on column app.recurring_items.dismissed_at is
  'When a member said that it is none; it stays said, whatever comes later.';
create index recurring_items_order_idx
on app.recurring_items (tenant_id, created_at desc, id desc);

create table app.category_looks (
  tenant_id uuid not null,
  looked_at timestamptz not null,
  constraint category_looks_pkey primary key (tenant_id),
  constraint category_looks_tenant_fkey foreign key (tenant_id) references app.tenants (id)
);
comment on table app.category_looks is
  'Until when rows of jobs were looked at for questions and for payments that recur.';

-- ---------------------------------------------------------------------------------------------
-- Triggers, grants and row-level security.
-- ---------------------------------------------------------------------------------------------
create trigger recurring_items_touch before update on app.recurring_items
for each row execute function private.touch_updated_at();
create trigger recurring_items_signature before update on app.recurring_items
for each row
when (current_user = 'authenticated' and new.dismissed_by is distinct from old.dismissed_by)
execute function private.sign_own_name('dismissed_by');

grant select on app.transaction_parts, app.recurring_items to authenticated;
grant select on app.transaction_parts to worker;
grant insert (
  tenant_id, transaction_id, position, amount, whole, currency, category, note, created_by
), delete on app.transaction_parts to authenticated;
grant update (dismissed_at, dismissed_by) on app.recurring_items to authenticated;
grant select, insert, delete, update (
  merchant, period, state, first_on, last_on, next_on, amount_low, amount_high, occurrences,
  missed, confidence
) on app.recurring_items to worker;
grant select, insert, update on app.category_looks to worker;

alter table app.transaction_parts enable row level security, force row level security;
alter table app.recurring_items enable row level security, force row level security;
alter table app.category_looks enable row level security, force row level security;

create policy transaction_parts_select on app.transaction_parts
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy transaction_parts_insert on app.transaction_parts
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
);

create policy transaction_parts_delete on app.transaction_parts
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy transaction_parts_select_worker on app.transaction_parts
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy recurring_items_select on app.recurring_items
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy recurring_items_update on app.recurring_items
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy recurring_items_select_worker on app.recurring_items
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy recurring_items_insert_worker on app.recurring_items
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy recurring_items_update_worker on app.recurring_items
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy recurring_items_delete_worker on app.recurring_items
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy category_looks_select_worker on app.category_looks
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy category_looks_insert_worker on app.category_looks
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy category_looks_update_worker on app.category_looks
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
