-- What becomes of deliveries of notifications, for the meters of all tenants together.

create index notification_deliveries_settled_idx
on app.notification_deliveries (settled_at) where settled_at is not null;

create function private.delivery_meters(moment timestamptz)
returns table (type text, state text, deliveries bigint, waits interval)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select ch.type, d.state, count(*), max(moment - d.next_attempt_at)
  from (
    select s.tenant_id, s.channel_id, s.state, s.next_attempt_at
    from app.notification_deliveries as s
    where s.settled_at > moment - interval '1 hour'
    union all
    select w.tenant_id, w.channel_id, w.state, w.next_attempt_at
    from app.notification_deliveries as w
    where w.state = 'pending'
  ) as d
  join app.notification_channels as ch on ch.tenant_id = d.tenant_id and ch.id = d.channel_id
  where moment is not null
  group by ch.type, d.state
$$;
comment on function private.delivery_meters(timestamptz) is
  'Deliveries that were settled within an hour, and all that are not, by type of channel. No ids.';
revoke all on function private.delivery_meters(timestamptz) from public;
grant execute on function private.delivery_meters(timestamptz) to worker;
