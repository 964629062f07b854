-- Syncs: what workers alone write, what tenants see of it, and what nobody else may ask.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- A sync, its cursor, a page that counts, an id of before, and a flag of each tenant.
insert into app.ingestion_jobs (tenant_id, id, connection_id, kind, trigger)
select
  tenant_id, pg_temp.id(tenant || ' sync'), pg_temp.id(tenant || ' connection'), 'sync', 'schedule'
from pair;
insert into app.sync_cursors (tenant_id, connection_id, job_id, cursor)
select
  tenant_id, pg_temp.id(tenant || ' connection'), pg_temp.id(tenant || ' sync'), 'here'
from pair;
insert into app.applied_pages (tenant_id, raw_id, job_id)
select tenant_id, pg_temp.id(tenant || ' raw'), pg_temp.id(tenant || ' job') from pair;
insert into app.transaction_aliases (
  tenant_id, mapping_id, fingerprint, transaction_id, external_id, job_id, raw_id, raw_line
)
select
  tenant_id, pg_temp.id(tenant || ' mapping'), decode(md5('pending'), 'hex'),
  pg_temp.id(tenant || ' transaction'), 'pending-1', pg_temp.id(tenant || ' job'),
  pg_temp.id(tenant || ' raw'), 3
from pair;
insert into app.provider_flags (tenant_id, provider, enabled)
select tenant_id, 'plaid', true from pair;

-- Who sees what.
select is(pg_temp.outcome(who, 'select from app.' || name), '1 rows',
  format('%s sees the tenant''s %s alone', who, name))
from unnest(array['olivia@acme', 'vera@acme', 'gus@globex', 'worker@acme']) as who
cross join unnest(array['applied_pages', 'transaction_aliases', 'provider_flags']) as name;
select is(pg_temp.outcome('worker@acme', 'select from app.sync_cursors'), '1 rows',
  'a worker sees its tenant''s cursor');
select is(pg_temp.outcome(who, 'select from app.sync_cursors'), '42501',
  who || ' sees no cursor')
from unnest(array['olivia@acme', 'vera@acme', 'webhook', 'anon']) as who;
select is(pg_temp.outcome('worker', 'select from app.' || name), '0 rows',
  'a worker without a tenant sees no ' || name)
from unnest(array[
  'sync_cursors', 'applied_pages', 'transaction_aliases', 'provider_flags'
]) as name;
select is(pg_temp.outcome(who, 'select from app.' || name), '42501',
  format('%s sees nothing of %s', who, name))
from unnest(array['webhook', 'anon']) as who
cross join unnest(array['applied_pages', 'transaction_aliases', 'provider_flags']) as name;
select is(pg_temp.outcome(who, 'select from private.provider_states'), '42501',
  who || ' reaches the states of providers by functions alone')
from unnest(array['olivia@acme', 'worker@acme', 'worker', 'webhook', 'anon']) as who;

-- Who writes.
select is(pg_temp.outcome('olivia@acme', statement), '42501',
  'not even an owner may: ' || statement)
from unnest(array[
  'insert into app.sync_cursors (tenant_id) values (null)',
  'update app.sync_cursors set cursor = null', 'delete from app.sync_cursors',
  'insert into app.applied_pages (tenant_id) values (null)', 'delete from app.applied_pages',
  'insert into app.transaction_aliases (tenant_id) values (null)',
  'update app.transaction_aliases set external_id = null', 'delete from app.transaction_aliases',
  'insert into app.provider_flags (tenant_id) values (null)',
  'update app.provider_flags set enabled = true', 'delete from app.provider_flags'
]) as statement;
select is(pg_temp.outcome('worker@acme', 'update app.sync_cursors set cursor = null'), '1 rows',
  'a worker moves its tenant''s cursor alone');
select is(pg_temp.outcome('worker@acme', 'delete from app.sync_cursors'), '42501',
  'and deletes none');
select is(pg_temp.outcome('worker@acme', 'delete from app.applied_pages'), '42501',
  'what counted, counts');
select is(pg_temp.outcome('worker@acme', 'update app.applied_pages set job_id = job_id'), '42501',
  'as it did');
select is(pg_temp.outcome('worker@acme', format(
  'insert into app.sync_cursors (tenant_id, connection_id, job_id)
   values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L))',
  tenant, connection, job
)), expected, format('a cursor of %s with %s and %s', tenant, connection, job))
from (values
  ('globex', 'globex connection', 'globex sync', '42501'),
  ('acme', 'globex connection', 'acme sync', '23503 sync_cursors_connection_fkey')
) as tried (tenant, connection, job, expected);
select is(pg_temp.outcome('worker@acme', $$
  update app.sync_cursors set job_id = pg_temp.id('globex sync')
$$), '23503 sync_cursors_job_fkey', 'no cursor is of another tenant''s job');
select is(pg_temp.outcome('worker@acme', format(
  'insert into app.applied_pages (tenant_id, raw_id, job_id)
   values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L))', tenant, raw, job
)), expected, format('a page %s that counts for %s of %s', raw, job, tenant))
from (values
  ('globex', 'globex raw', 'globex job', '42501'),
  ('acme', 'globex raw', 'acme job', '23503 applied_pages_raw_fkey'),
  ('acme', 'acme raw', 'acme job', '23505 applied_pages_pkey')
) as tried (tenant, raw, job, expected);
select is(pg_temp.outcome('worker@acme', $$
  update app.transaction_aliases set transaction_id = pg_temp.id('globex transaction')
$$), '23503 transaction_aliases_transaction_fkey', 'no id leads to another tenant''s row');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.provider_flags (tenant_id, provider, enabled)
  values (pg_temp.id('globex'), 'quiltt', true)
$$), '42501', 'no worker offers a provider to another tenant');

-- What people may set of a connection, and what syncs alone say.
select is(pg_temp.outcome('adam@acme', 'update app.connections set ' || columns), '42501',
  'an admin does not set ' || columns)
from unnest(array[
  'sync_phase = ''incremental''', 'sync_progress = 100', 'error_code = null', 'error_count = 0',
  'retry_at = null', 'attention = false', 'consent_expires_at = null',
  'history_complete_at = now()'
]) as columns;
select is(pg_temp.outcome(who, 'update app.connections set lookback_days = 90'), rows,
  who || ' sets how far back: ' || rows)
from (values
  ('adam@acme', '1 rows'), ('vera@acme', '0 rows'), ('gina@globex', '1 rows')
) as people (who, rows);
select is(
  (select count(*)::integer from app.connections where lookback_days = 90), 2,
  'each tenant''s own alone');

-- A sync that waits, and one that runs.
create function pg_temp.change(who text, assignment text) returns text language sql as $$
  select pg_temp.outcome(who, format(
    'update app.ingestion_jobs set %s where id = pg_temp.id(%L)', assignment, 'acme sync'
  ))
$$;
select is(pg_temp.change('vera@acme', $$trigger = 'user'$$), '0 rows',
  'a viewer does not have a sync go first');
select is(pg_temp.change('gina@globex', $$trigger = 'user'$$), '0 rows', 'nor another tenant');
select is(pg_temp.change('mia@acme', $$trigger = 'webhook'$$),
  '23514 ingestion_jobs_transition_check', 'nobody says that a webhook asked');
select is(pg_temp.change('mia@acme', $$trigger = 'user', task = 'revert'$$),
  '23514 ingestion_jobs_transition_check', 'or changes more of it');
select is(pg_temp.change('mia@acme', $$trigger = 'user'$$), '1 rows', 'a member asks for it');
select is(pg_temp.change('mia@acme', $$trigger = 'schedule'$$),
  '23514 ingestion_jobs_transition_check', 'and does not put it back');
select is(pg_temp.change('mia@acme', 'cancel_requested_at = now()'),
  '23514 ingestion_jobs_transition_check', 'what does not run is cancelled at once, not asked to stop');
update app.ingestion_jobs
set state = 'running', lease_until = now() + interval '1 minute', next_run_at = null
where kind = 'sync';
select is(pg_temp.change('mia@acme', 'cancel_requested_at = now()'), '1 rows',
  'who may have syncs may ask for their end');
select is(pg_temp.change('vera@acme', 'cancel_requested_at = now()'), '0 rows', 'a viewer not');
select is(pg_temp.change('gina@globex', 'cancel_requested_at = now()'), '0 rows',
  'nor another tenant');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.ingestion_jobs (tenant_id, connection_id, kind, created_by)
  values (pg_temp.id('acme'), pg_temp.id('acme connection'), 'sync', pg_temp.id('mia'))
$$), '1 rows', 'another sync waits behind the one that runs');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.ingestion_jobs (tenant_id, connection_id, kind, trigger)
  values (pg_temp.id('acme'), pg_temp.id('acme connection'), 'sync', 'webhook')
$$), '23505 ingestion_jobs_queued_sync_key', 'one does');

-- Questions across tenants: ids, and what is of no tenant.
update app.connections set provider = 'plaid', status = 'active', next_sync_at = now();
update app.connection_credentials set expires_at = now();
select is(pg_temp.outcome('worker', 'select from private.due_connections(10)'), '2 rows',
  'workers are told what is due');
select is(
  pg_temp.outcome('worker', $$
    select from private.ending_credentials(now() + interval '1 minute', 10)
  $$),
  '2 rows', 'and what ends');
select is(
  (select string_agg(distinct a.name, ' ' order by a.name) from pg_catalog.pg_proc as p
   cross join lateral unnest(p.proargnames) as a (name)
   where p.oid in ('private.due_connections'::regproc, 'private.ending_credentials'::regproc)),
  'before connection_id most tenant_id', 'in ids alone');
select is(pg_temp.outcome(who, question), '42501', who || ' may not ask: ' || question)
from unnest(array['olivia@acme', 'vera@acme', 'webhook', 'anon']) as who
cross join unnest(array[
  'select private.due_connections(1)', 'select private.ending_credentials(now(), 1)',
  'select private.provider_may_call(''plaid'', now())',
  'select private.provider_failed(''plaid'', now())', 'select private.provider_answered(''plaid'')',
  'select private.set_provider(''plaid'', true, null, null, null)'
]) as question;
select is(pg_temp.outcome(who, 'select private.provider_state(''plaid'')'), expected,
  who || ' asks how a provider is: ' || expected)
from (values
  ('vera@acme', '0 rows'), ('worker@acme', '0 rows'), ('webhook', '42501'), ('anon', '42501')
) as people (who, expected);

select * from finish();
rollback;
