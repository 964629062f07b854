-- Account matching: whose decisions are whose, what is refused stays so, and who is believed first.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
select tenant_id, pg_temp.id(tenant || ' mapping'), 'iban', sha256('one number')
from pair;

-- How numbers are written.
select is(pg_temp.outcome('vera@acme', 'select from app.mapping_numbers'), '1 rows',
  'a viewer sees hashes of the tenant alone');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
  values (pg_temp.id('acme'), pg_temp.id('acme mapping'), 'iban', sha256('x'))
$$), '42501', 'a member writes none');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
  values (pg_temp.id('acme'), pg_temp.id('acme mapping'), 'routed', sha256('x'))
$$), '1 rows', 'a worker does');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
  values (pg_temp.id('acme'), pg_temp.id('globex mapping'), 'iban', sha256('x'))
$$), '23503 mapping_numbers_mapping_fkey', 'of mappings of its tenant');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
  values (pg_temp.id('globex'), pg_temp.id('globex mapping'), 'iban', sha256('x'))
$$), '42501', 'for its own tenant');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
  values (pg_temp.id('acme'), pg_temp.id('acme mapping'), 'iban', 'DE02120300000000202051')
$$), '23514 mapping_numbers_number_hash_check', 'no number in clear is a hash');

-- Who is believed first.
select is(pg_temp.outcome('mia@acme', $$
  update app.accounts set primary_mapping_id = pg_temp.id('acme mapping')
$$), '1 rows', 'a member says which source is believed first');
select is(pg_temp.outcome('mia@acme', $$
  update app.accounts set primary_mapping_id = pg_temp.id('globex mapping')
$$), '23503 accounts_primary_fkey', 'but not another tenant''s');
select is(pg_temp.outcome('worker@acme', $$update app.accounts set primary_mapping_id = null$$),
  '42501', 'a worker says nothing of it');
insert into app.account_mappings (
  tenant_id, id, connection_id, lineage_id, external_account_id, currency
)
select
  tenant_id, pg_temp.id(tenant || ' second'), pg_temp.id(tenant || ' connection'),
  pg_temp.id(tenant || ' connection'), '0002', 'EUR'
from pair;
select is(pg_temp.outcome('mia@acme', $$
  update app.accounts set primary_mapping_id = pg_temp.id('acme second')
$$), '23503 accounts_primary_fkey', 'nor one that does not feed the account');

-- Whose decision it is.
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings set decided_by = 'matched', match_score = 100, match_rule = 1,
    match_reasons = '[]'
$$), '42501', 'a member does not decide in a machine''s name');
select is(pg_temp.outcome('worker@acme', $$
  update app.account_mappings
  set state = 'mapped', account_id = pg_temp.id('acme account'), decided_by = 'matched'
  where id = pg_temp.id('acme second')
$$), '23514 account_mappings_matched_check', 'a machine gives its reasons');
select is(pg_temp.outcome('worker@acme', $$
  update app.account_mappings
  set state = 'mapped', account_id = pg_temp.id('acme account'), decided_by = 'matched',
    match_score = 95, match_rule = 1, match_reasons = '[{"code": "same_iban"}]'
  where id = pg_temp.id('acme second')
$$), '1 rows', 'then it decides');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings
  set verified_by = pg_temp.id('mia'), verified_at = now()
  where id = pg_temp.id('acme second')
$$), '1 rows', 'a member confirms');
select is(
  (select decided_by || match_score from app.account_mappings where id = pg_temp.id('acme second')),
  'matched95', 'and it stays the machine''s decision, with its score');

-- What is refused.
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings
  set state = 'pending', account_id = null, verified_by = null, verified_at = null
  where id = pg_temp.id('acme second')
$$), '1 rows', 'a member takes it back');
select results_eq(
  $$
    select m.decided_by, m.match_score, r.account_id, r.created_by
    from app.account_mappings as m
    join app.mapping_refusals as r on r.tenant_id = m.tenant_id and r.mapping_id = m.id
    where m.id = pg_temp.id('acme second')
  $$,
  $$
    values (null::text, null::integer, pg_temp.id('acme account'), pg_temp.id('mia'))
  $$,
  'the account is refused from now on, and nothing is left of the machine''s reasons');
select is(
  pg_temp.answer('mia@acme', $$
    select count(id) from private.account_candidates(
      pg_temp.id('acme'), array[pg_temp.id('acme second')]
    )
  $$), '0', 'it is no candidate any more');
select is(pg_temp.outcome(who, 'delete from app.mapping_refusals'), expected,
  who || ' forgives nothing that is not theirs to say')
from (values
  ('vera@acme', '0 rows'), ('gus@globex', '0 rows'), ('worker@acme', '42501')
) as v (who, expected);
select is(pg_temp.outcome(who, format(
    'insert into app.mapping_refusals (tenant_id, mapping_id, account_id, created_by)
     values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L))',
    tenant, tenant || ' mapping', account, by_whom
  )), expected, format('%s refuses in %s, as %s', who, tenant, by_whom))
from (values
  ('mia@acme', 'acme', 'acme account', 'mia', '1 rows'),
  ('mia@acme', 'acme', 'acme account', 'olivia', '42501'),
  ('mia@acme', 'acme', 'globex account', 'mia', '23503 mapping_refusals_account_fkey'),
  ('mia@acme', 'globex', 'globex account', 'mia', '42501'),
  ('vera@acme', 'acme', 'acme account', 'vera', '42501')
) as v (who, tenant, account, by_whom, expected);
select is(pg_temp.outcome('mia@acme', $$
  delete from app.mapping_refusals where mapping_id = pg_temp.id('acme mapping')
$$), '1 rows', 'a member takes a refusal back');
select is(
  pg_temp.outcome(who, format('select 1 from private.rate_pending(pg_temp.id(%L), 70)', mapping)),
  expected, format('%s rates the %s', who, mapping))
from (values
  ('mia@acme', 'acme second', '1 rows'), ('mia@acme', 'acme mapping', '1 rows'),
  ('vera@acme', 'acme second', '1 rows'), ('worker@acme', 'acme second', '42501')
) as v (who, mapping, expected);
select results_eq(
  $$select m.match_score from app.account_mappings as m
    where m.id in (pg_temp.id('acme second'), pg_temp.id('acme mapping')) order by 1$$,
  'values (70), (null)', 'of what waits, and of nothing else');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.mapping_refusals (tenant_id, mapping_id, account_id)
  values (pg_temp.id('acme'), pg_temp.id('acme mapping'), pg_temp.id('acme account'))
$$), '42501', 'nor writes one');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings
  set state = 'mapped', account_id = pg_temp.id('acme account'),
    verified_by = pg_temp.id('mia'), verified_at = now()
  where id = pg_temp.id('acme second')
$$), '1 rows', 'a member may change their mind');
select is_empty(
  $$select from app.mapping_refusals$$, 'and nothing is refused any more');
select is(
  (select decided_by from app.account_mappings where id = pg_temp.id('acme second')), 'user',
  'which is a person''s decision');

-- Candidates of the tenant alone.
update app.account_mappings set state = 'pending', account_id = null, decided_by = null
where id in (pg_temp.id('acme second'), pg_temp.id('globex second'));
insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
select tenant_id, pg_temp.id(tenant || ' second'), 'iban', sha256('one number')
from pair;
select is(
  pg_temp.answer('vera@acme', $$
    select c.id::text || c.same_numbers::text
    from private.account_candidates(
      pg_temp.id('acme'), array[pg_temp.id('acme second'), pg_temp.id('globex second')]
    ) as c
  $$), pg_temp.id('acme account') || '{iban}', 'a number meets its account in the tenant');
select is(
  pg_temp.answer('vera@acme', $$
    select count(*) from private.account_candidates(
      pg_temp.id('globex'), array[pg_temp.id('globex second')]
    )
  $$), '0', 'and nothing in another');

select * from finish();
rollback;
