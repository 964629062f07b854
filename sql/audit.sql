-- The audit log: written through one function alone, which signs with the caller.

-- name: record
-- role: authenticated
select private.audit($1, $2, $3, $4);

-- name: record_jobs
-- role: authenticated
select private.audit($1, j.connection_id, j.job_id, '{}')
from unnest($2::uuid[], $3::uuid[]) as j (connection_id, job_id);

-- name: record_each
-- role: worker
select private.audit($1, $2, $3, d.data)
from jsonb_array_elements($4::jsonb) as d (data);
