-- Who has an event of a webhook is told by a number that no replay sets back. Attempts start again
-- at a replay, and a worker that lost the event before it would end what it never had.

alter table private.webhook_inbox add column fence integer not null default 0;
comment on column private.webhook_inbox.fence is
  'Counts claims, for good: who was given another number has the event no more.';
alter table app.webhook_events add column fence integer not null default 0;
comment on column app.webhook_events.fence is
  'Counts claims, for good: who was given another number has the event no more.';

drop function private.claim_webhooks(integer, interval);

create function private.claim_webhooks(most integer, lease interval)
returns table (
  id uuid, provider text, environment text, item text, dedupe_key text, event_type text,
  event_at timestamptz, received_at timestamptz, body bytea, attempts integer, fence integer,
  tenant_id uuid, connection_id uuid
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
    -- Never less than the attempts, by which workers of the version before still settle.
    fence = greatest(i.fence, i.attempts) + 1,
    tenant_id = r.tenant_id, connection_id = r.connection_id
  from routed as r
  where i.id = r.id
  returning
    i.id, i.provider, i.environment, i.item, i.dedupe_key, i.event_type, i.event_at, i.received_at,
    i.body, i.attempts, i.fence, i.tenant_id, i.connection_id
$$;
comment on function private.claim_webhooks(integer, interval) is
  'Events that are due, with whose they are where that is known; nobody else has them for a while.';

drop function private.settle_webhook(uuid, integer, text, interval, text);

create function private.settle_webhook(
  event uuid, held integer, outcome text, delay interval, error_code text
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
    where i.id = event and i.fence = held and i.state = 'processing'
    returning i.id
  )
  select exists (select from settled)
$$;
comment on function private.settle_webhook(uuid, integer, text, interval, text) is
  'Says how an attempt ended, unless another worker has the event by now.';

drop function private.hand_over_webhook(uuid, integer);

create function private.hand_over_webhook(event uuid, held integer)
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
      and i.fence = held and i.state = 'processing'
    returning i.id
  )
  select exists (select from handed_over)
$$;
comment on function private.hand_over_webhook(uuid, integer) is
  'Notes that the worker''s tenant has an event, and forgets its body; false: it was not held.';

revoke all on function private.claim_webhooks(integer, interval) from public;
revoke all on function private.settle_webhook(uuid, integer, text, interval, text) from public;
revoke all on function private.hand_over_webhook(uuid, integer) from public;
grant execute on function private.claim_webhooks(integer, interval) to webhook;
grant execute on function private.settle_webhook(uuid, integer, text, interval, text) to webhook;
grant execute on function private.hand_over_webhook(uuid, integer) to worker;
