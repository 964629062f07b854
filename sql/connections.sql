-- Connections as users see and change them.

-- name: create
-- role: authenticated
insert into app.connections as c (
  tenant_id, name, provider, currency, delivery, mapping_policy, control_policy, profile_id,
  decimals, institution_id, created_by, status, sync_frequency, auto_import, auto_reconcile,
  import_pending
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
returning c.id;

-- name: update
-- role: authenticated
-- Null leaves a value as it is; a clearable one is cleared where its flag says so.
update app.connections as c
set
  name = coalesce($3, c.name),
  delivery = coalesce($4, c.delivery),
  mapping_policy = coalesce($5, c.mapping_policy),
  control_policy = coalesce($6, c.control_policy),
  decimals = coalesce($7, c.decimals),
  currency = case when $8::boolean then $9 else c.currency end,
  profile_id = case when $10::boolean then $11 else c.profile_id end,
  institution_id = case when $12::boolean then $13 else c.institution_id end,
  sync_frequency = coalesce($14, c.sync_frequency),
  sync_accounts = coalesce($15, c.sync_accounts),
  sync_transactions = coalesce($16, c.sync_transactions),
  sync_investments = coalesce($17, c.sync_investments),
  lookback_days = coalesce($18, c.lookback_days),
  -- A new frequency counts from now on; what is due stays due.
  next_sync_at = case
    when $14::text is null or c.provider = 'file' or c.status not in ('active', 'error')
      then c.next_sync_at
    when $14 = 'manual' then null
    else least(c.next_sync_at, now() + $19::interval)
  end,
  auto_import = coalesce($20, c.auto_import),
  auto_reconcile = coalesce($21, c.auto_reconcile),
  import_pending = coalesce($22, c.import_pending)
where c.tenant_id = $1 and c.id = $2;

-- name: set_status
-- role: authenticated
update app.connections as c
set
  status = $3,
  closed_at = case when $3 = 'disconnected' then now() else c.closed_at end,
  next_sync_at = case when $3 = 'active' and c.provider <> 'file' then now() end
where c.tenant_id = $1 and c.id = $2 and c.status = any($4::text[]);

-- name: changed
-- role: authenticated
-- As `jobs.changed`.
select n.at, c.id, c.updated_at
from (select now() as at) as n
left join lateral (
  select o.id, o.updated_at
  from app.connections as o
  where o.tenant_id = $1 and o.updated_at > $2
  order by o.updated_at desc, o.id desc
  limit $3
) as c on true
order by c.updated_at desc, c.id desc;

-- name: feeding
-- role: authenticated
-- Of several, the newest.
select c.id
from app.account_mappings as m
join app.connections as c on c.tenant_id = m.tenant_id and c.id = m.connection_id
where m.tenant_id = $1
  and m.account_id = $2
  and m.state = 'mapped'
  and c.status in ('active', 'error')
  and c.provider = any($3::text[])
order by c.created_at desc, c.id desc
limit 1;
