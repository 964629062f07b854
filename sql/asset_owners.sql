-- Shares of personas in assets.

-- name: clear
-- role: authenticated
delete from app.asset_personas as o
where o.tenant_id = $1 and o.asset_id = $2;

-- name: add
-- role: authenticated, worker
insert into app.asset_personas (tenant_id, asset_id, persona_id, ownership_type, percentage)
select $1, $2, given.persona_id, given.ownership_type, given.percentage
from unnest($3::uuid[], $4::text[], $5::numeric[])
  as given (persona_id, ownership_type, percentage)
order by given.persona_id, given.ownership_type;

-- name: of_asset
-- role: authenticated
select o.asset_id, o.persona_id, o.ownership_type, o.percentage
from app.asset_personas as o
where o.tenant_id = $1 and o.asset_id = $2
limit 1000;
