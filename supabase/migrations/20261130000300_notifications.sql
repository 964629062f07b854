-- Notifications: what a tenant should hear of, who has read it, and where else it is sent.

create table app.notifications (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  connection_id uuid,
  job_id uuid,
  data jsonb not null default '{}',
  key text not null,
  created_at timestamptz not null default now(),
  constraint notifications_pkey primary key (tenant_id, id),
  constraint notifications_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint notifications_connection_fkey
  foreign key (tenant_id, connection_id) references app.connections (tenant_id, id),
  constraint notifications_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint notifications_key_key unique (tenant_id, key),
  constraint notifications_kind_check
  check (kind in (
    'initial_sync_complete', 'historical_sync_complete', 'reauthentication_required',
    'failing_repeatedly', 'token_expiring', 'webhook_dead', 'new_accounts_available',
    'connection_revoked', 'data_anomaly', 'channel_disabled', 'test'
  )),
  constraint notifications_data_check
  check (jsonb_typeof(data) = 'object' and pg_column_size(data) < 8192),
  constraint notifications_key_check check (length(key) between 1 and 300)
);
comment on table app.notifications is
  'What a tenant should hear of: written in the transaction of its cause, never changed.';
comment on column app.notifications.key is
  'Names the cause, so that whoever tells of it again adds nothing.';
create index notifications_order_idx on app.notifications (tenant_id, created_at desc, id desc);
create index notifications_connection_idx
on app.notifications (tenant_id, connection_id, created_at desc, id desc);
create index notifications_job_idx on app.notifications (tenant_id, job_id);

create table app.notification_reads (
  tenant_id uuid not null,
  notification_id uuid not null,
  user_id uuid not null,
  read_at timestamptz not null default now(),
  constraint notification_reads_pkey primary key (tenant_id, notification_id, user_id),
  constraint notification_reads_notification_fkey
  foreign key (tenant_id, notification_id) references app.notifications (tenant_id, id)
);
comment on table app.notification_reads is
  'Who has read which notification; what has no row here is unread.';

create table app.notification_channels (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  type text not null,
  name text not null,
  kinds text[],
  enabled boolean not null default true,
  disabled_reason text,
  disabled_at timestamptz,
  failures integer not null default 0,
  host text,
  ending text,
  recipients text[],
  recipient_role text,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notification_channels_pkey primary key (tenant_id, id),
  constraint notification_channels_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint notification_channels_type_check check (type in ('webhook', 'slack', 'email')),
  constraint notification_channels_name_check check (length(name) between 1 and 200),
  constraint notification_channels_kinds_check check (cardinality(kinds) between 1 and 20),
  constraint notification_channels_disabled_check
  check (
    (disabled_reason is null or (disabled_reason in ('gone', 'failing') and not enabled))
    and enabled = (disabled_at is null)
  ),
  constraint notification_channels_shown_check
  check (length(host) between 1 and 260 and length(ending) <= 4),
  constraint notification_channels_recipients_check
  check (cardinality(recipients) between 1 and 20),
  constraint notification_channels_recipient_role_check
  check (recipient_role in ('owner', 'admin', 'member', 'viewer')),
  constraint notification_channels_target_check
  check (
    num_nonnulls(host, ending) = case type when 'email' then 0 else 2 end
    and num_nonnulls(recipients, recipient_role) = case type when 'email' then 1 else 0 end
  )
);
comment on table app.notification_channels is
  'Where a tenant''s notifications are sent: a webhook, Slack, email.';
create index notification_channels_order_idx
on app.notification_channels (tenant_id, created_at desc, id desc);

create table app.notification_channel_secrets (
  tenant_id uuid not null,
  channel_id uuid not null,
  sealed_url bytea not null,
  sealed_secret bytea,
  sealed_previous bytea,
  previous_until timestamptz,
  created_at timestamptz not null default now(),
  constraint notification_channel_secrets_pkey primary key (tenant_id, channel_id),
  constraint notification_channel_secrets_channel_fkey
  foreign key (tenant_id, channel_id) references app.notification_channels (tenant_id, id)
  on delete cascade,
  constraint notification_channel_secrets_sealed_check
  check (
    length(sealed_url) between 32 and 16384
    and length(sealed_secret) between 32 and 4096
    and length(sealed_previous) between 32 and 4096
  )
);
comment on table app.notification_channel_secrets is
  'Sealed addresses of web servers and what they are signed with, apart from what users read.';

create table app.notification_deliveries (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  notification_id uuid not null,
  channel_id uuid not null,
  state text not null default 'pending',
  attempts integer not null default 0,
  next_attempt_at timestamptz default now(),
  locked_until timestamptz,
  log jsonb not null default '[]',
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  constraint notification_deliveries_pkey primary key (tenant_id, id),
  constraint notification_deliveries_notification_fkey
  foreign key (tenant_id, notification_id) references app.notifications (tenant_id, id),
  constraint notification_deliveries_channel_fkey
  foreign key (tenant_id, channel_id) references app.notification_channels (tenant_id, id)
  on delete cascade,
  constraint notification_deliveries_once_key unique (tenant_id, notification_id, channel_id),
  constraint notification_deliveries_state_check
  check (state in ('pending', 'delivered', 'failed')),
  constraint notification_deliveries_settled_check
  check (
    (state = 'pending') = (settled_at is null)
    and (state = 'pending') = (next_attempt_at is not null)
    and (state = 'pending' or locked_until is null)
  ),
  constraint notification_deliveries_log_check
  check (jsonb_typeof(log) = 'array' and pg_column_size(log) < 16384)
);
comment on table app.notification_deliveries is
  'A notification on its way to a channel, with a log of its attempts; never a body or a secret.';
comment on column app.notification_deliveries.attempts is
  'Grows with each claim, so that a worker whose number is old writes no more.';
comment on column app.notification_deliveries.locked_until is
  'A worker is sending it; after this instant another one may.';
create index notification_deliveries_channel_idx
on app.notification_deliveries (tenant_id, channel_id, created_at desc, id desc);
create index notification_deliveries_due_idx
on app.notification_deliveries (next_attempt_at) where state = 'pending';
create index notification_deliveries_locked_idx
on app.notification_deliveries (locked_until) where locked_until is not null;

-- A new secret: the one before it signs on for a day, without anybody who may write reading it.
create function private.keep_previous_secret()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.sealed_previous := old.sealed_secret;
  new.previous_until := now() + interval '24 hours';
  return new;
end
$$;
comment on function private.keep_previous_secret() is
  'Lets receivers of signed notifications change to a new secret without missing any.';
revoke all on function private.keep_previous_secret() from public;

create trigger notification_channel_secrets_previous before update of sealed_secret
on app.notification_channel_secrets
for each row
when (
  current_user = 'authenticated'
  and old.sealed_secret is not null
  and new.sealed_secret is distinct from old.sealed_secret
)
execute function private.keep_previous_secret();
create trigger notification_channels_touch before update on app.notification_channels
for each row execute function private.touch_updated_at();

-- What is to be sent. A slow receiver holds up few deliveries of its own, and no other tenant's.
create function private.due_deliveries(moment timestamptz, most integer)
returns table (tenant_id uuid, delivery_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with busy as (
    select d.tenant_id, d.channel_id, count(*) as number
    from app.notification_deliveries as d
    where d.locked_until > moment
    group by d.tenant_id, d.channel_id
  ), waiting as (
    select
      d.tenant_id,
      d.id,
      d.next_attempt_at,
      row_number() over (
        partition by d.tenant_id, d.channel_id order by d.next_attempt_at, d.id
      ) + coalesce(b.number, 0) as turn
    from app.notification_deliveries as d
    left join busy as b on b.tenant_id = d.tenant_id and b.channel_id = d.channel_id
    where d.state = 'pending'
      and d.next_attempt_at <= moment
      and (d.locked_until is null or d.locked_until <= moment)
  ), due as (
    select
      w.tenant_id,
      w.id,
      w.next_attempt_at,
      row_number() over (
        partition by w.tenant_id order by w.turn, w.next_attempt_at, w.id
      ) + coalesce(
        (select sum(b.number) from busy as b where b.tenant_id = w.tenant_id), 0
      ) as turn
    from waiting as w
    where w.turn <= 2
  )
  select due.tenant_id, due.id
  from due
  where due.turn <= 6
  order by due.turn, due.next_attempt_at, due.id
  limit least(most, 1000)
$$;
comment on function private.due_deliveries(timestamptz, integer) is
  'Deliveries of all tenants to send now: 2 at a time to a channel, 6 of a tenant. Ids only.';

create function private.channel_recipients(channel uuid)
returns table (email text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.email
  from app.notification_channels as c
  join app.tenant_members as m on m.tenant_id = c.tenant_id
  where c.tenant_id = private.worker_tenant_id()
    and c.id = channel
    and array_position(array['viewer', 'member', 'admin', 'owner'], m.role)
      >= array_position(array['viewer', 'member', 'admin', 'owner'], c.recipient_role)
  order by m.created_at, m.user_id
  limit 50
$$;
comment on function private.channel_recipients(uuid) is
  'Addresses of the members whom a channel of the worker''s tenant writes to, 50 at most.';

revoke all on function private.due_deliveries(timestamptz, integer),
private.channel_recipients(uuid) from public;
grant execute on function private.due_deliveries(timestamptz, integer),
private.channel_recipients(uuid) to worker;

-- Grants and row-level security.
grant select on app.notifications to authenticated, worker;
grant insert (tenant_id, id, kind, connection_id, job_id, data, key)
on app.notifications to authenticated, worker;
grant select, insert (tenant_id, notification_id, user_id) on app.notification_reads
to authenticated;
grant select, delete, insert (
  tenant_id, id, type, name, kinds, host, ending, recipients, recipient_role, created_by
), update (
  name, kinds, enabled, disabled_reason, disabled_at, failures, host, ending, recipients,
  recipient_role
) on app.notification_channels to authenticated;
grant select, update (enabled, disabled_reason, disabled_at, failures)
on app.notification_channels to worker;
grant
select (tenant_id, channel_id, previous_until),
insert (tenant_id, channel_id, sealed_url, sealed_secret),
update (sealed_url, sealed_secret)
on app.notification_channel_secrets to authenticated;
grant select, update (sealed_url, sealed_secret, sealed_previous)
on app.notification_channel_secrets to worker;
grant select, insert (tenant_id, id, notification_id, channel_id)
on app.notification_deliveries to authenticated, worker;
grant update (state, attempts, next_attempt_at, locked_until, log, settled_at)
on app.notification_deliveries to worker;

alter table app.notifications enable row level security, force row level security;
alter table app.notification_reads enable row level security, force row level security;
alter table app.notification_channels enable row level security, force row level security;
alter table app.notification_channel_secrets enable row level security, force row level security;
alter table app.notification_deliveries enable row level security, force row level security;

create policy notifications_select on app.notifications
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

-- Users make none but those that test a channel.
create policy notifications_insert on app.notifications
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and kind = 'test'
  and (select private.has_role('admin'))
);

create policy notifications_select_worker on app.notifications
for select to worker using (tenant_id = (select private.worker_tenant_id()));

create policy notifications_insert_worker on app.notifications
for insert to worker with check (tenant_id = (select private.worker_tenant_id()));

create policy notification_reads_select on app.notification_reads
for select to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and user_id = (select private.current_user_id())
);

create policy notification_reads_insert on app.notification_reads
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and user_id = (select private.current_user_id())
);

create policy notification_channels_select on app.notification_channels
for select to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('admin')));

create policy notification_channels_insert on app.notification_channels
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
  and created_by = (select private.current_user_id())
);

create policy notification_channels_update on app.notification_channels
for update to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('admin')))
with check (tenant_id = (select private.current_tenant_id()));

create policy notification_channels_delete on app.notification_channels
for delete to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('admin')));

create policy notification_channels_select_worker on app.notification_channels
for select to worker using (tenant_id = (select private.worker_tenant_id()));

create policy notification_channels_update_worker on app.notification_channels
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy notification_channel_secrets_select on app.notification_channel_secrets
for select to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('admin')));

create policy notification_channel_secrets_insert on app.notification_channel_secrets
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy notification_channel_secrets_update on app.notification_channel_secrets
for update to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('admin')))
with check (tenant_id = (select private.current_tenant_id()));

create policy notification_channel_secrets_select_worker on app.notification_channel_secrets
for select to worker using (tenant_id = (select private.worker_tenant_id()));

create policy notification_channel_secrets_update_worker on app.notification_channel_secrets
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy notification_deliveries_select on app.notification_deliveries
for select to authenticated
using (tenant_id = (select private.current_tenant_id()) and (select private.has_role('admin')));

create policy notification_deliveries_insert on app.notification_deliveries
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('admin'))
);

create policy notification_deliveries_select_worker on app.notification_deliveries
for select to worker using (tenant_id = (select private.worker_tenant_id()));

create policy notification_deliveries_insert_worker on app.notification_deliveries
for insert to worker with check (tenant_id = (select private.worker_tenant_id()));

create policy notification_deliveries_update_worker on app.notification_deliveries
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
