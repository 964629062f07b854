-- Quiltt: workers alone see profiles and sessions, one session is open at a time, and ids of before
-- lead to one account.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- ---------------------------------------------------------------------------------------------
-- Who sees what.
-- ---------------------------------------------------------------------------------------------
select is(pg_temp.outcome(who, 'select from ' || name), '42501', who || ' may not read ' || name)
from unnest(array['olivia@acme', 'vera@acme', 'anon', 'webhook']) as who,
  unnest(array['app.quiltt_profiles', 'app.quiltt_sessions', 'app.mapping_aliases']) as name;
select is(pg_temp.outcome('worker@acme', 'select from ' || name), '1 rows',
  'a worker sees those of its tenant alone in ' || name)
from unnest(array['app.quiltt_profiles', 'app.quiltt_sessions', 'app.mapping_aliases']) as name;
select is(pg_temp.outcome('worker', 'select from ' || name), '0 rows',
  'a worker without a tenant sees none in ' || name)
from unnest(array['app.quiltt_profiles', 'app.quiltt_sessions', 'app.mapping_aliases']) as name;
select is(pg_temp.outcome('worker@acme', 'delete from ' || name), '42501',
  'nobody deletes from ' || name)
from unnest(array['app.quiltt_profiles', 'app.quiltt_sessions', 'app.mapping_aliases']) as name;

-- ---------------------------------------------------------------------------------------------
-- Profiles.
-- ---------------------------------------------------------------------------------------------
create function pg_temp.profile(
  who text, tenant text default 'acme', persona text default 'acme persona',
  environment text default 'production', external_id text default null,
  external_environment text default null
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.quiltt_profiles (
       tenant_id, persona_id, environment, external_id, external_environment
     )
     values (pg_temp.id(%L), pg_temp.id(%L), %L, %L, %L)',
    tenant, persona, environment, external_id, external_environment
  ))
$$;
select is(pg_temp.profile('worker@acme'), '1 rows', 'a worker notes a profile of a persona');
select is(pg_temp.profile('worker@acme'), '23505 quiltt_profiles_persona_key',
  'one in each environment');
select is(pg_temp.profile('worker@acme', environment => 'test', external_id => 'p_acme',
  external_environment => 'env_1'), '23505 quiltt_profiles_external_key',
  'a profile is one persona''s');
select is(pg_temp.profile('worker@acme', environment => 'test', external_id => 'p_acme',
  external_environment => 'env_2'), '1 rows', 'in another environment it is another');
select is(pg_temp.profile('worker@acme', environment => 'third', external_id => 'p_1'),
  '23514 quiltt_profiles_answer_check', 'Quiltt tells both or nothing');
select is(pg_temp.profile('worker@acme', environment => 'No'),
  '23514 quiltt_profiles_environment_check', 'an environment has a plain name');
select is(pg_temp.profile('worker@acme', persona => 'globex persona', environment => 'fourth'),
  '23503 quiltt_profiles_persona_fkey', 'not of another tenant''s persona');
select is(pg_temp.profile('worker@acme', tenant => 'globex', environment => 'fourth'), '42501',
  'nor in another tenant');
select is(pg_temp.outcome('worker@acme',
  'update app.quiltt_profiles set persona_id = gen_random_uuid()'), '42501',
  'whose it is does not change');

-- ---------------------------------------------------------------------------------------------
-- Sessions.
-- ---------------------------------------------------------------------------------------------
create function pg_temp.session(
  state text default 'open', expires_at text default '2026-06-01 12:15', used_at text default null,
  sealed text default null, closed_at text default null
)
returns text language sql as $$
  select pg_temp.outcome('worker@acme', format(
    'insert into app.quiltt_sessions (
       tenant_id, persona_id, profile_id, user_id, state, sealed, issued_at, expires_at, used_at,
       closed_at
     )
     values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), %L, %L, %L, %L, %L,
       %L)',
    'acme', 'acme persona', 'acme quiltt profile', 'olivia', state, sealed, '2026-06-01 12:00',
    expires_at, used_at, closed_at
  ))
$$;
select is(pg_temp.session(), '23505 quiltt_sessions_open_key', 'one session is open at a time');
select is(pg_temp.session('expired'), '1 rows', 'any number has ended');
select is(pg_temp.session('expired', '2026-06-01 12:15:01'),
  '23514 quiltt_sessions_expires_at_check', 'none lasts longer than fifteen minutes');
select is(pg_temp.session('expired', '2026-06-01 12:00'),
  '23514 quiltt_sessions_expires_at_check', 'or ends before it begins');
select is(pg_temp.session('used'), '23514 quiltt_sessions_used_check',
  'one that was used says when');
select is(pg_temp.session('used', used_at => '2026-06-01 12:01'), '1 rows', 'as it does');
select is(
  pg_temp.session('expired', sealed => repeat('x', 40), closed_at => '2026-06-01 12:20'),
  '23514 quiltt_sessions_closed_check', 'the token of one that was closed is forgotten');
select is(pg_temp.session('lost'), '23514 quiltt_sessions_state_check', 'states are known');
select is(pg_temp.outcome('worker@acme',
  'update app.quiltt_sessions set state = ''expired'' where state = ''open'''), '1 rows',
  'a worker ends a session');
select is(pg_temp.session(), '1 rows', 'and then another is open');
select is(pg_temp.outcome('worker@acme',
  'update app.quiltt_sessions set issued_at = now()'), '42501', 'when it began stays');

-- ---------------------------------------------------------------------------------------------
-- Connections, and accounts that were linked again.
-- ---------------------------------------------------------------------------------------------
select is(pg_temp.outcome('worker@acme',
  'update app.connections set persona_id = pg_temp.id(''acme persona'')'), '1 rows',
  'a worker says whose a connection is');
select is(pg_temp.outcome('worker@acme',
  'update app.connections set persona_id = pg_temp.id(''globex persona'')'),
  '23503 connections_persona_fkey', 'but no other tenant''s');
select is(pg_temp.outcome('olivia@acme', 'update app.connections set ' || change), '42501',
  'not even an owner may set ' || change)
from unnest(array['persona_id = null', 'lineage_id = id', 'external_id = null']) as change;
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_aliases (tenant_id, lineage_id, external_account_id, mapping_id)
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), '0000', pg_temp.id('acme mapping')
  )
$$), '23505 mapping_aliases_pkey', 'an id of before leads to one account');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_aliases (tenant_id, lineage_id, external_account_id, mapping_id)
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), '1111', pg_temp.id('globex mapping')
  )
$$), '23503 mapping_aliases_mapping_fkey', 'of the same tenant');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_aliases (tenant_id, lineage_id, external_account_id, mapping_id)
  values (
    pg_temp.id('globex'), pg_temp.id('acme connection'), '1111', pg_temp.id('globex mapping')
  )
$$), '42501', 'and a worker notes none of another''s');

select * from finish();
rollback;
