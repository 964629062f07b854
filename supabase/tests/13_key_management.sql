-- What re-wrapping needs: which key sealed what, all tenants' ids, the exchange of a data key.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Which key.
select is(private.sealing_key('\x42465601' || '\x023237'::bytea || 'rest'), '27',
  'sealed bytes name their key');
select is(private.sealing_key('\x42465601ff3237'), '27', 'also where they are cut off');
select is(private.sealing_key('\x4246560101ff'), '\377', 'no id breaks the answer');
select is(private.sealing_key(other), null, format('%s name none', other))
from (values (sha256('x')), ('\x42465601'), ('\x4246560102'), (''), (null)) as bytes (other);

-- All tenants, page by page.
select is(
  (select string_agg(a.name, ' ' order by a.name) from pg_catalog.pg_proc as p
   cross join lateral unnest(p.proargnames) as a (name)
   where p.oid = 'private.tenants_after'::regproc),
  'after most tenant_id',
  'tenants are told in ids alone'
);
select is(
  pg_temp.answer('worker', format(
    'select array_agg(t.tenant_id) from private.tenants_after(%L, 10) as t', after
  )),
  (select array_agg(t.id order by t.id)::text from app.tenants as t where t.id > after),
  'those behind an id, in order'
)
from (values ('00000000-0000-0000-0000-000000000000'::uuid), (
  least(pg_temp.id('acme'), pg_temp.id('globex'))
)) as places (after);
select is(
  pg_temp.outcome('worker', $$
    select from private.tenants_after('00000000-0000-0000-0000-000000000000', 1)
  $$),
  '1 rows', 'as many as asked for');

-- The exchange.
create function pg_temp.exchange(who text, tenant text) returns text language sql as $$
  select pg_temp.answer(who, format(
    'select private.rewrap_tenant_key(sha256(%L), sha256(''new''))', tenant
  ))
$$;
select is(pg_temp.exchange('worker@globex', 'acme'), 'false',
  'a worker exchanges no key of another tenant, though it knows it');
select is(pg_temp.exchange('worker', 'acme'), 'false', 'nor without a tenant');
select is(pg_temp.exchange('worker@acme', 'acme'), 'true', 'but its own');
select is(pg_temp.exchange('worker@acme', 'acme'), 'false', 'and only what is there still');
select is(
  (select array_agg(k.sealed_key order by k.tenant_id = pg_temp.id('acme')) from private.tenant_keys as k),
  array[sha256('globex'), sha256('new')], 'the other tenant''s is as it was');
select is(
  pg_temp.outcome('worker@acme', $$select private.rewrap_tenant_key(sha256('new'), 'short')$$),
  '23514 tenant_keys_sealed_key_check', 'what cannot be a sealed key is refused');
select is(
  pg_temp.outcome('worker@acme', $$select private.rewrap_tenant_key(sha256('new'), null)$$),
  '23502', 'and so is nothing');

-- For workers alone.
select is(pg_temp.outcome(who, question), '42501', who || ' may not ask: ' || question)
from unnest(array['olivia@acme', 'webhook', 'anon']) as who
cross join unnest(array[
  $$select private.sealing_key('x')$$,
  $$select private.tenants_after('00000000-0000-0000-0000-000000000000', 1)$$,
  $$select private.rewrap_tenant_key(sha256('new'), sha256('newer'))$$
]) as question;

select * from finish();
rollback;
