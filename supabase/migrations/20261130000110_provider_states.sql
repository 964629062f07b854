-- Providers: what the operator allows, and whether they answer. The states belong to no tenant.

create table private.provider_states (
  provider text not null,
  failures integer not null default 0,
  failing_since timestamptz,
  opened integer not null default 0,
  open_until timestamptz,
  probe_until timestamptz,
  app_calls integer,
  connection_calls integer,
  attempts_max integer,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint provider_states_pkey primary key (provider),
  constraint provider_states_provider_check check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint provider_states_calls_check
  check (app_calls between 1 and 1000000 and connection_calls between 1 and 1000000),
  constraint provider_states_attempts_max_check check (attempts_max between 1 and 50)
);
comment on table private.provider_states is
  'Each provider''s circuit, and what the operator set for it: limits a minute, tries, whether it is
offered. Null leaves the connector''s own facts.';
create trigger provider_states_touch before update on private.provider_states
for each row execute function private.touch_updated_at();

create table app.provider_flags (
  tenant_id uuid not null,
  provider text not null,
  enabled boolean not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint provider_flags_pkey primary key (tenant_id, provider),
  constraint provider_flags_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint provider_flags_provider_check check (provider ~ '^[a-z][a-z0-9_]{1,39}$')
);
comment on table app.provider_flags is
  'Where the operator offers a provider to a tenant, or keeps it from them, against the rule.';
create trigger provider_flags_touch before update on app.provider_flags
for each row execute function private.touch_updated_at();

create function private.provider_state(slug text)
returns table (
  enabled boolean, open_until timestamptz, failures integer, app_calls integer,
  connection_calls integer, attempts_max integer
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.enabled, s.open_until, s.failures, s.app_calls, s.connection_calls, s.attempts_max
  from private.provider_states as s
  where s.provider = slug
$$;
comment on function private.provider_state(text) is
  'A provider''s circuit and what the operator set for it; no row: nothing was ever noted.';

create function private.provider_may_call(slug text, asked_at timestamptz)
returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  until timestamptz;
begin
  select greatest(s.open_until, s.probe_until)
  into until
  from private.provider_states as s
  where s.provider = slug and s.open_until is not null;
  if until is null then
    return null;
  end if;
  if until > asked_at then
    return until;
  end if;
  -- The time is over: the first who asks tries, and the others wait for what comes of it.
  update private.provider_states as s
  set probe_until = asked_at + interval '60 seconds'
  where s.provider = slug
    and s.open_until <= asked_at
    and (s.probe_until is null or s.probe_until <= asked_at);
  if found then
    return null;
  end if;
  return asked_at + interval '5 seconds';
end
$$;
comment on function private.provider_may_call(text, timestamptz) is
  'Null: call. Else the circuit is open until then. After it, one caller may try.';

create function private.provider_failed(slug text, failed_at timestamptz)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into private.provider_states as s (provider, failures, failing_since)
  values (slug, 1, failed_at)
  on conflict (provider) do update
  set
    failures = case
      when s.failing_since is null or s.failing_since < failed_at - interval '60 seconds'
        and s.open_until is null
        then 1
      else s.failures + 1
    end,
    failing_since = case
      when s.failing_since is null or s.failing_since < failed_at - interval '60 seconds'
        and s.open_until is null
        then failed_at
      else s.failing_since
    end,
    opened = case
      when s.open_until is not null and s.open_until <= failed_at then s.opened + 1
      when s.open_until is null and s.failures + 1 >= 5
        and s.failing_since >= failed_at - interval '60 seconds'
        then 1
      else s.opened
    end,
    open_until = case
      when s.open_until is not null and s.open_until <= failed_at
        then failed_at + least(
          interval '30 seconds' * power(4, least(s.opened, 6)), interval '1 hour'
        )
      when s.open_until is null and s.failures + 1 >= 5
        and s.failing_since >= failed_at - interval '60 seconds'
        then failed_at + interval '30 seconds'
      else s.open_until
    end,
    probe_until = null
$$;
comment on function private.provider_failed(text, timestamptz) is
  'Notes that the provider did not answer. Five times in a minute without an answer between open its
circuit for 30 s; each probe that fails makes that four times as long, up to an hour.';

create function private.provider_answered(slug text)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update private.provider_states as s
  set failures = 0, failing_since = null, opened = 0, open_until = null, probe_until = null
  where s.provider = slug and (s.failures > 0 or s.open_until is not null)
$$;
comment on function private.provider_answered(text) is
  'Notes that the provider answers: its circuit is closed.';

create function private.set_provider(
  slug text, is_enabled boolean, app_calls_a_minute integer, connection_calls_a_minute integer,
  tries integer
)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into private.provider_states as s (
    provider, enabled, app_calls, connection_calls, attempts_max
  )
  values (
    slug, coalesce(is_enabled, true), app_calls_a_minute, connection_calls_a_minute, tries
  )
  on conflict (provider) do update
  set
    enabled = coalesce(is_enabled, s.enabled),
    app_calls = coalesce(app_calls_a_minute, s.app_calls),
    connection_calls = coalesce(connection_calls_a_minute, s.connection_calls),
    attempts_max = coalesce(tries, s.attempts_max)
$$;
comment on function private.set_provider(text, boolean, integer, integer, integer) is
  'What the operator sets for a provider; null leaves a value as it is.';

revoke all on function private.provider_state(text) from public;
revoke all on function private.provider_may_call(text, timestamptz) from public;
revoke all on function private.provider_failed(text, timestamptz) from public;
revoke all on function private.provider_answered(text) from public;
revoke all on function private.set_provider(text, boolean, integer, integer, integer) from public;
grant execute on function private.provider_state(text) to authenticated, worker;
grant execute on function private.provider_may_call(text, timestamptz) to worker;
grant execute on function private.provider_failed(text, timestamptz) to worker;
grant execute on function private.provider_answered(text) to worker;
grant execute on function private.set_provider(text, boolean, integer, integer, integer) to worker;
grant select on app.provider_flags to authenticated;
grant select, insert, update, delete on app.provider_flags to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
-- No policy and no grant: the functions alone reach it.
alter table private.provider_states enable row level security;
alter table private.provider_states force row level security;
alter table app.provider_flags enable row level security;
alter table app.provider_flags force row level security;

create policy provider_flags_select on app.provider_flags
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy provider_flags_select_worker on app.provider_flags
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy provider_flags_insert_worker on app.provider_flags
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy provider_flags_update_worker on app.provider_flags
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy provider_flags_delete_worker on app.provider_flags
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
