-- Tenants, members, invitations and the sealed data keys: who may see, change and join.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Seeing.
select is(pg_temp.answer('vera@acme', 'select string_agg(name, $a$,$a$) from app.tenants'), 'Acme',
  'a viewer sees the tenant of the request and no other');
select is(pg_temp.outcome('vera@acme', 'select from app.tenant_members'), '4 rows',
  'members see each other');
select is(pg_temp.outcome('nora@acme', 'select from app.tenants'), '0 rows',
  'who is no member sees nothing, whatever tenant is claimed');
select is(pg_temp.outcome('olivia', 'select from app.tenants'), '0 rows',
  'without a tenant in the claims nothing is seen');
select is(pg_temp.outcome('worker@acme', 'select from app.tenants'), '1 rows',
  'a worker sees its job''s tenant');
select is(pg_temp.outcome('worker', 'select from app.tenants'), '0 rows',
  'a worker without a job sees none');
select is(pg_temp.outcome('worker@acme', 'select from app.tenant_members'), '42501',
  'a worker does not know the members');
select is(pg_temp.outcome('anon', 'select from app.tenants'), '42501', 'anon is refused');
select is(pg_temp.outcome('webhook', 'select from app.tenants'), '42501', 'webhook is refused');

-- The tenant itself.
select is(pg_temp.outcome('adam@acme', $$update app.tenants set name = 'Acme Ltd'$$), '1 rows',
  'an admin renames the tenant, and that one alone');
select is(pg_temp.outcome('mia@acme', $$update app.tenants set name = 'Mine'$$), '0 rows',
  'a member does not');
select is(pg_temp.outcome('olivia@acme', 'update app.tenants set id = gen_random_uuid()'), '42501',
  'nobody changes a tenant''s id');
select is(pg_temp.outcome('olivia@acme', 'delete from app.tenants'), '42501',
  'nobody deletes a tenant');
select is(pg_temp.outcome('olivia@acme', $$insert into app.tenants (name) values ('x')$$), '42501',
  'a tenant is made by private.create_tenant alone');

-- Members.
select is(
  pg_temp.outcome('adam@acme', $$update app.tenant_members set role = 'owner'$$), '0 rows',
  'an admin makes nobody an owner');
select is(
  pg_temp.outcome('olivia@acme', $$
    update app.tenant_members set role = 'admin' where user_id = pg_temp.id('mia')
  $$), '1 rows', 'an owner gives roles');
select is(
  pg_temp.outcome('olivia@acme', $$
    update app.tenant_members set role = 'viewer' where user_id = pg_temp.id('gus')
  $$), '0 rows', 'but not to another tenant''s members');
select is(
  pg_temp.outcome('olivia@acme', $$
    update app.tenant_members set tenant_id = pg_temp.id('globex')
  $$),
  '42501', 'a membership does not move');
select is(
  pg_temp.outcome('olivia@acme', $$
    insert into app.tenant_members (tenant_id, user_id, email, role)
    values (pg_temp.id('acme'), pg_temp.id('nora'), 'nora@example.test', 'viewer')
  $$), '42501', 'nobody is made a member without being asked');
select is(
  pg_temp.outcome('olivia@acme', $$
    update app.tenant_members set role = 'viewer' where role = 'owner'
  $$),
  '23514 tenant_members_owner_check', 'the last owner does not step down');
select is(
  pg_temp.outcome('olivia@acme', $$delete from app.tenant_members where role = 'owner'$$),
  '23514 tenant_members_owner_check', 'the last owner does not leave');
select is(
  pg_temp.outcome('olivia@acme', $$
    update app.tenant_members set role = 'owner' where user_id = pg_temp.id('adam')
  $$), '1 rows', 'a second owner is made');
select is(
  pg_temp.outcome('olivia@acme', $$delete from app.tenant_members where role = 'owner'$$),
  '23514 tenant_members_owner_check', 'two owners do not leave in one statement');
select is(
  pg_temp.outcome('adam@acme', $$
    update app.tenant_members set role = 'viewer' where role = 'owner'
  $$),
  '23514 tenant_members_owner_check', 'two owners do not step down in one statement');
select is(
  pg_temp.outcome('olivia@acme', $$
    delete from app.tenant_members where user_id = pg_temp.id('olivia')
  $$), '1 rows', 'one of two owners leaves');
select is(pg_temp.outcome('olivia@acme', 'select from app.connections'), '0 rows',
  'who left sees nothing from the next statement on, with the same claims');
select is(
  pg_temp.outcome('adam@acme', $$
    delete from app.tenant_members where user_id = pg_temp.id('mia')
  $$),
  '1 rows', 'an owner removes a member');
select is(
  pg_temp.outcome('mia@acme', $$
    insert into app.accounts (tenant_id, name, currency, created_by)
    values (pg_temp.id('acme'), 'Late', 'EUR', pg_temp.id('mia'))
  $$), '42501', 'a removed member writes nothing');
select is(
  pg_temp.outcome('vera@acme', $$
    delete from app.tenant_members where user_id = pg_temp.id('adam')
  $$),
  '0 rows', 'a viewer removes nobody');
select is(
  pg_temp.outcome('vera@acme', 'delete from app.tenant_members'), '1 rows',
  'but may leave, alone');
select lives_ok(
  'delete from auth.users where id = pg_temp.id($a$adam$a$)',
  'the authentication service deletes a user, even a last owner');

-- Invitations.
select is(pg_temp.outcome('gina@globex', 'select from app.tenant_invitations'), '0 rows',
  'an admin does not read invitations');
select is(pg_temp.outcome('gus@globex', 'select from app.tenant_invitations'), '1 rows',
  'an owner reads those of the tenant');
select is(
  pg_temp.outcome('gina@globex', $$
    insert into app.tenant_invitations (tenant_id, email, role, invited_by)
    values (pg_temp.id('globex'), 'gina2@example.test', 'owner', pg_temp.id('gina'))
  $$), '42501', 'an admin invites nobody');
select is(
  pg_temp.outcome('gus@globex', $$
    insert into app.tenant_invitations (tenant_id, email, role, invited_by)
    values (pg_temp.id('globex'), 'new@example.test', 'member', pg_temp.id('gina'))
  $$), '42501', 'an owner does not invite in another''s name');
select is(
  pg_temp.outcome('gus@globex', $$
    insert into app.tenant_invitations (tenant_id, email, role, invited_by)
    values (pg_temp.id('acme'), 'new@example.test', 'owner', pg_temp.id('gus'))
  $$), '42501', 'nor to another tenant');
select is(
  pg_temp.outcome('gus@globex', $$
    insert into app.tenant_invitations (tenant_id, email, role, invited_by)
    values (pg_temp.id('globex'), 'nora@example.test', 'member', pg_temp.id('gus'))
  $$), '1 rows', 'the same address may be invited to two tenants: neither hears of the other');
select is(pg_temp.answer('nora', 'select count(*) from private.my_invitations()'), '2',
  'the invited one sees both');
select is(pg_temp.answer('gina@globex', 'select count(*) from private.my_invitations()'), '0',
  'nobody else sees any');
select is(
  pg_temp.answer('gina', $$
    select private.accept_invitation(pg_temp.id('acme invitation'))
  $$), null,
  'another''s invitation is answered like one that is not there');
select is(
  pg_temp.answer('gina', 'select private.accept_invitation(gen_random_uuid())'), null,
  'and so is one that is not there');
update auth.users set email_confirmed_at = null where id = pg_temp.id('nora');
select is(
  pg_temp.answer('nora', $$
    select private.accept_invitation(pg_temp.id('acme invitation'))
  $$), null,
  'an address that is not confirmed joins nothing');
update auth.users set email_confirmed_at = now() where id = pg_temp.id('nora');
select is(
  pg_temp.answer('nora', 'select private.accept_invitation(pg_temp.id($a$acme invitation$a$))'),
  pg_temp.id('acme')::text, 'the invited one joins');
select is(pg_temp.answer('nora@acme', $$
  select role from app.tenant_members where user_id = pg_temp.id('nora')
$$), 'viewer', 'in the role that was offered');
select is(
  pg_temp.answer('nora', $$
    select private.accept_invitation(pg_temp.id('acme invitation'))
  $$), null,
  'an invitation is accepted once');
update app.tenant_invitations set expires_at = now() where tenant_id = pg_temp.id('globex');
select is(pg_temp.answer('nora', 'select count(*) from private.my_invitations()'), '0',
  'an invitation ends');

-- New tenants and data keys.
select is(
  pg_temp.outcome('greta@globex', $$select private.create_tenant('Greta''s')$$), '1 rows',
  'whoever is signed in makes a tenant');
select is(pg_temp.answer('greta', $$
  select string_agg(t.name || ' ' || t.role, ', ') from private.my_tenants() as t
$$), 'Globex member, Greta''s owner', 'and owns it, next to the tenants joined');
select is(pg_temp.outcome('stranger', $$select private.create_tenant('x')$$), '42501',
  'claims of a user who is gone make none');
select is(pg_temp.outcome('gus@globex', 'select from private.tenant_keys'), '42501',
  'an owner does not read the data key');
select is(pg_temp.outcome('worker@globex', 'select from private.tenant_keys'), '1 rows',
  'a worker reads its tenant''s');
select is(pg_temp.outcome('worker@globex', $$
  insert into private.tenant_keys (tenant_id, sealed_key)
  values (pg_temp.id('acme'), sha256('x'))
$$), '42501', 'and makes none for another');
select is(pg_temp.outcome('worker@globex', $$
  update private.tenant_keys set sealed_key = sha256('x')
$$),
  '42501', 'no key is overwritten');

select * from finish();
rollback;
