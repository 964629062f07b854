-- Syncs that were asked for together are followed together.
alter table app.ingestion_jobs add column batch_id uuid;
comment on column app.ingestion_jobs.batch_id is
  'Of syncs: the request for all connections that asked for it last; else null.';
create index ingestion_jobs_batch_idx
on app.ingestion_jobs (tenant_id, batch_id) where batch_id is not null;

grant insert (batch_id), update (batch_id) on app.ingestion_jobs to authenticated;

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
  ) and new.trigger = old.trigger and new.batch_id is not distinct from old.batch_id
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
  -- A sync that waits is the user's from now on, where a schedule had asked for it, and of the
  -- batch that asked for it last.
  if old.state = 'queued'
    and old.kind = 'sync'
    and new.trigger in ('user', old.trigger)
    and to_jsonb(new) - array['trigger', 'batch_id', 'updated_at']
      = to_jsonb(old) - array['trigger', 'batch_id', 'updated_at']
  then
    return new;
  end if;
  raise exception 'a job does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'ingestion_jobs_transition_check';
end
$$;
