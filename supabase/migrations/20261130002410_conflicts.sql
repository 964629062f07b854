-- Conflicts: what sources say against rows that somebody vouched for, or said something of.

-- ---------------------------------------------------------------------------------------------
-- Conflicts: what a source says against a row that somebody vouched for, or said something of.
-- ---------------------------------------------------------------------------------------------
alter table app.tenants
add column conflict_policy text,
add constraint tenants_conflict_policy_check
check (conflict_policy in ('provider_wins', 'user_wins', 'ask'));
comment on column app.tenants.conflict_policy is
  'Who wins where a source contradicts; null: ask about reconciled rows, else the source.';
alter table app.connections
add column conflict_policy text,
add constraint connections_conflict_policy_check
check (conflict_policy in ('provider_wins', 'user_wins', 'ask'));
comment on column app.connections.conflict_policy is
  'Who wins where this source contradicts; null: as the tenant says.';
grant update (conflict_policy) on app.tenants, app.connections to authenticated;

create table app.transaction_conflicts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  kind text not null,
  state text not null,
  content_key bigint not null,
  stored jsonb not null,
  incoming jsonb not null,
  noted_at timestamptz not null default now(),
  constraint transaction_conflicts_pkey primary key (tenant_id, transaction_id),
  constraint transaction_conflicts_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint transaction_conflicts_kind_check check (kind in ('changed', 'removed')),
  constraint transaction_conflicts_state_check
  check (state in ('noted', 'asked', 'kept', 'taken')),
  constraint transaction_conflicts_sides_check
  check (jsonb_typeof(stored) = 'object' and jsonb_typeof(incoming) = 'object')
);
comment on table app.transaction_conflicts is
  'What a source last said against a protected row, beside what the row said: both versions.';
comment on column app.transaction_conflicts.state is
  'noted: by the merge; asked: a review item waits; kept: ours counts; taken: the source''s does.';
comment on column app.transaction_conflicts.content_key is
  'Of what came: the same contradiction is known again by it.';
create index transaction_conflicts_noted_idx
on app.transaction_conflicts (tenant_id, transaction_id) where state = 'noted';

create function private.version_of(one jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'job_id', one -> 'job_id', 'raw_id', one -> 'raw_id', 'raw_line', one -> 'raw_line',
    'raw_line_end', one -> 'raw_line_end', 'content_key', one -> 'content_key',
    'external_id', one -> 'external_id', 'status', one -> 'status', 'amount', one ->> 'amount',
    'currency', one -> 'currency', 'sort_date', one -> 'sort_date',
    'posted_date', one -> 'posted_date', 'transaction_date', one -> 'transaction_date',
    'value_date', one -> 'value_date', 'description', one -> 'description',
    'description_raw', one -> 'description_raw', 'merchant_name', one -> 'merchant_name',
    'reference', one -> 'reference', 'customer_reference', one -> 'customer_reference',
    'type_code', one -> 'type_code', 'source_category', one -> 'source_category',
    'running_balance', one ->> 'running_balance', 'extra', one -> 'extra'
  )
$$;
comment on function private.version_of(jsonb) is
  'What a source said of a row, so that it can be put back.';
revoke all on function private.version_of(jsonb) from public;

-- What was booked and vouched for is not overwritten behind anybody's back. What a source takes
-- back goes first, for it mostly brings it again: what follows the job looks what is left.
create function private.note_conflict()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  policy text;
  kept app.transactions;
begin
  if new.set_aside is not null or old.set_aside is not null or old.status = 'pending' then
    return new;
  end if;
  if new.status = 'removed' then
    if old.reconciled and old.status <> 'removed' then
      insert into app.transaction_conflicts as c (
        tenant_id, transaction_id, kind, state, content_key, stored, incoming
      )
      values (
        new.tenant_id, new.id, 'removed', 'noted', new.content_key, private.version_of(to_jsonb(old)),
        '{"status": "removed"}'
      )
      on conflict (tenant_id, transaction_id) do update
      set
        kind = excluded.kind,
        state = excluded.state,
        content_key = excluded.content_key,
        stored = excluded.stored,
        incoming = excluded.incoming,
        noted_at = now();
    end if;
    return new;
  end if;
  if new.amount = old.amount
    and new.currency = old.currency
    and new.sort_date = old.sort_date
    and new.description_raw = old.description_raw then
    delete from app.transaction_conflicts as c
    where c.tenant_id = new.tenant_id
      and c.transaction_id = new.id
      and (c.kind = 'changed' or old.status = 'removed');
    return new;
  end if;
  select
    coalesce(
      n.conflict_policy, w.conflict_policy, case when old.reconciled then 'ask' end,
      'provider_wins'
    )
  into policy
  from app.account_mappings as m
  join app.connections as n on n.tenant_id = m.tenant_id and n.id = m.connection_id
  join app.tenants as w on w.id = m.tenant_id
  where m.tenant_id = new.tenant_id and m.id = new.mapping_id;
  if policy = 'provider_wins' and not old.reconciled then
    return new;
  end if;
  insert into app.transaction_conflicts as c (
    tenant_id, transaction_id, kind, state, content_key, stored, incoming
  )
  values (
    new.tenant_id, new.id, 'changed', case policy when 'user_wins' then 'kept' else 'noted' end,
    new.content_key, private.version_of(to_jsonb(old)), private.version_of(to_jsonb(new))
  )
  on conflict (tenant_id, transaction_id) do update
  set
    kind = excluded.kind,
    state = case
      when c.kind = 'changed' and c.content_key = excluded.content_key then c.state
      else excluded.state
    end,
    content_key = excluded.content_key,
    stored = excluded.stored,
    incoming = excluded.incoming,
    noted_at = now();
  if policy = 'provider_wins' then
    return new;
  end if;
  -- The key of what came: it is not written again, and another one is told from it.
  kept := old;
  kept.content_key := new.content_key;
  kept.missed_at := null;
  kept.status := case when old.status = 'removed' then new.status else old.status end;
  return kept;
end
$$;
comment on function private.note_conflict() is
  'Keeps a protected row as it is where its source contradicts, and notes both versions.';
revoke all on function private.note_conflict() from public;

create trigger transactions_conflict before update on app.transactions
for each row
when (
  (old.reconciled or old.user_category is not null)
  and current_user = 'worker'
  and (old.content_key <> new.content_key or old.status <> new.status)
)
execute function private.note_conflict();

create function private.apply_conflicts(of_tenant uuid, about uuid[], take boolean)
returns bigint
language sql
set search_path = pg_catalog, pg_temp
as $$
  with settled as (
    update app.transaction_conflicts as c
    set state = case when take then 'taken' else 'kept' end
    where c.tenant_id = of_tenant and c.transaction_id = any(about)
    returning c.transaction_id, case when take then c.incoming else c.stored end as version
  ), written as (
    update app.transactions as t
    set
      job_id = v.job_id,
      raw_id = v.raw_id,
      raw_line = v.raw_line,
      raw_line_end = v.raw_line_end,
      external_id = v.external_id,
      status = v.status,
      missed_at = null,
      amount = v.amount,
      currency = v.currency,
      sort_date = v.sort_date,
      posted_date = v.posted_date,
      transaction_date = v.transaction_date,
      value_date = v.value_date,
      description = v.description,
      description_raw = v.description_raw,
      merchant_name = v.merchant_name,
      reference = v.reference,
      customer_reference = v.customer_reference,
      type_code = v.type_code,
      source_category = v.source_category,
      running_balance = v.running_balance,
      extra = nullif(v.extra, 'null')
    from settled as d
    join app.transactions as s on s.tenant_id = of_tenant and s.id = d.transaction_id
    cross join lateral jsonb_populate_record(s, d.version) as v
    where t.tenant_id = of_tenant and t.id = s.id and s.set_aside is null
  )
  select count(*) from settled
$$;
comment on function private.apply_conflicts(uuid, uuid[], boolean) is
  'Makes rows what their source says, or what was stored; how many were contradicted.';
revoke all on function private.apply_conflicts(uuid, uuid[], boolean) from public;

create function private.settle_conflict(about uuid, take boolean)
returns boolean
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    private.has_role('member')
    and private.apply_conflicts(private.current_tenant_id(), array[about], take) > 0
$$;
comment on function private.settle_conflict(uuid, boolean) is
  'Makes a row of the caller''s what its source says, or what was stored. For members.';
revoke all on function private.settle_conflict(uuid, boolean) from public;
grant execute on function private.settle_conflict(uuid, boolean) to authenticated;

create function private.settle_noted(about uuid[], take boolean)
returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.apply_conflicts(private.worker_tenant_id(), about, take)
$$;
comment on function private.settle_noted(uuid[], boolean) is
  'Makes rows what their source says, or what was stored. For workers, of their tenant.';
revoke all on function private.settle_noted(uuid[], boolean) from public;
grant execute on function private.settle_noted(uuid[], boolean) to worker;

grant select on app.transaction_conflicts to authenticated, worker;
grant update (state) on app.transaction_conflicts to authenticated, worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.transaction_conflicts enable row level security;
alter table app.transaction_conflicts force row level security;

create policy transaction_conflicts_select on app.transaction_conflicts
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy transaction_conflicts_update on app.transaction_conflicts
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy transaction_conflicts_select_worker on app.transaction_conflicts
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy transaction_conflicts_update_worker on app.transaction_conflicts
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
