-- Rules of reconciliation, in versions.

-- name: current
-- role: authenticated, worker
select
  r.rule_id as id, r.id as version_id, r.version, r.position, r.name, r.enabled, r.mode, r.shape,
  r.signs, r.left_account_ids, r.left_account_type, r.right_account_ids, r.right_account_type,
  r.by_reference, r.amount_tolerance, r.tolerance_percent, r.day_window, r.text_needed,
  r.group_max, r.score_min, r.created_at, r.created_by
from app.reconciliation_rules as r
where r.tenant_id = $1 and r.replaced_at is null
order by r.position, r.rule_id;

-- name: find
-- role: authenticated
select
  r.rule_id as id, r.id as version_id, r.version, r.position, r.name, r.enabled, r.mode, r.shape,
  r.signs, r.left_account_ids, r.left_account_type, r.right_account_ids, r.right_account_type,
  r.by_reference, r.amount_tolerance, r.tolerance_percent, r.day_window, r.text_needed,
  r.group_max, r.score_min, r.created_at, r.created_by
from app.reconciliation_rules as r
where r.tenant_id = $1 and r.rule_id = any($2::uuid[]) and r.replaced_at is null;

-- name: replace
-- role: authenticated
-- What is replaced at once by another waits here, and then finds nothing.
update app.reconciliation_rules as r
set replaced_at = now()
where r.tenant_id = $1 and r.id = $2 and r.replaced_at is null;

-- name: put
-- role: authenticated
insert into app.reconciliation_rules (
  tenant_id, rule_id, version, position, name, enabled, mode, shape, signs, left_account_ids,
  left_account_type, right_account_ids, right_account_type, by_reference, amount_tolerance,
  tolerance_percent, day_window, text_needed, group_max, score_min, created_by
)
values (
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
);
