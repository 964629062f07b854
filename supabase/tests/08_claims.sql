-- Claims: what is forged, stale, empty or broken opens nothing.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- A statement under a role and claims as they come.
create function pg_temp.claiming(role text, claims text, question text)
returns text language plpgsql as $$
declare
  answer text;
  state text;
begin
  perform set_config('request.jwt.claims', claims, true), set_config('role', role, true);
  execute question into answer;
  perform set_config('role', session_user, true);
  return answer;
exception when others then
  get stacked diagnostics state = returned_sqlstate;
  return state;
end
$$;
create function pg_temp.claims(of text, extra jsonb default '{}') returns text language sql as $$
  select (jsonb_build_object(
    'sub', pg_temp.id(split_part(of, '@', 1)), 'role', 'authenticated',
    'tenant_id', pg_temp.id(split_part(of, '@', 2))
  ) || extra)::text
$$;
create temporary table questions as
select unnest(array[
  'select count(*) from app.tenants', 'select count(*) from app.tenant_members',
  'select count(*) from app.connections', 'select count(*) from app.accounts',
  'select count(*) from app.ingestion_jobs', 'select count(*) from app.transactions'
]) as question;

select is(pg_temp.claiming('authenticated', pg_temp.claims('vera@acme'), question),
  case when question like '%members' then '4' else '1' end, 'a member asks: ' || question)
from questions;

select is(pg_temp.claiming('authenticated', claims.text, question), '0', what || ': ' || question)
from questions
cross join (values
  ('a tenant claimed without membership', pg_temp.claims('gus@acme')),
  ('a tenant that is not there', pg_temp.claims('gus@nowhere')),
  ('a user who is not there', pg_temp.claims('stranger@acme')),
  ('no tenant', format('{"sub": "%s"}', pg_temp.id('vera'))),
  ('no user', format('{"tenant_id": "%s"}', pg_temp.id('acme'))),
  ('a worker''s claims under the role of users',
   pg_temp.claims('gus@acme', '{"role": "worker", "sub": null}')),
  ('a service''s claims under the role of users',
   pg_temp.claims('gus@acme', '{"role": "service_role"}')),
  ('a tenant in the part that users write',
   pg_temp.claims('gus@nowhere', jsonb_build_object(
     'user_metadata', jsonb_build_object('tenant_id', pg_temp.id('acme')),
     'app_metadata', jsonb_build_object('tenant_id', pg_temp.id('acme'))
   ))),
  ('empty claims', '{}'),
  ('what a finished transaction leaves', '')
) as claims (what, text);

select is(
  pg_temp.claiming('authenticated', claims.text, 'select count(*) from app.transactions'),
  claims.state,
  'broken claims are an error, not an answer: ' || claims.text)
from (values
  ('no json', '22P02'), ('{"sub": "x", "tenant_id": "y"}', '22P02')
) as claims (text, state);

select is(pg_temp.claiming('worker', claims, 'select count(*) from app.transactions'), '0',
  'a user''s claims under the role of workers open nothing')
from pg_temp.claims('olivia@acme') as claims;
select is(pg_temp.claiming('authenticated', claims, question), null,
  'and a worker''s claims under the role of users sign nothing')
from pg_temp.claims('gus@acme', '{"role": "worker"}') as claims
cross join (values (
  $$select nullif(private.audit('forged.event', null, null, null)::text, '')$$
)) as asked (question);
select is_empty($$select from app.ingestion_audit_log where event = 'forged.event'$$,
  'no forged event is there');

-- Settings that Supabase's own functions still believe.
select set_config('request.jwt.claim.sub', pg_temp.id('olivia')::text, true);
select set_config('request.jwt.claim.role', 'service_role', true);
select set_config('request.jwt.claim', pg_temp.claims('olivia@acme'), true);
select is(
  pg_temp.claiming(
    'authenticated', pg_temp.claims('gus@acme'), 'select count(*) from app.transactions'
  ),
  '0', 'a stale legacy claim makes nobody a member');
select is(
  pg_temp.claiming(
    'authenticated', pg_temp.claims('vera@acme'), 'select private.current_user_id()'
  ),
  pg_temp.id('vera')::text, 'and changes nobody''s name');
select is(
  pg_temp.claiming('authenticated', '', 'select private.current_user_id()'), null,
  'nor gives one to nobody');

-- Roles by rank.
select is(
  pg_temp.claiming(
    'authenticated', pg_temp.claims(who), format('select private.has_role(%L)', minimum)
  ),
  (rank >= needed)::text,
  format('%s is%s %s', who, case when rank < needed then ' not' end, minimum))
from (values
  ('nora@acme', 0), ('vera@acme', 1), ('mia@acme', 2), ('adam@acme', 3), ('olivia@acme', 4),
  ('gus@acme', 0)
) as people (who, rank)
cross join (values
  ('viewer', 1), ('member', 2), ('admin', 3), ('owner', 4)
) as roles (minimum, needed);
select is(
  pg_temp.claiming(
    'authenticated', pg_temp.claims('olivia@acme'), $$select private.has_role('god')$$
  ),
  'false', 'nobody has a role that is none');

select * from finish();
rollback;
