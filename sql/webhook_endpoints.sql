-- Endpoints of webhooks, whose doors are functions: no role may read a sealed secret but to verify.

-- name: create
-- role: authenticated
select private.create_webhook_endpoint($1, $2, $3, $4);

-- name: create_application
-- role: webhook
select private.create_application_webhook($1, $2, $3, $4);

-- name: rotate
-- role: authenticated, webhook
select private.rotate_webhook_endpoint($1, $2, $3);

-- name: disable
-- role: authenticated, webhook
select private.disable_webhook_endpoint($1);

-- name: all
-- role: webhook
select
  e.id, e.provider, e.kind, e.tenant_id, e.connection_id, e.previous_until, e.created_at,
  e.rotated_at, e.disabled_at
from private.all_webhook_endpoints() as e;

-- name: all_events
-- role: webhook
select
  w.id, w.tenant_id, w.connection_id, w.provider, w.event_type as type, w.state, w.attempts,
  w.received_at, w.next_attempt_at, w.error_code
from private.all_webhooks($1, $2, $3, $4, $5, $6) as w;

-- name: replay
-- role: webhook
select private.replay_webhooks($1);
