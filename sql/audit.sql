-- The audit log: written through one function alone, which signs with the caller.

-- name: record
-- role: authenticated
select private.audit($1, $2, $3, $4);
