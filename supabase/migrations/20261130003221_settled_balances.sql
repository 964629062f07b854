-- What was told of balances that do not add up is settled once they do: if they differ in the same
-- way again, it is told again.
create index notifications_balances_idx
on app.notifications (tenant_id) where key like 'balance:%';

-- Workers change nothing else of what was told.
create function private.settle_balances(about uuid[], settled_at timestamptz)
returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with settled as (
    update app.notifications as n
    set
      key = 'settled:' || n.id || ':' || n.key,
      data = n.data || jsonb_build_object('settledAt', settled_at)
    where n.tenant_id = (select private.worker_tenant_id())
      and n.id = any(about)
      and n.key like 'balance:%'
    returning n.id
  )
  select count(*)
  from settled
$$;
comment on function private.settle_balances(uuid[], timestamptz) is
  'Says of notifications of balances that these add up again, and frees their keys. For workers.';
revoke all on function private.settle_balances(uuid[], timestamptz) from public;
grant execute on function private.settle_balances(uuid[], timestamptz) to worker;
