-- Notifications: told by workers, read by members.

-- name: put
-- role: worker
-- Once for each key, with a delivery for each channel that wants it.
with told as (
  insert into app.notifications (tenant_id, kind, connection_id, job_id, data, key)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (tenant_id, key) do nothing
  returning id, kind
), sent as (
  insert into app.notification_deliveries (tenant_id, notification_id, channel_id)
  select ch.tenant_id, told.id as notification_id, ch.id as channel_id
  from told
  cross join app.notification_channels as ch
  where ch.tenant_id = $1 and ch.enabled and (ch.kinds is null or told.kind = any(ch.kinds))
  for key share of ch  -- one that is removed meanwhile is left out, and fails nothing
)
select told.id
from told;

-- name: standing_balances
-- role: worker
-- What was told of balances of accounts that do not add up, and is not settled.
select n.id, n.key
from app.notifications as n
where n.tenant_id = $1
  and n.key like 'balance:%'
  and split_part(n.key, ':', 2) = any($2::text[])
order by n.id;

-- name: settle_balances
-- role: worker
-- The keys are free for when it comes to the same again.
select private.settle_balances($1::uuid[], $2) as settled;
-- name: put_each
-- role: worker
-- The same of many of one kind; in the order of keys, in which nobody waits for each other.
with told as (
  insert into app.notifications (tenant_id, kind, connection_id, job_id, data, key)
  select $1, $2, $3, $4, n.data -> 'data' as data, n.data ->> 'key' as key
  from jsonb_array_elements($5::jsonb) as n (data)
  order by n.data ->> 'key'
  on conflict (tenant_id, key) do nothing
  returning id, kind, key
), sent as (
  insert into app.notification_deliveries (tenant_id, notification_id, channel_id)
  select ch.tenant_id, told.id as notification_id, ch.id as channel_id
  from told
  cross join app.notification_channels as ch
  where ch.tenant_id = $1 and ch.enabled and (ch.kinds is null or told.kind = any(ch.kinds))
  for key share of ch  -- as above
)
select told.id, told.key
from told;

-- name: put_test
-- role: authenticated
-- Goes to one channel, whatever kinds it wants.
with told as (
  insert into app.notifications (tenant_id, kind, key)
  values ($1, 'test', $3)
  returning tenant_id, id
)
insert into app.notification_deliveries as d (tenant_id, notification_id, channel_id)
select told.tenant_id, told.id, $2
from told
returning
  d.id, d.notification_id, d.channel_id, d.state, d.next_attempt_at, d.log, d.created_at,
  d.settled_at;

-- name: recent_tests
-- role: authenticated
select count(*)
from app.notifications as n
where n.tenant_id = $1 and n.created_at > $2 and n.kind = 'test';

-- name: recent
-- role: authenticated
-- One row tells the time of the look where there are none.
select c.at, n.id
from (select now() as at) as c
left join lateral (
  select r.id, r.created_at
  from app.notifications as r
  where r.tenant_id = $1 and r.created_at >= $2
  order by r.created_at desc, r.id desc
  limit $3
) as n on true
order by n.created_at desc, n.id desc;

-- name: mark_read
-- role: authenticated
insert into app.notification_reads (tenant_id, notification_id, user_id)
select n.tenant_id, n.id, $2
from app.notifications as n
where n.tenant_id = $1 and n.id = any($3::uuid[])
on conflict (tenant_id, notification_id, user_id) do nothing;

-- name: mark_all_read
-- role: authenticated
insert into app.notification_reads (tenant_id, notification_id, user_id)
select n.tenant_id, n.id, $2
from app.notifications as n
where
  n.tenant_id = $1
  and not exists (
    select
    from app.notification_reads as r
    where r.tenant_id = n.tenant_id and r.notification_id = n.id and r.user_id = $2
  )
on conflict (tenant_id, notification_id, user_id) do nothing;
