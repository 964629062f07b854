-- Account mappings as users see and decide them.

-- name: lock
-- role: authenticated
-- One decision at a time: a second one waits here and then sees the first.
select
  m.id, m.connection_id, m.lineage_id, m.account_id, m.external_account_id, m.masked_number,
  m.external_name, m.external_type, m.institution, m.currency, m.state, m.verified_at,
  m.verified_by, m.created_at, m.updated_at, m.decided_by, m.match_score, m.match_reasons,
  m.match_rule
from app.account_mappings as m
where m.tenant_id = $1 and m.id = $2
for no key update;

-- name: decide
-- role: authenticated
update app.account_mappings as m
set account_id = $3, state = $4, verified_at = $5, verified_by = $6
where m.tenant_id = $1 and m.id = $2
returning
  m.id, m.connection_id, m.lineage_id, m.account_id, m.external_account_id, m.masked_number,
  m.external_name, m.external_type, m.institution, m.currency, m.state, m.verified_at,
  m.verified_by, m.created_at, m.updated_at, m.decided_by, m.match_score, m.match_reasons,
  m.match_rule;

-- name: leave
-- role: authenticated
-- A source that feeds the account no more is not the one that is believed first.
update app.accounts as a
set primary_mapping_id = null
where a.tenant_id = $1 and a.id = $2 and a.primary_mapping_id = $3;

-- name: refuse
-- role: authenticated
insert into app.mapping_refusals (tenant_id, mapping_id, account_id, created_by)
values ($1, $2, $3, $4)
on conflict (tenant_id, mapping_id, account_id) do nothing;

-- name: forgive
-- role: authenticated
delete from app.mapping_refusals as r
where r.tenant_id = $1 and r.mapping_id = $2 and r.account_id = $3;

-- name: rate
-- role: authenticated
-- How likely the likeliest account is that is left.
select private.rate_pending($1, $2);

-- name: refusals
-- role: authenticated
-- The newest hundred of each mapping.
select l.mapping_id, l.account_id, l.created_at, l.created_by
from unnest($2::uuid[]) as n (id)
cross join lateral (
  select r.mapping_id, r.account_id, r.created_at, r.created_by
  from app.mapping_refusals as r
  where r.tenant_id = $1 and r.mapping_id = n.id
  order by r.created_at desc, r.account_id
  limit 100
) as l
order by l.mapping_id, l.created_at desc, l.account_id;

-- name: has_rows
-- role: authenticated
select
  exists (
    select from app.transactions as t where t.tenant_id = $1 and t.mapping_id = $2
  )
  or exists (
    select from app.account_balances as b where b.tenant_id = $1 and b.mapping_id = $2
  )
  or exists (
    select from app.holdings as h where h.tenant_id = $1 and h.mapping_id = $2
  )
  or exists (
    select from app.statements as s where s.tenant_id = $1 and s.mapping_id = $2
  );

-- name: waiting_counts
-- role: authenticated
select m.id as mapping_id, sum(w.waiting)::bigint as waiting
from app.account_mappings as m
join app.mapping_waits as w on w.tenant_id = m.tenant_id and w.mapping_id = m.id
where m.tenant_id = $1 and m.id = any($2::uuid[]) and m.state = 'pending'
group by m.id;

-- name: fed
-- role: authenticated
select f.account_id
from app.mapping_accounts as f
where f.tenant_id = $1 and f.mapping_id = $2;

-- name: has_documents
-- role: authenticated
-- Whether an import or a sync that counts, or will, came over the mapping's lineage: a derivation
-- waits for an import that runs, and has a half-written one written again from its first row.
select exists (
  select
  from app.connections as c
  join app.ingestion_jobs as j on j.tenant_id = c.tenant_id and j.connection_id = c.id
  where c.tenant_id = $1
    and c.lineage_id = $2
    and (
      (
        j.kind = 'import'
        and (
          j.state in ('running', 'completed', 'partial', 'awaiting_mapping')
          or (j.state in ('queued', 'failed', 'cancelled') and j.wrote)
        )
      )
      or (
        j.kind = 'sync'
        and exists (
          select
          from app.applied_pages as a
          where a.tenant_id = j.tenant_id and a.job_id = j.id
        )
      )
    )
);

-- name: number_hashes
-- role: worker
select m.number_hash
from app.account_mappings as m
where m.tenant_id = $1 and m.number_hash is not null
limit 100000;

-- name: tails
-- role: worker
select distinct right(n.masked_number, 4) as tail
from (
  select m.masked_number from app.account_mappings as m where m.tenant_id = $1
  union all
  select a.masked_number from app.accounts as a where a.tenant_id = $1
) as n
where n.masked_number is not null
limit 10000;
