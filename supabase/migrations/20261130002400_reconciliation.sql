-- Reconciliation: which rows vouch for each other, by which rule, and what sources contradict.

-- ---------------------------------------------------------------------------------------------
-- Rules. A change is a new version: what was reconciled by an older one can still be told why.
-- ---------------------------------------------------------------------------------------------
create table app.reconciliation_rules (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  rule_id uuid not null,
  version integer not null,
  position smallint not null,
  name text not null,
  enabled boolean not null default true,
  mode text not null,
  shape text not null,
  signs text not null,
  left_account_ids uuid[],
  left_account_type text,
  right_account_ids uuid[],
  right_account_type text,
  by_reference boolean not null,
  amount_tolerance numeric not null,
  tolerance_percent numeric not null,
  day_window smallint not null,
  text_needed boolean not null,
  group_max smallint not null,
  score_min smallint not null,
  created_at timestamptz not null default now(),
  created_by uuid,
  replaced_at timestamptz,
  constraint reconciliation_rules_pkey primary key (tenant_id, id),
  constraint reconciliation_rules_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint reconciliation_rules_version_key unique (tenant_id, rule_id, version),
  constraint reconciliation_rules_version_check check (version >= 1),
  constraint reconciliation_rules_position_check check (position between 0 and 1000),
  constraint reconciliation_rules_name_check check (length(name) between 1 and 100),
  constraint reconciliation_rules_mode_check check (mode in ('auto', 'suggest')),
  constraint reconciliation_rules_shape_check
  check (shape in ('one_to_one', 'one_to_many', 'many_to_one', 'payout')),
  constraint reconciliation_rules_signs_check check (signs in ('equal', 'opposite', 'either')),
  constraint reconciliation_rules_accounts_check
  check (
    cardinality(left_account_ids) between 1 and 50
    and cardinality(right_account_ids) between 1 and 50
  ),
  constraint reconciliation_rules_tolerance_check
  check (
    amount_tolerance >= 0
    and abs(amount_tolerance) <= 1000000
    and scale(amount_tolerance) <= 8
    and tolerance_percent >= 0
    and abs(tolerance_percent) <= 10
    and scale(tolerance_percent) <= 4
  ),
  constraint reconciliation_rules_window_check check (day_window between 0 and 90),
  constraint reconciliation_rules_group_check check (group_max between 2 and 8),
  constraint reconciliation_rules_score_check check (score_min between 0 and 100)
);
comment on table app.reconciliation_rules is
  'What a tenant wants to be reconciled, in versions: of each rule the one that nothing replaced.';
comment on column app.reconciliation_rules.id is 'Of this version; rule_id is of all of a rule.';
comment on column app.reconciliation_rules.replaced_at is
  'When another version, or none, took its place; null: it counts.';
create unique index reconciliation_rules_current_idx
on app.reconciliation_rules (tenant_id, rule_id) where replaced_at is null;

-- ---------------------------------------------------------------------------------------------
-- Groups of rows that vouch for each other: the truth that transactions.reconciled follows.
-- ---------------------------------------------------------------------------------------------
create table app.reconciliations (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  method text not null,
  rule text,
  rule_version_id uuid,
  score smallint,
  reasons jsonb not null default '[]',
  difference numeric not null,
  currency char(3) not null,
  account_id uuid,
  statement_to date,
  note text,
  created_at timestamptz not null default now(),
  created_by uuid,
  undone_at timestamptz,
  undone_by uuid,
  constraint reconciliations_pkey primary key (tenant_id, id),
  constraint reconciliations_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint reconciliations_rule_fkey
  foreign key (tenant_id, rule_version_id) references app.reconciliation_rules (tenant_id, id),
  constraint reconciliations_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id),
  constraint reconciliations_method_check check (method in ('rule', 'user', 'statement')),
  constraint reconciliations_rule_check
  check (length(rule) between 1 and 200 and (method <> 'rule' or rule is not null)),
  constraint reconciliations_statement_check
  check ((method = 'statement') = (account_id is not null and statement_to is not null)),
  constraint reconciliations_score_check check (score between 0 and 100),
  constraint reconciliations_reasons_check
  check (jsonb_typeof(reasons) = 'array' and pg_column_size(reasons) < 8192),
  constraint reconciliations_difference_check
  check (scale(difference) <= 8 and abs(difference) < 100000000000000),
  constraint reconciliations_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint reconciliations_note_check check (length(note) between 1 and 1000),
  constraint reconciliations_undone_check check (undone_by is null or undone_at is not null)
);
comment on table app.reconciliations is
  'Rows that vouch for each other, or that a statement vouches for. Undone ones stay, marked.';
comment on column app.reconciliations.rule is
  'What made it, in words: a rule of the tenant''s, or one that everybody has; null: a person.';
comment on column app.reconciliations.difference is
  'The left side less the right one, whichever sign; of a statement, what it differs by.';
create index reconciliations_order_idx on app.reconciliations (tenant_id, created_at desc, id desc);
create index reconciliations_rule_idx on app.reconciliations (tenant_id, rule_version_id);
create index reconciliations_account_idx
on app.reconciliations (tenant_id, account_id, statement_to desc);

create table app.reconciliation_members (
  tenant_id uuid not null,
  reconciliation_id uuid not null,
  transaction_id uuid not null,
  side text not null,
  amount numeric not null,
  active boolean not null default true,
  constraint reconciliation_members_pkey
  primary key (tenant_id, reconciliation_id, transaction_id),
  constraint reconciliation_members_group_fkey
  foreign key (tenant_id, reconciliation_id) references app.reconciliations (tenant_id, id),
  constraint reconciliation_members_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint reconciliation_members_side_check check (side in ('left', 'right')),
  constraint reconciliation_members_amount_check
  check (scale(amount) <= 8 and abs(amount) < 100000000000000)
);
comment on table app.reconciliation_members is
  'The rows of a group, each with the amount that it had then.';
comment on column app.reconciliation_members.active is
  'Whether the group stands: a row is of one such group at most.';
create index reconciliation_members_transaction_idx
on app.reconciliation_members (tenant_id, transaction_id);
create unique index reconciliation_members_once_idx
on app.reconciliation_members (tenant_id, transaction_id) where active;

create trigger reconciliation_rules_signature before insert on app.reconciliation_rules
for each row
when (current_user = 'authenticated' and new.created_by is not null)
execute function private.sign_own_name('created_by');
create trigger reconciliations_signature before insert on app.reconciliations
for each row
when (current_user = 'authenticated' and new.created_by is not null)
execute function private.sign_own_name('created_by');
create trigger reconciliations_undone_signature before update on app.reconciliations
for each row
when (current_user = 'authenticated' and new.undone_by is distinct from old.undone_by)
execute function private.sign_own_name('undone_by');

-- Whoever changes a group, its rows say so at once.
create function private.follow_with_reconciled()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update app.transactions as t
  set reconciled = g.active, reconciled_at = case when g.active then now() end
  from (
    select
      c.tenant_id,
      c.transaction_id,
      exists (
        select
        from app.reconciliation_members as m
        where m.tenant_id = c.tenant_id and m.transaction_id = c.transaction_id and m.active
      ) as active
    from changed as c
  ) as g
  where t.tenant_id = g.tenant_id and t.id = g.transaction_id and t.reconciled <> g.active;
  return null;
end
$$;
comment on function private.follow_with_reconciled() is
  'Keeps transactions.reconciled as the groups are.';
revoke all on function private.follow_with_reconciled() from public;
create trigger reconciliation_members_joined after insert on app.reconciliation_members
referencing new table as changed
for each statement execute function private.follow_with_reconciled();
create trigger reconciliation_members_left after update on app.reconciliation_members
referencing new table as changed
for each statement execute function private.follow_with_reconciled();

grant select on
app.reconciliation_rules, app.reconciliations, app.reconciliation_members
to authenticated, worker;
grant insert (
  tenant_id, id, rule_id, version, position, name, enabled, mode, shape, signs, left_account_ids,
  left_account_type, right_account_ids, right_account_type, by_reference, amount_tolerance,
  tolerance_percent, day_window, text_needed, group_max, score_min, created_by
), update (replaced_at) on app.reconciliation_rules to authenticated;
grant insert (
  tenant_id, id, method, rule, rule_version_id, score, reasons, difference, currency, account_id,
  statement_to, note, created_by
), update (undone_at, undone_by) on app.reconciliations to authenticated;
grant insert (
  tenant_id, id, method, rule, rule_version_id, score, reasons, difference, currency
), update (undone_at) on app.reconciliations to worker;
grant insert (tenant_id, reconciliation_id, transaction_id, side, amount), update (active)
on app.reconciliation_members to authenticated, worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.reconciliation_rules enable row level security;
alter table app.reconciliation_rules force row level security;

alter table app.reconciliations enable row level security;
alter table app.reconciliations force row level security;

alter table app.reconciliation_members enable row level security;
alter table app.reconciliation_members force row level security;

create policy reconciliation_rules_select on app.reconciliation_rules
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy reconciliation_rules_insert on app.reconciliation_rules
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy reconciliation_rules_update on app.reconciliation_rules
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy reconciliation_rules_select_worker on app.reconciliation_rules
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy reconciliations_select on app.reconciliations
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy reconciliations_insert on app.reconciliations
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy reconciliations_update on app.reconciliations
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy reconciliations_select_worker on app.reconciliations
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy reconciliations_insert_worker on app.reconciliations
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy reconciliations_update_worker on app.reconciliations
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy reconciliation_members_select on app.reconciliation_members
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy reconciliation_members_insert on app.reconciliation_members
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy reconciliation_members_update on app.reconciliation_members
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy reconciliation_members_select_worker on app.reconciliation_members
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy reconciliation_members_insert_worker on app.reconciliation_members
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy reconciliation_members_update_worker on app.reconciliation_members
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
