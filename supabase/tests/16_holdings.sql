-- Holdings: workers write, everyone of the tenant reads, nobody else.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome(who, 'select from app.holdings'), '1 rows',
  who || ' reads the tenant''s holdings alone')
from unnest(array[
  'olivia@acme', 'adam@acme', 'mia@acme', 'vera@acme', 'worker@acme', 'gus@globex'
]) as who;
select is(pg_temp.outcome('olivia@acme', statement), '42501',
  'not even an owner may: ' || statement)
from unnest(array[
  'update app.holdings set quantity = 0', 'delete from app.holdings',
  'insert into app.holdings (tenant_id) values (null)', 'truncate app.holdings'
]) as statement;

-- One holding as the worker of a tenant writes it, but for what is said.
create function pg_temp.hold(
  who text, tenant text default 'acme', account text default 'acme account',
  mapping text default 'acme mapping', raw text default 'acme raw', security text default 'msft',
  quantity text default '1', removed text default null
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.holdings (
       tenant_id, account_id, mapping_id, job_id, raw_id, raw_line, security, quantity, currency,
       as_of, removed_on, stated_at
     )
     values (
       pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), 4, %L, %s,
       %L, %L, %L, now()
     )',
    tenant, account, mapping, split_part(raw, ' ', 1) || ' job', raw, security, quantity, 'EUR',
    '2026-06-02', removed
  ))
$$;
select is(pg_temp.hold('worker@acme'), '1 rows', 'a worker notes a holding of its tenant');
select is(pg_temp.hold('worker@acme'), '23505 holdings_security_key', 'a security once');
select is(pg_temp.hold('worker@acme', tenant => 'globex'), '42501', 'none is for another tenant');
select is(pg_temp.hold('worker'), '42501', 'a worker without a tenant notes nothing');
select is(
  pg_temp.hold('worker@acme', security => 'a', account => 'globex account'),
  '23503 holdings_mapping_fkey', 'nor on another tenant''s account');
select is(
  pg_temp.hold(
    'worker@acme', security => 'a', mapping => 'globex mapping', account => 'globex account'
  ),
  '23503 holdings_mapping_fkey', 'mapping');
select is(
  pg_temp.hold('worker@acme', security => 'a', raw => 'globex raw'), '23503 holdings_raw_fkey',
  'or document');
select is(pg_temp.hold('worker@acme', security => 'a', quantity => '0.000000000000000001'),
  '1 rows', 'eighteen decimals fit');
select is(pg_temp.hold('worker@acme', security => 'b', quantity => '0.0000000000000000001'),
  '23514 holdings_quantity_check', 'nineteen do not');
select is(pg_temp.hold('worker@acme', security => 'c', removed => '2026-06-02'),
  '23514 holdings_removed_check', 'what is held is not gone');
select is(pg_temp.hold('worker@acme', security => 'c', quantity => '0', removed => '2026-06-02'),
  '1 rows', 'what is gone has no quantity');
select is(pg_temp.outcome('worker@globex', 'update app.holdings set quantity = 2'), '1 rows',
  'a worker changes its tenant''s alone');
select is(pg_temp.outcome('worker@acme', 'delete from app.holdings'), '4 rows',
  'and takes away its tenant''s alone');

select * from finish();
rollback;
