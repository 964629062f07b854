-- Statement profiles.

-- name: create
-- role: authenticated
insert into app.statement_profiles as p (tenant_id, name, format, definition, created_by)
values ($1, $2, $3, $4, $5)
returning p.id, p.name, p.format, p.definition, p.created_at, p.updated_at;

-- name: update
-- role: authenticated
update app.statement_profiles as p
set name = coalesce($3, p.name), definition = coalesce($4, p.definition)
where p.tenant_id = $1 and p.id = $2
returning p.id, p.name, p.format, p.definition, p.created_at, p.updated_at;

-- name: delete
-- role: authenticated
delete from app.statement_profiles as p
where p.tenant_id = $1 and p.id = $2;
