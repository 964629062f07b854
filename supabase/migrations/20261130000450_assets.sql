-- Assets: what personas own, and in which shares.

create table app.assets (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  group_id uuid,
  account_id uuid,
  connection_id uuid,
  category text not null,
  name text not null,
  name_by_user boolean not null default false,
  description text,
  institution_name text,
  institution_by_user boolean not null default false,
  status text not null default 'active',
  currency char(3) not null,
  value numeric,
  valued_at date,
  source text not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint assets_pkey primary key (tenant_id, id),
  constraint assets_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint assets_group_fkey
  foreign key (tenant_id, group_id) references app.persona_groups (tenant_id, id),
  constraint assets_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id),
  constraint assets_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint assets_account_key unique (tenant_id, account_id),
  constraint assets_category_check check (category in (
    'financial_account', 'real_estate', 'vehicle', 'crypto', 'business', 'valuables', 'insurance',
    'other'
  )),
  constraint assets_account_category_check
  check (account_id is null or category = 'financial_account'),
  constraint assets_name_check check (length(name) between 1 and 200),
  constraint assets_description_check check (length(description) between 1 and 2000),
  constraint assets_institution_name_check check (length(institution_name) between 1 and 200),
  constraint assets_status_check check (status in ('active', 'archived')),
  constraint assets_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint assets_value_check check (scale(value) <= 8 and abs(value) < 1e14),
  constraint assets_valued_at_check check ((value is null) = (valued_at is null)),
  constraint assets_source_check check (source in ('manual', 'connection'))
);
comment on table app.assets is
  'What personas own: accounts of the tenant, and what people entered. Archived, never deleted.';
comment on column app.assets.value is
  'What somebody said it is worth. Of an asset with an account the newest balance counts instead.';
comment on column app.assets.name_by_user is
  'Whether a person chose the name; a connection changes it only where not.';
comment on column app.assets.institution_by_user is
  'Whether a person named the institution; a connection changes it only where not.';
create index assets_group_idx on app.assets (tenant_id, group_id);
create index assets_connection_idx on app.assets (tenant_id, connection_id);
create index assets_order_idx on app.assets (tenant_id, created_at desc, id desc);

create table app.asset_personas (
  tenant_id uuid not null,
  asset_id uuid not null,
  persona_id uuid not null,
  ownership_type text not null,
  percentage numeric,
  created_at timestamptz not null default now(),
  constraint asset_personas_pkey primary key (tenant_id, asset_id, persona_id, ownership_type),
  constraint asset_personas_asset_fkey
  foreign key (tenant_id, asset_id) references app.assets (tenant_id, id),
  constraint asset_personas_persona_fkey
  foreign key (tenant_id, persona_id) references app.personas (tenant_id, id),
  constraint asset_personas_ownership_type_check
  check (ownership_type in ('owner', 'beneficiary', 'trustee')),
  -- Without a scale in its type a third decimal is refused, not rounded away.
  constraint asset_personas_percentage_check
  check (scale(percentage) <= 2 and percentage > 0 and abs(percentage) <= 100),
  constraint asset_personas_owner_check
  check (ownership_type <> 'owner' or percentage is not null)
);
comment on table app.asset_personas is
  'Who owns an asset, in which share, and for whose benefit or in whose trust it is held.';
comment on column app.asset_personas.percentage is
  'Of owners: together 100 at most. Of beneficiaries and trustees it is not added up.';
create index asset_personas_persona_idx on app.asset_personas (tenant_id, persona_id);

create function private.limit_ownership()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Writers of one asset queue here, and each then sees the shares of those before it. The row
  -- is changed, not only locked, so that a writer with an older snapshot fails.
  update app.assets as a
  set updated_at = now()
  where a.tenant_id = new.tenant_id and a.id = new.asset_id;
  if (
    select sum(o.percentage)
    from app.asset_personas as o
    where o.tenant_id = new.tenant_id
      and o.asset_id = new.asset_id
      and o.ownership_type = 'owner'
  ) > 100 then
    raise exception 'owners hold 100 percent of an asset at most'
      using errcode = 'check_violation', constraint = 'asset_personas_sum_check';
  end if;
  return null;
end
$$;
comment on function private.limit_ownership() is
  'The shares of an asset''s owners never sum above 100, whoever writes at the same time.';
revoke all on function private.limit_ownership() from public;

create trigger asset_personas_limit
after insert or update on app.asset_personas
for each row when (new.ownership_type = 'owner')
execute function private.limit_ownership();

create trigger assets_touch before update on app.assets
for each row execute function private.touch_updated_at();

grant select, insert on app.assets to authenticated;
grant update (
  group_id, account_id, category, name, name_by_user, description, institution_name,
  institution_by_user, status, currency, value, valued_at
) on app.assets to authenticated;
grant select, insert, delete on app.asset_personas to authenticated;
grant select, insert, update (connection_id, name, institution_name) on app.assets to worker;
grant select, insert on app.asset_personas to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.assets enable row level security;
alter table app.assets force row level security;
alter table app.asset_personas enable row level security;
alter table app.asset_personas force row level security;

create policy assets_select on app.assets
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy assets_insert on app.assets
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
  and source = 'manual'
);

create policy assets_update on app.assets
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy assets_select_worker on app.assets
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy assets_insert_worker on app.assets
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy assets_update_worker on app.assets
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy asset_personas_select on app.asset_personas
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy asset_personas_insert on app.asset_personas
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy asset_personas_delete on app.asset_personas
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy asset_personas_select_worker on app.asset_personas
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy asset_personas_insert_worker on app.asset_personas
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));
