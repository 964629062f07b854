-- What must hold for every table, key, policy, view, function and grant. Read from the catalog, so
-- that a table is covered the day it is born; an answer that is not empty names the offenders.
begin;
set local search_path = extensions, public;
select no_plan();
\ir setup/catalog.psql

-- ---------------------------------------------------------------------------------------------
-- Tables and columns.
-- ---------------------------------------------------------------------------------------------
select isnt_empty('select from tables', 'there are tables to look at');

select is_empty($$
  select t.name from tables as t
  where t.name not in (select e.name from tenantless as e)
    and not exists (
      select from columns as c
      where c.oid = t.oid and c.attnum = 1 and c.attname = 'tenant_id'
        and c.attnotnull and c.atttypid = 'uuid'::regtype
    )
$$, 'every table begins with tenant_id uuid not null');

select is_empty($$
  select r.name from relations as r
  where r.relkind in ('r', 'p', 'v', 'm')
    and pg_catalog.obj_description(r.oid, 'pg_class') is null
$$, 'every table and view says what it is for');

select is_empty($$
  select t.name from tables as t
  where not exists (
    select from pg_catalog.pg_index as i where i.indrelid = t.oid and i.indisprimary
  )
$$, 'every table has a primary key');

select is_empty($$
  select c.name, c.attname, pg_catalog.format_type(c.atttypid, c.atttypmod) from columns as c
  where c.atttypid in (
      'varchar'::regtype, 'timestamp'::regtype, 'timetz'::regtype, 'real'::regtype,
      'double precision'::regtype, 'money'::regtype, 'json'::regtype, 'xml'::regtype
    )
    or c.atttypid::regtype::text like 'reg%'
    or (c.atttypid = 'bpchar'::regtype and c.atttypmod not in (4 + 2, 4 + 3))
$$, 'text has no length, instants have a zone, numbers are exact, char is a code');

select is_empty($$
  select c.name, c.attname from columns as c
  where c.atttypid = 'numeric'::regtype
    and (
      c.atttypmod <> -1
      or not exists (
        select from pg_catalog.pg_constraint as k
        where k.conrelid = c.oid and k.contype = 'c' and k.convalidated
          -- Quantities of securities have up to 18 decimals, money up to 8.
          and pg_get_constraintdef(k.oid) ~ format('\(scale\(%I\) <= ([0-8]|18)\)', c.attname)
          and pg_get_constraintdef(k.oid) ~ format('\(abs\(%I\) <=? ', c.attname)
      )
    )
$$, 'every amount is an unrounded numeric with a checked scale and size');

select is_empty($$
  select c.name, c.attname from columns as c
  where c.attname ~ '(amount|balance)$' and c.atttypid <> 'numeric'::regtype
$$, 'every amount and balance is numeric');

-- ---------------------------------------------------------------------------------------------
-- Keys. A key check bypasses row-level security: without the tenant it answers about others.
-- ---------------------------------------------------------------------------------------------
select is_empty($$
  select u.name, u.index_name from unique_keys as u
  where u.name not in (select e.name from tenantless as e)
    and not exists (
      select from columns as c
      where c.oid = u.oid and c.attnum = u.keys[0] and c.attname = 'tenant_id'
    )
$$, 'every unique key begins with tenant_id');

select is_empty($$
  select f.name, f.conname from foreign_keys as f
  where f.inside and (
    f.first_column <> 'tenant_id'
    or (f.first_target <> 'tenant_id' and f.confrelid <> 'app.tenants'::regclass)
  )
$$, 'every foreign key between tables begins with tenant_id on both sides');

select is_empty($$
  select f.name, f.conname from foreign_keys as f
  where not f.inside and (
    not exists (
      select from pg_catalog.pg_index as i
      where i.indrelid = f.confrelid and i.indisprimary and i.indkey::int2[] @> f.confkey
    )
    or exists (
      select from application_roles as r
      cross join unnest(f.conkey) as key (attnum)
      where has_column_privilege(r.oid, f.conrelid, key.attnum, 'insert')
        or has_column_privilege(r.oid, f.conrelid, key.attnum, 'update')
    )
  )
$$, 'a foreign key out of our schemas is to a primary key and from a column nobody may write');

select is_empty($$
  select f.name, f.conname from foreign_keys as f where f.confdeltype in ('n', 'd')
  union all
  select f.name, f.conname from foreign_keys as f
  join append_only as t on t.oid = f.conrelid
  where f.confdeltype = 'c'
$$, 'no foreign key sets null, and none deletes what is append-only');

-- Leading columns that already make the referenced row unique are cover enough; so are those that
-- lead to its parent where nobody may delete or change what is referenced.
select is_empty($$
  select f.name, f.conname from foreign_keys as f
  where not exists (
    select
    from pg_catalog.pg_index as i
    cross join generate_series(1, i.indnkeyatts) as prefix (length)
    cross join lateral (
      select
        bool_and(lead.attnum = any(f.conkey)) as within,
        array_agg(f.confkey[array_position(f.conkey, lead.attnum)]) as targets
      from unnest((i.indkey::int2[])[0:prefix.length - 1]) as lead (attnum)
    ) as head
    where i.indrelid = f.conrelid and i.indisvalid and i.indpred is null and head.within
      and (
        exists (
          select from pg_catalog.pg_index as u
          where u.indrelid = f.confrelid and u.indisunique and u.indkey::int2[] <@ head.targets
        )
        or (prefix.length > 1 and not exists (
          select from grants as g
          where g.oid = f.confrelid and g.privilege_type in ('UPDATE', 'DELETE')
        ))
      )
  )
$$, 'every foreign key has an index');

select is_empty($$
  select i.indrelid::regclass, array_agg(i.indexrelid::regclass)
  from pg_catalog.pg_index as i
  join tables as t on t.oid = i.indrelid
  group by
    i.indrelid, i.indkey::text, i.indclass::text, i.indoption::text,
    i.indexprs::text, i.indpred::text
  having count(*) > 1 or not bool_and(i.indisvalid)
$$, 'no index is invalid or there twice');

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
select is_empty($$
  select t.name from tables as t where not (t.relrowsecurity and t.relforcerowsecurity)
$$, 'row-level security is enabled and forced on every table and partition');

select is_empty($$
  select coalesce(g.name, p.name), coalesce(g.grantee, p.grantee)::regrole,
    coalesce(g.privilege_type, p.command), p.polnames
  from (
    select distinct g.name, g.grantee, g.privilege_type from grants as g
    where g.relkind in ('r', 'p')
      and g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  ) as g
  full join (
    select p.name, p.grantee, p.command, array_agg(p.polname) as polnames from policies as p
    group by p.name, p.grantee, p.command
  ) as p on p.name = g.name and p.grantee = g.grantee and p.command = g.privilege_type
  where g.name is null or p.name is null or array_length(p.polnames, 1) > 1
$$, 'every granted verb has one policy, and every policy a grant');

select is_empty($$
  select p.name, p.polname from policies as p
  where not p.polpermissive or p.command = 'ALL'
    or p.grantee not in (select r.oid from application_roles as r)
$$, 'every policy is permissive, for one command and for named roles');

select is_empty($$
  select p.name, p.polname from policies as p
  where (p.read_rule is null) <> (p.command = 'INSERT')
    or (p.write_rule is null) <> (p.command in ('SELECT', 'DELETE'))
$$, 'reads have a using rule, writes a check, updates both');

select is_empty($$
  select p.name, p.polname, rule.text
  from policies as p
  cross join lateral (values (p.read_rule), (p.write_rule)) as rule (text)
  where rule.text !~ format(
    '^\(\(?%s = \( SELECT private\.%s\(\) AS \w+\)\)( AND .*\))?$',
    case when p.name = 'app.tenants' then 'id' else 'tenant_id' end,
    case p.grantee::regrole::text
      when 'authenticated' then 'current_tenant_id' when 'worker' then 'worker_tenant_id'
    end
  )
$$, 'every rule binds the tenant first, with the role''s own function in a sub-select');

select is_empty($$
  select p.name, p.polname, rule.text
  from policies as p
  cross join lateral (values (p.read_rule), (p.write_rule)) as rule (text)
  where regexp_replace(rule.text, '\( SELECT private\.\w+\([^()]*\) AS \w+\)', '', 'g')
    ~* '\mselect\M|\mprivate\.|\mauth\.|current_setting|_metadata'
$$, 'no rule reads a table, and each function in a rule runs once a statement');

-- ---------------------------------------------------------------------------------------------
-- Grants.
-- ---------------------------------------------------------------------------------------------
select is_empty($$
  select g.name, g.attname, g.grantee, g.privilege_type from grants as g
  where g.grantee not in (select r.oid from application_roles as r)
  union all
  select n.nspname, null, p.grantee, p.privilege_type
  from pg_catalog.pg_namespace as n
  cross join lateral pg_catalog.aclexplode(n.nspacl) as p
  where n.nspname in ('app', 'private') and p.grantee <> n.nspowner
    and (
      p.grantee not in (select r.oid from application_roles as r)
      or p.privilege_type <> 'USAGE' or p.is_grantable
    )
$$, 'nothing is granted to public, anon, service_role or anybody unknown');

select is_empty($$
  select g.name, g.attname, g.grantee::regrole, g.privilege_type from grants as g
  where g.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') or g.is_grantable
$$, 'nobody may truncate, reference, put triggers on or pass on anything');

select is_empty($$
  select g.name from grants as g
  where g.relkind not in ('r', 'p', 'v')
    or exists (select from pg_catalog.pg_class as c where c.oid = g.oid and c.relispartition)
$$, 'no sequence, materialized view, foreign table or partition is granted');

select is_empty($$
  select v.name from relations as v
  where v.relkind = 'v'
    and not coalesce(v.reloptions, '{}') && '{security_invoker=true,security_invoker=on}'
$$, 'every view asks with the rights of who reads it');

select is_empty($$
  select t.name from append_only as t
  where 2 <> (
    select count(*) from pg_catalog.pg_trigger as g
    where g.tgrelid = t.oid and g.tgenabled = 'O'
      and g.tgfoid = 'private.refuse_change'::regproc
      -- before (2), row (1), delete (8), update (16); before (2), truncate (32)
      and g.tgtype in (1 + 2 + 8 + 16, 2 + 32)
  )
$$, 'what is append-only refuses update, delete and truncate');

select is_empty($$
  select g.name, g.attname, g.grantee::regrole, g.privilege_type from grants as g
  where g.oid in (select t.oid from append_only as t)
    and g.privilege_type not in ('SELECT', 'INSERT')
$$, 'nobody is granted a change of what is append-only');

select is_empty($$
  select c.name, c.attname, r.rolname
  from columns as c
  cross join pg_catalog.pg_roles as r
  where r.rolname in ('anon', 'authenticated', 'webhook')
    and (
      c.name in ('private.tenant_keys', 'app.connection_credentials')
      or (c.atttypid = 'bytea'::regtype and c.attname like 'sealed%')
      or c.attname ~ '(secret|password|private_key|access_token|refresh_token)'
    )
    and has_column_privilege(r.oid, c.oid, c.attnum, 'select')
$$, 'workers alone read key material and what is sealed');

-- ---------------------------------------------------------------------------------------------
-- Functions and roles.
-- ---------------------------------------------------------------------------------------------
select is_empty($$
  select f.name from functions as f
  where not coalesce(f.proconfig, '{}') && '{"search_path=pg_catalog, pg_temp"}'
$$, 'every function has a pinned search path');

select is_empty($$
  select f.name, p.grantee from functions as f
  cross join lateral pg_catalog.aclexplode(f.rights) as p
  where p.grantee <> f.proowner
    and (p.grantee not in (select r.oid from application_roles as r) or p.is_grantable)
$$, 'no function is for public, anon or anybody unknown');

select is_empty($$
  select f.name from functions as f
  join pg_catalog.pg_roles as r on r.oid = f.proowner
  join pg_catalog.pg_language as l on l.oid = f.prolang
  where (f.prosecdef and r.rolsuper) or l.lanname not in ('sql', 'plpgsql')
$$, 'no function runs as a superuser or in machine code');

select is_empty($$
  select f.name from functions as f
  where f.prosecdef and f.proargnames && '{user_id,"user",member,tenant_id,tenant}'
    and not coalesce(f.proargmodes, '{}') && '{t}'
$$, 'no definer function is told by its caller who is asking');

select is_empty($$
  select f.name from functions as f
  where f.prosrc ~ 'request\.jwt\.claim\M' or f.prosrc ~ 'auth\.(uid|jwt|role|email)\('
$$, 'no function believes the legacy claim settings');

select is_empty($$
  select r.rolname from application_roles as r
  where r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb
    or exists (select from pg_catalog.pg_auth_members as m where m.member = r.oid)
    or exists (
      select from pg_catalog.pg_shdepend as d
      where d.refobjid = r.oid and d.deptype = 'o'
        and d.dbid = (
          select b.oid from pg_catalog.pg_database as b where b.datname = current_database()
        )
    )
$$, 'the application''s roles own nothing, belong to nobody and bypass nothing');

select is_empty($$
  select p.tablename from pg_catalog.pg_publication_tables as p
  where p.schemaname in ('app', 'private')
$$, 'no table is published: subscribers to changes are not asked who they are');

select * from finish();
rollback;
