-- Institutions as one tenant knows them.

-- name: named
-- role: authenticated
select i.id
from app.institutions as i
where i.tenant_id = $1 and lower(i.name) = lower($2)
order by i.created_at, i.id
limit 1;

-- name: create
-- role: authenticated
insert into app.institutions (tenant_id, name)
values ($1, $2)
returning id;
