-- The schemas app and private as statements, a block for each kind of object, in the order in which
-- they can be replayed. Every block answers one column of text, in a stable order.

-- name: schemas
select
  format('create schema %I;', n.nspname)
  || coalesce(
    format(e'\ncomment on schema %I is ', n.nspname) || quote_literal(d.description) || ';', ''
  )
from pg_catalog.pg_namespace as n
left join pg_catalog.pg_description as d
  on d.objoid = n.oid and d.classoid = 'pg_catalog.pg_namespace'::regclass
where n.nspname in ('app', 'private')
order by n.nspname;

-- name: extensions
-- Those whose operator classes the indexes use; a server has others for itself.
select distinct
  format('create extension if not exists %I with schema %I;', e.extname, s.nspname) as statement
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indexrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
cross join lateral unnest(i.indclass::oid[]) as class (oid)
join pg_catalog.pg_depend as d
  on d.classid = 'pg_catalog.pg_opclass'::regclass
    and d.objid = class.oid
    and d.refclassid = 'pg_catalog.pg_extension'::regclass
    and d.deptype = 'e'
join pg_catalog.pg_extension as e on e.oid = d.refobjid
join pg_catalog.pg_namespace as s on s.oid = e.extnamespace
where n.nspname in ('app', 'private')
order by statement;

-- name: default_privileges
with defaults as (
  select
    a.defaclacl as acl,
    case a.defaclobjtype
      when 'f' then 'functions' when 'r' then 'tables' when 'S' then 'sequences'
      when 'T' then 'types' when 'n' then 'schemas'
    end as kind,
    coalesce('in schema ' || quote_ident(n.nspname) || ' ', '') as place,
    case
      when a.defaclnamespace = 0 then pg_catalog.acldefault(a.defaclobjtype, a.defaclrole)
      else '{}'
    end as builtin
  from pg_catalog.pg_default_acl as a
  left join pg_catalog.pg_namespace as n on n.oid = a.defaclnamespace
  where a.defaclnamespace = 0 or n.nspname in ('app', 'private')
)

select format(
  'alter default privileges %s%s %s on %s %s %s;', d.place, change.verb, lower(p.privilege_type),
  d.kind, change.direction,
  case when p.grantee = 0 then 'public' else quote_ident(p.grantee::regrole::text) end
) as statement
from defaults as d
cross join lateral (
  values ('grant', 'to', d.acl, d.builtin), ('revoke', 'from', d.builtin, d.acl)
) as change (verb, direction, present, absent)
cross join lateral (
  select w.grantee, w.privilege_type from pg_catalog.aclexplode(change.present) as w
  except
  select w.grantee, w.privilege_type from pg_catalog.aclexplode(change.absent) as w
) as p
order by statement;

-- name: functions
select
  rtrim(pg_catalog.pg_get_functiondef(p.oid), e'\n') || ';'
  || coalesce(
    format(e'\ncomment on function %s is ', p.oid::regprocedure)
    || quote_literal(pg_catalog.obj_description(p.oid, 'pg_proc')) || ';',
    ''
  )
  || coalesce((
    select string_agg(
      format(
        e'\ngrant execute on function %s to %s;', p.oid::regprocedure,
        case when a.grantee = 0 then 'public' else quote_ident(a.grantee::regrole::text) end
      ),
      '' order by a.grantee::regrole::text
    )
    from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
    where a.grantee <> p.proowner
  ), '')
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('app', 'private')
order by p.oid::regprocedure::text;

-- name: tables
select
  format(e'create table %s (\n', c.oid::regclass)
  || (
    select string_agg('  ' || line.text, e',\n' order by line.place, line.name)
    from (
      select
        a.attnum::integer as place,
        '' as name,
        format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
        || case when a.attnotnull then ' not null' else '' end
        || case
          when a.attgenerated = 's'
            then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
          else coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
        end as text
      from pg_catalog.pg_attribute as a
      left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      union all
      select
        10000 + strpos('pucx', k.contype::text),
        k.conname::text,
        format('constraint %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))
      from pg_catalog.pg_constraint as k
      where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'x')
    ) as line
  )
  || e'\n);'
  || coalesce(
    format(e'\ncomment on table %s is ', c.oid::regclass)
    || quote_literal(pg_catalog.obj_description(c.oid, 'pg_class')) || ';',
    ''
  )
  || coalesce((
    select string_agg(
      format(e'\ncomment on column %s.%I is %L;', c.oid::regclass, a.attname, d.description),
      '' order by a.attnum
    )
    from pg_catalog.pg_description as d
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid
    where d.objoid = c.oid and d.classoid = 'pg_catalog.pg_class'::regclass and d.objsubid > 0
  ), '')
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private') and c.relkind = 'r'
order by n.nspname, c.relname;

-- name: foreign_keys
select format(
  e'alter table %s\nadd constraint %I %s;', k.conrelid::regclass, k.conname,
  pg_catalog.pg_get_constraintdef(k.oid)
)
from pg_catalog.pg_constraint as k
join pg_catalog.pg_namespace as n on n.oid = k.connamespace
where n.nspname in ('app', 'private') and k.contype = 'f'
order by k.conrelid::regclass::text, k.conname;

-- name: indexes
-- On one line, also where an expression is written on several.
select regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), '\s*\n\s*', ' ', 'g') || ';'
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indexrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private')
  and not exists (
    select from pg_catalog.pg_constraint as k
    where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
  )
order by i.indrelid::regclass::text, c.relname;

-- name: statistics
select pg_catalog.pg_get_statisticsobjdef(s.oid) || ';'
from pg_catalog.pg_statistic_ext as s
join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
where n.nspname in ('app', 'private')
order by s.stxname;

-- name: views
select
  format('create view %s', c.oid::regclass)
  || coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '')
  || format(e' as\n%s', pg_catalog.pg_get_viewdef(c.oid))
  || coalesce(
    format(e'\ncomment on view %s is ', c.oid::regclass)
    || quote_literal(pg_catalog.obj_description(c.oid, 'pg_class')) || ';',
    ''
  )
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private') and c.relkind = 'v'
order by c.oid;

-- name: triggers
select pg_catalog.pg_get_triggerdef(t.oid) || ';'
from pg_catalog.pg_trigger as t
join pg_catalog.pg_class as c on c.oid = t.tgrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private') and not t.tgisinternal
order by t.tgrelid::regclass::text, t.tgname;

-- name: policies
select
  case when c.relrowsecurity
    then format(e'alter table %s enable row level security;\n', c.oid::regclass) else '' end
  || case when c.relforcerowsecurity
    then format(e'alter table %s force row level security;\n', c.oid::regclass) else '' end
  || coalesce((
    select string_agg(
      format(
        e'create policy %I on %s%s for %s to %s%s%s;', p.polname, c.oid::regclass,
        case when p.polpermissive then '' else ' as restrictive' end,
        case p.polcmd
          when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
          when 'd' then 'delete' else 'all'
        end,
        (
          select string_agg(
            case when r.oid = 0 then 'public' else quote_ident(r.oid::regrole::text) end, ', '
            order by r.oid::regrole::text
          )
          from unnest(p.polroles) as r (oid)
        ),
        coalesce(e'\nusing (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
        coalesce(e'\nwith check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
      ),
      e'\n' order by p.polname
    )
    from pg_catalog.pg_policy as p
    where p.polrelid = c.oid
  ), '')
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private') and c.relkind = 'r'
order by n.nspname, c.relname;

-- name: grants
with entries as (
  select format('schema %I', n.nspname) as object, 1 as rank, n.nspowner as owner, n.nspacl as acl,
    null::name as attname, null::int2 as attnum
  from pg_catalog.pg_namespace as n
  where n.nspname in ('app', 'private')
  union all
  select c.oid::regclass::text, 2, c.relowner, c.relacl, null, null
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('app', 'private')
  union all
  select c.oid::regclass::text, 2, c.relowner, a.attacl, a.attname, a.attnum
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
  where n.nspname in ('app', 'private')
),

privileges as (
  select
    e.rank, e.object, p.grantee, p.is_grantable, lower(p.privilege_type) as verb,
    string_agg(quote_ident(e.attname), ', ' order by e.attnum) as columns
  from entries as e
  cross join lateral pg_catalog.aclexplode(e.acl) as p
  where p.grantee <> e.owner
  group by e.rank, e.object, p.grantee, p.is_grantable, p.privilege_type, e.attname is null
)

select format(
  'grant %s on %s to %s%s;',
  string_agg(p.verb || coalesce(' (' || p.columns || ')', ''), ', ' order by p.verb, p.columns),
  p.object,
  case when p.grantee = 0 then 'public' else quote_ident(p.grantee::regrole::text) end,
  case when p.is_grantable then ' with grant option' else '' end
)
from privileges as p
group by p.rank, p.object, p.grantee, p.is_grantable
order by p.rank, p.object, p.grantee::regrole::text;

-- name: unknown
select format('relation %s of kind %s', c.oid::regclass, c.relkind) as unknown
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private') and c.relkind not in ('r', 'i', 'v')
union all
select format('type %s', t.oid::regtype)
from pg_catalog.pg_type as t
join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
where n.nspname in ('app', 'private') and t.typrelid = 0 and t.typcategory <> 'A'
union all
select format('partition or child %s', i.inhrelid::regclass)
from pg_catalog.pg_inherits as i
join pg_catalog.pg_class as c on c.oid = i.inhrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private')
order by unknown;
