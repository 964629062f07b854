-- Accounts of a connection whose persona they are to be assets of.

-- name: without_asset
-- role: worker
-- Those that are no asset yet, or one whose connection feeds the account no more. Of two that both
-- feed it, the one that made the asset keeps it: else each sync would move it to and fro.
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
    where s.tenant_id = a.tenant_id
      and s.account_id = a.id
      and (
        s.connection_id = c.id
        or exists (
          select
          from app.connections as o
          join app.account_mappings as f
            on f.tenant_id = o.tenant_id and f.lineage_id = o.lineage_id and f.connection_id = o.id
          where o.tenant_id = s.tenant_id
            and o.id = s.connection_id
            and o.status <> 'disconnected'
            and f.account_id = a.id
            and f.state = 'mapped'
        )
      )
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
