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
  ignored boolean,
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
  select
    s.id, s.external_name, s.masked_number, s.external_type, s.institution, k.name,
    s.currency::text, c.mapping_policy,
    exists (
      select
      from app.mapping_accounts as f
      where f.tenant_id = account_candidates.tenant and f.mapping_id = s.id
    ),
    exists (
      select
      from app.mapping_numbers as n
      join app.mapping_numbers as p
        on p.tenant_id = n.tenant_id and p.number_hash = n.number_hash and p.kind = n.kind
      join app.account_mappings as g on g.tenant_id = p.tenant_id and g.id = p.mapping_id
      where n.tenant_id = account_candidates.tenant
        and n.mapping_id = s.id
        and n.kind <> 'number'
        and g.state = 'ignored'
        and g.currency = s.currency
    ),
    a.id, a.institution_id, a.name, a.type, a.currency::text, a.masked_number, a.status,
    a.primary_mapping_id, a.created_at, a.updated_at, i.external_id, i.name,
    coalesce(a.kinds, '{}'), coalesce(a.verified, false),
    exists (
      select
      from app.mapping_refusals as r
      where r.tenant_id = account_candidates.tenant
        and r.account_id = a.id
        and r.mapping_id in (
          select p.mapping_id
          from app.mapping_numbers as n
          join app.mapping_numbers as p
            on p.tenant_id = n.tenant_id and p.number_hash = n.number_hash and p.kind = n.kind
          where n.tenant_id = account_candidates.tenant and n.mapping_id = s.id
        )
    ),
    l.feeds
  from app.account_mappings as s
  join app.connections as c on c.tenant_id = s.tenant_id and c.id = s.connection_id
  left join app.institutions as k
    on k.tenant_id = s.tenant_id and k.external_id = s.institution
  left join lateral (
    select
      o.id, o.institution_id, o.name, o.type, o.currency, o.masked_number, o.status,
      o.primary_mapping_id, o.created_at, o.updated_at, e.kinds, e.verified
    from (
      select
        x.account_id, array_agg(distinct x.kind) filter (where x.kind is not null) as kinds,
        bool_or(x.verified) as verified
      from (
        -- Of the same number is what another mapping of that number feeds.
        select f.account_id, n.kind, f.verified_at is not null as verified
        from app.mapping_numbers as n
        join app.mapping_numbers as p
          on p.tenant_id = n.tenant_id and p.number_hash = n.number_hash and p.kind = n.kind
        join app.account_mappings as f
          on f.tenant_id = p.tenant_id and f.id = p.mapping_id and f.account_id is not null
        where n.tenant_id = account_candidates.tenant and n.mapping_id = s.id
        union all
        (
          select q.id as account_id, null as kind, false as verified
          from app.accounts as q
          where q.tenant_id = account_candidates.tenant
            and q.status = 'active'
            and (q.currency = s.currency or q.currency = 'XXX' or s.currency = 'XXX')
            -- Behind four dots, less than three characters tell no numbers apart.
            and (
              right(q.masked_number, 4) = right(s.masked_number, 4)
              or coalesce(length(q.masked_number), 0) < 7
              or coalesce(length(s.masked_number), 0) < 7
            )
          order by
            right(q.masked_number, 4) is not distinct from right(s.masked_number, 4) desc,
            q.created_at desc,
            q.id desc
          limit 50
        )
      ) as x
      group by x.account_id
    ) as e
    cross join lateral (
      select
        b.id, b.institution_id, b.name, b.type, b.currency, b.masked_number, b.status,
        b.primary_mapping_id, b.created_at, b.updated_at
      from app.accounts as b
      where b.tenant_id = account_candidates.tenant and b.id = e.account_id
      limit 1
    ) as o
    where (o.currency = s.currency or o.currency = 'XXX' or s.currency = 'XXX')
      and not exists (
        select
        from app.mapping_refusals as r
        where r.tenant_id = account_candidates.tenant
          and r.mapping_id = s.id
          and r.account_id = o.id
      )
    order by
      e.kinds is not null desc,
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
        j.name as institution_name
      from app.account_mappings as g
      left join app.institutions as j
        on j.tenant_id = g.tenant_id and j.external_id = g.institution
      where g.tenant_id = account_candidates.tenant and g.account_id = a.id
      order by g.created_at desc, g.id
      limit 20
    ) as f
  ) as l on true
  where s.tenant_id = account_candidates.tenant
    and s.id = any(account_candidates.mappings)
    and s.state = 'pending'
$$;
comment on function private.account_candidates(uuid, uuid[]) is
  'Pending mappings with accounts that they may be, 50 each: of equal or unknown currency, none '
  'that was refused or whose number ends differently. A mapping without any has one empty row.';
revoke all on function private.account_candidates(uuid, uuid[]) from public;
grant execute on function private.account_candidates(uuid, uuid[])
to authenticated, worker;
