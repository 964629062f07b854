-- What jobs leave behind: raw documents and the audit log stay as they are; findings, previews.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Raw documents.
create function pg_temp.keep(who text, tenant text, connection text, job text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.raw_ingestion_data (
       tenant_id, connection_id, job_id, name, size_bytes, sha256, sealed
     )
     values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), %L, 1, sha256(%L), sha256(%L))',
    tenant, connection, job, 'july.bai', 'july', 'july'
  ))
$$;
select is(pg_temp.keep('worker@acme', 'acme', 'acme connection', 'acme job'), '1 rows',
  'a worker keeps what came');
select is(pg_temp.keep('worker@acme', 'globex', 'globex connection', 'globex job'), '42501',
  'for its own tenant');
select is(pg_temp.keep('worker@acme', 'acme', 'acme connection', 'globex job'),
  '23503 raw_ingestion_data_job_fkey', 'and its own job');
select is(pg_temp.keep('olivia@acme', 'acme', 'acme connection', 'acme job'), '42501',
  'no user forges a document');
select is(pg_temp.outcome('vera@acme', 'select name, sha256 from app.raw_ingestion_data'), '2 rows',
  'a viewer sees what came for the tenant');
select is(pg_temp.outcome('olivia@acme', 'select sealed from app.raw_ingestion_data'), '42501',
  'but not even an owner its sealed bytes');
select is(pg_temp.outcome(who, statement), '42501', who || ' may not: ' || statement)
from unnest(array['worker@acme', 'olivia@acme']) as who
cross join unnest(array[
  'update app.raw_ingestion_data set name = $a$x$a$', 'delete from app.raw_ingestion_data',
  'truncate app.raw_ingestion_data cascade', 'update app.ingestion_audit_log set event = $a$x.y$a$',
  'delete from app.ingestion_audit_log', 'truncate app.ingestion_audit_log'
]) as statement;
grant update, delete, truncate on app.raw_ingestion_data, app.ingestion_audit_log to worker;
create policy planted on app.ingestion_audit_log for select to worker using (true);
create policy planted_update on app.ingestion_audit_log for update to worker using (true);
create policy planted_delete on app.ingestion_audit_log for delete to worker using (true);
grant select on app.ingestion_audit_log to worker;
select is(pg_temp.outcome('worker@acme', statement), '42501',
  'not even when granted: ' || statement)
from unnest(array[
  'update app.ingestion_audit_log set event = $a$x.y$a$', 'delete from app.ingestion_audit_log',
  'truncate app.ingestion_audit_log'
]) as statement;
drop policy planted on app.ingestion_audit_log;
revoke select on app.ingestion_audit_log from worker;
select lives_ok('delete from app.ingestion_audit_log where tenant_id = pg_temp.id($a$globex$a$)',
  'erasure, as the owner, is not hindered');

-- Findings and previews.
select is(pg_temp.outcome('vera@acme', 'select from app.ingestion_findings'), '1 rows',
  'a viewer reads the tenant''s findings');
select is(pg_temp.outcome('vera@acme', 'select from app.ingestion_previews'), '1 rows',
  'and previews');
select is(pg_temp.outcome('olivia@acme', 'delete from app.ingestion_findings'), '42501',
  'no user takes a finding away');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.ingestion_findings (tenant_id, job_id, position, severity, code, message)
  values (pg_temp.id('acme'), pg_temp.id('globex job'), 1, 'info', 'x-y', '')
$$), '23503 ingestion_findings_job_fkey', 'a worker notes nothing about another tenant''s job');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.ingestion_previews (
    tenant_id, job_id, position, outcome, mapping_id, amount, currency, status, description, line
  )
  values (
    pg_temp.id('acme'), pg_temp.id('acme job'), 2, 'new', pg_temp.id('globex mapping'), 1, 'EUR',
    'posted', '', 1
  )
$$), '23503 ingestion_previews_mapping_fkey', 'and previews none of its mappings');
select is(pg_temp.outcome('worker@acme', 'delete from app.ingestion_previews'), '1 rows',
  'a decided review ends the tenant''s previews alone');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.ingestion_previews (
    tenant_id, job_id, position, outcome, mapping_id, amount, currency, status, description, line
  )
  values (
    pg_temp.id('acme'), pg_temp.id('acme job'), 2, 'new', pg_temp.id('acme mapping'),
    0.123456789, 'EUR', 'posted', '', 1
  )
$$), '23514 ingestion_previews_amount_check', 'what has more than eight decimals is not rounded');

-- The audit log.
select is(pg_temp.outcome(who, 'select from app.ingestion_audit_log'), '0 rows',
  who || ' does not read the audit log')
from unnest(array['vera@acme', 'mia@acme', 'nora@acme']) as who;
select is(pg_temp.outcome('adam@acme', 'select from app.ingestion_audit_log'), '1 rows',
  'an admin does, the tenant''s alone');
select is(pg_temp.outcome(who, $$
  insert into app.ingestion_audit_log (tenant_id, event) values (pg_temp.id('acme'), 'x.y')
$$), '42501', who || ' does not write it but through the function')
from unnest(array['olivia@acme', 'worker@acme']) as who;
create function pg_temp.audit(who text, job text) returns text language sql as $$
  select pg_temp.outcome(who, format(
    'select private.audit(%L, null, pg_temp.id(%L), null)', 'test.' || split_part(who, '@', 1), job
  ))
$$;
select is(pg_temp.audit('vera@acme', 'acme job'), '1 rows', 'what a viewer does is written down');
select is(pg_temp.audit('worker@acme', 'acme job'), '1 rows', 'and what a worker does');
select is(pg_temp.audit('nora@acme', 'acme job'), '1 rows', 'claims without a membership');
select is(pg_temp.audit('worker', 'acme job'), '1 rows', 'or without a tenant');
select is(pg_temp.audit('vera@acme', 'globex job'), '23503 ingestion_audit_log_job_fkey',
  'another tenant''s job');
select is(pg_temp.audit('vera@acme', 'no job'), '23503 ingestion_audit_log_job_fkey',
  'is refused like one that is not there');
select is(pg_temp.audit('webhook', 'acme job'), '42501', 'webhook signs nothing');
select results_eq(
  $$
    select event, user_id, tenant_id from app.ingestion_audit_log
    where event like 'test.%' order by event
  $$,
  $$values
    ('test.vera', pg_temp.id('vera'), pg_temp.id('acme')),
    ('test.worker', null, pg_temp.id('acme'))
  $$,
  'each signs with their own name in their own tenant, and the others left no trace'
);
select is(
  (select string_agg(a.name, ' ') from unnest(p.proargnames) as a (name)),
  'event connection job data', 'nobody is asked who signs'
)
from pg_catalog.pg_proc as p where p.oid = 'private.audit'::regproc;

select * from finish();
rollback;
