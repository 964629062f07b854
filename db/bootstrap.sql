-- What hosted Supabase provides and a bare Postgres 15 to 17 lacks: roles, the schemas `auth` and
-- `extensions`, and the owner of the migrations. Run as superuser in the database of the
-- application; may be repeated; does nothing on a real Supabase. No migration: it is not part of
-- the schema.
do $bootstrap$
declare
  owner constant text := (
    select case when rolname = 'postgres' then 'bankfeeds_owner' else 'postgres' end
    from pg_roles where oid = 10
  );
begin
  if exists (select from pg_roles where rolname = 'supabase_auth_admin') then
    raise notice 'a real Supabase: nothing to do';
    return;
  end if;

  -- Roles belong to the whole server: two databases may be prepared at the same time.
  perform pg_advisory_xact_lock(hashtext('bankfeeds.bootstrap'));

  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin bypassrls;
  end if;
  -- The owner of all that the migrations make. As on hosted Supabase it is no superuser and has
  -- BYPASSRLS: a definer helper that reads a table with forced row security would recurse. Where
  -- the superuser itself is called postgres, the owner is bankfeeds_owner.
  if not exists (select from pg_roles where rolname = owner) then
    execute format('create role %I login nosuperuser createdb createrole bypassrls', owner);
  end if;
  -- The login of the application: owns nothing, may nothing, until it takes a role on.
  if not exists (select from pg_roles where rolname = 'bankfeeds_login') then
    create role bankfeeds_login login noinherit;
  end if;
  execute format('grant anon, authenticated, service_role to %I with admin option', owner);

  create schema if not exists extensions;
  grant usage on schema extensions to anon, authenticated, service_role;
  execute format('grant usage, create on schema extensions to %I', owner);

  create schema if not exists auth;
  grant usage on schema auth to anon, authenticated, service_role;
  execute format('grant usage on schema auth to %I', owner);
  create table if not exists auth.users (
    id uuid primary key,
    email text,
    email_confirmed_at timestamptz,
    raw_app_meta_data jsonb,
    created_at timestamptz default now()
  );
  execute format(
    'grant select, insert, update, delete, references, trigger on auth.users to %I', owner
  );

  -- The legacy setting of one claim wins over the JSON of all, as on hosted Supabase.
  create or replace function auth.uid() returns uuid language sql stable as $$
    select coalesce(
      nullif(current_setting('request.jwt.claim.sub', true), ''),
      nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
  $$;
  create or replace function auth.role() returns text language sql stable as $$
    select coalesce(
      nullif(current_setting('request.jwt.claim.role', true), ''),
      nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    )
  $$;
  create or replace function auth.email() returns text language sql stable as $$
    select coalesce(
      nullif(current_setting('request.jwt.claim.email', true), ''),
      nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
    )
  $$;
  create or replace function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(
      nullif(current_setting('request.jwt.claim', true), ''),
      nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
  $$;

  -- What a role may do is granted by a migration, never by a default. Functions keep theirs, as
  -- on hosted Supabase, so that a forgotten revoke shows here too.
  revoke all on schema public from public;
  execute format('revoke temporary on database %I from public', current_database());
  execute format(
    'grant create, temporary on database %I to %I with grant option', current_database(), owner
  );
end
$bootstrap$;
