-- Tenants as their members see them, and the invitations of the signed-in user.

-- name: mine
-- role: authenticated
select m.tenant_id as id, m.name, m.role
from private.my_tenants() as m;

-- name: find
-- role: authenticated
select t.id, t.name, m.role, t.created_at
from app.tenants as t
join app.tenant_members as m on m.tenant_id = t.id
where t.id = $1 and m.user_id = $2;

-- name: role
-- role: authenticated
select m.role
from app.tenant_members as m
where m.tenant_id = $1 and m.user_id = $2;

-- name: create
-- role: authenticated
select private.create_tenant($1);

-- name: rename
-- role: authenticated
update app.tenants as t
set name = $2
where t.id = $1;

-- name: my_invitations
-- role: authenticated
select i.tenant_id, i.id, i.tenant_name, i.role, i.expires_at
from private.my_invitations() as i;

-- name: accept
-- role: authenticated
select private.accept_invitation($1);
