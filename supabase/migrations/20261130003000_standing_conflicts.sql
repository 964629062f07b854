-- A reconciled row stands until it is decided that it goes; and what a decision undid comes back
-- with it: the group that it was in, and its links.

alter table app.transaction_conflicts
add column reconciliation_id uuid,
add column link_ids uuid[] not null default '{}',
add constraint transaction_conflicts_reconciliation_fkey
foreign key (tenant_id, reconciliation_id) references app.reconciliations (tenant_id, id),
add constraint transaction_conflicts_links_check check (cardinality(link_ids) <= 1000);
comment on column app.transaction_conflicts.reconciliation_id is
  'The group that was undone as the source''s version was taken; null: none was.';
comment on column app.transaction_conflicts.link_ids is
  'Links that the row had when the source''s version was taken.';
create index transaction_conflicts_reconciliation_idx
on app.transaction_conflicts (tenant_id, reconciliation_id);

-- What was booked and vouched for is not overwritten behind anybody's back, and it does not go
-- either: what a source takes back it mostly brings again. Until somebody has looked, the row
-- stands, is reconciled, and says with both versions that its source has it no more. It counts as
-- missed, so that the same row is written, and contradicted no more, when it comes again.
create or replace function private.note_conflict()
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
    if not old.reconciled or old.status = 'removed' then
      return new;
    end if;
    kept := old;
    kept.missed_at := case
      when exists (
        select
        from app.transaction_conflicts as c
        where c.tenant_id = new.tenant_id
          and c.transaction_id = new.id
          and c.kind = 'removed'
          and c.state in ('asked', 'kept')
      ) then coalesce(old.missed_at, now())
      else now()
    end;
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
      state = case
        when c.kind = 'removed' and c.state in ('asked', 'kept') then c.state
        else excluded.state
      end,
      content_key = excluded.content_key,
      stored = excluded.stored,
      incoming = excluded.incoming,
      reconciliation_id = null,
      link_ids = '{}',
      noted_at = now();
    return kept;
  end if;
  if new.amount = old.amount
    and new.currency = old.currency
    and new.sort_date = old.sort_date
    and new.description_raw = old.description_raw then
    delete from app.transaction_conflicts as c
    where c.tenant_id = new.tenant_id
      and c.transaction_id = new.id
      and (c.kind = 'changed' or old.status = 'removed' or old.missed_at is not null);
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
    reconciliation_id = null,
    link_ids = '{}',
    noted_at = now();
  -- Kept whoever wins: its group is undone with it, as soon as the conflict is settled.
  -- The key of what came: it is not written again, and another one is told from it.
  kept := old;
  kept.content_key := new.content_key;
  kept.missed_at := null;
  kept.status := case when old.status = 'removed' then new.status else old.status end;
  return kept;
end
$$;

drop trigger transactions_conflict on app.transactions;
create trigger transactions_conflict before update on app.transactions
for each row
when (
  (old.reconciled or old.user_category is not null)
  and current_user = 'worker'
  and (
    old.content_key <> new.content_key
    or old.status <> new.status
    or (old.missed_at is not null and new.missed_at is null)
  )
)
execute function private.note_conflict();

-- What follows from a version goes with it: its merchant, and what its texts say it was for.
create or replace function private.version_of(one jsonb)
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
  ) || jsonb_build_object(
    'merchant', one -> 'merchant', 'merchant_key', one -> 'merchant_key',
    'derived_category', one -> 'derived_category',
    'suggested_category', one -> 'suggested_category', 'category_code', one -> 'category_code',
    'category_origin', one -> 'category_origin',
    'category_confidence', one -> 'category_confidence',
    'category_reason', one -> 'category_reason', 'category_rule_id', one -> 'category_rule_id'
  )
$$;

create or replace function private.apply_conflicts(of_tenant uuid, about uuid[], take boolean)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  settled bigint;
  restored uuid[];
begin
  -- Two rows of one group may go one after the other: the second one names the group, too.
  update app.transaction_conflicts as c
  set
    state = case when take then 'taken' else 'kept' end,
    reconciliation_id = case
      when not take then c.reconciliation_id
      when c.kind = 'changed'
        and (c.stored ->> 'amount')::numeric = (c.incoming ->> 'amount')::numeric
        and c.stored ->> 'currency' = c.incoming ->> 'currency' then null
      else (
        select m.reconciliation_id
        from app.reconciliation_members as m
        join app.reconciliations as r
          on r.tenant_id = m.tenant_id and r.id = m.reconciliation_id
        where m.tenant_id = of_tenant
          and m.transaction_id = c.transaction_id
          and (
            m.active
            or exists (
              select
              from app.transaction_conflicts as o
              where o.tenant_id = of_tenant
                and o.reconciliation_id = m.reconciliation_id
                and o.state = 'taken'
            )
          )
        order by m.active desc, r.created_at desc, r.id desc
        limit 1
      )
    end,
    link_ids = case
      when not take then c.link_ids
      else array(
        select l.id
        from (
          select o.id
          from app.transaction_links as o
          where o.tenant_id = of_tenant
            and o.transaction_id = c.transaction_id
            and o.state = 'active'
          union
          select o.id
          from app.transaction_links as o
          where o.tenant_id = of_tenant and o.other_id = c.transaction_id and o.state = 'active'
        ) as l
        order by l.id
        limit 1000
      )
    end
  where c.tenant_id = of_tenant and c.transaction_id = any(about);
  get diagnostics settled = row_count;

  update app.transactions as t
  set
    job_id = v.job_id,
    raw_id = v.raw_id,
    raw_line = v.raw_line,
    raw_line_end = v.raw_line_end,
    external_id = v.external_id,
    status = v.status,
    missed_at = case when not take and d.kind = 'removed' then now() end,
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
    extra = nullif(v.extra, 'null'),
    merchant = v.merchant,
    merchant_key = v.merchant_key,
    derived_category = v.derived_category,
    suggested_category = v.suggested_category,
    category_code = v.category_code,
    category_origin = v.category_origin,
    category_confidence = v.category_confidence,
    category_reason = v.category_reason,
    category_rule_id = v.category_rule_id
  from app.transaction_conflicts as d
  join app.transactions as s on s.tenant_id = of_tenant and s.id = d.transaction_id
  cross join lateral jsonb_populate_record(
    s, case when take then d.incoming else d.stored end
  ) as v
  where d.tenant_id = of_tenant
    and d.transaction_id = any(about)
    and t.tenant_id = of_tenant
    and t.id = s.id
    and s.set_aside is null;
  if take then
    return settled;
  end if;

  -- Links come back where both rows are as they were when the links went, and nothing took their
  -- place. Those that a person undid meanwhile stay undone.
  with wanted as (
    select distinct i.id
    from app.transaction_conflicts as d
    cross join lateral unnest(d.link_ids) as i (id)
    where d.tenant_id = of_tenant and d.transaction_id = any(about)
  ), back as (
    update app.transaction_links as l
    set state = 'active', undone_at = null
    from wanted as w, app.transactions as t, app.transactions as o
    where l.tenant_id = of_tenant
      and l.id = w.id
      and l.state = 'undone'
      and l.undone_by is null
      and t.tenant_id = of_tenant
      and t.id = l.transaction_id
      and t.status <> 'removed'
      and (t.id = any(about) or t.updated_at <= l.undone_at or l.method = 'user')
      and o.tenant_id = of_tenant
      and o.id = l.other_id
      and o.status <> 'removed'
      and (o.id = any(about) or o.updated_at <= l.undone_at or l.method = 'user')
      and (t.account_id = o.account_id) = (l.kind <> 'transfer')
      and not exists (
        select
        from app.transaction_links as a
        where a.tenant_id = of_tenant
          and a.state = 'active'
          and (
            (
              a.transaction_id = l.transaction_id
              and (
                a.kind = l.kind
                or (
                  a.kind in ('duplicate', 'pending_posted')
                  and l.kind in ('duplicate', 'pending_posted')
                )
              )
            )
            or (a.kind = 'transfer' and l.kind = 'transfer' and a.other_id = l.other_id)
          )
      )
    returning l.transaction_id, l.other_id
  )
  select array_agg(b.transaction_id) || array_agg(b.other_id) into restored
  from back as b;
  if restored is not null then
    perform private.recount_duplicates(of_tenant, restored);
  end if;
  update app.transaction_conflicts as c
  set link_ids = '{}'
  where c.tenant_id = of_tenant and c.transaction_id = any(about) and c.link_ids <> '{}';
  return settled;
end
$$;
