-- Links, kept by workers on behalf of the person who began them.

-- name: put
-- role: worker
insert into app.connection_links (
  tenant_id, id, user_id, provider, connection_id, state_hash, sealed, callback_url, expires_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: use
-- role: worker
-- Once, by the person who began it, while it lasts, and only with the state that was sent along.
update app.connection_links as l
set used_at = $5
where l.tenant_id = $1
  and l.id = $2
  and l.user_id = $3
  and l.state_hash = $4
  and l.used_at is null
  and l.expires_at > $5
returning l.id, l.provider, l.connection_id, l.sealed, l.callback_url;

-- name: forget_old
-- role: worker
delete from app.connection_links as l
where l.tenant_id = $1 and l.expires_at < $2;

-- name: linked
-- role: worker
-- The connection that the provider calls so; it may have been linked before.
select c.id
from app.connections as c
where c.tenant_id = $1
  and c.provider = $2
  and c.external_id = $3
  and c.status <> 'disconnected';

-- name: open
-- role: worker
update app.connections as c
set
  status = 'active',
  external_id = $3,
  consent_expires_at = $4,
  next_sync_at = $5,
  error_code = null,
  error_kind = null,
  error_message = null,
  next_step = null,
  error_count = 0,
  retry_at = null,
  attention = false
where c.tenant_id = $1 and c.id = $2 and c.status <> 'disconnected';

-- name: meet_institution
-- role: worker
with met as (
  insert into app.institutions (tenant_id, name, external_id)
  values ($1, $3, $4)
  on conflict (tenant_id, external_id) do nothing
  returning id
)
update app.connections as c
set institution_id = coalesce(
  (select m.id from met as m),
  (select i.id from app.institutions as i where i.tenant_id = $1 and i.external_id = $4)
)
where c.tenant_id = $1 and c.id = $2 and c.institution_id is null;
