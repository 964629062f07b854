-- Events of webhooks as their tenant has them.

-- name: put
-- role: worker
insert into app.webhook_events (
  tenant_id, id, connection_id, provider, type, dedupe_key, environment, item, sealed, state,
  attempts, next_attempt_at, error_code, event_at, received_at, processed_at
)
values (
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + $12::interval, $13, $14, $15, $16
);

-- name: due
-- role: worker
select d.tenant_id, d.event_id
from private.due_webhook_events($1) as d;

-- name: claim
-- role: worker
update app.webhook_events as e
set
  state = 'processing', attempts = e.attempts + 1, locked_until = now() + $3::interval,
  fence = greatest(e.fence, e.attempts) + 1
where e.tenant_id = $1
  and e.id = $2
  and e.state in ('received', 'processing', 'failed')
  and coalesce(e.locked_until, e.next_attempt_at) <= now()
returning
  e.id, e.connection_id, e.provider, e.type, e.dedupe_key, e.environment, e.item, e.sealed,
  e.attempts, e.fence, e.event_at, e.received_at;

-- name: settle
-- role: worker
update app.webhook_events as e
set
  state = $4, locked_until = null, next_attempt_at = now() + $5::interval, error_code = $6,
  processed_at = coalesce($7, e.processed_at)
where e.tenant_id = $1 and e.id = $2 and e.fence = $3 and e.state = 'processing';

-- name: replay
-- role: authenticated
update app.webhook_events as e
set state = 'received', attempts = 0, next_attempt_at = now(), error_code = null
where e.tenant_id = $1
  and e.id = any($2::uuid[])
  and e.state in ('done', 'ignored', 'failed', 'dead');
