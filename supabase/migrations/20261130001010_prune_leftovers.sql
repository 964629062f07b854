-- What nobody needs any more: forgotten each day, in bounded parts. Raw data, the ledger and the
-- audit log are never among it.

create index notifications_age_idx on app.notifications (created_at);
create index notification_channel_secrets_previous_idx
on app.notification_channel_secrets (previous_until) where sealed_previous is not null;
create index webhook_endpoints_previous_idx on private.webhook_endpoints (previous_until)
where previous_until is not null;

create function private.prune_leftovers(
  moment timestamptz, delivery_age interval, notification_age interval, most integer
)
returns table (
  links integer, secrets integer, deliveries integer, notifications integer
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  part integer := least(most, 10000);
  channel_secrets integer;
  tenants uuid[];
  ids uuid[];
begin
  -- A day later than they end: who comes back late is told that it is over, not that it never was.
  with old as (
    select l.tenant_id, l.id from app.connection_links as l
    where l.expires_at < moment - interval '1 day'
    order by l.expires_at
    limit part
    for update skip locked
  )
  delete from app.connection_links as l using old as o
  where l.tenant_id = o.tenant_id and l.id = o.id;
  get diagnostics links = row_count;

  with old as (
    select e.id from private.webhook_endpoints as e
    where e.previous_until < moment
    limit part
    for update skip locked
  )
  update private.webhook_endpoints as e
  set sealed_previous = null, previous_until = null
  from old as o
  where e.id = o.id;
  get diagnostics secrets = row_count;

  with old as (
    select s.tenant_id, s.channel_id from app.notification_channel_secrets as s
    where s.sealed_previous is not null and s.previous_until < moment
    limit part
    for update skip locked
  )
  update app.notification_channel_secrets as s
  set sealed_previous = null, previous_until = null
  from old as o
  where s.tenant_id = o.tenant_id and s.channel_id = o.channel_id;
  get diagnostics channel_secrets = row_count;
  secrets := secrets + channel_secrets;

  with old as (
    select d.tenant_id, d.id from app.notification_deliveries as d
    where d.settled_at < moment - greatest(delivery_age, interval '30 days')
    order by d.settled_at
    limit part
    for update skip locked
  )
  delete from app.notification_deliveries as d using old as o
  where d.tenant_id = o.tenant_id and d.id = o.id;
  get diagnostics deliveries = row_count;

  -- Not before the last of its deliveries is: what is under way still needs it.
  with old as (
    select n.tenant_id, n.id from app.notifications as n
    where n.created_at < moment - greatest(notification_age, interval '90 days')
      and not exists (
        select from app.notification_deliveries as d
        where d.tenant_id = n.tenant_id and d.notification_id = n.id
      )
    order by n.created_at
    limit part
    for update skip locked
  )
  select array_agg(o.tenant_id), array_agg(o.id) into tenants, ids from old as o;
  delete from app.notification_reads as r
  using unnest(tenants, ids) as o (tenant_id, id)
  where r.tenant_id = o.tenant_id and r.notification_id = o.id;
  delete from app.notifications as n
  using unnest(tenants, ids) as o (tenant_id, id)
  where n.tenant_id = o.tenant_id and n.id = o.id;
  get diagnostics notifications = row_count;
  return next;
end
$$;
comment on function private.prune_leftovers(timestamptz, interval, interval, integer) is
  'Forgets links that ended, secrets before rotations, settled deliveries (30 days at least) and
notifications (90 days at least), so many of each; returns how many.';
revoke all on function private.prune_leftovers(timestamptz, interval, interval, integer)
from public;
grant execute on function private.prune_leftovers(timestamptz, interval, interval, integer)
to webhook;
