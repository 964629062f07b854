-- What a provider's events change of a connection.

-- name: stop
-- role: worker
-- A person has to connect it again; what it brought stays readable.
update app.connections as c
set
  status = 'reauth',
  error_code = $3,
  error_kind = 'authentication',
  error_message = $4,
  next_step = $5,
  attention = true,
  retry_at = null
where c.tenant_id = $1 and c.id = $2 and c.status not in ('paused', 'disconnected');

-- name: is_of
-- role: worker
select exists (
  select
  from app.connections as c
  where c.tenant_id = $1 and c.id = $2 and c.external_id = $3
);

-- name: heal
-- role: worker
update app.connections as c
set
  status = 'active',
  error_code = null,
  error_kind = null,
  error_message = null,
  next_step = null,
  error_count = 0,
  attention = false,
  retry_at = null
where c.tenant_id = $1 and c.id = $2 and c.status in ('error', 'reauth');

-- name: ends
-- role: worker
update app.connections as c
set consent_expires_at = $3
where c.tenant_id = $1 and c.id = $2;
