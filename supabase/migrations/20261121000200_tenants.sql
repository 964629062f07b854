-- Tenants, their members and invitations, and the sealed data key of each tenant.

create table app.tenants (
  id uuid not null default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tenants_pkey primary key (id),
  constraint tenants_name_check check (length(name) between 1 and 200)
);
comment on table app.tenants is 'A business or app whose data nobody else may see.';

create table app.tenant_members (
  tenant_id uuid not null,
  user_id uuid not null,
  email text not null,
  role text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tenant_members_pkey primary key (tenant_id, user_id),
  constraint tenant_members_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint tenant_members_user_fkey
  foreign key (user_id) references auth.users (id) on delete cascade,
  constraint tenant_members_role_check check (role in ('owner', 'admin', 'member', 'viewer')),
  constraint tenant_members_email_check check (length(email) between 1 and 320)
);
comment on table app.tenant_members is
  'Who belongs to a tenant and what they may do: owner > admin > member > viewer.';
create index tenant_members_user_idx on app.tenant_members (user_id, tenant_id);

create table app.tenant_invitations (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  email text not null,
  role text not null,
  invited_by uuid not null,
  expires_at timestamptz not null default now() + interval '14 days',
  accepted_at timestamptz,
  created_at timestamptz not null default now(),
  constraint tenant_invitations_pkey primary key (tenant_id, id),
  constraint tenant_invitations_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint tenant_invitations_email_key unique (tenant_id, email),
  constraint tenant_invitations_role_check check (role in ('owner', 'admin', 'member', 'viewer')),
  constraint tenant_invitations_email_check
  check (length(email) between 3 and 320 and email = lower(email) and position('@' in email) > 1)
);
comment on table app.tenant_invitations is
  'Open invitations; the user whose confirmed address it is accepts. Tells nothing about accounts.';
create index tenant_invitations_recipient_idx on app.tenant_invitations (email);

create table private.tenant_keys (
  tenant_id uuid not null,
  sealed_key bytea not null,
  created_at timestamptz not null default now(),
  constraint tenant_keys_pkey primary key (tenant_id),
  constraint tenant_keys_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint tenant_keys_sealed_key_check check (length(sealed_key) between 32 and 4096)
);
comment on table private.tenant_keys is
  'Each tenant''s data key, sealed under a key-encryption key. Destroying a row erases raw data.';

-- ---------------------------------------------------------------------------------------------
-- Who is it, for which tenant, as what? Asked once per statement by every policy.
-- ---------------------------------------------------------------------------------------------
create function private.current_tenant_id()
returns uuid
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.tenant_id
  from app.tenant_members as m
  where m.tenant_id = (private.claims() ->> 'tenant_id')::uuid
    and m.user_id = private.current_user_id()
$$;
comment on function private.current_tenant_id() is
  'The claimed tenant, where the user is a member of it now; else null, which matches nothing.';

create function private.has_role(minimum text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from app.tenant_members as m
    where m.tenant_id = (private.claims() ->> 'tenant_id')::uuid
      and m.user_id = private.current_user_id()
      and array_position(array['viewer', 'member', 'admin', 'owner'], m.role)
        >= array_position(array['viewer', 'member', 'admin', 'owner'], minimum)
  )
$$;
comment on function private.has_role(text) is
  'Whether the user has at least this role in the claimed tenant.';

create function private.my_tenants()
returns table (tenant_id uuid, name text, role text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select t.id, t.name, m.role
  from app.tenant_members as m
  join app.tenants as t on t.id = m.tenant_id
  where m.user_id = private.current_user_id()
  order by t.name, t.id
  limit 1000
$$;
comment on function private.my_tenants() is 'The tenants of the signed-in user, by name.';

create function private.create_tenant(tenant_name text)
returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  user_email text;
  tenant uuid;
begin
  select u.email into user_email from auth.users as u where u.id = private.current_user_id();
  if not found then
    raise exception 'no such user' using errcode = 'insufficient_privilege';
  end if;
  if (
    select count(*) from app.tenant_members as m
    where m.user_id = private.current_user_id() and m.role = 'owner'
  ) >= 100 then
    raise exception 'a user owns 100 tenants at most' using errcode = 'program_limit_exceeded';
  end if;
  insert into app.tenants (name) values (tenant_name) returning id into tenant;
  insert into app.tenant_members (tenant_id, user_id, email, role)
  values (tenant, private.current_user_id(), coalesce(user_email, 'unknown'), 'owner');
  return tenant;
end
$$;
comment on function private.create_tenant(text) is
  'Makes a tenant that the signed-in user owns, and returns its id.';

create function private.my_invitations()
returns table (tenant_id uuid, id uuid, tenant_name text, role text, expires_at timestamptz)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select i.tenant_id, i.id, t.name, i.role, i.expires_at
  from app.tenant_invitations as i
  join app.tenants as t on t.id = i.tenant_id
  join auth.users as u on lower(u.email) = i.email
  where u.id = private.current_user_id()
    and u.email_confirmed_at is not null
    and i.accepted_at is null
    and i.expires_at > now()
  order by i.created_at, i.id
  limit 100
$$;
comment on function private.my_invitations() is
  'Open invitations to the confirmed address of the signed-in user.';

create function private.accept_invitation(invitation uuid)
returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  offer record;
begin
  select i.tenant_id, i.id, i.role, i.email
  into offer
  from app.tenant_invitations as i
  join auth.users as u on lower(u.email) = i.email
  where i.id = invitation
    and u.id = private.current_user_id()
    and u.email_confirmed_at is not null
    and i.accepted_at is null
    and i.expires_at > now()
  for update of i;
  if not found then
    return null;
  end if;
  insert into app.tenant_members (tenant_id, user_id, email, role)
  values (offer.tenant_id, private.current_user_id(), offer.email, offer.role)
  on conflict (tenant_id, user_id) do nothing;
  update app.tenant_invitations as i
  set accepted_at = now()
  where i.tenant_id = offer.tenant_id and i.id = offer.id;
  return offer.tenant_id;
end
$$;
comment on function private.accept_invitation(uuid) is
  'Joins the tenant of an open invitation to the user''s confirmed address; else null.';

revoke all on function private.current_tenant_id() from public;
revoke all on function private.has_role(text) from public;
revoke all on function private.my_tenants() from public;
revoke all on function private.create_tenant(text) from public;
revoke all on function private.my_invitations() from public;
revoke all on function private.accept_invitation(uuid) from public;
grant execute on function private.current_tenant_id() to authenticated;
grant execute on function private.has_role(text) to authenticated;
grant execute on function private.my_tenants() to authenticated;
grant execute on function private.create_tenant(text) to authenticated;
grant execute on function private.my_invitations() to authenticated;
grant execute on function private.accept_invitation(uuid) to authenticated;

create function private.keep_an_owner()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Two owners who leave at once would each see the other: the tenant's row makes them queue.
  perform 1 from app.tenants as t where t.id = old.tenant_id for no key update;
  if not exists (
    select
    from app.tenant_members as m
    where m.tenant_id = old.tenant_id and m.role = 'owner' and m.user_id <> old.user_id
  ) then
    raise exception 'a tenant keeps at least one owner'
      using errcode = 'check_violation', constraint = 'tenant_members_owner_check';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
comment on function private.keep_an_owner() is
  'The last owner cannot leave; deleting the user at the authentication service still can.';
revoke all on function private.keep_an_owner() from public;

create trigger tenant_members_keep_an_owner_delete
before delete on app.tenant_members
for each row
when (old.role = 'owner' and current_user = 'authenticated')
execute function private.keep_an_owner();

create trigger tenant_members_keep_an_owner_update
before update of role on app.tenant_members
for each row
when (old.role = 'owner' and new.role <> 'owner' and current_user = 'authenticated')
execute function private.keep_an_owner();

create trigger tenants_touch before update on app.tenants
for each row execute function private.touch_updated_at();
create trigger tenant_members_touch before update on app.tenant_members
for each row execute function private.touch_updated_at();

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.tenants enable row level security;
alter table app.tenants force row level security;
alter table app.tenant_members enable row level security;
alter table app.tenant_members force row level security;
alter table app.tenant_invitations enable row level security;
alter table app.tenant_invitations force row level security;
alter table private.tenant_keys enable row level security;
alter table private.tenant_keys force row level security;

grant select, update (name) on app.tenants to authenticated;
grant select on app.tenants to worker;
grant select, delete, update (role) on app.tenant_members to authenticated;
grant select, insert, delete, update (role, invited_by, expires_at, accepted_at)
on app.tenant_invitations to authenticated;
grant select, insert on private.tenant_keys to worker;

create policy tenants_select on app.tenants
for select to authenticated
using (id = (select private.current_tenant_id()));

create policy tenants_update on app.tenants
for update to authenticated
using (id = (select private.current_tenant_id()) and (select private.has_role('admin')))
with check (id = (select private.current_tenant_id()));

create policy tenants_select_worker on app.tenants
for select to worker
using (id = (select private.worker_tenant_id()));

create policy tenant_members_select on app.tenant_members
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy tenant_members_update on app.tenant_members
for update to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('owner')))
with check (tenant_id = (select private.current_tenant_id()));

create policy tenant_members_delete on app.tenant_members
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and ((select private.has_role('owner')) or user_id = (select private.current_user_id()))
);

create policy tenant_invitations_select on app.tenant_invitations
for select to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('owner')));

create policy tenant_invitations_insert on app.tenant_invitations
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('owner'))
  and invited_by = (select private.current_user_id())
);

create policy tenant_invitations_update on app.tenant_invitations
for update to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('owner')))
with check (
  tenant_id = (select private.current_tenant_id())
  and invited_by = (select private.current_user_id())
);

create policy tenant_invitations_delete on app.tenant_invitations
for delete to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('owner')));

create policy tenant_keys_select_worker on private.tenant_keys
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy tenant_keys_insert_worker on private.tenant_keys
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));
