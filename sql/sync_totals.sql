-- How syncs with each provider do, of all tenants together.

-- name: totals
-- role: worker
select t.provider, t.state, t.error_kind, t.syncs, t.median_s, t.p95_s
from private.sync_totals($1) as t;

-- name: circuits
-- role: worker
select c.provider, c.is_open
from private.provider_circuits() as c;
