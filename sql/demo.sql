-- The demo: two tenants, three users, a connection each. Runs as the owner; may run again.

-- name: user
-- role: owner
insert into auth.users (id, email, email_confirmed_at)
values ($1, $2, now())
on conflict (id) do nothing;

-- name: tenant
-- role: owner
insert into app.tenants (id, name)
values ($1, $2)
on conflict (id) do nothing;

-- name: member
-- role: owner
insert into app.tenant_members (tenant_id, user_id, email, role)
values ($1, $2, $3, $4)
on conflict (tenant_id, user_id) do nothing;

-- name: connection
-- role: owner
insert into app.connections (tenant_id, id, name, provider, currency)
values ($1, $2, $3, 'file', 'USD')
on conflict (tenant_id, id) do nothing;
