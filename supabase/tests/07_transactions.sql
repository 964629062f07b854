-- Transactions and balances: workers write, everyone of the tenant reads, nobody else.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome(who, 'select from app.transactions'), '1 rows',
  who || ' reads the tenant''s transactions alone')
from unnest(array[
  'olivia@acme', 'adam@acme', 'mia@acme', 'vera@acme', 'worker@acme', 'gus@globex'
]) as who;
select is(pg_temp.outcome('vera@acme', 'select from app.account_balances'), '1 rows',
  'and the tenant''s balances');
select is(pg_temp.outcome('olivia@acme', statement), '42501',
  'not even an owner may: ' || statement)
from unnest(array[
  'update app.transactions set amount = 0', 'delete from app.transactions',
  'insert into app.transactions (tenant_id) values (null)', 'truncate app.transactions',
  'update app.account_balances set amount = 0', 'delete from app.account_balances',
  'insert into app.account_balances (tenant_id) values (null)'
]) as statement;

-- One row as the worker of a tenant writes it, but for what is said.
create function pg_temp.book(
  who text, tenant text default 'acme', account text default 'acme account',
  mapping text default 'acme mapping', raw text default 'acme raw', occurrence integer default 1,
  amount text default '1', conflict text default ''
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.transactions (
       tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint,
       occurrence, content_key, status, amount, currency, sort_date, description, description_raw
     )
     values (
       pg_temp.id(%L), gen_random_uuid(), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L),
       pg_temp.id(%L), 4, 4, decode(md5(%L), %L), %s, 1, %L, %s, %L, %L, %L, %L
     ) %s',
    tenant, account, mapping, split_part(raw, ' ', 1) || ' job', raw, 'coffee', 'hex', occurrence,
    'posted', amount, 'EUR', '2026-06-02', 'Coffee', 'COFFEE', conflict
  ))
$$;
select is(pg_temp.book('worker@acme'), '1 rows', 'a worker books a row of its tenant');
select is(pg_temp.book('worker@acme'), '23505 transactions_identity_key', 'once');
select is(pg_temp.book('worker@acme', conflict => 'on conflict do nothing'), '0 rows',
  'and a repeat adds nothing');
select is(pg_temp.book('worker@acme', occurrence => 2), '1 rows', 'a real twin stays');
select is(pg_temp.book('worker@acme', tenant => 'globex'), '42501', 'no row is for another tenant');
select is(pg_temp.book('worker'), '42501', 'a worker without a tenant books nothing');
select is(
  pg_temp.book('worker@acme', occurrence => 3, account => 'globex account'),
  '23503 transactions_mapping_fkey', 'nor on another tenant''s account');
select is(
  pg_temp.book(
    'worker@acme', occurrence => 3, mapping => 'globex mapping', account => 'globex account'
  ),
  '23503 transactions_mapping_fkey', 'mapping');
select is(
  pg_temp.book('worker@acme', occurrence => 3, raw => 'globex raw'), '23503 transactions_raw_fkey',
  'or document');
select is(
  pg_temp.book(
    'worker@globex', tenant => 'globex', account => 'globex account', mapping => 'globex mapping',
    raw => 'globex raw', conflict => 'on conflict do nothing'
  ), '1 rows', 'an equal row of another tenant is nobody''s duplicate');

-- Amounts.
select is(
  pg_temp.book('worker@acme', occurrence => 10, amount => '-99999999999999.99999999'),
  '1 rows',
  'fourteen digits and eight decimals fit');
select is(
  pg_temp.book('worker@acme', occurrence => 11, amount => amount),
  '23514 transactions_amount_check',
  amount || ' does not')
from unnest(array['100000000000000', '-100000000000000', '0.000000001']) as amount;
select throws_ok(
  format('update app.account_balances set amount = %L', amount), '23514', null,
  amount || ' is no amount'
)
from unnest(array['NaN', 'Infinity', '-Infinity']) as amount;
select results_eq(
  'select amount::text, amount_key from app.transactions where occurrence = 10',
  $$values ('-99999999999999.99999999', -10000000000000000::bigint)$$,
  'an amount is kept to the last digit, and its key rounds down'
);

-- Search. The rows booked above are in no index yet.
create function pg_temp.like(
  pattern text, day_from text default null, day_to text default null,
  amount_from text default null, amount_to text default null
)
returns text language sql as $$
  select format(
    'select private.transactions_like(%L, %L, %L, %L, %L)',
    pattern, day_from, day_to, amount_from, amount_to
  )
$$;
create function pg_temp.found(who text, searched text) returns text language sql as $$
  select pg_temp.answer(who, format(
    'select count(distinct found.id)::text from unnest((%s)) as found (id)', searched
  ))
$$;
grant execute on function pg_temp.like(text, text, text, text, text), pg_temp.found(text, text) to public;
select is(pg_temp.found('vera@acme', pg_temp.like('%coffee%')), '1',
  'what nobody noted as to be indexed is not looked at');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.unindexed_texts (tenant_id, transaction_ids)
  select tenant_id, array_agg(id) from app.transactions group by tenant_id
$$), '1 rows', 'a worker notes what it wrote');
select is(pg_temp.found(who, pg_temp.like('%coffee%')), found, who || ' finds ' || found)
from (values
  ('vera@acme', (select count(*)::text from app.transactions
    where tenant_id = pg_temp.id('acme') and description ilike '%coffee%')),
  ('gus@globex', '1'), ('vera@globex', '0'), ('vera', '0')
) as asked (who, found);
select is(pg_temp.answer('vera@acme', pg_temp.like(pattern)), found,
  pattern || ' is answered with ' || coalesce(found, 'null'))
from (values ('%no such text%', '{}'), ('%nx%', '{}')) as asked (pattern, found);
select is(pg_temp.found('gus@globex', pg_temp.like('%coffee%', day_from, day_to)), found,
  concat_ws(' ', 'of the indexed ones', day_from, day_to))
from (values
  ('2026-06-01', '2026-06-01', '1'), (null, '2026-06-01', '1'), ('2026-06-01', null, '1')
) as asked (day_from, day_to, found);
delete from app.unindexed_texts where tenant_id = pg_temp.id('globex');
select is(
  pg_temp.found('gus@globex', pg_temp.like(pattern, day, null, amount_from, amount_to)), found,
  concat_ws(' ', 'in the index alone:', pattern, day, amount_from, amount_to))
from (values
  ('%COFFEE%', null, null, null, '1'), ('%co%', '2026-06-01', null, null, '1'),
  ('%coffee%', '2026-06-02', null, null, '0'), ('%coffee%', null, '1001', '1001', '1'),
  ('%coffee%', null, '1002', null, '0'), ('%coffee%', null, null, '1000', '0')
) as asked (pattern, day, amount_from, amount_to, found);
insert into app.unindexed_texts (tenant_id, transaction_ids)
values (pg_temp.id('globex'), array[pg_temp.id('globex transaction')]);
select is(pg_temp.outcome(who, pg_temp.like('%coffee%')), '42501', who || ' may not search')
from unnest(array['worker@acme', 'webhook', 'anon']) as who;

select is(pg_temp.outcome(who, 'select from ' || name), '42501', who || ' does not read ' || name)
from unnest(array['olivia@acme', 'webhook', 'anon']) as who,
  unnest(array['app.transaction_texts', 'app.unindexed_texts']) as name;
select is(pg_temp.outcome('worker@acme', 'select from app.transaction_texts'), '1 rows',
  'a worker sees the texts of its tenant');
select is(pg_temp.outcome('worker', 'select from app.unindexed_texts'), '0 rows',
  'and without a tenant nothing');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.unindexed_texts (tenant_id, transaction_ids) values (pg_temp.id('globex'), '{}')
$$), '42501', 'it notes nothing for another tenant');
select is(pg_temp.outcome('worker@acme', 'delete from app.unindexed_texts'), '2 rows',
  'and takes its tenant''s notes off alone');
select is(pg_temp.answer('worker', 'select count(*)::text from private.unindexed_tenants(9)'), '0',
  'a tenant whose jobs are not done waits');
update app.ingestion_jobs set state = 'completed';
select is(
  pg_temp.answer('worker', 'select array_agg(tenant_id)::text from private.unindexed_tenants(9)'),
  array[pg_temp.id('globex')]::text, 'then it is said whose texts are to be indexed');
select is(pg_temp.outcome(who, 'select private.unindexed_tenants(9)'), '42501', 'not to ' || who)
from unnest(array['olivia@acme', 'webhook', 'anon']) as who;

-- Mapping anew: a worker brings the rows after it.
insert into app.accounts (tenant_id, id, name, currency)
values
  (pg_temp.id('acme'), pg_temp.id('acme other'), 'Other', 'EUR'),
  (pg_temp.id('acme'), pg_temp.id('acme third'), 'Third', 'EUR');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings set account_id = pg_temp.id('acme other')
$$), '1 rows', 'a member maps to another account');
select is(pg_temp.outcome('vera@acme', 'select from app.mapping_accounts'), '2 rows',
  'the accounts that a mapping feeds or fed are on record, for the tenant alone');
select is(pg_temp.outcome('olivia@acme', $$
  insert into app.mapping_accounts values (
    pg_temp.id('acme'), pg_temp.id('acme mapping'), pg_temp.id('acme third')
  )
$$), '42501', 'which not even an owner writes');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_accounts values (
    pg_temp.id('acme'), pg_temp.id('acme mapping'), pg_temp.id('acme third')
  )
$$), '42501', 'nor a worker');
select is(
  (select count(distinct account_id) from app.transactions
   where tenant_id = pg_temp.id('acme') and account_id <> pg_temp.id('acme account')), 0::bigint,
  'rows stay where they are at first');
select is(pg_temp.outcome('worker@acme', $$
  update app.transactions set account_id = pg_temp.id('acme other')
$$), '4 rows', 'a worker moves the tenant''s rows after their mapping');
select is(pg_temp.outcome('worker@acme', $$
  update app.account_balances set account_id = pg_temp.id('acme other')
$$), '1 rows', 'balances too');
select is(pg_temp.outcome('worker@acme', $$
  update app.transactions set account_id = pg_temp.id('acme third')
$$), '23503 transactions_mapping_fkey', 'but to no account that their mapping never fed');
select is(pg_temp.outcome('worker@acme', $$
  update app.account_balances set amount = 0
$$), '42501', 'and changes nothing else of a balance');
select is(
  (select count(*) from app.transactions
   where tenant_id = pg_temp.id('globex') and account_id <> pg_temp.id('globex account')),
  0::bigint,
  'and none of another tenant');
select is(pg_temp.outcome('worker@acme', $$
  update app.transactions set set_aside = 'posted'
$$), '23514 transactions_set_aside_check', 'a row that stands is not set aside');

-- Taking back.
select is(pg_temp.outcome('worker@acme', $$
  update app.transactions set tenant_id = pg_temp.id('globex')
$$), '42501', 'no row changes tenant');
select is(pg_temp.outcome('worker@acme', 'delete from app.account_balances'), '1 rows',
  'a worker takes back balances');
delete from app.review_items;
delete from app.transaction_parts;
delete from app.reconciliation_members;
delete from app.transaction_conflicts;
select is(pg_temp.outcome('worker@acme', 'delete from app.transactions'), '4 rows',
  'and rows of its tenant alone');
select is((select count(*) from app.transactions), 2::bigint, 'those of the other tenant stay');

select * from finish();
rollback;
