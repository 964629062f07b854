-- Accounts of a connection whose persona they are to be assets of.

-- name: without_asset
-- role: worker
-- Those that are no asset yet, or one that came over another connection before.
select
  a.id as account_id, c.persona_id, i.name as institution, a.name
from app.connections as c
join app.account_mappings as m
  on m.tenant_id = c.tenant_id and m.lineage_id = c.lineage_id and m.connection_id = c.id
join app.accounts as a on a.tenant_id = m.tenant_id and a.id = m.account_id
left join app.institutions as i on i.tenant_id = a.tenant_id and i.id = a.institution_id
where c.tenant_id = $1
  and c.id = $2
  and c.persona_id is not null
  and m.state = 'mapped'
  and not exists (
    select
    from app.assets as s
    where s.tenant_id = a.tenant_id and s.account_id = a.id and s.connection_id = c.id
  )
order by a.created_at, a.id;

-- name: of_connection
-- role: worker
select c.persona_id
from app.connections as c
where c.tenant_id = $1 and c.id = $2;

-- name: assign
-- role: worker
update app.connections as c
set persona_id = $3
where c.tenant_id = $1 and c.id = $2;
