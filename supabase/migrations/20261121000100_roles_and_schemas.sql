-- Roles, schemas and the functions that every policy asks: who is it, and for which tenant?
-- Runs with the Supabase CLI and with `bankfeeds migrate`, as a role that is no superuser.

-- ---------------------------------------------------------------------------------------------
-- Roles. Roles belong to the cluster, so another database may have made them already.
-- ---------------------------------------------------------------------------------------------
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'worker') then
    create role worker nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'webhook') then
    create role webhook nologin noinherit;
  end if;
end
$$;

comment on role worker is 'Jobs of one tenant: the claims carry the tenant and no user.';
comment on role webhook is 'Webhook intake, before the tenant of an event is known.';

-- ---------------------------------------------------------------------------------------------
-- Schemas. The Data API exposes neither.
-- ---------------------------------------------------------------------------------------------
create schema app;
comment on schema app is 'Tenant data, guarded by row-level security; not exposed by the Data API.';

create schema private;
comment on schema private is 'Definer functions and key material; never exposed.';

revoke all on schema app, private from public;
grant usage on schema app, private to authenticated, worker;
grant usage on schema private to webhook;

alter default privileges in schema app revoke all on tables from public, anon, authenticated;
alter default privileges in schema app revoke all on sequences from public, anon, authenticated;
-- Functions are granted to public by a default that only the unqualified form can take away.
alter default privileges revoke execute on functions from public;

-- Batches are copied into a temporary table and merged from there: COPY into a table under
-- row-level security is refused by Postgres.
do $$
begin
  execute format('grant temporary on database %I to worker', current_database());
end
$$;

-- ---------------------------------------------------------------------------------------------
-- Claims. A transaction-local setting reads '' after its transaction, not null: hence nullif.
-- ---------------------------------------------------------------------------------------------
create function private.claims()
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;
comment on function private.claims() is 'The verified claims of this transaction, or null.';

create function private.current_user_id()
returns uuid
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select (private.claims() ->> 'sub')::uuid
$$;
comment on function private.current_user_id() is 'The signed-in user, or null.';

create function private.worker_tenant_id()
returns uuid
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select (private.claims() ->> 'tenant_id')::uuid
  where private.claims() ->> 'role' = 'worker'
$$;
comment on function private.worker_tenant_id() is
  'The tenant of the job that runs in this transaction, or null. Role worker alone may ask.';

revoke all on function private.claims() from public;
revoke all on function private.current_user_id() from public;
revoke all on function private.worker_tenant_id() from public;
grant execute on function private.claims() to authenticated, worker;
grant execute on function private.current_user_id() to authenticated;
grant execute on function private.worker_tenant_id() to worker;

-- ---------------------------------------------------------------------------------------------
-- Triggers that several tables share.
-- ---------------------------------------------------------------------------------------------
create function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is 'Keeps updated_at true.';

create function private.refuse_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Erasure runs as the owner, through one audited function; nobody else may change history.
  if pg_catalog.pg_has_role(
    current_user,
    (select c.relowner from pg_catalog.pg_class as c where c.oid = tg_relid),
    'member'
  ) then
    if tg_op = 'DELETE' then
      return old;
    end if;
    return new;
  end if;
  raise exception 'rows of %.% are never changed', tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.refuse_change() is
  'Makes a table append-only for every application role.';

create function private.sign_own_name()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (to_jsonb(new) ->> tg_argv[0])::uuid <> private.current_user_id() then
    raise exception 'nobody signs for another' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
comment on function private.sign_own_name() is
  'Lets a user put their own id alone into the column that the trigger names.';

revoke all on function private.sign_own_name() from public;
revoke all on function private.touch_updated_at() from public;
revoke all on function private.refuse_change() from public;
