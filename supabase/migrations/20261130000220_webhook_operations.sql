-- Webhooks as the operator sees them, over all tenants: ids, types and states, never a body. For
-- role webhook alone, which no user and no job of a tenant takes on.

create function private.all_webhook_endpoints()
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
  order by e.created_at, e.id
  limit 1000
$$;
comment on function private.all_webhook_endpoints() is 'All endpoints, without secrets.';

create function private.all_webhooks(
  ids uuid[], of_state text, of_provider text, since timestamptz, until timestamptz, most integer
)
returns table (
  id uuid, tenant_id uuid, connection_id uuid, provider text, event_type text, state text,
  attempts integer, received_at timestamptz, next_attempt_at timestamptz, error_code text
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    w.id, w.tenant_id, w.connection_id, w.provider, w.event_type, w.state, w.attempts,
    w.received_at, w.next_attempt_at, w.error_code
  from (
    select
      i.id, i.tenant_id, i.connection_id, i.provider, i.event_type, i.state, i.attempts,
      i.received_at, i.next_attempt_at, i.last_error_code as error_code
    from private.webhook_inbox as i
    where i.state <> 'done'
    union all
    select
      e.id, e.tenant_id, e.connection_id, e.provider, e.type, e.state, e.attempts, e.received_at,
      e.next_attempt_at, e.error_code
    from app.webhook_events as e
  ) as w
  where (ids is null or w.id = any(ids))
    and (of_state is null or w.state = of_state)
    and (of_provider is null or w.provider = of_provider)
    and (since is null or w.received_at >= since)
    and (until is null or w.received_at < until)
  order by w.received_at desc, w.id
  limit least(most, 10000)
$$;
comment on function private.all_webhooks(uuid[], text, text, timestamptz, timestamptz, integer) is
  'Events of all tenants and of none, newest first; what they say is not told.';

create function private.replay_webhooks(ids uuid[])
returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with unrouted as (
    update private.webhook_inbox as i
    set state = 'received', attempts = 0, next_attempt_at = now(), last_error_code = null
    where i.id = any(ids) and i.state in ('ignored', 'failed', 'dead', 'parked')
    returning i.id
  ),
  routed as (
    update app.webhook_events as e
    set state = 'received', attempts = 0, next_attempt_at = now(), error_code = null
    where e.id = any(ids) and e.state in ('done', 'ignored', 'failed', 'dead')
    returning e.tenant_id, e.connection_id, e.id
  ),
  noted as (
    insert into app.ingestion_audit_log (tenant_id, event, connection_id, data)
    select r.tenant_id, 'webhook.replayed', r.connection_id, jsonb_build_object('eventId', r.id)
    from routed as r
    returning id
  )
  select (
    (select count(*) from unrouted) + (select count(*) from routed)
    + 0 * (select count(*) from noted)
  )::integer
$$;
comment on function private.replay_webhooks(uuid[]) is
  'Has events processed again, and tells it in the audit log of their tenants; returns how many.';

create function private.prune_webhooks(age interval, most integer)
returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  -- Ids of events are kept longer than any provider sends them again.
  with old as (
    select i.id from private.webhook_inbox as i
    where i.received_at < now() - greatest(age, interval '30 days')
      and i.state in ('done', 'ignored', 'dead')
    order by i.received_at
    limit most
  ),
  forgotten as (
    delete from private.webhook_inbox as i using old as o where i.id = o.id returning i.id
  ),
  old_events as (
    select e.tenant_id, e.id from app.webhook_events as e
    where e.received_at < now() - greatest(age, interval '30 days')
      and e.state in ('done', 'ignored', 'dead')
    order by e.received_at
    limit most
  ),
  forgotten_events as (
    delete from app.webhook_events as e using old_events as o
    where e.tenant_id = o.tenant_id and e.id = o.id
    returning e.id
  )
  select ((select count(*) from forgotten) + (select count(*) from forgotten_events))::integer
$$;
comment on function private.prune_webhooks(interval, integer) is
  'Forgets settled events of this age, 30 days at least; returns how many.';

create function private.webhook_meters()
returns table (provider text, state text, events bigint, waits interval)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select w.provider, w.state, count(*), max(now() - w.due_at)
  from (
    select i.provider, i.state, case when i.state <> 'parked' then i.next_attempt_at end as due_at
    from private.webhook_inbox as i
    where i.state in ('received', 'processing', 'failed', 'parked')
      or i.state <> 'done' and i.received_at > now() - interval '1 hour'
    union all
    select e.provider, e.state, e.next_attempt_at
    from app.webhook_events as e
    where e.state in ('received', 'processing', 'failed')
      or e.received_at > now() - interval '1 hour'
  ) as w
  group by w.provider, w.state
$$;
comment on function private.webhook_meters() is
  'How many events wait, and of the last hour are in which state; for how long the oldest is due.';

revoke all on function private.all_webhook_endpoints() from public;
revoke all on function private.all_webhooks(
  uuid[], text, text, timestamptz, timestamptz, integer
) from public;
revoke all on function private.replay_webhooks(uuid[]) from public;
revoke all on function private.prune_webhooks(interval, integer) from public;
revoke all on function private.webhook_meters() from public;
grant execute on function private.all_webhook_endpoints() to webhook;
grant execute on function private.all_webhooks(
  uuid[], text, text, timestamptz, timestamptz, integer
) to webhook;
grant execute on function private.replay_webhooks(uuid[]) to webhook;
grant execute on function private.prune_webhooks(interval, integer) to webhook;
grant execute on function private.webhook_meters() to webhook;
