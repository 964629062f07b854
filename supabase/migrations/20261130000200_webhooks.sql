-- Webhooks: endpoints with their secrets, routes to tenants, and the inbox of events whose tenant
-- is not known yet. Nobody is granted any of these tables: definer functions are the only doors,
-- and each says who may pass. Of a routed event the tenant has its own row (`app.webhook_events`).

-- ---------------------------------------------------------------------------------------------
-- Endpoints: one of the operator's application at a provider, or one of a tenant's connection.
-- ---------------------------------------------------------------------------------------------
create table private.webhook_endpoints (
  tenant_id uuid,
  connection_id uuid,
  id uuid not null,
  provider text not null,
  kind text not null,
  token_hash bytea not null,
  sealed_secret bytea,
  sealed_previous bytea,
  previous_until timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  rotated_at timestamptz,
  disabled_at timestamptz,
  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_token_key unique (token_hash),
  constraint webhook_endpoints_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint webhook_endpoints_provider_check check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint webhook_endpoints_kind_check check (kind in ('application', 'connection')),
  constraint webhook_endpoints_owner_check
  check (
    (kind = 'connection') = (tenant_id is not null)
    and (tenant_id is null) = (connection_id is null)
  ),
  constraint webhook_endpoints_token_hash_check check (length(token_hash) = 32),
  constraint webhook_endpoints_secret_check check (length(sealed_secret) between 32 and 65536),
  constraint webhook_endpoints_previous_check
  check ((sealed_previous is null) = (previous_until is null))
);
comment on table private.webhook_endpoints is
  'Where providers send events to, by the hash of a secret path, with the sealed signing secrets.';
comment on column private.webhook_endpoints.tenant_id is
  'Null for an endpoint of the operator''s application: its events are of many tenants.';
comment on column private.webhook_endpoints.sealed_previous is
  'The secret before the last rotation; events signed with it are taken until previous_until.';
create index webhook_endpoints_connection_idx
on private.webhook_endpoints (tenant_id, connection_id);

-- ---------------------------------------------------------------------------------------------
-- Routes: what a provider calls a connection, and whose connection that is.
-- ---------------------------------------------------------------------------------------------
create table private.webhook_routes (
  tenant_id uuid not null,
  connection_id uuid not null,
  provider text not null,
  environment text not null default '',
  item text not null,
  created_at timestamptz not null default now(),
  constraint webhook_routes_pkey primary key (provider, environment, item),
  constraint webhook_routes_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint webhook_routes_provider_check check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint webhook_routes_environment_check check (length(environment) <= 120),
  constraint webhook_routes_item_check check (length(item) between 1 and 300)
);
comment on table private.webhook_routes is
  'Which connection a provider means. Unique over tenants: an event has one receiver or none.';
create index webhook_routes_connection_idx on private.webhook_routes (tenant_id, connection_id);

-- ---------------------------------------------------------------------------------------------
-- The inbox.
-- ---------------------------------------------------------------------------------------------
create table private.webhook_inbox (
  tenant_id uuid,
  connection_id uuid,
  id uuid not null default gen_random_uuid(),
  provider text not null,
  -- No foreign key: endpoints are disabled, never deleted, and this is the table of the fast path.
  endpoint_id uuid not null,
  dedupe_key text not null,
  event_type text not null,
  environment text not null default '',
  item text,
  received_at timestamptz not null default now(),
  event_at timestamptz,
  headers jsonb not null default '{}',
  body bytea not null,
  state text not null default 'received',
  attempts integer not null default 0,
  next_attempt_at timestamptz default now(),
  locked_until timestamptz,
  last_error_code text,
  constraint webhook_inbox_pkey primary key (id),
  constraint webhook_inbox_dedupe_key unique (endpoint_id, dedupe_key),
  constraint webhook_inbox_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint webhook_inbox_dedupe_key_check check (length(dedupe_key) between 1 and 200),
  constraint webhook_inbox_event_type_check check (length(event_type) between 1 and 120),
  constraint webhook_inbox_environment_check check (length(environment) <= 120),
  constraint webhook_inbox_item_check check (length(item) between 1 and 300),
  constraint webhook_inbox_headers_check
  check (jsonb_typeof(headers) = 'object' and pg_column_size(headers) < 16384),
  constraint webhook_inbox_body_check check (length(body) <= 1048576),
  constraint webhook_inbox_state_check
  check (
    state in ('received', 'processing', 'done', 'ignored', 'failed', 'dead', 'parked')
  ),
  constraint webhook_inbox_lock_check check ((state = 'processing') = (locked_until is not null)),
  constraint webhook_inbox_error_code_check check (length(last_error_code) <= 80)
);
comment on table private.webhook_inbox is
  'Every verified event, once for each endpoint and key. The body goes when its tenant has it.';
create index webhook_inbox_due_idx
on private.webhook_inbox (coalesce(locked_until, next_attempt_at))
where state in ('received', 'processing', 'failed', 'parked');
create index webhook_inbox_parked_idx
on private.webhook_inbox (provider, environment, item) where state = 'parked';
create index webhook_inbox_received_idx on private.webhook_inbox (received_at);
create index webhook_inbox_connection_idx on private.webhook_inbox (tenant_id, connection_id);

alter table private.webhook_endpoints enable row level security;
alter table private.webhook_endpoints force row level security;
alter table private.webhook_routes enable row level security;
alter table private.webhook_routes force row level security;
alter table private.webhook_inbox enable row level security;
alter table private.webhook_inbox force row level security;

-- ---------------------------------------------------------------------------------------------
-- Receiving, as role webhook.
-- ---------------------------------------------------------------------------------------------
create function private.webhook_endpoint(hash bytea)
returns table (
  id uuid, provider text, tenant_id uuid, sealed_secret bytea, sealed_previous bytea,
  previous_until timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.id, e.provider, e.tenant_id, e.sealed_secret, e.sealed_previous, e.previous_until
  from private.webhook_endpoints as e
  left join app.connections as c on c.tenant_id = e.tenant_id and c.id = e.connection_id
  where e.token_hash = hash
    and e.disabled_at is null
    and c.status is distinct from 'disconnected'
$$;
comment on function private.webhook_endpoint(bytea) is
  'The endpoint that takes events, with its sealed secrets; none where it takes none any more.';

create function private.receive_webhooks(
  endpoints uuid[], kept_headers jsonb[], keys text[], types text[], environments text[],
  items text[], instants timestamptz[], bodies bytea[]
)
returns table (endpoint_id uuid, dedupe_key text)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  -- In the order of their keys, so that two statements which tell the same do not deadlock.
  insert into private.webhook_inbox (
    tenant_id, connection_id, provider, endpoint_id, dedupe_key, event_type, environment, item,
    event_at, headers, body
  )
  select
    e.tenant_id, e.connection_id, e.provider, e.id, one.key, one.type, one.environment, one.item,
    one.instant, one.headers, one.body
  from unnest(endpoints, kept_headers, keys, types, environments, items, instants, bodies)
    as one (endpoint, headers, key, type, environment, item, instant, body)
  join private.webhook_endpoints as e on e.id = one.endpoint and e.disabled_at is null
  order by e.id, one.key
  on conflict (endpoint_id, dedupe_key) do nothing
  returning endpoint_id, dedupe_key
$$;
comment on function private.receive_webhooks(
  uuid[], jsonb[], text[], text[], text[], text[], timestamptz[], bytea[]
) is 'Keeps verified events, and tells which of them were new.';

-- ---------------------------------------------------------------------------------------------
-- Routing, as role webhook, and handing over, as a worker of the tenant.
-- ---------------------------------------------------------------------------------------------
create function private.webhook_route(of_provider text, of_environment text, of_item text)
returns table (tenant_id uuid, connection_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.tenant_id, r.connection_id
  from private.webhook_routes as r
  where r.provider = of_provider and r.environment = of_environment and r.item = of_item
$$;
comment on function private.webhook_route(text, text, text) is
  'Whose connection a provider means, in ids alone; none where nobody linked it.';

create function private.claim_webhooks(most integer, lease interval)
returns table (
  id uuid, provider text, environment text, item text, dedupe_key text, event_type text,
  event_at timestamptz, received_at timestamptz, body bytea, attempts integer, tenant_id uuid,
  connection_id uuid
)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select i.id
    from private.webhook_inbox as i
    where i.state in ('received', 'processing', 'failed', 'parked')
      and coalesce(i.locked_until, i.next_attempt_at) <= now()
    order by coalesce(i.locked_until, i.next_attempt_at), i.received_at
    limit least(most, 1000)
    for update skip locked
  ),
  routed as (
    -- A connection's own endpoint has told the receiver; else the provider's name of it does.
    select
      d.id,
      coalesce(i.tenant_id, r.tenant_id) as tenant_id,
      coalesce(i.connection_id, r.connection_id) as connection_id
    from due as d
    join private.webhook_inbox as i on i.id = d.id
    left join private.webhook_routes as r
      on r.provider = i.provider and r.environment = i.environment and r.item = i.item
  )
  update private.webhook_inbox as i
  set
    state = 'processing', attempts = i.attempts + 1, locked_until = now() + lease,
    tenant_id = r.tenant_id, connection_id = r.connection_id
  from routed as r
  where i.id = r.id
  returning
    i.id, i.provider, i.environment, i.item, i.dedupe_key, i.event_type, i.event_at, i.received_at,
    i.body, i.attempts, i.tenant_id, i.connection_id
$$;
comment on function private.claim_webhooks(integer, interval) is
  'Events that are due, with whose they are where that is known; nobody else has them for a while.';

create function private.settle_webhook(
  event uuid, attempt integer, outcome text, delay interval, error_code text
)
returns boolean
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with settled as (
    update private.webhook_inbox as i
    set
      state = outcome, locked_until = null, last_error_code = error_code,
      next_attempt_at = now() + delay,
      -- A look for a route delays the next one, and is no attempt at the event.
      attempts = case when outcome = 'parked' then least(i.attempts, 5) else i.attempts end
    where i.id = event and i.attempts = attempt and i.state = 'processing'
    returning i.id
  )
  select exists (select from settled)
$$;
comment on function private.settle_webhook(uuid, integer, text, interval, text) is
  'Says how an attempt ended, unless another worker has the event by now.';

create function private.hand_over_webhook(event uuid, attempt integer)
returns boolean
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with handed_over as (
    update private.webhook_inbox as i
    set
      state = 'done', body = '', locked_until = null, next_attempt_at = null,
      last_error_code = null
    where i.id = event and i.tenant_id = private.worker_tenant_id()
      and i.attempts = attempt and i.state = 'processing'
    returning i.id
  )
  select exists (select from handed_over)
$$;
comment on function private.hand_over_webhook(uuid, integer) is
  'Notes that the worker''s tenant has an event, and forgets its body; false: it was not held.';

create function private.put_webhook_route(
  for_connection uuid, of_provider text, of_environment text, of_item text
)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into private.webhook_routes as r (tenant_id, connection_id, provider, environment, item)
  values (private.worker_tenant_id(), for_connection, of_provider, of_environment, of_item)
  on conflict (provider, environment, item) do update set connection_id = excluded.connection_id
  where r.tenant_id = excluded.tenant_id;
  if not found then
    return false;
  end if;
  update private.webhook_inbox as i
  set next_attempt_at = now(), attempts = 0
  where i.state = 'parked'
    and i.provider = of_provider and i.environment = of_environment and i.item = of_item;
  return true;
end
$$;
comment on function private.put_webhook_route(uuid, text, text, text) is
  'Sends events to a connection of the worker''s tenant, also those that came before the link did; '
  'false: they are another tenant''s.';

create function private.remove_webhook_routes(for_connection uuid)
returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from private.webhook_routes as r
    where r.tenant_id = private.worker_tenant_id() and r.connection_id = for_connection
    returning r.item
  )
  select count(*)::integer from gone
$$;
comment on function private.remove_webhook_routes(uuid) is
  'Sends no more events to a connection of the worker''s tenant; returns how many names it had.';

revoke all on function private.webhook_endpoint(bytea) from public;
revoke all on function private.receive_webhooks(
  uuid[], jsonb[], text[], text[], text[], text[], timestamptz[], bytea[]
) from public;
revoke all on function private.webhook_route(text, text, text) from public;
revoke all on function private.claim_webhooks(integer, interval) from public;
revoke all on function private.settle_webhook(uuid, integer, text, interval, text) from public;
revoke all on function private.hand_over_webhook(uuid, integer) from public;
revoke all on function private.put_webhook_route(uuid, text, text, text) from public;
revoke all on function private.remove_webhook_routes(uuid) from public;
grant execute on function private.webhook_endpoint(bytea) to webhook;
grant execute on function private.receive_webhooks(
  uuid[], jsonb[], text[], text[], text[], text[], timestamptz[], bytea[]
) to webhook;
grant execute on function private.webhook_route(text, text, text) to webhook;
grant execute on function private.claim_webhooks(integer, interval) to webhook;
grant execute on function private.settle_webhook(uuid, integer, text, interval, text) to webhook;
grant execute on function private.hand_over_webhook(uuid, integer) to worker;
grant execute on function private.put_webhook_route(uuid, text, text, text) to worker;
grant execute on function private.remove_webhook_routes(uuid) to worker;
