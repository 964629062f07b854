-- Uploads as the user who announces them sees them.

-- name: announce
-- role: authenticated
insert into app.uploads (
  tenant_id, id, file_name, media_type, size_bytes, sha256, blob_path, created_by, expires_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: find
-- role: authenticated
select
  u.id, u.file_name, u.media_type, u.size_bytes, u.sha256, u.blob_path, u.state, u.sealed,
  u.expires_at
from app.uploads as u
where u.tenant_id = $1 and u.id = $2;
