-- Personas: whoever can own something.

-- name: primary
-- role: authenticated, worker
select private.primary_persona($1);

-- name: has_primary
-- role: authenticated
select exists (
  select
  from app.personas as p
  where p.tenant_id = $1 and p.user_id = $2 and p.is_primary
);

-- name: create
-- role: authenticated
insert into app.personas as p (
  tenant_id, user_id, kind, name, given_name, family_name, email, is_primary, created_by
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning
  p.id, p.user_id, p.kind, p.name, p.given_name, p.family_name, p.email, p.is_primary, p.status,
  p.created_by, p.created_at, p.updated_at;

-- name: lock
-- role: authenticated
-- One change at a time: a second one waits here and then sees the first.
select
  p.id, p.user_id, p.kind, p.name, p.given_name, p.family_name, p.email, p.is_primary, p.status,
  p.created_by, p.created_at, p.updated_at
from app.personas as p
where p.tenant_id = $1 and p.id = $2
for no key update;

-- name: update
-- role: authenticated
update app.personas as p
set
  name = $3, given_name = $4, family_name = $5, email = $6, status = $7, user_id = $8,
  is_primary = $9
where p.tenant_id = $1 and p.id = $2
returning
  p.id, p.user_id, p.kind, p.name, p.given_name, p.family_name, p.email, p.is_primary, p.status,
  p.created_by, p.created_at, p.updated_at;

-- name: clear_primary
-- role: authenticated
update app.personas as p
set is_primary = false
where p.tenant_id = $1 and p.user_id = $2 and p.is_primary;

-- name: make_primary
-- role: authenticated
update app.personas as p
set is_primary = true
where p.tenant_id = $1 and p.id = $2
returning
  p.id, p.user_id, p.kind, p.name, p.given_name, p.family_name, p.email, p.is_primary, p.status,
  p.created_by, p.created_at, p.updated_at;
