-- Accounts and what sources call them: who maps what to what.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome('vera@acme', 'select from app.accounts'), '1 rows',
  'a viewer sees the tenant''s accounts alone');
select is(pg_temp.outcome('vera@acme', $$
  insert into app.accounts (tenant_id, name, currency, created_by)
  values (pg_temp.id('acme'), 'New', 'EUR', pg_temp.id('vera'))
$$), '42501', 'a viewer opens no account');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.accounts (tenant_id, name, currency, created_by)
  values (pg_temp.id('acme'), 'New', 'EUR', pg_temp.id('mia'))
$$), '1 rows', 'a member does');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.accounts (tenant_id, name, currency, created_by)
  values (pg_temp.id('acme'), 'New', 'EUR', pg_temp.id('olivia'))
$$), '42501', 'but not in another''s name');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.accounts (tenant_id, name, currency, created_by)
  values (pg_temp.id('globex'), 'New', 'EUR', pg_temp.id('mia'))
$$), '42501', 'nor in another tenant');
select is(pg_temp.outcome('mia@acme', $$update app.accounts set name = 'Renamed'$$), '2 rows',
  'a member renames the tenant''s own');
select is(pg_temp.outcome('vera@acme', $$update app.accounts set name = 'x'$$), '0 rows',
  'a viewer renames none');
select is(pg_temp.outcome('mia@acme', $$
  update app.accounts set institution_id = pg_temp.id('globex bank')
$$), '23503 accounts_institution_fkey', 'an account is not at another tenant''s institution');
select is(pg_temp.outcome('mia@acme', $$update app.accounts set currency = 'USD'$$), '42501',
  'an account keeps its currency');
select is(pg_temp.outcome('olivia@acme', 'delete from app.accounts'), '42501',
  'an account is closed, not deleted');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.accounts (tenant_id, name, currency) values (pg_temp.id('acme'), 'Found', 'EUR')
$$), '1 rows', 'a worker opens the account that a file names');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.accounts (tenant_id, name, currency) values (pg_temp.id('globex'), 'Found', 'EUR')
$$), '42501', 'for its own tenant');
select is(pg_temp.outcome('worker@acme', $$update app.accounts set name = 'x'$$), '42501',
  'but does not rename what people named');

-- Mappings.
select is(pg_temp.outcome('vera@acme', 'select from app.account_mappings'), '1 rows',
  'a viewer sees the tenant''s mappings alone');
select is(
  pg_temp.outcome('vera@acme', $$update app.account_mappings set state = 'ignored'$$),
  '0 rows',
  'a viewer maps nothing');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.account_mappings (
    tenant_id, connection_id, lineage_id, external_account_id, currency
  )
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), pg_temp.id('acme connection'), 'x', 'EUR'
  )
$$), '42501', 'mappings come from sources, not from members');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.account_mappings (
    tenant_id, connection_id, lineage_id, external_account_id, currency
  )
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), pg_temp.id('acme connection'), '0002', 'EUR'
  )
$$), '1 rows', 'a worker writes them down');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.account_mappings (
    tenant_id, connection_id, lineage_id, external_account_id, currency
  )
  values (
    pg_temp.id('acme'), pg_temp.id('globex connection'), pg_temp.id('acme connection'), '3', 'EUR'
  )
$$), '23503 account_mappings_connection_fkey', 'for connections of its tenant');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.account_mappings (
    tenant_id, connection_id, lineage_id, external_account_id, currency
  )
  values (
    pg_temp.id('acme'), pg_temp.id('acme connection'), pg_temp.id('globex connection'), '0001',
    'EUR'
  )
  on conflict (tenant_id, lineage_id, external_account_id) do nothing
$$), '1 rows', 'and meets no key of another tenant');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings set state = 'mapped', account_id = pg_temp.id('acme account'),
    verified_by = pg_temp.id('mia'), verified_at = now()
  where external_account_id = '0002'
$$), '1 rows', 'a member maps to an account of the tenant');
select is(pg_temp.outcome('adam@acme', $$
  update app.account_mappings set verified_by = pg_temp.id('mia')
  where external_account_id = '0001'
$$), '42501', 'nobody signs for another');
select is(pg_temp.outcome('adam@acme', $$
  update app.account_mappings set state = 'ignored', account_id = null
  where external_account_id = '0002'
$$), '1 rows', 'a mapping that another verified can be changed');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings set state = 'mapped', account_id = pg_temp.id('globex account')
$$), '23503 account_mappings_account_fkey', 'but not to another tenant''s');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings set state = 'mapped', account_id = pg_temp.id('no account')
$$), '23503 account_mappings_account_fkey', 'which is refused like one that is not there');
select is(pg_temp.outcome('mia@acme', $$
  update app.account_mappings set state = 'mapped', account_id = null
$$), '23514 account_mappings_account_check', 'nor to none');
select is(
  pg_temp.outcome('worker@acme', 'update app.account_mappings set verified_at = now()'),
  '42501',
  'a worker verifies nothing');
select is(pg_temp.outcome('mia@acme', 'delete from app.account_mappings'), '42501',
  'no mapping is deleted');
select is(
  (select a.name from app.account_mappings as m join app.accounts as a on a.id = m.account_id
   where m.tenant_id = pg_temp.id('globex')), 'Main', 'the other tenant''s mapping is as it was');

select * from finish();
rollback;
