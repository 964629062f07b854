-- Sessions at Quiltt that are over: workers are told of all tenants', in ids alone.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

create function pg_temp.told(before text, most integer default 10)
returns text language sql as $$
  select pg_temp.outcome('worker', format(
    'select from private.over_quiltt_sessions(%L, %L)', before, most
  ))
$$;
select is(pg_temp.told('2026-06-01 12:14:59'), '0 rows', 'none whose time is not over');
select is(pg_temp.told('2026-06-01 12:15'), '2 rows', 'those of all tenants whose time is');
select is(pg_temp.told('2026-06-01 12:15', 1), '1 rows', 'and no more than are wanted');
update app.quiltt_sessions set state = 'used', used_at = '2026-06-01 12:01'
where tenant_id = pg_temp.id('acme');
select is(pg_temp.told('2026-06-01 12:14'), '1 rows', 'what was used is over before');
update app.quiltt_sessions set sealed = null where tenant_id = pg_temp.id('acme');
select is(pg_temp.told('2026-06-01 12:15'), '1 rows', 'what has no token is done');
select is(
  (select string_agg(a.name, ' ' order by a.name) from pg_catalog.pg_proc as p
   cross join lateral unnest(p.proargnames) as a (name)
   where p.oid = 'private.over_quiltt_sessions'::regproc),
  'before most persona_id tenant_id', 'in ids alone');
select is(pg_temp.outcome(who, 'select private.over_quiltt_sessions(now(), 1)'), '42501',
  who || ' may not ask')
from unnest(array['olivia@acme', 'vera@acme', 'webhook', 'anon']) as who;

select * from finish();
rollback;
