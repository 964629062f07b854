-- A tenant's own words for what transactions were for, and its rules.

-- ---------------------------------------------------------------------------------------------
-- Categories of the tenant's own, and what it calls those of sources.
-- ---------------------------------------------------------------------------------------------
create table app.categories (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  code text not null,
  description text,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint categories_pkey primary key (tenant_id, id),
  constraint categories_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint categories_name_key unique (tenant_id, name),
  constraint categories_name_check check (length(name) between 1 and 200),
  constraint categories_code_check check (code ~ '^[A-Z][A-Z0-9_]{1,99}$'),
  constraint categories_description_check check (length(description) between 1 and 2000)
);
comment on table app.categories is
  'Categories in the tenant''s own words, each below one of the taxonomy.';
comment on column app.categories.code is
  'The primary or detailed category that it belongs to.';
create index categories_order_idx on app.categories (tenant_id, created_at desc, id desc);

create table app.category_mappings (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  provider_category text not null,
  category text not null,
  updated_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint category_mappings_pkey primary key (tenant_id, id),
  constraint category_mappings_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint category_mappings_provider_category_key unique (tenant_id, provider_category),
  constraint category_mappings_provider_category_check
  check (length(provider_category) between 1 and 500),
  constraint category_mappings_category_check check (length(category) between 1 and 200)
);
comment on table app.category_mappings is
  'What the tenant calls a category of a source or of the taxonomy.';
create index category_mappings_order_idx
on app.category_mappings (tenant_id, created_at desc, id desc);

-- ---------------------------------------------------------------------------------------------
-- Rules, and what each one said before.
-- ---------------------------------------------------------------------------------------------
create table app.category_rules (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  position integer not null,
  name text not null,
  enabled boolean not null default true,
  conditions jsonb not null,
  category text not null,
  version integer not null default 1,
  updated_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint category_rules_pkey primary key (tenant_id, id),
  constraint category_rules_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint category_rules_position_check check (position >= 0),
  constraint category_rules_name_check check (length(name) between 1 and 200),
  constraint category_rules_conditions_check
  check (jsonb_typeof(conditions) = 'object' and pg_column_size(conditions) < 16384),
  constraint category_rules_category_check check (length(category) between 1 and 200)
);
comment on table app.category_rules is
  'Rules of the tenant, tried in the order of their positions: the first that fits decides.';
create index category_rules_order_idx on app.category_rules (tenant_id, position, id);

create table app.category_rule_versions (
  tenant_id uuid not null,
  rule_id uuid not null,
  version integer not null,
  name text not null,
  enabled boolean not null,
  conditions jsonb not null,
  category text not null,
  deleted boolean not null default false,
  changed_by uuid,
  changed_at timestamptz not null default now(),
  constraint category_rule_versions_pkey primary key (tenant_id, rule_id, version),
  constraint category_rule_versions_tenant_fkey foreign key (tenant_id) references app.tenants (id)
);
comment on table app.category_rule_versions is
  'Append-only: what each rule said, from when on, by whom; the last version of one that is gone
says so.';

create function private.number_rule_version()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.name, new.enabled, new.conditions, new.category)
    is distinct from (old.name, old.enabled, old.conditions, old.category)
  then
    new.version := old.version + 1;
  end if;
  return new;
end
$$;
comment on function private.number_rule_version() is
  'A rule that says something else has a new version; its place in the order is none of it.';
revoke all on function private.number_rule_version() from public;

create function private.keep_rule_version()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    insert into app.category_rule_versions (
      tenant_id, rule_id, version, name, enabled, conditions, category, deleted, changed_by
    )
    values (
      old.tenant_id, old.id, old.version + 1, old.name, old.enabled, old.conditions, old.category,
      true, private.current_user_id()
    );
  else
    insert into app.category_rule_versions (
      tenant_id, rule_id, version, name, enabled, conditions, category, changed_by
    )
    values (
      new.tenant_id, new.id, new.version, new.name, new.enabled, new.conditions, new.category,
      new.updated_by
    )
    on conflict (tenant_id, rule_id, version) do nothing;
  end if;
  return null;
end
$$;
comment on function private.keep_rule_version() is 'Keeps each version of a rule.';
revoke all on function private.keep_rule_version() from public;

create trigger category_rules_number before update on app.category_rules
for each row execute function private.number_rule_version();
create trigger category_rules_keep after insert or update or delete on app.category_rules
for each row execute function private.keep_rule_version();

-- ---------------------------------------------------------------------------------------------
-- Triggers, grants and row-level security.
-- ---------------------------------------------------------------------------------------------
create trigger categories_touch before update on app.categories
for each row execute function private.touch_updated_at();
create trigger category_mappings_touch before update on app.category_mappings
for each row execute function private.touch_updated_at();
create trigger category_rules_touch before update on app.category_rules
for each row execute function private.touch_updated_at();
create trigger category_rule_versions_append_only
before update or delete on app.category_rule_versions
for each row execute function private.refuse_change();
create trigger category_rule_versions_no_truncate
before truncate on app.category_rule_versions
for each statement execute function private.refuse_change();

grant select on
app.categories, app.category_mappings, app.category_rules, app.category_rule_versions
to authenticated;
grant select on app.categories, app.category_mappings, app.category_rules to worker;
grant insert (tenant_id, name, code, description, created_by), update (name, code, description),
delete on app.categories to authenticated;
grant insert (tenant_id, provider_category, category, updated_by), update (category, updated_by),
delete on app.category_mappings to authenticated;
grant insert (tenant_id, position, name, enabled, conditions, category, updated_by),
update (position, name, enabled, conditions, category, updated_by),
delete on app.category_rules to authenticated;

alter table app.categories enable row level security, force row level security;
alter table app.category_mappings enable row level security, force row level security;
alter table app.category_rules enable row level security, force row level security;
alter table app.category_rule_versions enable row level security, force row level security;

create policy categories_select on app.categories
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy categories_insert on app.categories
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and created_by = (select private.current_user_id())
);

create policy categories_update on app.categories
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy categories_delete on app.categories
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy categories_select_worker on app.categories
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy category_mappings_select on app.category_mappings
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy category_mappings_insert on app.category_mappings
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and updated_by = (select private.current_user_id())
);

create policy category_mappings_update on app.category_mappings
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (
  tenant_id = (select private.current_tenant_id())
  and updated_by = (select private.current_user_id())
);

create policy category_mappings_delete on app.category_mappings
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy category_mappings_select_worker on app.category_mappings
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy category_rules_select on app.category_rules
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy category_rules_insert on app.category_rules
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
  and updated_by = (select private.current_user_id())
);

create policy category_rules_update on app.category_rules
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (
  tenant_id = (select private.current_tenant_id())
  and updated_by = (select private.current_user_id())
);

create policy category_rules_delete on app.category_rules
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy category_rules_select_worker on app.category_rules
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy category_rule_versions_select on app.category_rule_versions
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));
