-- Syncs that wait, when somebody asks for them: they go before those that were scheduled.

grant update (trigger) on app.ingestion_jobs to authenticated;

create or replace function private.check_job_transition()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (old.state, new.state, new.task) in (
    ('awaiting_review', 'queued', 'run'),
    ('awaiting_review', 'discarded', 'run'),
    ('awaiting_mapping', 'queued', 'run'),
    ('queued', 'cancelled', 'run'),
    ('failed', 'queued', old.task),
    ('cancelled', 'queued', 'run'),
    ('completed', 'queued', 'revert'),
    ('partial', 'queued', 'revert'),
    ('failed', 'queued', 'revert'),
    ('cancelled', 'queued', 'revert'),
    ('awaiting_mapping', 'queued', 'revert')
  ) and new.trigger = old.trigger
  then
    return new;
  end if;
  -- Whoever runs a sync stops at its next step when somebody asks for that.
  if old.state = 'running'
    and old.kind = 'sync'
    and new.cancel_requested_at is not null
    and to_jsonb(new) - array['cancel_requested_at', 'updated_at']
      = to_jsonb(old) - array['cancel_requested_at', 'updated_at']
  then
    return new;
  end if;
  -- A sync that waits is the user's from now on, where a schedule had asked for it.
  if old.state = 'queued'
    and old.kind = 'sync'
    and new.trigger in ('user', old.trigger)
    and to_jsonb(new) - array['trigger', 'updated_at']
      = to_jsonb(old) - array['trigger', 'updated_at']
  then
    return new;
  end if;
  raise exception 'a job does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'ingestion_jobs_transition_check';
end
$$;

-- Whose turn it is where tenants have equally many jobs at work, such as none: who was served
-- longest ago. By the age of their jobs, one with a thousand of them would come first each time.
create index ingestion_jobs_started_idx on app.ingestion_jobs (tenant_id, started_at);

create or replace function private.due_jobs(most integer)
returns table (tenant_id uuid, job_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select
      j.tenant_id,
      j.id,
      j.created_at,
      row_number() over (
        partition by j.tenant_id
        order by (j.trigger = 'schedule'), j.created_at, j.id
      ) as turn
    from app.ingestion_jobs as j
    where j.state in ('queued', 'running')
      and coalesce(j.lease_until, j.next_run_at) <= now()
      and not exists (
        select
        from app.ingestion_jobs as b
        where b.tenant_id = j.tenant_id
          and b.connection_id = j.connection_id
          and b.id <> j.id
          and b.state = 'running'
          and b.lease_until > now()
      )
  ),

  busy as (
    select r.tenant_id, count(*) as running
    from app.ingestion_jobs as r
    where r.state = 'running' and r.lease_until > now()
    group by r.tenant_id
  ),

  served as (
    select
      w.tenant_id,
      (
        select max(s.started_at)
        from app.ingestion_jobs as s
        where s.tenant_id = w.tenant_id
      ) as last_at
    from (select distinct d.tenant_id from due as d) as w
  )

  select d.tenant_id, d.id
  from due as d
  join served as s on s.tenant_id = d.tenant_id
  left join busy as b on b.tenant_id = d.tenant_id
  order by d.turn + coalesce(b.running, 0), s.last_at nulls first, d.created_at
  limit least(most, 1000)
$$;
comment on function private.due_jobs(integer) is
  'Jobs of all tenants that nobody works on and that are due: those first whose tenants have the
fewest at work, or were served longest ago. Ids only.';

-- ---------------------------------------------------------------------------------------------
-- How syncs with each provider do, of all tenants together and of none by name.
-- ---------------------------------------------------------------------------------------------
create index ingestion_jobs_synced_idx
on app.ingestion_jobs (finished_at) where kind = 'sync' and finished_at is not null;

create function private.sync_totals(since timestamptz)
returns table (
  provider text, state text, error_kind text, syncs bigint, median_s numeric, p95_s numeric
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    c.provider,
    j.state,
    coalesce(j.error_kind, ''),
    count(*),
    round(
      (percentile_cont(0.5) within group (order by extract(epoch from j.finished_at - j.started_at)))
      ::numeric, 3
    ),
    round(
      (percentile_cont(0.95) within group (order by extract(epoch from j.finished_at - j.started_at)))
      ::numeric, 3
    )
  from app.ingestion_jobs as j
  join app.connections as c on c.tenant_id = j.tenant_id and c.id = j.connection_id
  where j.kind = 'sync' and j.finished_at >= since and j.started_at is not null
  group by c.provider, j.state, coalesce(j.error_kind, '')
$$;
comment on function private.sync_totals(timestamptz) is
  'Syncs of all tenants that ended since an instant, by provider and outcome: counts and durations.
No ids.';

create function private.provider_circuits()
returns table (provider text, is_open boolean)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.provider, s.open_until is not null
  from private.provider_states as s
$$;
comment on function private.provider_circuits() is 'Which providers do not answer at present.';

revoke all on function private.sync_totals(timestamptz) from public;
revoke all on function private.provider_circuits() from public;
grant execute on function private.sync_totals(timestamptz) to worker;
grant execute on function private.provider_circuits() to worker;
