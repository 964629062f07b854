-- What Postgres knows of its tables.

-- name: keep
-- role: worker
-- As a job has left them.
select private.keep_statistics(j.imported + j.changed)
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.id = $2;
