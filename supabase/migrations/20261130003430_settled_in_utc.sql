-- The instant is written into JSON as text, which the session's time zone would shape.

create or replace function private.settle_balances(about uuid[], settled_at timestamptz)
returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
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
