-- Personas, groups and assets: who may make and change them, and that shares never sum above 100.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- ---------------------------------------------------------------------------------------------
-- Personas.
-- ---------------------------------------------------------------------------------------------
select is(pg_temp.outcome('vera@acme', 'select from app.personas'), '1 rows',
  'a viewer sees the tenant''s personas alone');
select is(pg_temp.outcome('vera@acme', $$
  insert into app.personas (tenant_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), 'person', 'New', pg_temp.id('vera'))
$$), '42501', 'a viewer makes none');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.personas (tenant_id, id, kind, given_name, created_by)
  values (pg_temp.id('acme'), pg_temp.id('child'), 'person', 'Kim', pg_temp.id('mia'))
$$), '1 rows', 'a member makes one of nobody who signs in');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.personas (tenant_id, id, user_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), pg_temp.id('mia persona'), pg_temp.id('mia'), 'person', 'Mia',
    pg_temp.id('mia'))
$$), '1 rows', 'and their own');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.personas (tenant_id, user_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), pg_temp.id('adam'), 'person', 'Adam', pg_temp.id('mia'))
$$), '42501', 'but not another member''s');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.personas (tenant_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), 'person', 'New', pg_temp.id('adam'))
$$), '42501', 'nor in another''s name');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.personas (tenant_id, kind, given_name, created_by)
  values (pg_temp.id('globex'), 'person', 'New', pg_temp.id('mia'))
$$), '42501', 'nor in another tenant');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.personas (tenant_id, user_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), pg_temp.id('vera'), 'person', 'Vera', pg_temp.id('adam'))
$$), '1 rows', 'an admin makes any member''s');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.personas (tenant_id, user_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), pg_temp.id('greta'), 'person', 'Greta', pg_temp.id('adam'))
$$), '23503', 'not that of another tenant''s member');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.personas (tenant_id, user_id, kind, given_name, created_by)
  values (pg_temp.id('acme'), pg_temp.id('no user'), 'person', 'Nobody', pg_temp.id('adam'))
$$), '23503', 'which is refused like that of nobody');
select is(
  pg_temp.outcome('mia@acme', $$update app.personas set given_name = 'Renamed'$$), '2 rows',
  'a member renames their own, and whom they entered');
select is(
  pg_temp.outcome('adam@acme', $$update app.personas set family_name = 'Acme'$$), '4 rows',
  'an admin all of the tenant''s');
select is(pg_temp.outcome('vera@acme', $$update app.personas set family_name = 'x'$$), '0 rows',
  'a viewer not even their own');
select is(pg_temp.outcome('adam@acme', 'update app.personas set user_id = null'), '42501',
  'nobody changes whose it is');
select is(pg_temp.outcome('mia@acme', $$
  update app.personas set user_id = pg_temp.id('mia') where id = pg_temp.id('child')
$$), '42501', 'a member does not say whose one of nobody is');
select is(pg_temp.outcome('adam@acme', $$
  update app.personas set user_id = pg_temp.id('greta') where id = pg_temp.id('child')
$$), '23503', 'an admin does, but of no other tenant''s member');
select is(pg_temp.outcome('adam@acme', $$
  update app.personas set user_id = pg_temp.id('adam') where id = pg_temp.id('mia persona')
$$), '42501', 'nor of one that is somebody''s');
select is(pg_temp.outcome('olivia@acme', 'delete from app.personas'), '42501',
  'a persona is archived, not deleted');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.personas (tenant_id, user_id, kind, given_name, is_primary, created_by)
  values (pg_temp.id('acme'), pg_temp.id('olivia'), 'person', 'O', true, pg_temp.id('adam'))
$$), '23505 personas_primary_idx', 'a user has one primary persona');
select is(pg_temp.outcome('mia@acme', $$
  update app.personas set is_primary = true where id = pg_temp.id('child')
$$), '23514 personas_primary_check', 'nobody''s is the primary one of nobody');
select is(pg_temp.outcome('olivia@acme', $$
  update app.personas set status = 'archived' where user_id = pg_temp.id('olivia')
$$), '23514 personas_primary_check', 'a primary one is not archived');
select is(pg_temp.outcome('mia@acme', $$
  update app.personas set given_name = null, family_name = null where id = pg_temp.id('child')
$$), '23514 personas_names_check', 'a person has a name');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.personas (tenant_id, kind, name, given_name, created_by)
  values (pg_temp.id('acme'), 'business', 'Shop', 'Mia', pg_temp.id('mia'))
$$), '23514 personas_names_check', 'a business has one alone');
select is(pg_temp.outcome('worker@acme', 'select from app.personas'), '4 rows',
  'a worker reads personas');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.personas (tenant_id, kind, given_name) values (pg_temp.id('acme'), 'person', 'W')
$$), '42501', 'and makes none but the primary one');

-- The primary persona.
select is(
  pg_temp.answer('olivia@acme', $$select private.primary_persona(pg_temp.id('olivia'))$$),
  pg_temp.id('acme persona')::text,
  'the primary persona is the one that is there');
select isnt(
  pg_temp.answer('adam@acme', $$select private.primary_persona(pg_temp.id('adam'))$$),
  null,
  'or is made');
select is(
  (select format('%s %s %s', p.given_name, p.email, p.created_by is null)
   from app.personas as p where p.user_id = pg_temp.id('adam') and p.is_primary),
  'adam adam@example.test t', 'of the member''s address');
select is(
  pg_temp.answer('adam@acme', $$select private.primary_persona(pg_temp.id('adam'))$$),
  (select p.id::text from app.personas as p where p.user_id = pg_temp.id('adam')),
  'once');
select is(
  pg_temp.answer('mia@acme', $$select private.primary_persona(pg_temp.id('olivia'))$$),
  null,
  'a user is told no other''s');
select is(
  pg_temp.answer('vera@acme', $$select private.primary_persona(pg_temp.id('vera'))$$),
  null,
  'a viewer has none made');
select is(
  pg_temp.answer('worker@acme', $$select private.primary_persona(pg_temp.id('olivia'))$$),
  pg_temp.id('acme persona')::text,
  'a worker is told any of the tenant''s members''');
select is(
  pg_temp.answer('worker@acme', $$select private.primary_persona(pg_temp.id('gus'))$$),
  null,
  'of another tenant''s nothing');
select is(
  pg_temp.answer('worker', $$select private.primary_persona(pg_temp.id('gus'))$$),
  null,
  'and without a tenant nothing at all');

-- ---------------------------------------------------------------------------------------------
-- Groups.
-- ---------------------------------------------------------------------------------------------
select is(pg_temp.outcome('vera@acme', 'select from app.persona_groups'), '1 rows',
  'a viewer sees the tenant''s groups alone');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.persona_groups (tenant_id, name, created_by)
  values (pg_temp.id('acme'), 'New', pg_temp.id('mia'))
$$), '42501', 'a member makes none');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.persona_groups (tenant_id, name, created_by)
  values (pg_temp.id('acme'), 'New', pg_temp.id('adam'))
$$), '1 rows', 'an admin does');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.persona_groups (tenant_id, name, created_by)
  values (pg_temp.id('globex'), 'New', pg_temp.id('adam'))
$$), '42501', 'in their own tenant');
select is(pg_temp.outcome('mia@acme', $$update app.persona_groups set name = 'x'$$), '0 rows',
  'a member renames none');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.persona_group_members (tenant_id, group_id, persona_id)
  values (pg_temp.id('acme'), pg_temp.id('acme group'), pg_temp.id('child'))
$$), '1 rows', 'an admin adds a persona');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.persona_group_members (tenant_id, group_id, persona_id)
  values (pg_temp.id('acme'), pg_temp.id('acme group'), pg_temp.id('globex persona'))
$$), '23503 persona_group_members_persona_fkey', 'of their tenant');
select is(pg_temp.outcome('adam@acme', $$
  insert into app.persona_group_members (tenant_id, group_id, persona_id)
  values (pg_temp.id('acme'), pg_temp.id('globex group'), pg_temp.id('child'))
$$), '23503 persona_group_members_group_fkey', 'to a group of their tenant');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.persona_group_members (tenant_id, group_id, persona_id)
  values (pg_temp.id('acme'), pg_temp.id('acme group'), pg_temp.id('mia persona'))
$$), '42501', 'a member adds none');
select is(pg_temp.outcome('mia@acme', 'delete from app.persona_group_members'), '0 rows',
  'and takes none out');
select is(pg_temp.outcome('adam@acme', $$
  delete from app.persona_group_members where persona_id = pg_temp.id('child')
$$), '1 rows', 'an admin does');

-- ---------------------------------------------------------------------------------------------
-- Assets.
-- ---------------------------------------------------------------------------------------------
select is(pg_temp.outcome('vera@acme', 'select from app.assets'), '1 rows',
  'a viewer sees the tenant''s assets alone');
select is(pg_temp.outcome('vera@acme', $$
  insert into app.assets (tenant_id, category, name, currency, source, created_by)
  values (pg_temp.id('acme'), 'vehicle', 'Car', 'EUR', 'manual', pg_temp.id('vera'))
$$), '42501', 'a viewer enters none');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.assets (tenant_id, id, category, name, currency, source, created_by)
  values (pg_temp.id('acme'), pg_temp.id('house'), 'real_estate', 'House', 'EUR', 'manual',
    pg_temp.id('mia'))
$$), '1 rows', 'a member does');
select is(pg_temp.outcome('mia@acme', $$
  insert into app.assets (tenant_id, category, name, currency, source, created_by)
  values (pg_temp.id('acme'), 'vehicle', 'Car', 'EUR', 'connection', pg_temp.id('mia'))
$$), '42501', 'not as if a connection had');
select is(pg_temp.outcome('mia@acme', $$
  update app.assets set group_id = pg_temp.id('globex group') where id = pg_temp.id('house')
$$), '23503 assets_group_fkey', 'no asset is in another tenant''s group');
select is(pg_temp.outcome('mia@acme', $$
  update app.assets set account_id = pg_temp.id('globex account'), category = 'financial_account'
  where id = pg_temp.id('house')
$$), '23503 assets_account_fkey', 'nor of another tenant''s account');
select is(pg_temp.outcome('mia@acme', $$
  update app.assets set account_id = pg_temp.id('acme account'), category = 'financial_account'
  where id = pg_temp.id('house')
$$), '23505 assets_account_key', 'an account is one asset');
select is(pg_temp.outcome('mia@acme', $$
  update app.assets set category = 'vehicle' where account_id is not null
$$), '23514 assets_account_category_check', 'and is a financial account');
select is(pg_temp.outcome('mia@acme', $$
  update app.assets set value = 1 where id = pg_temp.id('house')
$$), '23514 assets_valued_at_check', 'a value is of a day');
select is(pg_temp.outcome('mia@acme', $$update app.assets set source = 'manual'$$), '42501',
  'where it comes from stays');
select is(pg_temp.outcome('olivia@acme', 'delete from app.assets'), '42501',
  'an asset is archived, not deleted');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.assets (tenant_id, category, name, currency, source)
  values (pg_temp.id('globex'), 'other', 'x', 'EUR', 'connection')
$$), '42501', 'a worker makes assets of its own tenant');
select is(pg_temp.outcome('worker@acme', $$update app.assets set status = 'archived'$$), '42501',
  'and archives none');

-- ---------------------------------------------------------------------------------------------
-- Shares.
-- ---------------------------------------------------------------------------------------------
create function pg_temp.own(who text, asset text, persona text, kind text, percentage text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.asset_personas (tenant_id, asset_id, persona_id, ownership_type, percentage) '
    'values (%L, %L, %L, %L, %s)',
    pg_temp.id('acme'), pg_temp.id(asset), pg_temp.id(persona), kind, percentage
  ))
$$;

select is(pg_temp.own('vera@acme', 'acme asset', 'child', 'owner', '1'), '42501',
  'a viewer gives no share');
select is(pg_temp.own('mia@acme', 'acme asset', 'child', 'owner', '40.01'),
  '23514 asset_personas_sum_check', 'shares never sum above 100');
select is(pg_temp.own('worker@acme', 'acme asset', 'child', 'owner', '40.01'),
  '23514 asset_personas_sum_check', 'a worker''s neither');
select is(pg_temp.own('mia@acme', 'acme asset', 'child', 'owner', '40'), '1 rows',
  'but may sum to it');
select is(pg_temp.own('mia@acme', 'acme asset', 'child', 'beneficiary', '100'), '1 rows',
  'those of a beneficiary do not count');
select is(pg_temp.own('mia@acme', 'acme asset', 'child', 'trustee', 'null'), '1 rows',
  'a trustee needs none');
select is(pg_temp.own('mia@acme', 'house', 'child', 'owner', 'null'),
  '23514 asset_personas_owner_check', 'an owner needs one');
select is(pg_temp.own('mia@acme', 'house', 'child', 'owner', '0'),
  '23514 asset_personas_percentage_check', 'of more than nothing');
select is(pg_temp.own('mia@acme', 'house', 'child', 'owner', '33.335'),
  '23514 asset_personas_percentage_check', 'a third decimal is refused, not rounded');
select is(pg_temp.own('mia@acme', 'house', 'child', 'trustee', '100.01'),
  '23514 asset_personas_percentage_check', 'nobody has more than all');
select is(pg_temp.own('mia@acme', 'house', 'globex persona', 'owner', '1'),
  '23503 asset_personas_persona_fkey', 'owners are of the tenant');
select is(pg_temp.own('mia@acme', 'globex asset', 'child', 'owner', '1'),
  '23503 asset_personas_asset_fkey', 'and so is what they own');
select is(
  pg_temp.outcome('mia@acme', 'update app.asset_personas set percentage = 1'), '42501',
  'shares are set anew, not changed');
update app.asset_personas as o
set percentage = 100 - o.percentage
where o.tenant_id = pg_temp.id('acme') and o.ownership_type = 'owner';
select pass('whoever swaps shares in one statement may, in whichever order they are written');
select throws_ok(
  $$update app.asset_personas set percentage = 61 where percentage = 60$$,
  '23514', null, 'the owner of the database cannot sum above 100 either');
select is(pg_temp.outcome('vera@acme', 'delete from app.asset_personas'), '0 rows',
  'a viewer takes no share');
select is(pg_temp.outcome('mia@acme', 'delete from app.asset_personas'), '4 rows',
  'a member takes the tenant''s alone');
select is(
  (select count(*) from app.asset_personas as o where o.tenant_id = pg_temp.id('globex')), 1::bigint,
  'the other tenant''s are as they were');

select * from finish();
rollback;
