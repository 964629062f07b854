-- Notifications, who read them, channels and deliveries: who sees, makes, changes and sends what.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- Notifications.
select is(pg_temp.outcome('vera@acme', 'select from app.notifications'), '1 rows',
  'a viewer sees the tenant''s notifications');
select is(pg_temp.outcome('nora@acme', 'select from app.notifications'), '0 rows',
  'who is no member sees none');
create function pg_temp.tell(who text, tenant text, kind text, connection text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.notifications (tenant_id, kind, connection_id, key)
     values (pg_temp.id(%L), %L, pg_temp.id(%L), %L)',
    tenant, kind, connection, 'new'
  ))
$$;
select is(pg_temp.tell('worker@acme', 'acme', 'token_expiring', 'acme connection'), '1 rows',
  'a worker tells of what happened');
select is(pg_temp.tell('worker@acme', 'acme', 'token_expiring', 'acme connection'),
  '23505 notifications_key_key', 'of each cause once');
select is(pg_temp.tell('worker@globex', 'globex', 'token_expiring', 'globex connection'), '1 rows',
  'whatever another tenant''s causes are called');
select is(pg_temp.tell('worker@acme', 'globex', 'token_expiring', 'globex connection'), '42501',
  'its own tenant alone');
delete from app.notifications where key = 'new';
select is(pg_temp.tell('worker@acme', 'acme', 'connection_stopped', 'acme connection'), '1 rows',
  'a worker tells of a connection that stopped');
delete from app.notifications where key = 'new';
select is(pg_temp.tell('worker@acme', 'acme', 'token_expiring', 'globex connection'),
  '23503 notifications_connection_fkey', 'of its own connections alone');
select is(pg_temp.tell('worker@acme', 'acme', 'rain', 'acme connection'),
  '23514 notifications_kind_check', 'of known kinds alone');
select is(pg_temp.tell('olivia@acme', 'acme', 'token_expiring', 'acme connection'), '42501',
  'an owner tells of nothing');
select is(pg_temp.tell('adam@acme', 'acme', 'test', 'acme connection'), '1 rows',
  'but an admin tests');
delete from app.notifications where key = 'new';
select is(pg_temp.tell('mia@acme', 'acme', 'test', 'acme connection'), '42501',
  'a member does not');
select is(pg_temp.tell('adam@acme', 'globex', 'test', 'globex connection'), '42501',
  'nor an admin of another tenant');
select is(pg_temp.outcome(who, change), '42501', format('%s does not %s', who, change))
from unnest(array['olivia@acme', 'worker@acme']) as who
cross join unnest(array[
  'update app.notifications set data = $${}$$', 'delete from app.notifications'
]) as change;
insert into app.notifications (tenant_id, id, kind, key) values
(pg_temp.id('acme'), pg_temp.id('acme balance'), 'data_anomaly', 'balance:a:2026-03-04:1');
select is(
  pg_temp.outcome(who, format(
    'select 1 where private.settle_balances(array[pg_temp.id(%L)], now()) > 0', told
  )),
  expected, format('%s settles the %s', who, told))
from (values
  ('worker@globex', 'acme balance', '0 rows'), ('worker', 'acme balance', '0 rows'),
  ('olivia@acme', 'acme balance', '42501'), ('worker@acme', 'acme notification', '0 rows'),
  ('worker@acme', 'acme balance', '1 rows')
) as v (who, told, expected);
delete from app.notifications where id = pg_temp.id('acme balance');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.notifications (tenant_id, kind, key, data)
  values (pg_temp.id('acme'), 'data_anomaly', 'large', jsonb_build_object('a', (
    select string_agg(md5(n::text), '') from generate_series(1, 1000) as n
  )))
$$), '23514 notifications_data_check', 'what is told is short');

-- Who has read them.
select is(pg_temp.outcome('olivia@acme', 'select from app.notification_reads'), '1 rows',
  'one sees what one has read');
select is(pg_temp.outcome('vera@acme', 'select from app.notification_reads'), '0 rows',
  'and not what others have');
create function pg_temp.has_read(who text, tenant text, person text, notification text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.notification_reads (tenant_id, user_id, notification_id)
     values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L))', tenant, person, notification
  ))
$$;
select is(pg_temp.has_read('vera@acme', 'acme', 'vera', 'acme notification'), '1 rows',
  'a viewer reads for themself');
select is(pg_temp.has_read('vera@acme', 'acme', 'mia', 'acme notification'), '42501',
  'and not for another');
select is(pg_temp.has_read('mia@acme', 'acme', 'mia', 'globex notification'),
  '23503 notification_reads_notification_fkey', 'nor what is another tenant''s');
select is(pg_temp.has_read('mia@acme', 'globex', 'mia', 'globex notification'), '42501',
  'nor there');
select is(pg_temp.outcome('mia@acme', 'delete from app.notification_reads'), '42501',
  'what was read stays read');
select is(pg_temp.outcome('worker@acme', 'select from app.notification_reads'), '42501',
  'workers do not know who read what');

-- Channels.
select is(pg_temp.outcome('mia@acme', 'select id from app.notification_channels'), '0 rows',
  'a member sees no channel');
select is(pg_temp.outcome('adam@acme', 'select from app.notification_channels'), '1 rows',
  'an admin sees the tenant''s');
select is(pg_temp.outcome('worker@acme', 'select from app.notification_channels'), '1 rows',
  'a worker sees all of its tenant''s');
create function pg_temp.open_channel(who text, tenant text, person text, type text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.notification_channels (tenant_id, type, name, created_by, recipient_role)
     values (pg_temp.id(%L), %L, %L, pg_temp.id(%L), %L)', tenant, type, 'Mail', person, 'admin'
  ))
$$;
select is(pg_temp.open_channel('adam@acme', 'acme', 'adam', 'email'), '1 rows',
  'an admin makes a channel');
select is(pg_temp.open_channel('adam@acme', 'acme', 'adam', 'webhook'),
  '23514 notification_channels_target_check', 'which has what its type needs');
select is(pg_temp.open_channel('adam@acme', 'acme', 'olivia', 'email'), '42501',
  'not in another''s name');
select is(pg_temp.open_channel('adam@acme', 'globex', 'adam', 'email'), '42501',
  'nor in another tenant');
select is(pg_temp.open_channel('mia@acme', 'acme', 'mia', 'email'), '42501', 'a member makes none');
select is(pg_temp.outcome('worker@acme', $$
  insert into app.notification_channels (tenant_id, type, name, recipient_role)
  values (pg_temp.id('acme'), 'email', 'Mail', 'admin')
$$), '42501', 'and a worker none');
select is(
  pg_temp.answer('worker@acme', format(
    'select string_agg(r.email, %L order by r.email)
     from app.notification_channels as c cross join private.channel_recipients(c.id) as r', ' '
  )),
  'adam@example.test olivia@example.test',
  'a channel writes to the members of its role and above'
);
select is(
  pg_temp.answer('worker@globex', format(
    'select count(*) from private.channel_recipients(%L)', (
      select c.id from app.notification_channels as c where c.type = 'email'
    )
  )),
  '0', 'and tells no other tenant''s worker who they are'
);
select is(pg_temp.outcome('mia@acme', $$update app.notification_channels set name = 'x'$$), '0 rows',
  'a member changes no channel');
select is(pg_temp.outcome('adam@acme', $$update app.notification_channels set name = 'x'$$),
  '2 rows', 'an admin the tenant''s own');
select is(pg_temp.outcome('worker@acme', $$update app.notification_channels set name = 'x'$$),
  '42501', 'a worker does not');
select is(pg_temp.outcome('worker@acme', $$
  update app.notification_channels set enabled = false, disabled_at = now(), disabled_reason = 'gone'
$$), '2 rows', 'but turns off what has gone');
select is(pg_temp.outcome('adam@acme', 'update app.notification_channels set enabled = true'),
  '23514 notification_channels_disabled_check', 'what is on was not turned off');

-- What is secret.
select is(
  pg_temp.outcome('olivia@acme', format('select %I from app.notification_channel_secrets', sealed)),
  '42501', format('nobody sees %s', sealed)
)
from unnest(array['sealed_url', 'sealed_secret', 'sealed_previous']) as sealed;
select is(
  pg_temp.outcome('adam@acme', 'select previous_until from app.notification_channel_secrets'),
  '1 rows', 'an admin sees until when a secret signs');
select is(
  pg_temp.outcome('mia@acme', 'select previous_until from app.notification_channel_secrets'),
  '0 rows', 'a member does not');
select is(pg_temp.outcome('worker@acme', 'select from app.notification_channel_secrets'), '1 rows',
  'a worker reads those of its tenant');
select is(pg_temp.outcome('worker@acme', $$
  update app.notification_channel_secrets set sealed_secret = sealed_secret
$$), '1 rows', 'and wraps them under another key');
select is(pg_temp.outcome('worker@acme', $$
  update app.notification_channel_secrets set tenant_id = pg_temp.id('globex')
$$), '42501', 'but moves none');
create function pg_temp.keep(who text, tenant text, channel text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.notification_channel_secrets (tenant_id, channel_id, sealed_url)
     values (pg_temp.id(%L), pg_temp.id(%L), sha256(%L))', tenant, channel, 'x'
  ))
$$;
select is(pg_temp.keep('mia@acme', 'acme', 'acme channel'), '42501', 'a member keeps none');
select is(pg_temp.keep('adam@acme', 'acme', 'globex channel'),
  '23503 notification_channel_secrets_channel_fkey', 'an admin none for another tenant''s channel');
select is(pg_temp.keep('adam@acme', 'globex', 'globex channel'), '42501', 'nor there');
select is(pg_temp.outcome('mia@acme', $$
  update app.notification_channel_secrets set sealed_secret = sha256('new')
$$), '0 rows', 'a member changes none');
select is(pg_temp.outcome('adam@acme', $$
  update app.notification_channel_secrets set sealed_secret = sha256('new')
$$), '1 rows', 'an admin sets a new secret');
select ok(
  s.sealed_previous = sha256('acme') and s.previous_until > now() + interval '23 hours',
  'the one before it signs on for a day'
)
from app.notification_channel_secrets as s
where s.channel_id = pg_temp.id('acme channel');
select is(pg_temp.outcome('adam@acme', $$
  update app.notification_channel_secrets set sealed_previous = sha256('x')
$$), '42501', 'which nobody sets by hand');
select is(pg_temp.outcome('adam@acme', 'delete from app.notification_channel_secrets'), '42501',
  'what is secret goes with its channel alone');

-- Deliveries.
select is(pg_temp.outcome('mia@acme', 'select from app.notification_deliveries'), '0 rows',
  'a member sees no delivery');
select is(pg_temp.outcome('adam@acme', 'select from app.notification_deliveries'), '1 rows',
  'an admin the tenant''s own');
create function pg_temp.send(who text, tenant text, notification text, channel text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.notification_deliveries (tenant_id, notification_id, channel_id)
     values (pg_temp.id(%L), pg_temp.id(%L), pg_temp.id(%L))', tenant, notification, channel
  ))
$$;
select is(pg_temp.send('worker@acme', 'acme', 'acme notification', 'acme channel'),
  '23505 notification_deliveries_once_key', 'a notification goes to a channel once');
select is(pg_temp.send('worker@acme', 'acme', 'acme notification', 'globex channel'),
  '23503 notification_deliveries_channel_fkey', 'never to another tenant''s');
select is(pg_temp.send('adam@acme', 'acme', 'globex notification', 'acme channel'),
  '23503 notification_deliveries_notification_fkey', 'and never another tenant''s');
select is(pg_temp.send('worker@acme', 'globex', 'globex notification', 'globex channel'), '42501',
  'nor for it');
select is(pg_temp.send('mia@acme', 'acme', 'acme notification', 'acme channel'), '42501',
  'a member sends nothing');
select is(pg_temp.outcome('olivia@acme', 'update app.notification_deliveries set attempts = 0'),
  '42501', 'no user writes in the log');
select is(pg_temp.outcome('worker@acme', 'update app.notification_deliveries set attempts = 1'),
  '1 rows', 'a worker in its tenant''s');
select is(pg_temp.outcome('worker@acme', $$
  update app.notification_deliveries set state = 'delivered'
$$), '23514 notification_deliveries_settled_check', 'what has arrived is not due');

-- What is due, across tenants.
select is(pg_temp.outcome('worker', 'select from private.due_deliveries(now(), 10)'), '2 rows',
  'workers are told what is due');
select is(
  pg_temp.outcome('worker', $$select from private.due_deliveries(now() - interval '1 hour', 10)$$),
  '0 rows', 'when it is');
insert into app.notifications (tenant_id, id, kind, key)
select pg_temp.id('acme'), pg_temp.id('many ' || n), 'data_anomaly', 'many ' || n
from generate_series(1, 9) as n;
insert into app.notification_deliveries (tenant_id, id, notification_id, channel_id)
select
  pg_temp.id('acme'), pg_temp.id('many ' || n || c.type), pg_temp.id('many ' || n), c.id
from generate_series(1, 9) as n
cross join app.notification_channels as c
where c.tenant_id = pg_temp.id('acme');
select is(pg_temp.outcome('worker', 'select from private.due_deliveries(now(), 100)'), '5 rows',
  'two at a time of a channel');
update app.notification_deliveries as d
set locked_until = now() + interval '1 minute'
where d.channel_id = pg_temp.id('acme channel')
  and d.id in (pg_temp.id('many 1webhook'), pg_temp.id('many 2webhook'));
select is(pg_temp.outcome('worker', 'select from private.due_deliveries(now(), 100)'), '3 rows',
  'those that are being sent are among them');
insert into app.notification_channels (tenant_id, id, type, name, recipient_role)
select pg_temp.id('acme'), pg_temp.id('mail ' || n), 'email', 'Mail', 'owner'
from generate_series(1, 5) as n;
insert into app.notification_deliveries (tenant_id, notification_id, channel_id)
select pg_temp.id('acme'), pg_temp.id('many ' || n), pg_temp.id('mail ' || m)
from generate_series(1, 9) as n
cross join generate_series(1, 5) as m;
select is(
  pg_temp.answer('worker', format(
    'select string_agg(count::text, %L order by count)
     from (
       select count(*) from private.due_deliveries(now(), 100) as d group by d.tenant_id
     ) as of_tenants', ' '
  )),
  '1 4', 'six of a tenant');
select is(pg_temp.outcome(who, question), '42501', who || ' may not ask: ' || question)
from unnest(array['olivia@acme', 'webhook', 'anon']) as who
cross join unnest(array[
  'select private.due_deliveries(now(), 1)', 'select private.channel_recipients(null)'
]) as question;

-- Meters.
update app.notification_deliveries
set state = 'delivered', settled_at = now(), next_attempt_at = null, locked_until = null
where id = pg_temp.id('globex delivery');
select is(
  pg_temp.answer('worker', format(
    'select string_agg(m.type || %L || m.state || %L || m.deliveries, %L order by m.type, m.state)
     from private.delivery_meters(now()) as m', ' ', ' ', ', '
  )),
  'email pending 54, webhook delivered 1, webhook pending 10',
  'workers are told how deliveries of all tenants do, in totals'
);
select is(pg_temp.outcome(who, 'select private.delivery_meters(now())'), '42501',
  who || ' is not told')
from unnest(array['olivia@acme', 'webhook', 'anon']) as who;

-- A channel goes with its deliveries, and its secrets with it.
select is(pg_temp.outcome('mia@acme', 'delete from app.notification_channels'), '0 rows',
  'a member removes no channel');
select is(
  pg_temp.outcome('adam@acme', $$delete from app.notification_channels where type = 'webhook'$$),
  '1 rows', 'an admin the tenant''s own');
select is(
  (select count(*) from app.notification_deliveries as d
   where d.channel_id in (pg_temp.id('acme channel'), pg_temp.id('globex channel'))),
  1::bigint, 'its deliveries go with it, and no others');
select is(
  (select array_agg(s.channel_id) from app.notification_channel_secrets as s),
  array[pg_temp.id('globex channel')], 'and so does what was secret');

select * from finish();
rollback;
