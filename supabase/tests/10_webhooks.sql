-- Webhooks: doors of the inbox, routes, endpoints, and events as their tenant has them.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- No role touches the tables of no tenant.
select is(
  pg_temp.outcome(who, format('select from private.%I', name)), '42501', who || ' reads no ' || name
)
from unnest(array['olivia@acme', 'worker@acme', 'worker', 'webhook', 'anon', 'login']) as who
cross join unnest(array['webhook_endpoints', 'webhook_inbox', 'webhook_routes']) as name;
select is(
  (select count(*)::integer from information_schema.role_table_grants
   where table_schema = 'private' and table_name like 'webhook%'
     and grantee in ('authenticated', 'worker', 'webhook', 'anon', 'PUBLIC')),
  0,
  'nothing of them is granted'
);

-- Who may pass which door.
select is(
  (select string_agg(r.rolname, ' ' order by r.rolname) from pg_catalog.pg_roles as r
   where r.rolname in ('authenticated', 'worker', 'webhook', 'anon')
     and has_function_privilege(r.oid, door.name::regprocedure, 'execute')),
  door.roles,
  format('%s is for %s', door.name, door.roles)
)
from (values
  ('private.webhook_endpoint(bytea)', 'webhook'),
  ('private.receive_webhooks(uuid[],jsonb[],text[],text[],text[],text[],timestamptz[],bytea[])',
   'webhook'),
  ('private.webhook_route(text,text,text)', 'webhook'),
  ('private.claim_webhooks(integer,interval)', 'webhook'),
  ('private.settle_webhook(uuid,integer,text,interval,text)', 'webhook'),
  ('private.hand_over_webhook(uuid,integer)', 'worker'),
  ('private.put_webhook_route(uuid,text,text,text)', 'worker'),
  ('private.remove_webhook_routes(uuid)', 'worker'),
  ('private.due_webhook_events(integer)', 'worker'),
  ('private.sealed_webhook_secrets()', 'worker'),
  ('private.rewrap_webhook_secret(bytea,bytea)', 'worker'),
  ('private.rewrap_previous_webhook_secret(bytea,bytea)', 'worker'),
  ('private.tenant_webhook_endpoints()', 'authenticated'),
  ('private.create_webhook_endpoint(uuid,uuid,bytea,bytea)', 'authenticated'),
  ('private.create_application_webhook(uuid,text,bytea,bytea)', 'webhook'),
  ('private.rotate_webhook_endpoint(uuid,bytea,interval)', 'authenticated webhook'),
  ('private.disable_webhook_endpoint(uuid)', 'authenticated webhook'),
  ('private.all_webhook_endpoints()', 'webhook'),
  ('private.all_webhooks(uuid[],text,text,timestamptz,timestamptz,integer)', 'webhook'),
  ('private.replay_webhooks(uuid[])', 'webhook'),
  ('private.prune_webhooks(interval,integer)', 'webhook'),
  ('private.prune_leftovers(timestamptz,interval,interval,integer)', 'webhook'),
  ('private.webhook_meters()', 'webhook')
) as door (name, roles);
select is_empty($$
  select p.proname from pg_catalog.pg_proc as p
  where p.oid in (
      'private.webhook_route'::regproc, 'private.due_webhook_events'::regproc
    )
    and exists (
      select from unnest(p.proallargtypes, p.proargmodes) as a (type, mode)
      where a.mode = 't' and a.type <> 'uuid'::regtype
    )
$$, 'routes and what is due are told in ids alone');

-- Receiving.
create function pg_temp.receive(endpoint text, key text) returns text language sql as $$
  select pg_temp.answer('webhook', format(
    'select count(*) from private.receive_webhooks(
       array[pg_temp.id(%L)], array[%L]::jsonb[], array[%L], array[%L], array[%L], array[null],
       array[null]::timestamptz[], array[%L]::bytea[]
     )',
    endpoint, '{}', key, 'changed', '', 'body'
  ))
$$;
select is(pg_temp.receive('acme endpoint', 'three'), '1', 'an event is kept');
select is(pg_temp.receive('acme endpoint', 'three'), '0', 'once');
select is(pg_temp.receive('globex endpoint', 'three'), '1', 'for each endpoint');
select is(pg_temp.receive('no endpoint', 'three'), '0', 'which must be there');
select is(
  (select i.tenant_id from private.webhook_inbox as i
   where i.endpoint_id = pg_temp.id('globex endpoint') and i.dedupe_key = 'three'),
  pg_temp.id('globex'),
  'and tells whose it is where it is a connection''s'
);
select is(
  pg_temp.answer('webhook', 'select id from private.webhook_endpoint(sha256(''acme''))'),
  pg_temp.id('acme endpoint')::text,
  'an endpoint is found by its token'
);
update app.connections set status = 'disconnected' where id = pg_temp.id('acme connection');
select is(
  pg_temp.answer('webhook', 'select id from private.webhook_endpoint(sha256(''acme''))'), null,
  'unless its connection has ended'
);
update app.connections set status = 'active' where id = pg_temp.id('acme connection');

-- Routes: unique over tenants, the worker's own tenant alone.
create function pg_temp.put_route(who text, connection text, item text)
returns text language sql as $$
  select pg_temp.answer(who, format(
    'select private.put_webhook_route(pg_temp.id(%L), %L, %L, %L)', connection, 'file', '', item
  ))
$$;
select is(pg_temp.put_route('worker@acme', 'acme connection', 'new item'), 'true',
  'a worker sends a name to its tenant''s connection');
select is(pg_temp.put_route('worker@acme', 'acme connection', 'new item'), 'true', 'also twice');
select is(pg_temp.put_route('worker@acme', 'acme connection', 'globex item'), 'false',
  'but not one that is another tenant''s');
select is(
  (select r.tenant_id from private.webhook_routes as r where r.item = 'globex item'),
  pg_temp.id('globex'),
  'which stays where it was'
);
select is(
  pg_temp.outcome('worker@acme', $$
    select private.put_webhook_route(pg_temp.id('globex connection'), 'file', '', 'x')
  $$),
  '23503 webhook_routes_connection_fkey',
  'nor to another tenant''s connection'
);
select is(
  pg_temp.outcome('worker', $$
    select private.put_webhook_route(pg_temp.id('acme connection'), 'file', '', 'x')
  $$),
  '23502', 'and without a tenant nowhere'
);
select is(
  pg_temp.answer('webhook', $$
    select tenant_id from private.webhook_route('file', '', 'new item')
  $$),
  pg_temp.id('acme')::text,
  'intake is told whose a name is'
);
select is(
  pg_temp.answer('worker@globex', format(
    'select private.remove_webhook_routes(%L)', pg_temp.id('acme connection')
  )),
  '0',
  'no worker takes routes of another tenant away'
);
select is(
  pg_temp.answer('worker@acme', format(
    'select private.remove_webhook_routes(%L)', pg_temp.id('acme connection')
  )),
  '2',
  'but those of its own'
);

-- Parked events come back when their route does.
update private.webhook_inbox
set state = 'parked', next_attempt_at = now() + interval '1 day', item = 'late item';
select is(pg_temp.put_route('worker@acme', 'acme connection', 'late item'), 'true', 'a late route');
select is(
  (select count(*)::integer from private.webhook_inbox where next_attempt_at <= now()),
  (select count(*)::integer from private.webhook_inbox),
  'makes what waited for it due'
);

-- Claims: who has an event has it alone, until the lease is over.
update private.webhook_inbox
set state = 'received', next_attempt_at = now(), item = null
where dedupe_key = 'one';
delete from private.webhook_inbox where dedupe_key <> 'one';
create function pg_temp.claim() returns text language sql as $$
  select pg_temp.answer('webhook', 'select count(*) from private.claim_webhooks(10, ''1 minute'')')
$$;
select is(pg_temp.claim(), '2', 'what is due is claimed');
select is(pg_temp.claim(), '0', 'once');
update private.webhook_inbox set locked_until = now() where dedupe_key = 'one';
select is(pg_temp.claim(), '2', 'until the lease is over');
create function pg_temp.settle(attempt integer, state text) returns text language sql as $$
  select pg_temp.answer('webhook', format(
    'select private.settle_webhook(pg_temp.id(%L), %s, %L, null, %L)',
    'acme inbox', attempt, state, 'a-code'
  ))
$$;
select is(pg_temp.settle(1, 'dead'), 'false', 'who lost an event settles it no more');
select is(
  pg_temp.answer('worker@globex', format(
    'select private.hand_over_webhook(%L, 2)', pg_temp.id('acme inbox')
  )),
  'false',
  'a worker takes over no event of another tenant'
);
select is(
  pg_temp.answer('worker@acme', format(
    'select private.hand_over_webhook(%L, 2)', pg_temp.id('acme inbox')
  )),
  'true',
  'but one of its own'
);
select results_eq(
  $$select i.state, length(i.body) from private.webhook_inbox as i
    where i.id = pg_temp.id('acme inbox')$$,
  $$values ('done', 0)$$,
  'whose body is forgotten then'
);

-- Events as their tenant has them.
select is(pg_temp.outcome('olivia@acme', 'select id from app.webhook_events'), '1 rows',
  'an owner sees the tenant''s events');
select is(pg_temp.outcome('adam@acme', 'select id from app.webhook_events'), '1 rows',
  'and so does an admin');
select is(pg_temp.outcome(who, 'select id from app.webhook_events'), '0 rows', who || ' sees none')
from unnest(array['mia@acme', 'vera@acme', 'worker']) as who;
select is(pg_temp.outcome('olivia@acme', 'select sealed from app.webhook_events'), '42501',
  'what an event says is for workers');
create function pg_temp.replay(who text, old_state text, new_state text default 'received')
returns text language plpgsql as $$
begin
  update app.webhook_events as e
  set state = old_state, locked_until = case old_state when 'processing' then now() end;
  return pg_temp.outcome(who, format(
    'update app.webhook_events set state = %L, attempts = 0, next_attempt_at = now()', new_state
  ));
end
$$;
select is(pg_temp.replay('adam@acme', state), '1 rows', 'an admin replays what is ' || state)
from unnest(array['done', 'ignored', 'failed', 'dead']) as state;
select is(pg_temp.replay('mia@acme', 'dead'), '0 rows', 'a member replays nothing');
select is(
  pg_temp.replay('adam@acme', old, new), '23514 webhook_events_transition_check',
  format('nobody makes %s %s', old, new)
)
from (values
  ('received', 'received'), ('processing', 'received'), ('dead', 'done'), ('failed', 'ignored')
) as refused (old, new);
select is(pg_temp.outcome('adam@acme', 'update app.webhook_events set processed_at = now()'),
  '42501', 'or says that it was processed');
select is(pg_temp.outcome('adam@acme', 'delete from app.webhook_events'), '42501',
  'no event is deleted');
update app.webhook_events set state = 'failed', locked_until = null, next_attempt_at = now();
select is(
  pg_temp.answer('worker', 'select count(distinct tenant_id) from private.due_webhook_events(2)'),
  '2',
  'what is due is told of each tenant first'
);

-- Endpoints.
create function pg_temp.endpoint(who text, connection text, name text)
returns text language sql as $$
  select pg_temp.answer(who, format(
    'select private.create_webhook_endpoint(pg_temp.id(%L), pg_temp.id(%L), sha256(%L), null)',
    name, connection, name
  ))
$$;
select is(pg_temp.endpoint('adam@acme', 'acme connection', 'mine'), 'true',
  'an admin makes an endpoint');
select is(pg_temp.endpoint('adam@acme', 'globex connection', 'theirs'), 'false',
  'but not of another tenant''s connection');
select is(
  pg_temp.outcome('mia@acme', $$
    select private.create_webhook_endpoint(
      pg_temp.id('x'), pg_temp.id('acme connection'), sha256('x'), null
    )
  $$),
  '42501', 'a member makes none'
);
select is(
  pg_temp.answer('adam@acme', 'select count(*) from private.tenant_webhook_endpoints()'), '2',
  'an admin sees the tenant''s endpoints'
);
select is(
  pg_temp.answer('mia@acme', 'select count(*) from private.tenant_webhook_endpoints()'), '0',
  'a member sees none'
);
create function pg_temp.rotate(who text, name text) returns text language sql as $$
  select pg_temp.answer(who, format(
    'select private.rotate_webhook_endpoint(pg_temp.id(%L), sha256(%L), %L)', name, 'n', '1 hour'
  ))
$$;
select is(pg_temp.rotate('adam@acme', 'acme endpoint'), 'true', 'an admin rotates');
select is(
  (select e.sealed_previous from private.webhook_endpoints as e
   where e.id = pg_temp.id('acme endpoint')),
  sha256('acme'),
  'and the secret before is kept for a while'
);
select is(pg_temp.rotate(who, 'globex endpoint'), 'false', who || ' rotates nothing of Globex''')
from unnest(array['adam@acme', 'mia@acme', 'webhook']) as who;
select is(pg_temp.rotate('mia@acme', 'acme endpoint'), 'false', 'a member rotates nothing');
select is(pg_temp.outcome('webhook', $$
  select private.create_application_webhook(pg_temp.id('app'), 'plaid', sha256('app'), sha256('s'))
$$), '1 rows', 'the operator makes an endpoint of the application');
select is(pg_temp.rotate('webhook', 'app'), 'true', 'and rotates it');
select is(pg_temp.rotate('adam@acme', 'app'), 'false', 'which no admin of a tenant does');
create function pg_temp.disable(who text, name text) returns text language sql as $$
  select pg_temp.answer(who, format('select private.disable_webhook_endpoint(pg_temp.id(%L))', name))
$$;
select is(pg_temp.disable('adam@acme', 'app'), 'false', 'nor disables');
select is(pg_temp.disable('webhook', 'acme endpoint'), 'false',
  'as the operator does not a tenant''s');
select is(pg_temp.disable('adam@acme', 'acme endpoint'), 'true', 'an admin disables');
select is(pg_temp.disable('adam@acme', 'acme endpoint'), 'false', 'once');
select is(
  pg_temp.answer('webhook', 'select id from private.webhook_endpoint(sha256(''acme''))'), null,
  'and what is disabled takes no events'
);
select is(pg_temp.receive('acme endpoint', 'four'), '0', 'whoever still knows it');

-- Secrets under another key.
update private.webhook_endpoints set sealed_previous = sha256('old'), previous_until = now()
where id = pg_temp.id('globex endpoint');
select is(
  pg_temp.answer('worker@globex', 'select count(*) from private.sealed_webhook_secrets()'), '1',
  'a worker sees its tenant''s sealed secrets'
);
create function pg_temp.rewrap(who text, name text, old text) returns text language sql as $$
  select pg_temp.answer(who, format(
    'select private.%I(sha256(%L), sha256(%L))', name, old, 'anew'
  ))
$$;
select is(pg_temp.rewrap('worker@acme', name, old), 'false', 'no worker ' || name || 's of another')
from (values
  ('rewrap_webhook_secret', 'globex'), ('rewrap_previous_webhook_secret', 'old')
) as places (name, old);
select is(pg_temp.rewrap('worker@globex', name, old), 'true', name || ' exchanges known bytes')
from (values
  ('rewrap_webhook_secret', 'globex'), ('rewrap_previous_webhook_secret', 'old')
) as places (name, old);
select is(
  pg_temp.rewrap('worker@globex', 'rewrap_webhook_secret', 'globex'), 'false',
  'but none that are not there any more'
);

-- The operator.
update app.webhook_events set state = 'dead', next_attempt_at = null;
select is(
  pg_temp.answer('webhook', format(
    'select private.replay_webhooks(array[%L]::uuid[])', pg_temp.id('acme event')
  )),
  '1',
  'the operator replays'
);
select is(
  (select count(*)::integer from app.ingestion_audit_log as l
   where l.tenant_id = pg_temp.id('acme') and l.event = 'webhook.replayed' and l.user_id is null),
  1,
  'and the tenant is told'
);
update app.webhook_events set state = 'done', received_at = now() - interval '40 days';
select is(
  pg_temp.answer('webhook', 'select private.prune_webhooks(''0 s'', 10)'), '2',
  'old events are forgotten'
);
update private.webhook_inbox
set state = 'ignored', locked_until = null, received_at = now() - interval '10 days';
select is(
  pg_temp.answer('webhook', 'select private.prune_webhooks(''0 s'', 10)'), '0',
  'but none before its time, whatever is asked'
);

select * from finish();
rollback;
