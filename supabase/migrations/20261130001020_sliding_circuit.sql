-- A provider's circuit opens after five outages within any minute, wherever that minute begins.

alter table private.provider_states
add column recent timestamptz[] not null default '{}';
comment on column private.provider_states.recent is
  'When the provider did not answer within the last minute: the newest five while it is closed.';

create or replace function private.provider_failed(slug text, failed_at timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  state private.provider_states;
  latest timestamptz[];
begin
  insert into private.provider_states as s (provider) values (slug) on conflict do nothing;
  select s.* into state from private.provider_states as s where s.provider = slug for update;
  if state.open_until > failed_at then
    -- Calls that were under way when it opened say nothing new.
    update private.provider_states as s
    set failures = s.failures + 1, probe_until = null
    where s.provider = slug;
    return;
  end if;
  if state.open_until is not null then
    update private.provider_states as s
    set
      failures = s.failures + 1,
      opened = s.opened + 1,
      open_until = failed_at + least(
        interval '30 seconds' * power(4, least(s.opened, 6)), interval '1 hour'
      ),
      probe_until = null
    where s.provider = slug;
    return;
  end if;
  -- Processes' clocks differ and their notes overtake each other: the newest one ends the minute.
  select array_agg(f.at order by f.at) into latest
  from (
    select n.at from (
      select n.at, max(n.at) over () as newest
      from unnest(state.recent || failed_at) as n (at)
    ) as n
    where n.at >= n.newest - interval '60 seconds'
    order by n.at desc
    limit 5
  ) as f;
  update private.provider_states as s
  set
    recent = latest,
    failures = cardinality(latest),
    failing_since = latest[1],
    opened = case when cardinality(latest) >= 5 then 1 else s.opened end,
    open_until = case when cardinality(latest) >= 5 then failed_at + interval '30 seconds' end,
    probe_until = null
  where s.provider = slug;
end
$$;

create or replace function private.provider_answered(slug text)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update private.provider_states as s
  set
    failures = 0, failing_since = null, recent = '{}', opened = 0, open_until = null,
    probe_until = null
  where s.provider = slug and (s.failures > 0 or s.open_until is not null)
$$;
