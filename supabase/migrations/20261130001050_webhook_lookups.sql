-- Indexes for what looks over all tenants, and one less where another serves.

-- A replay by the operator names events by id alone.
create index webhook_events_id_idx on app.webhook_events (id);

-- Keys are wrapped anew tenant by tenant; the operator's own secrets are of tenant zero.
create index webhook_endpoints_sealed_idx
on private.webhook_endpoints (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'));

-- What runs of a tenant is found by ingestion_jobs_running_key, which begins with the tenant too.
drop index app.ingestion_jobs_running_idx;

-- The operator's own come first, then the newest: more than fit never hide those.
create or replace function private.all_webhook_endpoints()
returns table (
  id uuid, provider text, kind text, tenant_id uuid, connection_id uuid,
  previous_until timestamptz, created_at timestamptz, rotated_at timestamptz,
  disabled_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    e.id, e.provider, e.kind, e.tenant_id, e.connection_id, e.previous_until, e.created_at,
    e.rotated_at, e.disabled_at
  from private.webhook_endpoints as e
  order by (e.tenant_id is null) desc, (e.disabled_at is null) desc, e.created_at desc, e.id
  limit 1000
$$;
comment on function private.all_webhook_endpoints() is
  'Endpoints without secrets, 1,000 at most: the operator''s own, then the newest of tenants''.';
