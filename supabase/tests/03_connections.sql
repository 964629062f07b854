-- Institutions, statement profiles, connections and credentials: who reads, adds and changes.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Institutions.
select is(pg_temp.outcome('vera@acme', 'select from app.institutions'), '1 rows',
  'a viewer sees the tenant''s institutions alone');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.institutions (tenant_id, name) values (pg_temp.id('acme'), 'New')
$$), '42501', 'a member adds no institution');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.institutions (tenant_id, name) values (pg_temp.id('acme'), 'New')
$$), '1 rows', 'an admin does');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.institutions (tenant_id, name) values (pg_temp.id('globex'), 'New')
$$), '42501', 'but not in another tenant');
select is(pg_temp.outcome('adam@acme', $$update app.institutions set name = 'Renamed'$$), '2 rows',
  'an admin renames the tenant''s own');
select is(pg_temp.outcome('adam@acme', $$
  update app.institutions set tenant_id = pg_temp.id('globex')
$$), 
  '42501', 'and moves none');
select is(pg_temp.outcome('adam@acme', 'delete from app.institutions'), '42501',
  'nobody deletes one');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.institutions (tenant_id, name, external_id)
  values (pg_temp.id('acme'), 'Found', '026009593')
$$), '1 rows', 'a worker adds what a file names');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.institutions (tenant_id, name, external_id)
  values (pg_temp.id('globex'), 'Found', '1')
$$), '42501', 'for its own tenant');
delete from app.institutions where name = 'Found' or name = 'Renamed' and external_id is null;

-- Statement profiles.
select is(pg_temp.outcome('vera@acme', $$
  insert into app.statement_profiles (tenant_id, name, format, definition, created_by)
  values (pg_temp.id('acme'), 'Mine', 'csv', '{}', pg_temp.id('vera'))
$$), '42501', 'a viewer saves no profile');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.statement_profiles (tenant_id, name, format, definition, created_by)
  values (pg_temp.id('acme'), 'Mine', 'csv', '{}', pg_temp.id('mia'))
$$), '1 rows', 'a member does');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.statement_profiles (tenant_id, name, format, definition, created_by)
  values (pg_temp.id('acme'), 'Theirs', 'csv', '{}', pg_temp.id('adam'))
$$), '42501', 'but not in another''s name');
select is(pg_temp.outcome('gina@globex', $$
  insert into app.statement_profiles (tenant_id, name, format, definition, created_by)
  values (pg_temp.id('globex'), 'Mine', 'csv', '{}', pg_temp.id('gina'))
  on conflict (tenant_id, name) do nothing
$$), '1 rows', 'a name that another tenant uses is free');
select is(pg_temp.outcome('mia@acme', $$
  update app.statement_profiles set definition = '{"skip": 1}'
$$), 
  '2 rows', 'a member changes the tenant''s own');
select is(pg_temp.outcome('vera@acme', $$update app.statement_profiles set name = 'x'$$), '0 rows',
  'a viewer changes none');
select is(pg_temp.outcome('vera@acme', 'delete from app.statement_profiles'), '0 rows',
  'and deletes none');
select is(pg_temp.outcome('mia@acme', $$delete from app.statement_profiles where name = 'Mine'$$),
  '1 rows', 'a member deletes the tenant''s own');
select is(pg_temp.outcome('mia@acme', 'delete from app.statement_profiles'),
  '23503 connections_profile_fkey', 'but not one that a connection reads with');
select is(pg_temp.outcome('worker@acme', $$update app.statement_profiles set name = 'x'$$), '42501',
  'a worker only reads profiles');

-- Connections.
create function pg_temp.connect(who text, tenant text, creator text, institution text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.connections (tenant_id, name, provider, created_by, institution_id)
     values (pg_temp.id(%L), %L, %L, pg_temp.id(%L), pg_temp.id(%L))',
    tenant, 'New', 'file', creator, institution
  ))
$$;
select is(pg_temp.connect('mia@acme', 'acme', 'mia', 'acme bank'), '42501',
  'a member makes no connection');
select is(pg_temp.connect('adam@acme', 'acme', 'adam', 'acme bank'), '1 rows', 'an admin does');
select is(pg_temp.connect('adam@acme', 'acme', 'olivia', 'acme bank'), '42501',
  'but not in another''s name');
select is(pg_temp.connect('adam@acme', 'globex', 'adam', 'globex bank'), '42501',
  'nor in another tenant');
select is(pg_temp.connect('adam@acme', 'acme', 'adam', 'globex bank'),
  '23503 connections_institution_fkey', 'another tenant''s institution');
select is(pg_temp.connect('adam@acme', 'acme', 'adam', 'no bank'),
  '23503 connections_institution_fkey', 'is refused like one that is not there');
select is((select count(*) from app.connections where lineage_id <> id), 0::bigint,
  'a connection that continues none is its own lineage');
select is(pg_temp.outcome('vera@acme', 'select from app.connections'), '2 rows',
  'a viewer sees the tenant''s connections');
select is(pg_temp.outcome('mia@acme', $$update app.connections set name = 'x'$$), '0 rows',
  'a member changes none');
select is(pg_temp.outcome('adam@acme', $$update app.connections set status = 'paused'$$), '2 rows',
  'an admin pauses the tenant''s own');
select is(pg_temp.outcome('adam@acme', $$
  update app.connections set profile_id = pg_temp.id('globex profile')
$$), '23503 connections_profile_fkey', 'and gives them no other tenant''s profile');
select is(pg_temp.outcome('adam@acme', 'update app.connections set lineage_id = gen_random_uuid()'),
  '42501', 'the lineage stays');
select is(pg_temp.outcome('adam@acme', 'delete from app.connections'), '42501',
  'a connection is closed, not deleted');
select is(
  pg_temp.outcome('worker@acme', 'update app.connections set last_sync_at = now()'),
  '2 rows',
  'a worker notes the sync');
select is(pg_temp.outcome('worker@acme', $$update app.connections set name = 'x'$$), '42501',
  'but does not rename');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.connections (tenant_id, name, provider) values (pg_temp.id('acme'), 'x', 'file')
$$), '42501', 'nor connect');
select is(pg_temp.outcome('adam@acme', $$update app.connections set config = '[]'$$),
  '23514 connections_config_check', 'settings are an object');

-- Credentials.
select is(pg_temp.outcome('olivia@acme', 'select from app.connection_credentials'), '42501',
  'an owner does not read credentials');
select is(pg_temp.outcome('olivia@acme', $$
  insert into app.connection_credentials (tenant_id, connection_id, sealed)
  values (pg_temp.id('acme'), pg_temp.id('acme connection'), sha256('x'))
$$), '42501', 'nor write them');
select is(pg_temp.outcome('worker@acme', 'select from app.connection_credentials'), '1 rows',
  'a worker reads those of its tenant');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.connection_credentials (tenant_id, connection_id, sealed)
  values (pg_temp.id('acme'), pg_temp.id('globex connection'), sha256('x'))
$$), '23503 connection_credentials_connection_fkey', 'and puts none on another''s connection');
select is(pg_temp.outcome('worker@acme', $$
  update app.connection_credentials set tenant_id = pg_temp.id('globex')
$$), '42501', 'nor gives any away');
select is(pg_temp.outcome('worker@acme', 'delete from app.connection_credentials'), '1 rows',
  'a worker deletes those of its tenant alone');

select * from finish();
rollback;
