-- What is sealed under key-encryption keys; each place's own statements are in db/sealed.py.

-- name: tenants_after
-- role: worker
select t.tenant_id
from private.tenants_after($1, $2) as t;
