-- Sealed credentials of connections, which workers alone see.

-- name: find
-- role: worker
select c.sealed, c.version, c.expires_at
from app.connection_credentials as c
where c.tenant_id = $1 and c.connection_id = $2;

-- name: put
-- role: worker
insert into app.connection_credentials as c (tenant_id, connection_id, sealed, expires_at)
values ($1, $2, $3, $4)
on conflict (tenant_id, connection_id) do update
set sealed = excluded.sealed, expires_at = excluded.expires_at, version = c.version + 1;

-- name: replace
-- role: worker
update app.connection_credentials as c
set sealed = $4, expires_at = $5, version = c.version + 1
where c.tenant_id = $1 and c.connection_id = $2 and c.version = $3;

-- name: forget
-- role: worker
delete from app.connection_credentials as c
where c.tenant_id = $1 and c.connection_id = $2;

-- name: lock
-- role: worker
-- One renewal at a time, whichever worker does it; ends with the transaction.
select pg_advisory_xact_lock(
  hashtextextended('renew:' || $1::uuid::text || ':' || $2::uuid::text, 0)
);

-- name: ending
-- role: worker
select e.tenant_id, e.connection_id
from private.ending_credentials($1, $2) as e;

-- name: ended
-- role: worker
select c.connection_id
from app.connection_credentials as c
where c.tenant_id = $1 and c.expires_at <= $2
order by c.expires_at, c.connection_id
limit $3;
