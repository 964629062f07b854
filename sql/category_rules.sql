-- Rules of a tenant, in their order.

-- name: create
-- role: authenticated
insert into app.category_rules as r (
  tenant_id, position, name, enabled, conditions, category, updated_by
)
select $1, coalesce(max(o.position) + 1, 0), $2, $3, $4, $5, $6::uuid
from app.category_rules as o
where o.tenant_id = $1
returning r.id, r.position, r.name, r.enabled, r.conditions, r.category, r.version, r.created_at,
  r.updated_at;

-- name: update
-- role: authenticated
update app.category_rules as r
set
  name = coalesce($3, r.name),
  enabled = coalesce($4, r.enabled),
  conditions = coalesce($5, r.conditions),
  category = coalesce($6, r.category),
  updated_by = $7
where r.tenant_id = $1 and r.id = $2
returning r.id, r.position, r.name, r.enabled, r.conditions, r.category, r.version, r.created_at,
  r.updated_at;

-- name: delete
-- role: authenticated
delete from app.category_rules as r
where r.tenant_id = $1 and r.id = $2;

-- name: every
-- role: authenticated
-- In their order, kept from other changes of the order until this transaction ends.
select
  r.id, r.position, r.name, r.enabled, r.conditions, r.category, r.version, r.created_at,
  r.updated_at
from app.category_rules as r
where r.tenant_id = $1
order by r.position, r.id
for no key update;

-- name: reorder
-- role: authenticated
update app.category_rules as r
set position = o.place - 1, updated_by = $3
from unnest($2::uuid[]) with ordinality as o (id, place)
where r.tenant_id = $1 and r.id = o.id and r.position <> o.place - 1;

-- name: versions
-- role: authenticated
select v.rule_id, v.version, v.name, v.enabled, v.conditions, v.category, v.deleted, v.changed_by,
  v.changed_at
from unnest($2::uuid[]) as w (id)
cross join lateral (
  select s.rule_id, s.version, s.name, s.enabled, s.conditions, s.category, s.deleted,
    s.changed_by, s.changed_at
  from app.category_rule_versions as s
  where s.tenant_id = $1 and s.rule_id = w.id
  order by s.version desc
  limit $3
) as v
order by v.rule_id, v.version desc;

-- name: request_apply
-- role: authenticated
-- A job for each connection that has rows; one that waits already does as well.
insert into app.ingestion_jobs as j (tenant_id, connection_id, kind, created_by, batch_id)
select c.tenant_id, c.id, 'categorize', $2, $3
from app.connections as c
where c.tenant_id = $1
  and exists (
    select
    from app.account_mappings as m
    where m.tenant_id = c.tenant_id and m.connection_id = c.id
  )
order by c.created_at desc, c.id desc
limit $4
on conflict (tenant_id, connection_id) where kind = 'categorize' and state = 'queued' do nothing;

-- name: waiting
-- role: authenticated
select
  j.id, j.tenant_id, j.connection_id, j.upload_id, j.profile_id, j.mapping_id, j.kind, j.state,
  j.task, j.stage, j.format, j.profile, j.review, j.total, j.fetched, j.processed, j.imported,
  j.duplicate, j.changed, j.rejected, j.withdrawn, j.waiting, j.checkpoint, j.rate, j.attempts,
  j.fence, j.error_code, j.error_message, j.approved_at, j.created_by, j.created_at, j.updated_at,
  j.started_at, j.finished_at, j.wrote, j.trigger, j.sync_phase, j.cancel_requested_at,
  j.error_kind, j.next_step
from app.ingestion_jobs as j
where j.tenant_id = $1 and j.kind = 'categorize' and j.state = 'queued'
order by j.created_at desc, j.id desc
limit $2;
