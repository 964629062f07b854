-- External accounts as imports meet them.

-- name: find
-- role: worker
select m.external_account_id, m.id, m.account_id, m.state
from app.account_mappings as m
where m.tenant_id = $1 and m.lineage_id = $2 and m.external_account_id = any($3::text[]);

-- name: meet
-- role: worker
insert into app.account_mappings (
  tenant_id, connection_id, lineage_id, external_account_id, number_hash, masked_number,
  external_name, institution, currency
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (tenant_id, lineage_id, external_account_id) do nothing;

-- name: institution
-- role: worker
with met as (
  insert into app.institutions (tenant_id, name, external_id)
  values ($1, $2, $2)
  on conflict (tenant_id, external_id) do nothing
  returning id
)
select m.id from met as m
union all
select i.id
from app.institutions as i
where i.tenant_id = $1 and i.external_id = $2
limit 1;

-- name: open_account
-- role: worker
with opened as (
  insert into app.accounts (tenant_id, institution_id, name, currency, masked_number)
  select $1, $3, $4, m.currency, m.masked_number
  from app.account_mappings as m
  where m.tenant_id = $1 and m.id = $2 and m.state = 'pending'
  returning id
)
update app.account_mappings as m
set account_id = o.id, state = 'mapped'
from opened as o
where m.tenant_id = $1 and m.id = $2 and m.state = 'pending'
returning m.account_id;
