-- The bytes of uploads, as they arrive.

-- name: receive
-- role: worker
update app.uploads as u
set state = 'received', sealed = true, received_at = now()
where u.tenant_id = $1 and u.id = $2 and u.state = 'pending';
