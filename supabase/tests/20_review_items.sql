-- Review items: workers ask, members answer and sign, nobody reads another tenant's.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome(who, 'select from app.review_items'), '1 rows',
  who || ' sees the tenant''s items alone')
from unnest(array[
  'olivia@acme', 'adam@acme', 'mia@acme', 'vera@acme', 'worker@acme', 'gus@globex'
]) as who;
select is(pg_temp.outcome('nora@acme', 'select from app.review_items'), '0 rows',
  'who is no member sees none');

-- One question as the worker of a tenant asks it, but for what is said.
create function pg_temp.ask(
  who text, tenant text default 'acme', key text default 'new', kind text default 'transfer',
  about text default 'acme transaction', other text default null,
  account text default 'acme account', job text default 'acme job', score integer default 60
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.review_items (
       tenant_id, kind, key, transaction_id, other_id, account_id, job_id, score, rule_version
     )
     values (
       pg_temp.id(%L), %L, %L, pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), %s,
       %L
     )',
    tenant, kind, key, about, other, account, job, score, 'test'
  ))
$$;
select is(pg_temp.ask('worker@acme'), '1 rows', 'a worker asks');
select is(pg_temp.ask('worker@acme'), '23505 review_items_key_key', 'each question once');
select is(pg_temp.ask('worker@acme', tenant => 'globex'), '42501', 'its own tenant alone');
select is(pg_temp.ask('worker'), '42501', 'a worker without a tenant asks nothing');
select is(pg_temp.ask('worker@acme', key => 'a', about => 'globex transaction'),
  '23503 review_items_transaction_fkey', 'about its own transactions');
select is(pg_temp.ask('worker@acme', key => 'a', other => 'globex transaction'),
  '23503 review_items_other_fkey', 'on both sides');
select is(pg_temp.ask('worker@acme', key => 'a', account => 'globex account'),
  '23503 review_items_account_fkey', 'accounts');
select is(pg_temp.ask('worker@acme', key => 'a', job => 'globex job'),
  '23503 review_items_job_fkey', 'and jobs');
select is(pg_temp.ask('worker@acme', key => 'a', kind => 'riddle'),
  '23514 review_items_kind_check', 'of known kinds');
select is(pg_temp.ask('worker@acme', key => 'a', score => 101),
  '23514 review_items_score_check', 'in percent');
select is(pg_temp.ask('olivia@acme', key => 'a'), '42501', 'an owner asks nothing');

-- Answers.
create function pg_temp.say(who text, by_whom text, state text default 'confirmed')
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'update app.review_items set state = %L, decided_at = now(), decided_by = pg_temp.id(%L)
     where key = %L',
    state, by_whom, 'first'
  ))
$$;
select is(pg_temp.say('vera@acme', 'vera'), '0 rows', 'a viewer answers nothing');
select is(pg_temp.say('mia@acme', 'mia'), '1 rows', 'a member answers, in their tenant');
select is(pg_temp.say('adam@acme', 'olivia'), '42501', 'in their own name alone');
select is(
  pg_temp.outcome('mia@acme', $$update app.review_items set state = 'rejected', decided_at = null$$),
  '23514 review_items_decided_check', 'an answer says when');
select is(
  pg_temp.outcome('adam@acme', $$update app.review_items set state = 'rejected'
    where key = 'first'$$),
  '42501', 'nobody turns another''s answer round under their name');
select is(pg_temp.say('adam@acme', 'adam', 'rejected'), '1 rows', 'but under one''s own');
select is(pg_temp.outcome(who, change), '42501', format('%s does not %s', who, change))
from unnest(array['olivia@acme', 'worker@acme']) as who
cross join unnest(array[
  'update app.review_items set kind = $$refund$$', 'delete from app.review_items'
]) as change;

select * from finish();
rollback;
