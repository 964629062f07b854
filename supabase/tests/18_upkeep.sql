-- Upkeep: who may forget what, circuits whose minute slides, rights that were too wide.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Forgetting is for role webhook, at ages that no caller may make less.
select is(pg_temp.outcome(who, $$
  select private.prune_leftovers(now(), interval '0', interval '0', 10)
$$), expected, who || ' forgets: ' || expected)
from (values
  ('webhook', '1 rows'), ('worker', '42501'), ('worker@acme', '42501'), ('olivia@acme', '42501'),
  ('anon', '42501')
) as people (who, expected);
update app.notifications set created_at = now() - interval '89 days';
update app.notification_deliveries
set state = 'delivered', settled_at = now() - interval '29 days', next_attempt_at = null;
select is(
  pg_temp.answer('webhook', $$
    select deliveries + notifications
    from private.prune_leftovers(now(), interval '0', interval '0', 10)
  $$),
  '0', 'what is young stays whatever age is asked for'
);

-- Circuits.
create function pg_temp.opens(variadic seconds integer[]) returns text language plpgsql as $$
declare
  second integer;
begin
  delete from private.provider_states;
  foreach second in array seconds loop
    perform pg_temp.outcome('worker', format(
      'select private.provider_failed(''plaid'', timestamptz ''2026-11-30 12:00Z'' + %L)',
      make_interval(secs => second)
    ));
  end loop;
  return (select s.open_until is not null from private.provider_states as s)::text;
end
$$;
select is(pg_temp.opens(0, 50, 55, 58, 62), 'false', 'five in more than a minute open nothing');
select is(pg_temp.opens(0, 50, 55, 58, 62, 65), 'true', 'five in any minute do');

-- Rights.
select is(pg_temp.outcome('mia@acme', $$
  insert into app.ingestion_jobs (tenant_id, connection_id, kind, created_by, trigger)
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), 'sync', pg_temp.id('mia'), 'webhook'
  )
$$), '42501', 'no user says why a job is made');
select is(pg_temp.outcome('mia@acme', 'select failures from private.provider_state(''plaid'')'),
  '42703', 'nor reads how often a provider failed');

select * from finish();
rollback;
