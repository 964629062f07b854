-- Users say of no job why it is made: the default does, a sync that they ask for is by hand.
revoke insert (trigger) on app.ingestion_jobs from authenticated;

-- How often a provider did not answer is nobody's to read: it tells of other tenants' calls.
drop function private.provider_state(text);

create function private.provider_state(slug text)
returns table (
  enabled boolean, open_until timestamptz, app_calls integer, connection_calls integer,
  attempts_max integer
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.enabled, s.open_until, s.app_calls, s.connection_calls, s.attempts_max
  from private.provider_states as s
  where s.provider = slug
$$;
comment on function private.provider_state(text) is
  'A provider''s circuit and what the operator set for it; no row: nothing was ever noted.';
revoke all on function private.provider_state(text) from public;
grant execute on function private.provider_state(text) to authenticated, worker;
