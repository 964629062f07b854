-- Which tenants a caller may act in.

-- name: current
-- role: authenticated
select private.current_tenant_id();

-- name: first_two
-- role: authenticated
select t.tenant_id from private.my_tenants() as t limit 2;
