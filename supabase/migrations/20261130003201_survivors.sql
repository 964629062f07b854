-- Which of two rows that are one booking counts follows the primary source; what people decided
-- about the one that counted goes with it.

alter table app.ingestion_jobs
drop constraint ingestion_jobs_kind_check,
add constraint ingestion_jobs_kind_check
check (kind in ('import', 'derive', 'sync', 'categorize', 'match'));

create function private.hand_over(ids uuid[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  of_tenant uuid := private.worker_tenant_id();
  part record;
begin
  -- Rows that do not count any more, in the order in which everybody writes rows.
  for part in
    select t.id as left_id, t.duplicate_of as kept_id
    from app.transactions as t
    where t.tenant_id = of_tenant and t.id = any(ids) and t.duplicate_of is not null
    order by t.id
  loop
    -- The category stays on the other as well, as do parts: if that counts again, it has them.
    update app.transactions as k
    set
      user_category = f.user_category,
      user_category_by = f.user_category_by,
      user_category_at = f.user_category_at
    from app.transactions as f
    where k.tenant_id = of_tenant
      and k.id = part.kept_id
      and f.tenant_id = of_tenant
      and f.id = part.left_id
      and f.user_category is not null
      and (k.user_category_at is null or f.user_category_at >= k.user_category_at);

    if exists (
      select
      from app.transaction_parts as p
      join app.transactions as k on k.tenant_id = of_tenant and k.id = part.kept_id
      where p.tenant_id = of_tenant
        and p.transaction_id = part.left_id
        and (k.amount, k.currency) = (p.whole, p.currency)
    ) then
      delete from app.transaction_parts as p
      where p.tenant_id = of_tenant and p.transaction_id = part.kept_id;
      insert into app.transaction_parts (
        tenant_id, transaction_id, position, amount, whole, currency, category, note, created_by,
        created_at
      )
      select
        p.tenant_id, part.kept_id, p.position, p.amount, p.whole, p.currency, p.category, p.note,
        p.created_by, p.created_at
      from app.transaction_parts as p
      where p.tenant_id = of_tenant and p.transaction_id = part.left_id;
    end if;

    -- A row is of one group, which has it once: this one is counted in place of the other.
    update app.reconciliation_members as m
    set transaction_id = part.kept_id
    where m.tenant_id = of_tenant
      and m.transaction_id = part.left_id
      and m.active
      and not exists (
        select
        from app.reconciliation_members as o
        where o.tenant_id = of_tenant
          and o.transaction_id = part.kept_id
          and (o.active or o.reconciliation_id = m.reconciliation_id)
      );
    update app.transactions as t
    set reconciled = false, reconciled_at = null
    where t.tenant_id = of_tenant
      and t.id = part.left_id
      and t.reconciled
      and not exists (
        select
        from app.reconciliation_members as m
        where m.tenant_id = of_tenant and m.transaction_id = part.left_id and m.active
      );
    perform private.hand_over_links(of_tenant, part.left_id, part.kept_id);
  end loop;
end
$$;
comment on function private.hand_over(uuid[]) is
  'Gives what people decided about rows that do not count any more to those that count instead: '
  'category, parts, group, and transfers and refunds. For a worker, of its tenant.';

create function private.hand_over_links(of_tenant uuid, left_id uuid, kept_id uuid)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  one app.transaction_links;
begin
  for one in
    select l.*
    from app.transaction_links as l
    where l.tenant_id = of_tenant
      and l.kind in ('transfer', 'refund')
      and l.state = 'active'
      and (l.transaction_id = left_id or l.other_id = left_id)
      and not exists (
        select
        from app.transaction_links as o
        where o.tenant_id = of_tenant
          and o.state = 'active'
          and o.kind = l.kind
          and (
            (l.transaction_id = left_id and o.transaction_id = kept_id)
            or (l.other_id = left_id and o.other_id = kept_id and l.kind = 'transfer')
          )
      )
    order by l.id
  loop
    update app.transaction_links as l
    set
      state = 'undone', undone_at = now(), undone_by = null, method = 'auto', created_by = null,
      undone_reason = 'primary_source', undone_rule_version = one.rule_version
    where l.tenant_id = of_tenant and l.id = one.id;
    insert into app.transaction_links as l (
      tenant_id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_at,
      created_by
    )
    values (
      of_tenant, one.kind,
      case when one.transaction_id = left_id then kept_id else one.transaction_id end,
      case when one.other_id = left_id then kept_id else one.other_id end,
      one.method, one.score, one.reasons, one.rule_version, one.created_at, one.created_by
    )
    on conflict (tenant_id, kind, transaction_id, other_id) do update
    set
      method = excluded.method, state = 'active', score = excluded.score,
      reasons = excluded.reasons, rule_version = excluded.rule_version,
      created_at = excluded.created_at, created_by = excluded.created_by, undone_at = null,
      undone_by = null;
  end loop;
end
$$;
comment on function private.hand_over_links(uuid, uuid, uuid) is
  'Gives transfers and refunds of a row to the one that counts instead.';
revoke all on function private.hand_over(uuid[]) from public;
revoke all on function private.hand_over_links(uuid, uuid, uuid) from public;
grant execute on function private.hand_over(uuid[]) to worker;
