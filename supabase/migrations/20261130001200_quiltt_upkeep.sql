-- Sessions at Quiltt whose time is over, of all tenants: workers end them there too.

create index quiltt_sessions_over_idx
on app.quiltt_sessions (expires_at) where sealed is not null;

create function private.over_quiltt_sessions(before timestamptz, most integer)
returns table (tenant_id uuid, persona_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select waiting.tenant_id, waiting.persona_id
  from (
    select
      s.tenant_id,
      s.persona_id,
      min(s.expires_at) as since,
      row_number() over (partition by s.tenant_id order by min(s.expires_at), s.persona_id) as turn
    from app.quiltt_sessions as s
    where s.sealed is not null
      and (s.state <> 'open' or s.expires_at <= before)
    group by s.tenant_id, s.persona_id
  ) as waiting
  order by waiting.turn, waiting.since
  limit least(most, 1000)
$$;
comment on function private.over_quiltt_sessions(timestamptz, integer) is
  'Personas of all tenants with sessions that have ended here and not at Quiltt; one of each '
  'tenant first. Ids only.';
revoke all on function private.over_quiltt_sessions(timestamptz, integer) from public;
grant execute on function private.over_quiltt_sessions(timestamptz, integer) to worker;
