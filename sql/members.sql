-- Members of a tenant and the invitations that its owners wrote.

-- name: set_role
-- role: authenticated
update app.tenant_members as m
set role = $3
where m.tenant_id = $1 and m.user_id = $2
returning m.user_id, m.email, m.role, m.created_at;

-- name: remove
-- role: authenticated
delete from app.tenant_members as m
where m.tenant_id = $1 and m.user_id = $2;

-- name: has_email
-- role: authenticated
select exists (
  select
  from app.tenant_members as m
  where m.tenant_id = $1 and lower(m.email) = $2
);

-- name: invite
-- role: authenticated
-- Inviting an address again renews its invitation: one address has one.
insert into app.tenant_invitations as i (tenant_id, email, role, invited_by)
values ($1, $2, $3, $4)
on conflict (tenant_id, email) do update
set
  role = excluded.role,
  invited_by = excluded.invited_by,
  expires_at = excluded.expires_at,
  accepted_at = null
returning i.tenant_id, i.id, i.email, i.role, i.expires_at;

-- name: revoke
-- role: authenticated
delete from app.tenant_invitations as i
where i.tenant_id = $1 and i.id = $2 and i.accepted_at is null;
