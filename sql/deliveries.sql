-- Deliveries of notifications to channels: what is due, who sends it, what came of it.

-- name: due
-- role: worker
select due.tenant_id, due.delivery_id
from private.due_deliveries($1, $2) as due;

-- name: claim
-- role: worker
-- Whoever is sending it has it until the lock runs out; the number of attempts tells one claim
-- from the next.
with free as (
  select d.tenant_id, d.id, d.state, d.next_attempt_at, d.locked_until
  from app.notification_deliveries as d
  where d.tenant_id = $1 and d.id = $2
  for update skip locked
)
update app.notification_deliveries as d
set attempts = d.attempts + 1, locked_until = $4
from free
where
  d.tenant_id = free.tenant_id
  and d.id = free.id
  and free.state = 'pending'
  and free.next_attempt_at <= $3
  and (free.locked_until is null or free.locked_until <= $3)
returning d.id, d.notification_id, d.channel_id, d.attempts;

-- name: content
-- role: worker
select
  t.name as tenant_name, n.id as notification_id, n.kind, n.data, n.created_at, n.connection_id,
  c.name as connection_name, n.job_id, ch.id as channel_id, ch.type, ch.enabled, ch.recipients,
  s.sealed_url, s.sealed_secret, s.sealed_previous, s.previous_until
from app.notifications as n
join app.notification_channels as ch on ch.tenant_id = n.tenant_id and ch.id = $3
left join app.notification_channel_secrets as s
  on s.tenant_id = ch.tenant_id and s.channel_id = ch.id
join app.tenants as t on t.id = n.tenant_id
left join app.connections as c on c.tenant_id = n.tenant_id and c.id = n.connection_id
where n.tenant_id = $1 and n.id = $2;

-- name: postpone
-- role: worker
update app.notification_deliveries as d
set next_attempt_at = $4, locked_until = null, log = d.log || $5
where d.tenant_id = $1 and d.id = $2 and d.state = 'pending' and d.attempts = $3;

-- name: fail
-- role: worker
update app.notification_deliveries as d
set
  state = 'failed',
  settled_at = $4,
  next_attempt_at = null,
  locked_until = null,
  log = d.log || $5
where d.tenant_id = $1 and d.id = $2 and d.state = 'pending' and d.attempts = $3;

-- name: deliver
-- role: worker
-- What has arrived has arrived, also where another worker claimed it meanwhile.
update app.notification_deliveries as d
set
  state = 'delivered',
  settled_at = $3,
  next_attempt_at = null,
  locked_until = null,
  log = d.log || $4
where d.tenant_id = $1 and d.id = $2 and d.state = 'pending';

-- name: meters
-- role: worker
select m.type, m.state, m.deliveries, m.waits
from private.delivery_meters($1) as m;
