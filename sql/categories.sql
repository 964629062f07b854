-- Categories of a tenant's own, and what it calls those of sources.

-- name: create
-- role: authenticated
insert into app.categories as c (tenant_id, name, code, description, created_by)
values ($1, $2, $3, $4, $5)
returning c.id, c.name, c.code, c.description, c.created_at, c.updated_at;

-- name: update
-- role: authenticated
update app.categories as c
set
  name = coalesce($3, c.name),
  code = coalesce($4, c.code),
  description = case when $5 then $6 else c.description end
where c.tenant_id = $1 and c.id = $2
returning c.id, c.name, c.code, c.description, c.created_at, c.updated_at;

-- name: delete
-- role: authenticated
delete from app.categories as c
where c.tenant_id = $1 and c.id = $2;

-- name: count
-- role: authenticated
select count(*) from app.categories as c
where c.tenant_id = $1;

-- name: codes
-- role: authenticated
select c.name, c.code
from app.categories as c
where c.tenant_id = $1 and c.name = any($2::text[]);

-- name: map
-- role: authenticated
insert into app.category_mappings as m (tenant_id, provider_category, category, updated_by)
values ($1, $2, $3, $4)
on conflict (tenant_id, provider_category) do update
set category = excluded.category, updated_by = excluded.updated_by
returning m.id, m.provider_category, m.category, m.created_at, m.updated_at;

-- name: unmap
-- role: authenticated
delete from app.category_mappings as m
where m.tenant_id = $1 and m.provider_category = $2;

-- name: count_mappings
-- role: authenticated
select count(*) from app.category_mappings as m
where m.tenant_id = $1;
