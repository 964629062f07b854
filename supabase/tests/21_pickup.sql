-- Pickups: what workers alone write, what tenants see of it, and that each thing is there once.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- A file and its document of each tenant.
insert into app.pickup_items (
  tenant_id, id, connection_id, name, version, size_bytes, state, seen_at, looked_at
)
select
  tenant_id, pg_temp.id(tenant || ' item'), pg_temp.id(tenant || ' connection'), 'june.bai',
  '1:1', 1, 'fetched', now(), now()
from pair;
insert into app.pickup_documents (tenant_id, id, item_id, connection_id, job_id, origin, sha256)
select
  tenant_id, pg_temp.id(tenant || ' upload'), pg_temp.id(tenant || ' item'),
  pg_temp.id(tenant || ' connection'), pg_temp.id(tenant || ' job'), '<1@bank>',
  sha256('june')
from pair;

-- Who sees what.
select is(pg_temp.outcome(who, 'select from app.' || name), '1 rows',
  format('%s sees the tenant''s %s alone', who, name))
from unnest(array['olivia@acme', 'vera@acme', 'gus@globex', 'worker@acme']) as who
cross join unnest(array['pickup_items', 'pickup_documents']) as name;
select is(pg_temp.outcome('worker', 'select from app.' || name), '0 rows',
  'a worker without a tenant sees no ' || name)
from unnest(array['pickup_items', 'pickup_documents']) as name;
select is(pg_temp.outcome(who, 'select from app.' || name), '42501',
  format('%s sees nothing of %s', who, name))
from unnest(array['webhook', 'anon']) as who
cross join unnest(array['pickup_items', 'pickup_documents']) as name;

-- Who writes.
select is(pg_temp.outcome('olivia@acme', statement), '42501',
  'not even an owner may: ' || statement)
from unnest(array[
  'insert into app.pickup_items (tenant_id) values (null)',
  'update app.pickup_items set state = ''waiting''', 'delete from app.pickup_items',
  'insert into app.pickup_documents (tenant_id) values (null)',
  'update app.pickup_documents set origin = null', 'delete from app.pickup_documents'
]) as statement;
select is(pg_temp.outcome('worker@acme', statement), expected, 'a worker: ' || statement)
from (values
  ('update app.pickup_items set reason = ''gone''', '1 rows'),
  ('update app.pickup_documents set origin = null', '42501'),
  ('delete from app.pickup_documents', '42501')
) as tries (statement, expected);
select is(pg_temp.outcome('worker@acme', format($$
  insert into app.pickup_items (
    tenant_id, connection_id, name, version, size_bytes, seen_at, looked_at
  )
  values (%L, %L, %L, %L, 1, now(), now())
$$, pg_temp.id(tenant), pg_temp.id(tenant || ' connection'), name, version)), expected, why)
from (values
  ('acme', 'june.bai', '2:1', '1 rows', 'a new version is another file'),
  ('acme', 'june.bai', '1:1', '23505 pickup_items_version_key', 'the same is there once'),
  ('globex', 'july.bai', '1:1', '42501', 'a worker sees nothing for another tenant')
) as tries (tenant, name, version, expected, why);
select is(pg_temp.outcome('worker@acme', format($$
  insert into app.uploads (
    tenant_id, id, file_name, size_bytes, sha256, blob_path, state, sealed, expires_at
  )
  values (%L, %L, 'july.bai', 1, sha256('july'), %L, 'received', true, now())
$$, pg_temp.id(tenant), pg_temp.id('july'), pg_temp.id(tenant) || '/raw/july')), expected, why)
from (values
  ('acme', '1 rows', 'a worker makes uploads of what it fetched'),
  ('globex', '42501', 'but not another tenant''s')
) as tries (tenant, expected, why);
select is(pg_temp.outcome('worker@acme', format($$
  insert into app.pickup_documents (
    tenant_id, id, item_id, connection_id, job_id, origin, sha256
  )
  values (%L, %L, %L, %L, %L, %L, sha256('june'))
$$, pg_temp.id('acme'), pg_temp.id('july'), pg_temp.id(owner || ' item'),
  pg_temp.id('acme connection'), pg_temp.id('acme job'), origin)), expected, why)
from (values
  ('acme', '<1@bank>', '23505 pickup_documents_origin_key', 'an attachment is imported once'),
  ('globex', '<2@bank>', '23503 pickup_documents_item_fkey', 'a document is of a file of its tenant')
) as tries (owner, origin, expected, why);

-- What may be set of a connection.
select is(pg_temp.outcome(who, 'update app.connections set auto_import = false'), expected,
  format('%s decides whether files wait: %s', who, expected))
from (values
  ('adam@acme', '1 rows'), ('mia@acme', '0 rows'), ('worker@acme', '42501')
) as people (who, expected);

select * from finish();
rollback;
