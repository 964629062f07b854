-- The tenant's own accounts.

-- name: create
-- role: authenticated
insert into app.accounts as a (
  tenant_id, name, type, currency, masked_number, institution_id, created_by
)
values ($1, $2, $3, $4, $5, $6, $7)
returning
  a.id, a.institution_id, a.name, a.type, a.currency, a.masked_number, a.status, a.created_at,
  a.updated_at, a.primary_mapping_id;

-- name: update
-- role: authenticated
update app.accounts as a
set
  name = coalesce($3, a.name),
  type = coalesce($4, a.type),
  status = coalesce($5, a.status),
  institution_id = case when $6::boolean then $7 else a.institution_id end,
  primary_mapping_id = case when $8::boolean then $9 else a.primary_mapping_id end
where a.tenant_id = $1 and a.id = $2
returning
  a.id, a.institution_id, a.name, a.type, a.currency, a.masked_number, a.status, a.created_at,
  a.updated_at, a.primary_mapping_id;

-- name: has_doubles
-- role: authenticated
select exists (
  select
  from app.transactions as t
  where t.tenant_id = $1 and t.account_id = $2 and t.duplicate_of is not null
);
