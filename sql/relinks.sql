-- Accounts that go on after a new link: known under another connection, or under another id.

-- name: lineage
-- role: worker
select c.lineage_id
from app.connections as c
where c.tenant_id = $1 and c.id = $2;

-- name: keep_lineage
-- role: worker
-- Nobody changes it until the transaction ends.
select c.lineage_id
from app.connections as c
where c.tenant_id = $1 and c.id = $2
for share;

-- name: lock
-- role: worker
-- One decision about lineages of a tenant at a time; ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('lineages:' || $1::uuid::text, 0));

-- name: known
-- role: worker
-- Which of these ids the lineage knows, also as ids of before.
select m.external_account_id
from app.account_mappings as m
where m.tenant_id = $1 and m.lineage_id = $2 and m.external_account_id = any($3::text[])
union
select k.external_account_id
from app.mapping_aliases as k
where k.tenant_id = $1 and k.lineage_id = $2 and k.external_account_id = any($3::text[]);

-- name: elsewhere
-- role: worker
-- Accounts of these ids in other lineages of the same provider, lineage by lineage.
select m.id as mapping_id, m.external_account_id, m.lineage_id
from app.account_mappings as m
join app.connections as c on c.tenant_id = m.tenant_id and c.id = m.connection_id
where m.tenant_id = $1
  and c.provider = $2
  and m.lineage_id <> $3
  and m.external_account_id = any($4::text[])
order by m.lineage_id, m.id;

-- name: missing
-- role: worker
-- Accounts that come over the connection, and are none of these.
select
  m.id as mapping_id, m.external_account_id, m.masked_number, m.external_name as name,
  m.external_type as type, m.currency
from app.account_mappings as m
where m.tenant_id = $1
  and m.connection_id = $2
  and not (m.external_account_id = any($3::text[]))
  and not exists (
    select
    from app.mapping_aliases as k
    where k.tenant_id = m.tenant_id
      and k.mapping_id = m.id
      and k.external_account_id = any($3::text[])
  );

-- name: clash
-- role: worker
-- Whether both lineages know an account of one id, be it one of before.
with named as (
  select m.lineage_id, m.external_account_id
  from app.account_mappings as m
  where m.tenant_id = $1 and m.lineage_id in ($2, $3)
  union all
  select k.lineage_id, k.external_account_id
  from app.mapping_aliases as k
  where k.tenant_id = $1 and k.lineage_id in ($2, $3)
)

select exists (
  select
  from named as n
  join named as o on o.external_account_id = n.external_account_id
  where n.lineage_id = $2 and o.lineage_id = $3
);

-- name: join_connections
-- role: worker
update app.connections as c
set lineage_id = $3
where c.tenant_id = $1 and c.lineage_id = $2;

-- name: join_mappings
-- role: worker
update app.account_mappings as m
set lineage_id = $3
where m.tenant_id = $1 and m.lineage_id = $2;

-- name: join_aliases
-- role: worker
update app.mapping_aliases as k
set lineage_id = $3
where k.tenant_id = $1 and k.lineage_id = $2;

-- name: move
-- role: worker
update app.account_mappings as m
set connection_id = $3
where m.tenant_id = $1 and m.id = any($2::uuid[]);

-- name: rename
-- role: worker
with named as (
  insert into app.mapping_aliases (tenant_id, lineage_id, external_account_id, mapping_id)
  select m.tenant_id, m.lineage_id, m.external_account_id, m.id
  from app.account_mappings as m
  where m.tenant_id = $1 and m.id = $2 and m.external_account_id <> $3
  on conflict (tenant_id, lineage_id, external_account_id) do nothing
  returning mapping_id
)
update app.account_mappings as m
set external_account_id = $3
from named as n
where m.tenant_id = $1 and m.id = n.mapping_id;

-- name: of_connection
-- role: worker
-- The connection that the provider calls so, beside another one of the tenant.
select c.id
from app.connections as c
where c.tenant_id = $1
  and c.provider = (
    select o.provider
    from app.connections as o
    where o.tenant_id = $1 and o.id = $2
  )
  and c.external_id = $3
  and c.status <> 'disconnected';

-- name: of_account
-- role: worker
select m.id
from app.account_mappings as m
where m.tenant_id = $1 and m.lineage_id = $2 and m.external_account_id = $3;

-- name: provider
-- role: worker
select c.provider
from app.connections as c
where c.tenant_id = $1 and c.id = $2;
