-- Notification channels, as admins make and change them.

-- name: count
-- role: authenticated
select count(*)
from app.notification_channels as ch
where ch.tenant_id = $1;

-- name: serialize
-- role: authenticated
-- One at a time counts and adds to a tenant's channels and tests; ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('channels:' || $1::uuid::text, 0));

-- name: create
-- role: authenticated
insert into app.notification_channels as ch (
  tenant_id, id, type, name, kinds, host, ending, recipients, recipient_role, created_by
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
returning
  ch.id, ch.type, ch.name, ch.kinds, ch.enabled, ch.disabled_reason, ch.disabled_at, ch.failures,
  ch.host, ch.ending, ch.recipients, ch.recipient_role, ch.created_by, ch.created_at,
  ch.updated_at, null::timestamptz as previous_until;

-- name: keep
-- role: authenticated
insert into app.notification_channel_secrets (tenant_id, channel_id, sealed_url, sealed_secret)
values ($1, $2, $3, $4);

-- name: set_url
-- role: authenticated
with shown as (
  update app.notification_channels as ch
  set host = $4, ending = coalesce($5, ch.ending)
  where ch.tenant_id = $1 and ch.id = $2
)
update app.notification_channel_secrets as s
set sealed_url = $3
where s.tenant_id = $1 and s.channel_id = $2;

-- name: set_secret
-- role: authenticated
with shown as (
  update app.notification_channels as ch
  set ending = $4
  where ch.tenant_id = $1 and ch.id = $2
)
update app.notification_channel_secrets as s
set sealed_secret = $3
where s.tenant_id = $1 and s.channel_id = $2;

-- name: update
-- role: authenticated
-- Of what may be null, the argument before it says whether it was given. What is turned on starts
-- afresh.
update app.notification_channels as ch
set
  name = coalesce($3, ch.name),
  kinds = case when $4 then $5 else ch.kinds end,
  enabled = coalesce($6, ch.enabled),
  disabled_at = case
    when $6 then null
    when not $6 then coalesce(ch.disabled_at, now())
    else ch.disabled_at
  end,
  disabled_reason = case when $6 then null else ch.disabled_reason end,
  failures = case when $6 then 0 else ch.failures end,
  recipients = case when $7 then $8 else ch.recipients end,
  recipient_role = case when $7 then $9 else ch.recipient_role end
where ch.tenant_id = $1 and ch.id = $2
returning
  ch.id, ch.type, ch.name, ch.kinds, ch.enabled, ch.disabled_reason, ch.disabled_at, ch.failures,
  ch.host, ch.ending, ch.recipients, ch.recipient_role, ch.created_by, ch.created_at,
  ch.updated_at, (
    select s.previous_until
    from app.notification_channel_secrets as s
    where s.tenant_id = ch.tenant_id and s.channel_id = ch.id
  ) as previous_until;

-- name: remove
-- role: authenticated
delete from app.notification_channels as ch
where ch.tenant_id = $1 and ch.id = $2;

-- name: lock
-- role: worker
select ch.id
from app.notification_channels as ch
where ch.tenant_id = $1 and ch.id = $2
for no key update;

-- name: disable
-- role: worker
-- The name of a channel that was on until now.
update app.notification_channels as ch
set enabled = false, disabled_at = $3, disabled_reason = $4
where ch.tenant_id = $1 and ch.id = $2 and ch.enabled
returning ch.name;

-- name: note_failure
-- role: worker
update app.notification_channels as ch
set failures = ch.failures + 1
where ch.tenant_id = $1 and ch.id = $2
returning ch.failures;

-- name: note_success
-- role: worker
update app.notification_channels as ch
set failures = 0
where ch.tenant_id = $1 and ch.id = $2 and ch.failures > 0;

-- name: recipients
-- role: worker
select r.email
from private.channel_recipients($1) as r;
