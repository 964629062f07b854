-- Statements: workers write, everyone of the tenant reads, nobody else; proofs are what they say.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome(who, 'select from app.statements'), '1 rows',
  who || ' reads the tenant''s statements alone')
from unnest(array[
  'olivia@acme', 'adam@acme', 'mia@acme', 'vera@acme', 'worker@acme', 'gus@globex'
]) as who;
select is(pg_temp.outcome('olivia@acme', statement), '42501',
  'not even an owner may: ' || statement)
from unnest(array[
  'update app.statements set proof = ''holds''', 'delete from app.statements',
  'insert into app.statements (tenant_id) values (null)', 'truncate app.statements'
]) as statement;
select is(pg_temp.outcome('worker@acme', 'update app.statements set difference = 0'), '42501',
  'not even a worker changes what a statement says');

-- One statement as the worker of a tenant writes it, but for what is said.
create function pg_temp.state(
  who text, tenant text default 'acme', account text default 'acme account',
  mapping text default 'acme mapping', raw text default 'acme raw', ordinal integer default 1,
  proof text default 'holds', difference text default '0', closing text default '3'
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.statements (
       tenant_id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, ordinal,
       opening_balance, closing_balance, entries_sum, entries_count, currency, proof, difference
     )
     values (
       pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), 4, 5, %s,
       1, %s, 2, 1, %L, %L, %L
     )',
    tenant, account, mapping, split_part(raw, ' ', 1) || ' job', raw, ordinal, closing, 'EUR',
    proof, difference
  ))
$$;
select is(pg_temp.state('worker@acme'), '1 rows', 'a worker notes a statement of its tenant');
select is(pg_temp.state('worker@acme'), '23505 statements_document_key',
  'a place of a document holds one');
select is(pg_temp.state('worker@acme', tenant => 'globex'), '42501', 'none is for another tenant');
select is(pg_temp.state('worker'), '42501', 'a worker without a tenant notes nothing');
select is(
  pg_temp.state('worker@acme', ordinal => 2, account => 'globex account'),
  '23503 statements_mapping_fkey', 'nor on another tenant''s account');
select is(
  pg_temp.state(
    'worker@acme', ordinal => 2, mapping => 'globex mapping', account => 'globex account'
  ),
  '23503 statements_mapping_fkey', 'mapping');
select is(
  pg_temp.state('worker@acme', ordinal => 2, raw => 'globex raw'), '23503 statements_raw_fkey',
  'or document');

select is(pg_temp.state('worker@acme', ordinal => 2, proof => 'maybe', difference => '1'),
  '23514 statements_proof_check', 'a proof holds, fails or is none');
select is(pg_temp.state('worker@acme', ordinal => 2, difference => '1'),
  '23514 statements_difference_check', 'one that holds leaves no difference');
select is(pg_temp.state('worker@acme', ordinal => 2, proof => 'fails'),
  '23514 statements_difference_check', 'one that fails leaves some');
select is(pg_temp.state('worker@acme', ordinal => 2, proof => 'fails', difference => null),
  '23514 statements_difference_check', 'and says how much');
select is(pg_temp.state('worker@acme', ordinal => 2, proof => 'unproven'),
  '23514 statements_difference_check', 'what is unproven knows of none');
select is(pg_temp.state('worker@acme', ordinal => 2, proof => 'fails', difference => '1'),
  '1 rows', 'a statement that does not add up is kept');
select is(
  pg_temp.state(
    'worker@acme', ordinal => 3, proof => 'unproven', difference => null, closing => 'null'
  ),
  '1 rows', 'so is one without its balances');
select is(pg_temp.state('worker@acme', ordinal => 4, closing => '0.123456789'),
  '23514 statements_closing_check', 'nine decimals do not fit');
select is(pg_temp.outcome('worker@globex', 'delete from app.statements'), '1 rows',
  'a worker takes away its tenant''s alone');

select * from finish();
rollback;
