-- Personas and groups of them.

-- ---------------------------------------------------------------------------------------------
-- Personas: whoever can own something, whether they sign in or not.
-- ---------------------------------------------------------------------------------------------
create table app.personas (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  user_id uuid,
  kind text not null,
  name text,
  given_name text,
  family_name text,
  email text,
  is_primary boolean not null default false,
  status text not null default 'active',
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint personas_pkey primary key (tenant_id, id),
  constraint personas_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint personas_kind_check check (kind in ('person', 'business')),
  constraint personas_name_check check (length(name) between 1 and 200),
  constraint personas_given_name_check check (length(given_name) between 1 and 200),
  constraint personas_family_name_check check (length(family_name) between 1 and 200),
  constraint personas_names_check check (
    case kind
      when 'business' then name is not null and num_nonnulls(given_name, family_name) = 0
      else name is null and num_nonnulls(given_name, family_name) > 0
    end
  ),
  constraint personas_email_check
  check (length(email) between 3 and 320 and email = lower(email) and position('@' in email) > 1),
  constraint personas_status_check check (status in ('active', 'archived')),
  constraint personas_primary_check
  check (not is_primary or (user_id is not null and status = 'active'))
);
comment on table app.personas is
  'People and businesses that can own something. Archived, never deleted.';
comment on column app.personas.user_id is
  'The member who it is; null for a child, a business, anybody who does not sign in. It stays when '
  'the member leaves.';
comment on column app.personas.is_primary is
  'Of a user''s personas the one that their connections belong to: one at most.';
create unique index personas_primary_idx on app.personas (tenant_id, user_id) where is_primary;
create index personas_order_idx on app.personas (tenant_id, created_at desc, id desc);

create table app.persona_groups (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  description text,
  status text not null default 'active',
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint persona_groups_pkey primary key (tenant_id, id),
  constraint persona_groups_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint persona_groups_name_check check (length(name) between 1 and 200),
  constraint persona_groups_description_check check (length(description) between 1 and 2000),
  constraint persona_groups_status_check check (status in ('active', 'archived'))
);
comment on table app.persona_groups is
  'Groups of personas, such as a family circle. Archived, never deleted.';
create index persona_groups_order_idx on app.persona_groups (tenant_id, created_at desc, id desc);

create table app.persona_group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  persona_id uuid not null,
  created_at timestamptz not null default now(),
  constraint persona_group_members_pkey primary key (tenant_id, group_id, persona_id),
  constraint persona_group_members_group_fkey
  foreign key (tenant_id, group_id) references app.persona_groups (tenant_id, id),
  constraint persona_group_members_persona_fkey
  foreign key (tenant_id, persona_id) references app.personas (tenant_id, id)
);
comment on table app.persona_group_members is 'Which personas belong to which groups.';
create index persona_group_members_persona_idx
on app.persona_group_members (tenant_id, persona_id);

-- ---------------------------------------------------------------------------------------------
-- Whose persona: of a member of the tenant, if of a user at all.
-- ---------------------------------------------------------------------------------------------
create function private.check_persona_user()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select
    from app.tenant_members as m
    where m.tenant_id = new.tenant_id and m.user_id = new.user_id
  ) then
    raise exception 'no such member' using errcode = 'foreign_key_violation';
  end if;
  return new;
end
$$;
comment on function private.check_persona_user() is
  'A persona is of nobody or of a member; a key could not let the member leave.';
revoke all on function private.check_persona_user() from public;

create trigger personas_user before insert on app.personas
for each row when (new.user_id is not null and current_user = 'authenticated')
execute function private.check_persona_user();

create function private.primary_persona(holder uuid)
returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid;
  persona uuid;
begin
  -- The claims alone do not make a worker: the role that runs the statement must be one.
  if current_setting('role') = 'worker' then
    tenant := private.worker_tenant_id();
  elsif holder = private.current_user_id() and private.has_role('member') then
    tenant := private.current_tenant_id();
  end if;
  select p.id into persona
  from app.personas as p
  where p.tenant_id = tenant and p.user_id = holder and p.is_primary;
  if found then
    return persona;
  end if;
  insert into app.personas (tenant_id, user_id, kind, given_name, email, is_primary)
  select
    m.tenant_id,
    m.user_id,
    'person',
    left(coalesce(nullif(split_part(m.email, '@', 1), ''), m.email), 200),
    case when length(m.email) >= 3 and position('@' in m.email) > 1 then lower(m.email) end,
    true
  from app.tenant_members as m
  where m.tenant_id = tenant and m.user_id = holder
  on conflict (tenant_id, user_id) where is_primary do nothing
  returning id into persona;
  if found then
    perform private.audit('persona.created', null, null, jsonb_build_object('personaId', persona));
    return persona;
  end if;
  -- No such member; or somebody else made it just now.
  return (
    select p.id
    from app.personas as p
    where p.tenant_id = tenant and p.user_id = holder and p.is_primary
  );
end
$$;
comment on function private.primary_persona(uuid) is
  'The primary persona of a member, made of their address on first use: of any member for a worker '
  'of the tenant, for a user their own. Else null.';
revoke all on function private.primary_persona(uuid) from public;
grant execute on function private.primary_persona(uuid) to authenticated, worker;

create trigger personas_touch before update on app.personas
for each row execute function private.touch_updated_at();
create trigger persona_groups_touch before update on app.persona_groups
for each row execute function private.touch_updated_at();

grant select, insert on app.personas to authenticated;
grant update (name, given_name, family_name, email, is_primary, status)
on app.personas to authenticated;
grant select, insert, update (name, description, status) on app.persona_groups to authenticated;
grant select, insert, delete on app.persona_group_members to authenticated;
grant select on app.personas, app.persona_groups, app.persona_group_members to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.personas enable row level security;
alter table app.personas force row level security;
alter table app.persona_groups enable row level security;
alter table app.persona_groups force row level security;
alter table app.persona_group_members enable row level security;
alter table app.persona_group_members force row level security;

create policy personas_select on app.personas
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy personas_insert on app.personas
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
  and (
    (select private.has_role('admin'))
    or user_id is null
    or user_id = (select private.current_user_id())
  )
);

create policy personas_update on app.personas
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and (
    (select private.has_role('admin'))
    or user_id = (select private.current_user_id())
    or (user_id is null and created_by = (select private.current_user_id()))
  )
)
with check (tenant_id = (select private.current_tenant_id()));

create policy personas_select_worker on app.personas
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy persona_groups_select on app.persona_groups
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy persona_groups_insert on app.persona_groups
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
  and created_by = (select private.current_user_id())
);

create policy persona_groups_update on app.persona_groups
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy persona_groups_select_worker on app.persona_groups
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy persona_group_members_select on app.persona_group_members
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy persona_group_members_insert on app.persona_group_members
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy persona_group_members_delete on app.persona_group_members
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy persona_group_members_select_worker on app.persona_group_members
for select to worker
using (tenant_id = (select private.worker_tenant_id()));
