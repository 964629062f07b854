-- Profiles of personas at Quiltt, one of each in an environment.

-- name: meet
-- role: worker
insert into app.quiltt_profiles (tenant_id, persona_id, environment)
values ($1, $2, $3)
on conflict (tenant_id, persona_id, environment) do nothing;

-- name: take
-- role: worker
-- Who else wants a session of it waits.
select p.id, p.external_id, p.external_environment
from app.quiltt_profiles as p
where p.tenant_id = $1 and p.persona_id = $2 and p.environment = $3
for no key update;

-- name: answered
-- role: worker
update app.quiltt_profiles as p
set external_id = $3, external_environment = $4
where p.tenant_id = $1
  and p.id = $2
  and (p.external_id, p.external_environment) is distinct from ($3, $4);
