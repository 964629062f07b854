-- Which bookings are one and the same, or belong together: links between transactions.

create table app.transaction_links (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  transaction_id uuid not null,
  other_id uuid not null,
  method text not null,
  state text not null default 'active',
  score smallint not null,
  reasons jsonb not null default '[]',
  rule_version text not null,
  created_at timestamptz not null default now(),
  created_by uuid,
  undone_at timestamptz,
  undone_by uuid,
  constraint transaction_links_pkey primary key (tenant_id, id),
  constraint transaction_links_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint transaction_links_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint transaction_links_other_fkey
  foreign key (tenant_id, other_id) references app.transactions (tenant_id, id),
  constraint transaction_links_pair_key unique (tenant_id, kind, transaction_id, other_id),
  constraint transaction_links_kind_check
  check (kind in ('duplicate', 'pending_posted', 'transfer', 'refund')),
  constraint transaction_links_method_check
  check (method in ('auto', 'user') and (method = 'user') = (created_by is not null)),
  constraint transaction_links_state_check
  check (state in ('active', 'undone') and (state = 'undone') = (undone_at is not null)),
  constraint transaction_links_undone_check check (undone_by is null or undone_at is not null),
  constraint transaction_links_score_check check (score between 0 and 100),
  constraint transaction_links_reasons_check
  check (jsonb_typeof(reasons) = 'array' and pg_column_size(reasons) < 8192),
  constraint transaction_links_rule_version_check check (length(rule_version) between 1 and 50)
);
comment on table app.transaction_links is
  'Pairs of transactions: the duplicate and what is kept, pending and posted, money out and money
in, a refund and what it refunds. Nothing is deleted: links are undone.';
comment on column app.transaction_links.transaction_id is
  'The row that does not count beside the other one, the money that went out, or the refund.';
comment on column app.transaction_links.other_id is
  'The row that is kept, the money that came in, or what is refunded.';
comment on column app.transaction_links.undone_by is
  'Who undid it: then it is not made again. Null: a side changed, and it may come back.';
create index transaction_links_transaction_idx
on app.transaction_links (tenant_id, transaction_id);
create index transaction_links_other_idx on app.transaction_links (tenant_id, other_id);
-- A row is the duplicate of one other, one side of one transfer, the refund of one payment.
create unique index transaction_links_duplicate_idx
on app.transaction_links (tenant_id, transaction_id)
where state = 'active' and kind in ('duplicate', 'pending_posted');
create unique index transaction_links_out_idx
on app.transaction_links (tenant_id, transaction_id) where state = 'active' and kind = 'transfer';
create unique index transaction_links_in_idx
on app.transaction_links (tenant_id, other_id) where state = 'active' and kind = 'transfer';
create unique index transaction_links_refund_idx
on app.transaction_links (tenant_id, transaction_id) where state = 'active' and kind = 'refund';

create trigger transaction_links_author before update on app.transaction_links
for each row
when (current_user = 'authenticated' and new.created_by is distinct from old.created_by)
execute function private.sign_own_name('created_by');
create trigger transaction_links_first_author before insert on app.transaction_links
for each row when (current_user = 'authenticated')
execute function private.sign_own_name('created_by');
create trigger transaction_links_undoer before update on app.transaction_links
for each row
when (current_user = 'authenticated' and new.undone_by is distinct from old.undone_by)
execute function private.sign_own_name('undone_by');

alter table app.transactions
add column duplicate_of uuid,
-- No foreign key: it would need an index of all rows, and each link has keys to both of its own.
add constraint transactions_duplicate_check check (duplicate_of <> id);
comment on column app.transactions.duplicate_of is
  'The row that counts instead of this one, as the active links say; null: this one counts.';
create index transactions_duplicate_idx
on app.transactions (tenant_id, duplicate_of) where duplicate_of is not null;

-- ---------------------------------------------------------------------------------------------
-- Transactions that nobody compared with others yet.
-- ---------------------------------------------------------------------------------------------
create table app.unmatched_transactions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_ids uuid[] not null,
  size integer not null generated always as (cardinality(transaction_ids)) stored,
  created_at timestamptz not null default now(),
  constraint unmatched_transactions_pkey primary key (tenant_id, id),
  constraint unmatched_transactions_tenant_fkey foreign key (tenant_id) references app.tenants (id)
);
comment on table app.unmatched_transactions is
  'Transactions to be compared with others, one row a merge or change; gone when that is done.';
alter table app.unmatched_transactions alter column transaction_ids set storage external;

insert into app.unmatched_transactions (tenant_id, transaction_ids)
select t.tenant_id, array_agg(t.id)
from (
  select
    s.tenant_id,
    s.id,
    (row_number() over (partition by s.tenant_id order by s.sort_date, s.id) - 1) / 5000 as part
  from app.transactions as s
) as t
group by t.tenant_id, t.part;

-- ---------------------------------------------------------------------------------------------
-- Rates between currencies, as the tenant says.
-- ---------------------------------------------------------------------------------------------
create table app.exchange_rates (
  tenant_id uuid not null,
  base char(3) not null,
  quote char(3) not null,
  day date not null,
  rate numeric not null,
  source text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint exchange_rates_pkey primary key (tenant_id, base, quote, day),
  constraint exchange_rates_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint exchange_rates_currencies_check
  check (base ~ '^[A-Z]{3}$' and quote ~ '^[A-Z]{3}$' and base <> quote),
  constraint exchange_rates_rate_check
  check (rate > 0 and scale(rate) <= 18 and abs(rate) < 1000000000000),
  constraint exchange_rates_source_check check (length(source) between 1 and 200)
);
comment on table app.exchange_rates is
  'What one unit of the base was worth in the quoted currency on a day: the tenant''s own data.';

create trigger exchange_rates_touch before update on app.exchange_rates
for each row execute function private.touch_updated_at();

-- ---------------------------------------------------------------------------------------------
-- Which rows count, as the links say.
-- ---------------------------------------------------------------------------------------------
create function private.recount_duplicates(of_tenant uuid, ids uuid[])
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  with recursive below as (
    select i.id
    from unnest(ids) as i (id)
    union
    select l.transaction_id
    from below as b
    join app.transaction_links as l
      on l.tenant_id = of_tenant
        and l.other_id = b.id
        and l.state = 'active'
        and l.kind in ('duplicate', 'pending_posted')
  ),

  above as (
    select b.id, b.id as root, 0 as depth
    from below as b
    union all
    select a.id, l.other_id, a.depth + 1
    from above as a
    join app.transaction_links as l
      on l.tenant_id = of_tenant
        and l.transaction_id = a.root
        and l.state = 'active'
        and l.kind in ('duplicate', 'pending_posted')
    where a.depth < 20
  ),

  roots as (
    select distinct on (a.id) a.id, nullif(a.root, a.id) as root
    from above as a
    order by a.id, a.depth desc
  )

  update app.transactions as t
  set duplicate_of = r.root
  from roots as r
  where t.tenant_id = of_tenant and t.id = r.id and t.duplicate_of is distinct from r.root
$$;
comment on function private.recount_duplicates(uuid, uuid[]) is
  'Brings transactions, and what is linked below them, to what the active links say.';
revoke all on function private.recount_duplicates(uuid, uuid[]) from public;
grant execute on function private.recount_duplicates(uuid, uuid[]) to authenticated, worker;

create function private.day_number(day date)
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select least(greatest(day, date '0001-01-01'), date '9999-12-31') - date '2000-01-01'
$$;
comment on function private.day_number(date) is
  'Days since 2000, also of the first and the last day of the calendar, which may be infinite.';
revoke all on function private.day_number(date) from public;
grant execute on function private.day_number(date) to worker;

create function private.follow_with_links()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  part record;
  affected uuid[];
begin
  -- Planned each time, for one row or for thousands. What is said by a person stays as long as
  -- both rows do.
  for part in execute $sql$
    select
      n.tenant_id,
      array_agg(n.id) as ids,
      array_agg(n.id) filter (
        where n.status = 'removed' or n.account_id <> o.account_id
      ) as gone_ids
    from after_rows as n
    join before_rows as o on o.tenant_id = n.tenant_id and o.id = n.id
    where (n.status, n.account_id, n.amount, n.currency, n.sort_date)
      is distinct from (o.status, o.account_id, o.amount, o.currency, o.sort_date)
    group by n.tenant_id
  $sql$
  loop
    with undone as (
      update app.transaction_links as l
      set state = 'undone', undone_at = now(), undone_by = null
      where l.tenant_id = part.tenant_id
        and l.id in (
          select s.id
          from app.transaction_links as s
          where s.tenant_id = part.tenant_id and s.transaction_id = any(part.ids)
          union
          select s.id
          from app.transaction_links as s
          where s.tenant_id = part.tenant_id and s.other_id = any(part.ids)
        )
        and l.state = 'active'
        and (
          l.method = 'auto'
          or l.transaction_id = any(part.gone_ids)
          or l.other_id = any(part.gone_ids)
        )
      returning l.transaction_id, l.other_id
    )
    select array_agg(s.id) into affected
    from (
      select u.transaction_id as id
      from undone as u
      union
      select u.other_id
      from undone as u
    ) as s;
    if affected is not null then
      perform private.recount_duplicates(part.tenant_id, affected);
    end if;
    insert into app.unmatched_transactions (tenant_id, transaction_ids)
    values (part.tenant_id, part.ids || coalesce(affected, '{}'));
  end loop;
  return null;
end
$$;
comment on function private.follow_with_links() is
  'Undoes the links of rows that went or changed, so that what they hid counts again, and notes
them to be compared anew.';
revoke all on function private.follow_with_links() from public;

create trigger transactions_links after update on app.transactions
referencing old table as before_rows new table as after_rows
for each statement
execute function private.follow_with_links();

-- ---------------------------------------------------------------------------------------------
-- An expense counts where its transaction does.
-- ---------------------------------------------------------------------------------------------
create or replace function private.follow_with_expenses()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Planned each time: what suits one row is a hundred thousand times too slow for as many. What
  -- an expense says is compared with what it should say, so that no other row is written.
  execute $sql$
    update app.expenses as e
    set
      status = w.status, amount = coalesce(w.amount, e.amount), currency = w.currency,
      spent_on = w.spent_on, description = w.description, merchant_name = w.merchant_name,
      category = w.category
    from (
      select
        n.tenant_id, n.id, n.currency, n.sort_date as spent_on, n.description, n.merchant_name,
        case
          when n.status = 'posted' and n.amount < 0 and n.duplicate_of is null then 'active'
          else 'reversed'
        end as status,
        case when n.amount < 0 then - n.amount end as amount,
        coalesce(n.user_category, n.source_category) as category
      from after_rows as n
    ) as w
    where e.tenant_id = w.tenant_id
      and e.transaction_id = w.id
      and (
        e.status, e.amount, e.currency, e.spent_on, e.description, e.merchant_name, e.category
      ) is distinct from (
        w.status, coalesce(w.amount, e.amount), w.currency, w.spent_on, w.description,
        w.merchant_name, w.category
      )
  $sql$;
  return null;
end
$$;

-- ---------------------------------------------------------------------------------------------
-- Grants and row-level security.
-- ---------------------------------------------------------------------------------------------
grant select on app.transaction_links to authenticated, worker;
grant insert (
  tenant_id, id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_by
) on app.transaction_links to authenticated, worker;
grant update (
  method, state, score, reasons, rule_version, created_at, created_by, undone_at, undone_by
) on app.transaction_links to authenticated, worker;
grant update (duplicate_of) on app.transactions to authenticated;
grant select, insert, delete on app.unmatched_transactions to worker;
grant select on app.exchange_rates to authenticated, worker;
grant insert (tenant_id, base, quote, day, rate, source), update (rate, source)
on app.exchange_rates to authenticated;

alter table app.transaction_links enable row level security, force row level security;
alter table app.unmatched_transactions enable row level security, force row level security;
alter table app.exchange_rates enable row level security, force row level security;

create policy transaction_links_select on app.transaction_links
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy transaction_links_insert on app.transaction_links
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy transaction_links_update on app.transaction_links
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy transaction_links_select_worker on app.transaction_links
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy transaction_links_insert_worker on app.transaction_links
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy transaction_links_update_worker on app.transaction_links
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy unmatched_transactions_select_worker on app.unmatched_transactions
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy unmatched_transactions_insert_worker on app.unmatched_transactions
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy unmatched_transactions_delete_worker on app.unmatched_transactions
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy exchange_rates_select on app.exchange_rates
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy exchange_rates_insert on app.exchange_rates
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy exchange_rates_update on app.exchange_rates
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy exchange_rates_select_worker on app.exchange_rates
for select to worker
using (tenant_id = (select private.worker_tenant_id()));
