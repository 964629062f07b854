-- Tenants' data keys, sealed under a key-encryption key.

-- name: find
-- role: worker
select k.sealed_key
from private.tenant_keys as k
where k.tenant_id = $1;

-- name: put
-- role: worker
insert into private.tenant_keys (tenant_id, sealed_key)
values ($1, $2)
on conflict (tenant_id) do nothing;
