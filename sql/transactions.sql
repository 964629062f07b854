-- Transactions as users read them; their lists are built by db/transactions.py.

-- name: change_of_job
-- role: authenticated
-- What a job made of one account's rows, counted from when it started.
select
  count(*) filter (where t.status <> 'removed' and t.created_at >= j.started_at) as added,
  count(*) filter (where t.status <> 'removed' and t.created_at < j.started_at) as updated,
  count(*) filter (where t.status = 'removed') as removed
from app.ingestion_jobs as j
join app.transactions as t on t.tenant_id = j.tenant_id and t.job_id = j.id
where j.tenant_id = $1 and j.id = $2 and t.account_id = $3;

-- name: finished_jobs
-- role: authenticated
-- Jobs that ended since, so what they changed can be read; the first that ended first. One row
-- tells the time of the look where there are none.
select c.at, j.id
from (select now() as at) as c
left join lateral (
  select i.id, i.finished_at
  from app.ingestion_jobs as i
  where i.tenant_id = $1 and i.finished_at >= $2
  order by i.finished_at, i.id
  limit $3
) as j on true
order by j.finished_at, j.id;
