-- How connections do, from the ledger of their jobs.

-- name: of_connections
-- role: authenticated
-- The failures are those since the last job that brought its rows, 100 at most.
select
  c.id,
  last.id as last_job_id,
  good.finished_at as last_success_at,
  bad.failures as consecutive_failures,
  bad.error_code,
  bad.error_message,
  bad.failed_at,
  recent.succeeded,
  recent.settled
from app.connections as c
left join lateral (
  select j.id
  from app.ingestion_jobs as j
  where j.tenant_id = $1 and j.connection_id = c.id
  order by j.created_at desc, j.id desc
  limit 1
) as last on true
left join lateral (
  select j.created_at, j.id, j.finished_at
  from app.ingestion_jobs as j
  where j.tenant_id = $1
    and j.connection_id = c.id
    and j.state in ('completed', 'partial')
  order by j.created_at desc, j.id desc
  limit 1
) as good on true
cross join lateral (
  select
    count(*)::integer as failures,
    (array_agg(f.error_code order by f.created_at desc, f.id desc))[1] as error_code,
    (array_agg(f.error_message order by f.created_at desc, f.id desc))[1] as error_message,
    (array_agg(f.finished_at order by f.created_at desc, f.id desc))[1] as failed_at
  from (
    select j.created_at, j.id, j.error_code, j.error_message, j.finished_at
    from app.ingestion_jobs as j
    where j.tenant_id = $1
      and j.connection_id = c.id
      and j.state = 'failed'
      and (good.id is null or (j.created_at, j.id) > (good.created_at, good.id))
    order by j.created_at desc, j.id desc
    limit 100
  ) as f
) as bad
cross join lateral (
  select
    count(*) filter (where s.state <> 'failed')::integer as succeeded,
    count(*)::integer as settled
  from (
    select j.state
    from app.ingestion_jobs as j
    where j.tenant_id = $1
      and j.connection_id = c.id
      and j.state in ('completed', 'partial', 'awaiting_mapping', 'failed')
    order by j.created_at desc, j.id desc
    limit 20
  ) as s
) as recent
where c.tenant_id = $1 and c.id = any($2::uuid[]);
