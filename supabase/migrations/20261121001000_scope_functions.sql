-- The functions that every policy asks, in PL/pgSQL, which keeps their plans for the session.
-- In SQL each statement planned them anew, at more than the price of a row by its key.

create or replace function private.claims()
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
end
$$;

create or replace function private.current_user_id()
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
end
$$;

create or replace function private.worker_tenant_id()
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if claims ->> 'role' = 'worker' then
    return (claims ->> 'tenant_id')::uuid;
  end if;
  return null;
end
$$;

create or replace function private.current_tenant_id()
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  return (
    select m.tenant_id
    from app.tenant_members as m
    where m.tenant_id = (claims ->> 'tenant_id')::uuid
      and m.user_id = (claims ->> 'sub')::uuid
  );
end
$$;

create or replace function private.has_role(minimum text)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  return exists (
    select
    from app.tenant_members as m
    where m.tenant_id = (claims ->> 'tenant_id')::uuid
      and m.user_id = (claims ->> 'sub')::uuid
      and array_position(array['viewer', 'member', 'admin', 'owner'], m.role)
        >= array_position(array['viewer', 'member', 'admin', 'owner'], minimum)
  );
end
$$;
