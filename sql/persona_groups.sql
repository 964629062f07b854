-- Groups of personas, such as a family circle.

-- name: create
-- role: authenticated
insert into app.persona_groups as g (tenant_id, name, description, created_by)
values ($1, $2, $3, $4)
returning g.id, g.name, g.description, g.status, g.created_at, g.updated_at;

-- name: update
-- role: authenticated
update app.persona_groups as g
set
  name = coalesce($3, g.name),
  description = case when $4::boolean then $5 else g.description end,
  status = coalesce($6, g.status)
where g.tenant_id = $1 and g.id = $2
returning g.id, g.name, g.description, g.status, g.created_at, g.updated_at;

-- name: add
-- role: authenticated
insert into app.persona_group_members (tenant_id, group_id, persona_id)
values ($1, $2, $3)
on conflict (tenant_id, group_id, persona_id) do nothing;

-- name: remove
-- role: authenticated
delete from app.persona_group_members as l
where l.tenant_id = $1 and l.group_id = $2 and l.persona_id = $3;
