-- Assets: what personas own.

-- name: create
-- role: authenticated
insert into app.assets as s (
  tenant_id, group_id, category, name, name_by_user, description, institution_name,
  institution_by_user, currency, value, valued_at, source, created_by
)
values ($1, $2, $3, $4, true, $5, $6, $6::text is not null, $7, $8, $9, 'manual', $10)
returning s.id;

-- name: lock
-- role: authenticated
-- One change at a time: a second one waits here and then sees the first.
select s.id
from app.assets as s
where s.tenant_id = $1 and s.id = $2
for no key update;

-- name: update
-- role: authenticated
-- Of an asset with an account the value is the account's, and what was said before stays.
update app.assets as s
set
  group_id = $3,
  category = $4,
  name = $5,
  name_by_user = s.name_by_user or $6,
  description = $7,
  institution_name = $8,
  institution_by_user = s.institution_by_user or $9,
  currency = $10,
  value = case when s.account_id is null then $11 else s.value end,
  valued_at = case when s.account_id is null then $12 else s.valued_at end
where s.tenant_id = $1 and s.id = $2;

-- name: set_status
-- role: authenticated
update app.assets as s
set status = $3
where s.tenant_id = $1 and s.id = $2;

-- name: hand_over
-- role: authenticated
-- What a connection made of an account gives way to what a person entered before.
update app.assets as s
set account_id = null, status = 'archived'
where s.tenant_id = $1 and s.account_id = $2 and s.source = 'connection'
returning s.id;

-- name: attach
-- role: authenticated
update app.assets as s
set account_id = $3
where s.tenant_id = $1 and s.id = $2;

-- name: of_account
-- role: authenticated, worker
select s.id
from app.assets as s
where s.tenant_id = $1 and s.account_id = $2;

-- name: make_for_account
-- role: worker
-- In the group of the persona, where it belongs to one alone.
insert into app.assets as s (
  tenant_id, account_id, connection_id, category, name, institution_name, currency, source, group_id
)
select
  a.tenant_id, a.id, $3, 'financial_account', coalesce($4, a.name), $5, a.currency, 'connection',
  (
    select (array_agg(l.group_id))[1]
    from app.persona_group_members as l
    join app.persona_groups as g on g.tenant_id = l.tenant_id and g.id = l.group_id
    where l.tenant_id = $1 and l.persona_id = $6 and g.status = 'active'
    having count(*) = 1
  )
from app.accounts as a
where a.tenant_id = $1 and a.id = $2
on conflict (tenant_id, account_id) do nothing
returning s.id;

-- name: refresh_for_account
-- role: worker
-- What a person chose stays, and a row that says the same already is not written again.
update app.assets as s
set
  connection_id = $3,
  name = case when s.name_by_user then s.name else coalesce($4, s.name) end,
  institution_name = case
    when s.institution_by_user then s.institution_name
    else coalesce($5, s.institution_name)
  end
where s.tenant_id = $1
  and s.account_id = $2
  and (
    s.connection_id is distinct from $3
    or (not s.name_by_user and s.name <> $4)
    or (
      not s.institution_by_user
      and s.institution_name is distinct from coalesce($5, s.institution_name)
    )
  );
