-- Quiltt: the profile that a persona has there, the sessions of its browser, and whose a
-- connection is.

create table app.quiltt_profiles (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  persona_id uuid not null,
  environment text not null,
  external_id text,
  external_environment text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint quiltt_profiles_pkey primary key (tenant_id, id),
  constraint quiltt_profiles_persona_fkey
  foreign key (tenant_id, persona_id) references app.personas (tenant_id, id),
  constraint quiltt_profiles_persona_key unique (tenant_id, persona_id, environment),
  constraint quiltt_profiles_environment_check check (environment ~ '^[a-z0-9_-]{1,40}$'),
  constraint quiltt_profiles_external_id_check check (length(external_id) between 1 and 200),
  constraint quiltt_profiles_external_environment_check
  check (length(external_environment) between 1 and 200),
  constraint quiltt_profiles_answer_check
  check ((external_id is null) = (external_environment is null))
);
comment on table app.quiltt_profiles is
  'The profile of a persona in an environment of Quiltt: one, with any number of connections.';
comment on column app.quiltt_profiles.environment is
  'What the operator calls the environment: profiles of one do not exist in another.';
comment on column app.quiltt_profiles.external_id is
  'Quiltt''s id of the profile; null until it has answered for the first time.';
-- A profile is one persona's: who else names it would read another's banks. Of which tenant it is
-- follows from its UUID at Quiltt; an index over all tenants would tell one of another's.
create unique index quiltt_profiles_external_key
on app.quiltt_profiles (tenant_id, external_environment, external_id);

create table app.quiltt_sessions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  persona_id uuid not null,
  profile_id uuid not null,
  user_id uuid not null,
  state text not null default 'open',
  sealed bytea,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint quiltt_sessions_pkey primary key (tenant_id, id),
  constraint quiltt_sessions_persona_fkey
  foreign key (tenant_id, persona_id) references app.personas (tenant_id, id),
  constraint quiltt_sessions_profile_fkey
  foreign key (tenant_id, profile_id) references app.quiltt_profiles (tenant_id, id),
  constraint quiltt_sessions_state_check check (state in ('open', 'used', 'expired', 'failed')),
  constraint quiltt_sessions_sealed_check check (length(sealed) between 32 and 65536),
  constraint quiltt_sessions_closed_check check (closed_at is null or sealed is null),
  constraint quiltt_sessions_expires_at_check
  check (expires_at > issued_at and expires_at <= issued_at + interval '15 minutes'),
  constraint quiltt_sessions_used_check check ((state = 'used') = (used_at is not null))
);
comment on table app.quiltt_sessions is
  'Sessions with which a browser opens Quiltt''s Connector, and how each of them ended.';
comment on column app.quiltt_sessions.sealed is
  'The token, until it is closed at Quiltt, where it would live for a day; null also while it is
being made.';
comment on column app.quiltt_sessions.closed_at is
  'When Quiltt was told of the end: from then on it does not count against its limits.';
-- One at a time: whoever asks again gets the same, or ends it.
create unique index quiltt_sessions_open_key
on app.quiltt_sessions (tenant_id, persona_id) where state = 'open';
create index quiltt_sessions_profile_idx
on app.quiltt_sessions (tenant_id, profile_id, issued_at);
create index quiltt_sessions_persona_idx on app.quiltt_sessions (tenant_id, persona_id);

alter table app.connections
add column persona_id uuid,
add constraint connections_persona_fkey
foreign key (tenant_id, persona_id) references app.personas (tenant_id, id);
comment on column app.connections.persona_id is
  'Whose accounts these are: each becomes an asset of theirs. Null: nobody''s in particular.';
create index connections_persona_idx on app.connections (tenant_id, persona_id);

create trigger quiltt_profiles_touch before update on app.quiltt_profiles
for each row execute function private.touch_updated_at();
create trigger quiltt_sessions_touch before update on app.quiltt_sessions
for each row execute function private.touch_updated_at();

grant select, insert, update (external_id, external_environment)
on app.quiltt_profiles to worker;
grant select, insert, update (state, sealed, expires_at, used_at, closed_at)
on app.quiltt_sessions to worker;
grant update (persona_id) on app.connections to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security. Users never read these: a token is handed over once, by the API.
-- ---------------------------------------------------------------------------------------------
alter table app.quiltt_profiles enable row level security;
alter table app.quiltt_profiles force row level security;
alter table app.quiltt_sessions enable row level security;
alter table app.quiltt_sessions force row level security;

create policy quiltt_profiles_select_worker on app.quiltt_profiles
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy quiltt_profiles_insert_worker on app.quiltt_profiles
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy quiltt_profiles_update_worker on app.quiltt_profiles
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy quiltt_sessions_select_worker on app.quiltt_sessions
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy quiltt_sessions_insert_worker on app.quiltt_sessions
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy quiltt_sessions_update_worker on app.quiltt_sessions
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
