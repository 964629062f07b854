-- What nobody needs any more, of all tenants.

-- name: prune
-- role: webhook
select p.links, p.secrets, p.deliveries, p.notifications
from private.prune_leftovers($1, $2, $3, $4) as p;
