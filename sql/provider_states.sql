-- What is noted of providers, for all tenants, and what a tenant is offered.

-- name: policies
-- role: worker, authenticated
select
  p.slug, s.open_until, s.app_calls, s.connection_calls, s.attempts_max,
  coalesce(f.enabled, s.enabled, true) as enabled
from unnest($2::text[]) as p (slug)
left join lateral private.provider_state(p.slug) as s on true
left join app.provider_flags as f on f.tenant_id = $1 and f.provider = p.slug;

-- name: may_call
-- role: worker
select private.provider_may_call($1, $2);

-- name: failed
-- role: worker
select private.provider_failed($1, $2);

-- name: answered
-- role: worker
select private.provider_answered($1);

-- name: set
-- role: worker
select private.set_provider($1, $2, $3, $4, $5);

-- name: set_flag
-- role: worker
insert into app.provider_flags as f (tenant_id, provider, enabled)
values ($1, $2, $3)
on conflict (tenant_id, provider) do update
set enabled = excluded.enabled;

-- name: clear_flag
-- role: worker
delete from app.provider_flags as f
where f.tenant_id = $1 and f.provider = $2;
