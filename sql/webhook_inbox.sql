-- The inbox of webhooks, whose doors are functions: no role may touch its tables.

-- name: endpoint
-- role: webhook
select e.id, e.provider, e.tenant_id, e.sealed_secret, e.sealed_previous, e.previous_until
from private.webhook_endpoint($1) as e;

-- name: receive
-- role: webhook
select r.endpoint_id, r.dedupe_key
from private.receive_webhooks(
  $1::uuid[], $2::jsonb[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
  $8::bytea[]
) as r;

-- name: claim
-- role: webhook
select
  w.id, w.provider, w.environment, w.item, w.dedupe_key, w.event_type as type, w.event_at,
  w.received_at, w.body, w.attempts, w.fence, w.tenant_id, w.connection_id
from private.claim_webhooks($1, $2) as w;

-- name: settle
-- role: webhook
select private.settle_webhook($1, $2, $3, $4, $5);

-- name: hand_over
-- role: worker
select private.hand_over_webhook($1, $2);

-- name: route
-- role: webhook
select r.tenant_id, r.connection_id
from private.webhook_route($1, $2, $3) as r;

-- name: put_route
-- role: worker
select private.put_webhook_route($1, $2, $3, $4);

-- name: remove_routes
-- role: worker
select private.remove_webhook_routes($1);

-- name: prune
-- role: webhook
select private.prune_webhooks($1, $2);

-- name: meters
-- role: webhook
select m.provider, m.state, m.events, m.waits
from private.webhook_meters() as m;
