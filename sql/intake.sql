-- External accounts as imports meet them.

-- name: find
-- role: worker
with named as (
  select o.external_account_id, o.id
  from app.account_mappings as o
  where o.tenant_id = $1 and o.lineage_id = $2 and o.external_account_id = any($3::text[])
  union all
  select k.external_account_id, k.mapping_id
  from app.mapping_aliases as k
  where k.tenant_id = $1 and k.lineage_id = $2 and k.external_account_id = any($3::text[])
)

select
  n.external_account_id, m.id, m.account_id, m.state,
  exists (
    select
    from app.mapping_accounts as f
    where f.tenant_id = m.tenant_id and f.mapping_id = m.id
  ) as fed
from named as n
join app.account_mappings as m on m.tenant_id = $1 and m.id = n.id;

-- name: meet
-- role: worker
-- In the order of their ids, so that two imports which meet the same ones do not deadlock.
insert into app.account_mappings (
  tenant_id, connection_id, lineage_id, external_account_id, number_hash, masked_number,
  external_name, institution, currency, external_type
)
select
  $1, $2, $3, a.external_account_id, a.number_hash, a.masked_number, a.name, a.institution,
  a.currency, a.type
from unnest(
  $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]
) as a (external_account_id, number_hash, masked_number, name, institution, currency, type)
order by a.external_account_id
on conflict (tenant_id, lineage_id, external_account_id) do nothing;

-- name: meet_institutions
-- role: worker
insert into app.institutions (tenant_id, name, external_id)
select $1, i.name, i.external_id
from unnest($2::text[], $3::text[]) as i (external_id, name)
order by i.external_id
on conflict (tenant_id, external_id) do nothing;

-- name: open_accounts
-- role: worker
-- A mapping that somebody has decided meanwhile is left as it is, and one that lost its account.
with wanted as (
  select w.mapping_id, w.account_id, w.name, w.institution, w.type
  from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
    as w (mapping_id, account_id, name, institution, type)
),

opened as (
  insert into app.accounts (tenant_id, id, institution_id, name, type, currency, masked_number)
  select $1, w.account_id, i.id, w.name, w.type, m.currency, m.masked_number
  from wanted as w
  join app.account_mappings as m
    on m.tenant_id = $1 and m.id = w.mapping_id and m.state = 'pending'
  left join app.institutions as i on i.tenant_id = $1 and i.external_id = w.institution
  where not exists (
    select
    from app.mapping_accounts as f
    where f.tenant_id = $1 and f.mapping_id = w.mapping_id
  )
  returning id
)

update app.account_mappings as m
set
  account_id = o.id,
  state = 'mapped',
  decided_by = 'opened',
  match_score = null,
  match_rule = null
from wanted as w
join opened as o on o.id = w.account_id
where m.tenant_id = $1 and m.id = w.mapping_id and m.state = 'pending'
returning m.id, m.account_id;

-- name: lock_accounts
-- role: worker
-- One decision about new accounts of a tenant at a time: of two imports that meet the same number
-- at one moment, the second finds what the first has opened. Ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('accounts:' || $1::uuid::text, 0));

-- name: put_numbers
-- role: worker
insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
select $1, n.mapping_id, n.kind, n.number_hash
from unnest($2::uuid[], $3::text[], $4::bytea[]) as n (mapping_id, kind, number_hash)
where not exists (
  select
  from app.mapping_numbers as o
  where o.tenant_id = $1
    and o.mapping_id = n.mapping_id
    and o.kind = n.kind
    and o.number_hash = n.number_hash
)
order by n.mapping_id, n.kind, n.number_hash
on conflict (tenant_id, mapping_id, kind, number_hash) do nothing;

-- name: match
-- role: worker
-- A mapping that somebody has decided meanwhile is left as it is, and one that lost its account.
update app.account_mappings as m
set
  account_id = w.account_id,
  state = 'mapped',
  decided_by = 'matched',
  match_score = w.score,
  match_reasons = $5::jsonb -> (w.at::integer - 1),
  match_rule = $6
from unnest($2::uuid[], $3::uuid[], $4::integer[])
  with ordinality as w (mapping_id, account_id, score, at)
where m.tenant_id = $1
  and m.id = w.mapping_id
  and m.state = 'pending'
  and not exists (
    select
    from app.mapping_accounts as f
    where f.tenant_id = m.tenant_id and f.mapping_id = m.id
  )
returning m.id, m.account_id;

-- name: rate
-- role: worker
-- How likely the likeliest account is of those that wait.
update app.account_mappings as m
set match_score = w.score, match_rule = $4
from unnest($2::uuid[], $3::integer[]) as w (mapping_id, score)
where m.tenant_id = $1
  and m.id = w.mapping_id
  and m.state = 'pending'
  and (m.match_score, m.match_rule) is distinct from (w.score, $4);

-- name: derive_waiting
-- role: worker
-- Rows that wait for a mapping which has an account now come in with a job.
insert into app.ingestion_jobs (tenant_id, connection_id, mapping_id, kind, trigger)
select m.tenant_id, m.connection_id, m.id, 'derive', 'system'
from app.account_mappings as m
where m.tenant_id = $1
  and m.id = any($2::uuid[])
  and exists (
    select
    from app.mapping_waits as w
    where w.tenant_id = m.tenant_id and w.mapping_id = m.id
  )
  and not exists (
    select
    from app.ingestion_jobs as j
    where j.tenant_id = m.tenant_id
      and j.mapping_id = m.id
      and j.kind = 'derive'
      and j.state = 'queued'
  );

-- name: put_beside
-- role: worker
-- Which of these, that one document names, feed one account.
update app.account_mappings as m
set
  beside = array(
    select distinct o.id
    from unnest(m.beside || n.ids) as o (id)
    where o.id <> m.id
    order by o.id
  )
from (
  select g.ids, unnest(g.ids) as id
  from (
    select array_agg(a.id) as ids
    from app.account_mappings as a
    where a.tenant_id = $1 and a.id = any($2::uuid[]) and a.account_id is not null
    group by a.account_id
    having count(*) > 1
  ) as g
) as n
where m.tenant_id = $1 and m.id = n.id and not m.beside @> array_remove(n.ids, m.id);
