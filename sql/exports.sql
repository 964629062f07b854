-- Exports of transactions; their pages are built by db/exports.py.

-- name: moment
-- role: authenticated
-- Now, where the caller is a member of the claimed tenant; else nothing.
select now() as at
where private.current_tenant_id() is not null;
