-- Which of the tenant's accounts an external one may be, and what is known of both.

create function private.account_candidates(tenant uuid, mappings uuid[])
returns table (
  mapping_id uuid,
  external_name text,
  external_mask text,
  external_type text,
  external_institution text,
  external_institution_name text,
  external_currency text,
  mapping_policy text,
  fed boolean,
  id uuid,
  institution_id uuid,
  name text,
  type text,
  currency text,
  masked_number text,
  status text,
  primary_mapping_id uuid,
  created_at timestamptz,
  updated_at timestamptz,
  institution text,
  institution_name text,
  same_numbers text[],
  verified boolean,
  doubted boolean,
  feeds jsonb
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with subjects as materialized (
    select
      m.id, m.external_name, m.masked_number, m.external_type, m.institution, m.currency,
      c.mapping_policy, i.name as institution_name,
      exists (
        select
        from app.mapping_accounts as f
        where f.tenant_id = m.tenant_id and f.mapping_id = m.id
      ) as fed
    from app.account_mappings as m
    join app.connections as c on c.tenant_id = m.tenant_id and c.id = m.connection_id
    left join app.institutions as i
      on i.tenant_id = m.tenant_id and i.external_id = m.institution
    where m.tenant_id = account_candidates.tenant
      and m.id = any(account_candidates.mappings)
      and m.state = 'pending'
  ),

  numbered as materialized (
    select s.id as mapping_id, o.mapping_id as other_id, n.kind
    from subjects as s
    join app.mapping_numbers as n
      on n.tenant_id = account_candidates.tenant and n.mapping_id = s.id
    join app.mapping_numbers as o
      on o.tenant_id = account_candidates.tenant
      and o.number_hash = n.number_hash
      and o.kind = n.kind
      and o.mapping_id <> s.id
  ),

  same as materialized (
    select
      n.mapping_id, f.account_id, array_agg(distinct n.kind) as kinds,
      bool_or(f.verified_at is not null) as verified
    from numbered as n
    join app.account_mappings as f
      on f.tenant_id = account_candidates.tenant and f.id = n.other_id
    where f.account_id is not null
    group by n.mapping_id, f.account_id
  ),

  refused as materialized (
    select s.id as mapping_id, r.account_id, true as by_itself
    from subjects as s
    join app.mapping_refusals as r
      on r.tenant_id = account_candidates.tenant and r.mapping_id = s.id
    union
    select n.mapping_id, r.account_id, false as by_itself
    from numbered as n
    join app.mapping_refusals as r
      on r.tenant_id = account_candidates.tenant and r.mapping_id = n.other_id
  )

  select
    s.id, s.external_name, s.masked_number, s.external_type, s.institution, s.institution_name,
    s.currency::text, s.mapping_policy, s.fed, a.id, a.institution_id, a.name, a.type,
    a.currency::text, a.masked_number, a.status, a.primary_mapping_id, a.created_at,
    a.updated_at, i.external_id, i.name, coalesce(a.kinds, '{}'), coalesce(a.verified, false),
    exists (
      select
      from refused as r
      where r.mapping_id = s.id and r.account_id = a.id and not r.by_itself
    ),
    l.feeds
  from subjects as s
  left join lateral (
    select
      o.id, o.institution_id, o.name, o.type, o.currency, o.masked_number, o.status,
      o.primary_mapping_id, o.created_at, o.updated_at, e.kinds, e.verified
    from app.accounts as o
    left join same as e on e.mapping_id = s.id and e.account_id = o.id
    where o.tenant_id = account_candidates.tenant
      and (o.currency = s.currency or o.currency = 'XXX' or s.currency = 'XXX')
      and (o.status = 'active' or e.account_id is not null)
      and (
        e.account_id is not null
        or (
          length(replace(o.masked_number, '•', '')) >= 3
          and length(replace(s.masked_number, '•', '')) >= 3
          and right(o.masked_number, 4) <> right(s.masked_number, 4)
        ) is not true
      )
      and not exists (
        select
        from refused as r
        where r.mapping_id = s.id and r.account_id = o.id and r.by_itself
      )
    order by
      e.account_id is not null desc,
      right(o.masked_number, 4) is not distinct from right(s.masked_number, 4) desc,
      o.created_at desc,
      o.id desc
    limit 50
  ) as a on true
  left join app.institutions as i
    on i.tenant_id = account_candidates.tenant and i.id = a.institution_id
  left join lateral (
    select
      jsonb_agg(
        jsonb_build_object(
          'mapping_id', f.id,
          'name', f.external_name,
          'masked_number', f.masked_number,
          'type', f.external_type,
          'institution', f.institution,
          'institution_name', f.institution_name
        )
      ) as feeds
    from (
      select
        g.id, g.external_name, g.masked_number, g.external_type, g.institution,
        k.name as institution_name
      from app.account_mappings as g
      left join app.institutions as k
        on k.tenant_id = g.tenant_id and k.external_id = g.institution
      where g.tenant_id = account_candidates.tenant and g.account_id = a.id
      order by g.created_at desc, g.id
      limit 20
    ) as f
  ) as l on true
$$;
comment on function private.account_candidates(uuid, uuid[]) is
  'Pending mappings with accounts that they may be, 50 each: of equal or unknown currency, none '
  'that was refused or whose number ends differently. A mapping without any has one empty row.';
revoke all on function private.account_candidates(uuid, uuid[]) from public;
grant execute on function private.account_candidates(uuid, uuid[])
to authenticated, worker;
