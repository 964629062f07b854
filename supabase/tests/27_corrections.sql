-- Corrections: workers alone write them, for rows of their tenant and its documents.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

insert into app.corrections (
  tenant_id, mapping_id, external_id, new_print, new_occurrence, state, job_id, raw_id, raw_line
)
select
  tenant_id, pg_temp.id(tenant || ' mapping'), 'A1', decode(md5('new'), 'hex'), 0, 'open',
  pg_temp.id(tenant || ' job'), pg_temp.id(tenant || ' raw'), 3
from pair;

select is(pg_temp.outcome(who, 'select from app.corrections'), '1 rows',
  who || ' sees the tenant''s corrections alone')
from unnest(array['olivia@acme', 'vera@acme', 'gus@globex', 'worker@acme']) as who;
select is(pg_temp.outcome('worker', 'select from app.corrections'), '0 rows',
  'a worker without a tenant sees none');
select is(pg_temp.outcome(who, 'select from app.corrections'), '42501', who || ' sees none')
from unnest(array['webhook', 'anon']) as who;

select is(pg_temp.outcome('olivia@acme', statement), '42501',
  'not even an owner may: ' || statement)
from unnest(array[
  'insert into app.corrections (tenant_id) values (null)',
  'update app.corrections set new_id = null', 'delete from app.corrections'
]) as statement;
select is(pg_temp.outcome('worker@acme', format(
  'insert into app.corrections (
     tenant_id, mapping_id, external_id, new_print, new_occurrence, state, job_id, raw_id, raw_line
   )
   values (pg_temp.id(%L), pg_temp.id(%L), ''B1'', '''', 0, ''open'', pg_temp.id(%L), pg_temp.id(%L), 1)',
  tenant, mapping, job, raw
)), expected, format('a correction of %s, %s and %s', tenant, mapping, raw))
from (values
  ('globex', 'globex mapping', 'globex job', 'globex raw', '42501'),
  ('acme', 'globex mapping', 'acme job', 'acme raw', '23503 corrections_mapping_fkey'),
  ('acme', 'acme mapping', 'globex job', 'globex raw', '23503 corrections_raw_fkey')
) as tried (tenant, mapping, job, raw, expected);
select is(pg_temp.outcome('worker@acme', $$
  update app.corrections
  set
    state = 'applied', old_print = new_print, old_occurrence = 0, old_raw_line = 1,
    old_job_id = pg_temp.id('globex job'), old_raw_id = pg_temp.id('globex raw')
$$), '23503 corrections_old_raw_fkey', 'no row was corrected in another tenant''s document');
select is(pg_temp.outcome('worker@acme', $$update app.corrections set state = 'applied'$$),
  '23514 corrections_old_check', 'what was applied says to which row');
select is(pg_temp.outcome('worker@acme', $$
  update app.corrections set displaced_print = new_print, displaced_occurrence = 0
$$), '23514 corrections_displaced_check', 'what waits has displaced no row');
select is(pg_temp.outcome('worker@acme', format(
  'insert into app.ingestion_previews (
     tenant_id, job_id, position, outcome, mapping_id, amount, currency, status, description, line,
     corrects_external_id, corrects_id
   )
   values (pg_temp.id(''acme''), pg_temp.id(''acme job''), 99, ''changed'', pg_temp.id(''acme mapping''), 1, ''EUR'',
     ''posted'', ''TEA'', 1, ''A1'', pg_temp.id(%L))',
  'globex transaction'
)), '23503 ingestion_previews_corrects_fkey', 'no preview leads to another tenant''s transaction');

select is(pg_temp.outcome('worker@acme', statement), '1 rows',
  'a worker, of its tenant alone: ' || statement)
from unnest(array[
  'update app.corrections set new_id = ''A2''', 'delete from app.corrections'
]) as statement;

select * from finish();
rollback;
