-- A link goes on between the rows that count. Where both of its rows stopped counting at once, and
-- those that count were linked in the same step, the link stood beside theirs: a payment had the
-- same money given back twice.
create or replace function private.hand_over_links(of_tenant uuid, left_id uuid, kept_id uuid)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  one record;
begin
  for one in
    select w.*
    from (
      select
        l.*,
        case when l.transaction_id = left_id then kept_id else coalesce(t.duplicate_of, t.id) end
          as kept_transaction_id,
        case when l.other_id = left_id then kept_id else coalesce(o.duplicate_of, o.id) end
          as kept_other_id
      from app.transaction_links as l
      join app.transactions as t on t.tenant_id = l.tenant_id and t.id = l.transaction_id
      join app.transactions as o on o.tenant_id = l.tenant_id and o.id = l.other_id
      where l.tenant_id = of_tenant
        and l.kind in ('transfer', 'refund')
        and l.state = 'active'
        and (l.transaction_id = left_id or l.other_id = left_id)
    ) as w
    where not exists (
      select
      from app.transaction_links as s
      where s.tenant_id = of_tenant
        and s.state = 'active'
        and s.kind = w.kind
        and s.id <> w.id
        and (
          (s.transaction_id = w.kept_transaction_id and s.other_id <> w.kept_other_id)
          or (
            s.other_id = w.kept_other_id
            and s.transaction_id <> w.kept_transaction_id
            and w.kind = 'transfer'
          )
        )
    )
    order by w.id
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
      of_tenant, one.kind, one.kept_transaction_id, one.kept_other_id, one.method, one.score,
      one.reasons, one.rule_version, one.created_at, one.created_by
    )
    on conflict (tenant_id, kind, transaction_id, other_id) do update
    set
      method = excluded.method, state = 'active', score = excluded.score,
      reasons = excluded.reasons, rule_version = excluded.rule_version,
      created_at = excluded.created_at, created_by = excluded.created_by, undone_at = null,
      undone_by = null
    -- What a person said of these very rows is said already.
    where l.state <> 'active' or l.method <> 'user';
  end loop;
end
$$;

update app.transaction_links as l
set
  state = 'undone', undone_at = now(), undone_by = null, undone_reason = 'primary_source',
  undone_rule_version = l.rule_version
from app.transactions as t, app.transactions as o
where t.tenant_id = l.tenant_id
  and t.id = l.transaction_id
  and o.tenant_id = l.tenant_id
  and o.id = l.other_id
  and l.kind in ('transfer', 'refund')
  and l.state = 'active'
  and l.method = 'auto'
  and (t.duplicate_of is not null or o.duplicate_of is not null)
  and exists (
    select
    from app.transaction_links as s
    where s.tenant_id = l.tenant_id
      and s.kind = l.kind
      and s.transaction_id = coalesce(t.duplicate_of, t.id)
      and s.other_id = coalesce(o.duplicate_of, o.id)
      and s.state = 'active'
      and s.id <> l.id
  );
