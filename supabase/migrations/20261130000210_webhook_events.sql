-- Events of webhooks as their tenant has them; endpoints as admins and the operator change them.

create table app.webhook_events (
  tenant_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  provider text not null,
  type text not null,
  dedupe_key text not null,
  environment text not null default '',
  item text,
  sealed bytea not null,
  state text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  locked_until timestamptz,
  error_code text,
  event_at timestamptz,
  received_at timestamptz not null,
  processed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint webhook_events_pkey primary key (tenant_id, id),
  constraint webhook_events_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint webhook_events_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint webhook_events_state_check
  check (state in ('received', 'processing', 'done', 'ignored', 'failed', 'dead')),
  constraint webhook_events_lock_check check ((state = 'processing') = (locked_until is not null)),
  constraint webhook_events_error_code_check check (length(error_code) <= 80)
);
comment on table app.webhook_events is
  'What a provider told of a tenant''s connection: sealed, with what became of it.';
comment on column app.webhook_events.sealed is
  'The event''s own part of the request, under the tenant''s data key.';
create index webhook_events_order_idx
on app.webhook_events (tenant_id, received_at desc, id desc);
create index webhook_events_connection_idx
on app.webhook_events (tenant_id, connection_id, received_at desc, id desc);
create index webhook_events_received_idx on app.webhook_events (received_at);
create index webhook_events_due_idx
on app.webhook_events (coalesce(locked_until, next_attempt_at))
where state in ('received', 'processing', 'failed');

create trigger webhook_events_touch before update on app.webhook_events
for each row execute function private.touch_updated_at();

create function private.check_webhook_replay()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if new.state = 'received' and old.state in ('done', 'ignored', 'failed', 'dead') then
    return new;
  end if;
  raise exception 'an event does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'webhook_events_transition_check';
end
$$;
comment on function private.check_webhook_replay() is
  'What an admin may make of an event: have it processed again, once it has been.';
revoke all on function private.check_webhook_replay() from public;

create trigger webhook_events_transition before update on app.webhook_events
for each row when (current_user = 'authenticated')
execute function private.check_webhook_replay();

create function private.due_webhook_events(most integer)
returns table (tenant_id uuid, event_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select due.tenant_id, due.id
  from (
    select
      e.tenant_id,
      e.id,
      e.received_at,
      row_number() over (partition by e.tenant_id order by e.received_at, e.id) as turn
    from app.webhook_events as e
    where e.state in ('received', 'processing', 'failed')
      and coalesce(e.locked_until, e.next_attempt_at) <= now()
  ) as due
  order by due.turn, due.received_at
  limit least(most, 1000)
$$;
comment on function private.due_webhook_events(integer) is
  'Events of all tenants that are to be processed again, one of each tenant first. Ids only.';

-- ---------------------------------------------------------------------------------------------
-- Endpoints. A tenant's admins have those of its connections, the operator has the others.
-- ---------------------------------------------------------------------------------------------
create function private.tenant_webhook_endpoints()
returns table (
  tenant_id uuid, id uuid, connection_id uuid, provider text, has_secret boolean,
  previous_until timestamptz, created_by uuid, created_at timestamptz, rotated_at timestamptz,
  disabled_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    e.tenant_id, e.id, e.connection_id, e.provider, e.sealed_secret is not null, e.previous_until,
    e.created_by, e.created_at, e.rotated_at, e.disabled_at
  from private.webhook_endpoints as e
  where e.tenant_id = private.current_tenant_id() and private.has_role('admin')
$$;
comment on function private.tenant_webhook_endpoints() is
  'The endpoints of the current tenant''s connections, without secrets; none but for admins.';

create function private.create_webhook_endpoint(
  endpoint uuid, for_connection uuid, hash bytea, sealed bytea
)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.has_role('admin') then
    raise exception 'not found' using errcode = 'insufficient_privilege';
  end if;
  if (
    select count(*) from private.webhook_endpoints as e
    where e.tenant_id = private.current_tenant_id() and e.connection_id = for_connection
      and e.disabled_at is null
  ) >= 10 then
    raise exception 'a connection has 10 endpoints at most' using errcode = 'program_limit_exceeded';
  end if;
  insert into private.webhook_endpoints (
    tenant_id, connection_id, id, provider, kind, token_hash, sealed_secret, created_by
  )
  select
    c.tenant_id, c.id, endpoint, c.provider, 'connection', hash, sealed, private.current_user_id()
  from app.connections as c
  where c.tenant_id = private.current_tenant_id() and c.id = for_connection
    and c.status <> 'disconnected';
  return found;
end
$$;
comment on function private.create_webhook_endpoint(uuid, uuid, bytea, bytea) is
  'Makes an endpoint of a connection of the current tenant, for admins; false: no such connection.';

create function private.create_application_webhook(
  endpoint uuid, of_provider text, hash bytea, sealed bytea
)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into private.webhook_endpoints (id, provider, kind, token_hash, sealed_secret)
  values (endpoint, of_provider, 'application', hash, sealed)
$$;
comment on function private.create_application_webhook(uuid, text, bytea, bytea) is
  'Makes an endpoint of the operator''s application at a provider.';

create function private.rotate_webhook_endpoint(endpoint uuid, sealed bytea, keep interval)
returns boolean
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with rotated as (
    update private.webhook_endpoints as e
    set
      sealed_secret = sealed, rotated_at = now(),
      sealed_previous = case when keep > interval '0' then e.sealed_secret end,
      previous_until = case
        when keep > interval '0' and e.sealed_secret is not null then now() + keep
      end
    where e.id = endpoint and e.disabled_at is null and (
      (e.kind = 'application' and current_setting('role') = 'webhook')
      or (e.tenant_id = private.current_tenant_id() and private.has_role('admin'))
    )
    returning e.id
  )
  select exists (select from rotated)
$$;
comment on function private.rotate_webhook_endpoint(uuid, bytea, interval) is
  'Signs with another secret from now on; the one before is taken for a while. False: none such.';

create function private.disable_webhook_endpoint(endpoint uuid)
returns boolean
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with disabled as (
    update private.webhook_endpoints as e
    set disabled_at = now(), sealed_secret = null, sealed_previous = null, previous_until = null
    where e.id = endpoint and e.disabled_at is null and (
      (e.kind = 'application' and current_setting('role') = 'webhook')
      or (e.tenant_id = private.current_tenant_id() and private.has_role('admin'))
    )
    returning e.id
  )
  select exists (select from disabled)
$$;
comment on function private.disable_webhook_endpoint(uuid) is
  'Takes no more events, for good, and forgets the secrets. False: none such.';

-- ---------------------------------------------------------------------------------------------
-- Secrets under another key-encryption key. The operator's are of the tenant with id zero.
-- ---------------------------------------------------------------------------------------------
create function private.sealed_webhook_secrets()
returns table (tenant_id uuid, id uuid, sealed_secret bytea, sealed_previous bytea)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.worker_tenant_id(), e.id, e.sealed_secret, e.sealed_previous
  from private.webhook_endpoints as e
  where coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = private.worker_tenant_id()
$$;
comment on function private.sealed_webhook_secrets() is
  'The sealed secrets of the worker''s tenant, to be wrapped anew.';

create function private.rewrap_webhook_secret(old_sealed bytea, new_sealed bytea)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update private.webhook_endpoints as e
  set sealed_secret = new_sealed
  where e.sealed_secret = old_sealed
    and coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = private.worker_tenant_id();
  return found;
end
$$;
comment on function private.rewrap_webhook_secret(bytea, bytea) is
  'Puts a secret of the worker''s tenant, sealed anew, in the place of what is known to be there.';

create function private.rewrap_previous_webhook_secret(old_sealed bytea, new_sealed bytea)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update private.webhook_endpoints as e
  set sealed_previous = new_sealed
  where e.sealed_previous = old_sealed
    and coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = private.worker_tenant_id();
  return found;
end
$$;
comment on function private.rewrap_previous_webhook_secret(bytea, bytea) is
  'The same for the secret before a rotation.';

-- ---------------------------------------------------------------------------------------------
-- Rights and row-level security.
-- ---------------------------------------------------------------------------------------------
revoke all on function private.due_webhook_events(integer) from public;
revoke all on function private.tenant_webhook_endpoints() from public;
revoke all on function private.create_webhook_endpoint(uuid, uuid, bytea, bytea) from public;
revoke all on function private.create_application_webhook(uuid, text, bytea, bytea) from public;
revoke all on function private.rotate_webhook_endpoint(uuid, bytea, interval) from public;
revoke all on function private.disable_webhook_endpoint(uuid) from public;
revoke all on function private.sealed_webhook_secrets() from public;
revoke all on function private.rewrap_webhook_secret(bytea, bytea) from public;
revoke all on function private.rewrap_previous_webhook_secret(bytea, bytea) from public;
grant execute on function private.sealed_webhook_secrets() to worker;
grant execute on function private.rewrap_webhook_secret(bytea, bytea) to worker;
grant execute on function private.rewrap_previous_webhook_secret(bytea, bytea) to worker;
grant execute on function private.due_webhook_events(integer) to worker;
grant execute on function private.tenant_webhook_endpoints() to authenticated;
grant execute on function private.create_webhook_endpoint(uuid, uuid, bytea, bytea)
to authenticated;
grant execute on function private.create_application_webhook(uuid, text, bytea, bytea) to webhook;
grant execute on function private.rotate_webhook_endpoint(uuid, bytea, interval)
to authenticated, webhook;
grant execute on function private.disable_webhook_endpoint(uuid) to authenticated, webhook;

grant select (
  tenant_id, id, connection_id, provider, type, state, attempts, next_attempt_at, error_code,
  event_at, received_at, processed_at
) on app.webhook_events to authenticated;
grant update (state, attempts, next_attempt_at, error_code) on app.webhook_events to authenticated;
grant select, insert, update on app.webhook_events to worker;

alter table app.webhook_events enable row level security;
alter table app.webhook_events force row level security;

create policy webhook_events_select on app.webhook_events
for select to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy webhook_events_update on app.webhook_events
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy webhook_events_select_worker on app.webhook_events
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy webhook_events_insert_worker on app.webhook_events
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy webhook_events_update_worker on app.webhook_events
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
