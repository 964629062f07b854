-- Uploads and the ledger of jobs: who starts, decides and runs them.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Uploads.
create function pg_temp.upload(who text, tenant text, creator text) returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.uploads (
       tenant_id, file_name, size_bytes, sha256, blob_path, created_by, expires_at
     )
     values (pg_temp.id(%L), %L, 1, sha256(%L), pg_temp.id(%L) || %L, pg_temp.id(%L), now())',
    tenant, 'july.bai', 'july', tenant, '/uploads/july', creator
  ))
$$;
select is(pg_temp.upload('vera@acme', 'acme', 'vera'), '42501', 'a viewer uploads nothing');
select is(pg_temp.upload('mia@acme', 'acme', 'mia'), '1 rows', 'a member does');
select is(pg_temp.upload('mia@acme', 'acme', 'adam'), '42501', 'but not in another''s name');
select is(pg_temp.upload('mia@acme', 'globex', 'mia'), '42501', 'nor for another tenant');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.uploads (
    tenant_id, file_name, size_bytes, sha256, blob_path, created_by, expires_at
  )
  values (
    pg_temp.id('acme'), 'x', 1, sha256('x'), pg_temp.id('globex') || '/uploads/june',
    pg_temp.id('mia'), now()
  )
$$), '23514 uploads_blob_path_check', 'no upload lies in another tenant''s folder');
select is(pg_temp.outcome('vera@acme', 'select from app.uploads'), '2 rows',
  'a viewer sees the tenant''s uploads alone');
select is(pg_temp.outcome('mia@acme', $$update app.uploads set state = 'received'$$), '42501',
  'a worker alone says that bytes have come');
select is(pg_temp.outcome('worker@acme', $$update app.uploads set state = 'received'$$), '2 rows',
  'and says it of its tenant alone');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.uploads (
    tenant_id, file_name, size_bytes, sha256, blob_path, created_by, expires_at, state
  )
  values (
    pg_temp.id('acme'), 'x', 1, sha256('x'), pg_temp.id('acme') || '/x', pg_temp.id('mia'), now(),
    'received'
  )
$$), '42501', 'an upload begins as announced');

-- Jobs begin.
create function pg_temp.import(who text, tenant text, connection text, upload text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.ingestion_jobs (tenant_id, connection_id, upload_id, kind, created_by)
     values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), %L, pg_temp.id(%L))',
    tenant, connection, upload, 'import', split_part(who, '@', 1)
  ))
$$;
select is(pg_temp.import('vera@acme', 'acme', 'acme connection', 'acme upload'), '42501',
  'a viewer imports nothing');
select is(pg_temp.import('mia@acme', 'acme', 'acme connection', 'acme upload'), '1 rows',
  'a member imports');
select is(pg_temp.import('mia@acme', 'globex', 'globex connection', 'globex upload'), '42501',
  'but not for another tenant');
select is(pg_temp.import('mia@acme', 'acme', 'globex connection', 'acme upload'),
  '23503 ingestion_jobs_connection_fkey', 'another tenant''s connection');
select is(pg_temp.import('mia@acme', 'acme', 'no connection', 'acme upload'),
  '23503 ingestion_jobs_connection_fkey', 'is refused like one that is not there');
select is(pg_temp.import('mia@acme', 'acme', 'acme connection', 'globex upload'),
  '23503 ingestion_jobs_upload_fkey', 'and so is another tenant''s upload');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.ingestion_jobs (tenant_id, connection_id, kind, created_by, state, lease_until)
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), 'import', pg_temp.id('mia'), 'running', now()
  )
$$), '42501', 'a job begins queued');

-- Jobs go on.
create function pg_temp.move(who text, from_state text, to_state text, to_task text default 'run')
returns text language plpgsql as $$
begin
  update app.ingestion_jobs as j
  set state = from_state, task = 'run',
    lease_until = case from_state when 'running' then now() end
  where j.id = pg_temp.id('acme job');
  return pg_temp.outcome(who, format(
    'update app.ingestion_jobs set state = %L, task = %L where id = pg_temp.id(%L)',
    to_state, to_task, 'acme job'
  ));
end
$$;
select is(pg_temp.move('mia@acme', 'awaiting_review', 'queued'), '1 rows', 'a member approves');
select is(pg_temp.move('mia@acme', 'awaiting_review', 'discarded'), '1 rows', 'discards');
select is(pg_temp.move('mia@acme', 'queued', 'cancelled'), '1 rows', 'cancels');
select is(pg_temp.move('mia@acme', 'failed', 'queued'), '1 rows', 'tries again');
select is(pg_temp.move('mia@acme', 'completed', 'queued', 'revert'), '1 rows', 'takes back');
select is(pg_temp.move('vera@acme', 'awaiting_review', 'queued'), '0 rows',
  'a viewer decides nothing');
select is(pg_temp.move('gina@globex', 'awaiting_review', 'queued'), '0 rows',
  'another tenant''s admin neither');
select is(
  pg_temp.move('olivia@acme', refused.from_state, refused.to_state, refused.task),
  '23514 ingestion_jobs_transition_check',
  format('nobody makes %s %s (%s)', refused.from_state, refused.to_state, refused.task)
)
from (values
  ('queued', 'completed', 'run'), ('awaiting_review', 'completed', 'run'),
  ('running', 'cancelled', 'run'), ('completed', 'queued', 'run'), ('reverted', 'queued', 'run'),
  ('discarded', 'queued', 'run'), ('queued', 'queued', 'revert'), ('queued', 'queued', 'run')
) as refused (from_state, to_state, task);
select is(pg_temp.move('olivia@acme', 'queued', 'running'), '23514 ingestion_jobs_transition_check',
  'no user claims a job');
select is(pg_temp.outcome('olivia@acme', 'update app.ingestion_jobs set fence = 99'), '42501',
  'or touches the fence');
select is(pg_temp.outcome('olivia@acme', 'update app.ingestion_jobs set imported = 0'), '42501',
  'or the numbers');
select is(pg_temp.outcome('olivia@acme', 'delete from app.ingestion_jobs'), '42501',
  'no job is deleted');
update app.ingestion_jobs set state = 'awaiting_review', task = 'run', lease_until = null
where id = pg_temp.id('acme job');
select is(pg_temp.outcome('adam@acme', $$
  update app.ingestion_jobs set state = 'queued', approved_by = pg_temp.id('mia')
  where id = pg_temp.id('acme job')
$$), '42501', 'nobody approves in another''s name');
select is(pg_temp.outcome('adam@acme', $$
  update app.ingestion_jobs set state = 'queued', approved_by = pg_temp.id('adam')
  where id = pg_temp.id('acme job')
$$), '1 rows', 'but in one''s own');
select is(pg_temp.outcome('mia@acme', $$
  update app.ingestion_jobs set state = 'cancelled' where id = pg_temp.id('acme job')
$$), '1 rows', 'and what one approved another may cancel');

-- Workers.
update app.ingestion_jobs set state = 'queued' where state <> 'queued';
select is(pg_temp.outcome('worker@acme', $$
  update app.ingestion_jobs
  set state = 'running', fence = fence + 1, lease_until = now() + interval '1 minute'
  where id = pg_temp.id('acme job')
$$), '1 rows', 'a worker claims a job of its tenant');
select is(pg_temp.outcome('worker@acme', $$
  update app.ingestion_jobs set state = 'running', lease_until = now() + interval '1 minute'
  where state = 'queued'
$$), '23505 ingestion_jobs_running_key', 'one at a time for a connection');
select is(pg_temp.outcome('worker@globex', $$
  update app.ingestion_jobs set state = 'running', lease_until = now() + interval '1 minute'
  where state = 'queued'
$$), '1 rows', 'and leaves those of others');
select is(pg_temp.outcome('worker', 'select from app.ingestion_jobs'), '0 rows',
  'a worker without a tenant reads no job');
update app.ingestion_jobs set state = 'queued', lease_until = null, next_run_at = now();
select is(
  (select string_agg(a.name, ' ' order by a.name) from pg_catalog.pg_proc as p
   cross join lateral unnest(p.proargnames) as a (name)
   where p.oid in ('private.due_jobs'::regproc, 'private.expired_uploads'::regproc)),
  'job_id most most tenant_id tenant_id upload_id',
  'what is due is told across tenants, in ids alone'
);
select is(pg_temp.outcome('worker', 'select from private.due_jobs(10)'), '3 rows', 'to workers');
select is(
  pg_temp.answer('worker', 'select count(distinct tenant_id) from private.due_jobs(2)'),
  '2',
  'one of each tenant first');
select is(pg_temp.outcome('worker', 'select from private.expired_uploads(10)'), '0 rows',
  'uploads that jobs mean to read stay');
update app.ingestion_jobs set state = 'failed', next_run_at = null;
select is(pg_temp.outcome('worker', 'select from private.expired_uploads(10)'), '0 rows',
  'also those of failed jobs, which may be tried again');
update app.ingestion_jobs set state = 'cancelled';
select is(pg_temp.outcome('worker', 'select from private.expired_uploads(10)'), '2 rows',
  'the others are told to workers too');
select is(pg_temp.outcome(who, question), '42501', who || ' may not ask: ' || question)
from unnest(array['olivia@acme', 'webhook', 'anon']) as who
cross join unnest(array[
  'select private.due_jobs(1)', 'select private.expired_uploads(1)',
  'select private.worker_tenant_id()'
]) as question;

select * from finish();
rollback;
