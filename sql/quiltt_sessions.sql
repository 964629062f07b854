-- Sessions of personas' browsers at Quiltt, and how they ended.

-- name: expire
-- role: worker
update app.quiltt_sessions as s
set state = 'expired'
where s.tenant_id = $1 and s.persona_id = $2 and s.state = 'open' and s.expires_at <= $3;

-- name: open
-- role: worker
select s.id, s.user_id, s.sealed, s.issued_at, s.expires_at
from app.quiltt_sessions as s
where s.tenant_id = $1 and s.persona_id = $2 and s.state = 'open';

-- name: counts
-- role: worker
-- What counts against Quiltt's limits: what was asked for and is not closed there.
select
  count(*) filter (where s.issued_at > $3::timestamptz - interval '1 hour') as of_hour,
  count(*) as of_day
from app.quiltt_sessions as s
where s.tenant_id = $1
  and s.profile_id = $2
  and s.issued_at > $3::timestamptz - interval '1 day'
  and s.closed_at is null
  and s.state <> 'failed';

-- name: put
-- role: worker
insert into app.quiltt_sessions as s (
  tenant_id, persona_id, profile_id, user_id, issued_at, expires_at
)
values ($1, $2, $3, $4, $5, $6)
returning s.id;

-- name: answered
-- role: worker
-- Never later than fifteen minutes after it was asked for, which is what stands.
update app.quiltt_sessions as s
set sealed = $3, expires_at = least(s.expires_at, $4::timestamptz)
where s.tenant_id = $1 and s.id = $2 and s.state = 'open';

-- name: end
-- role: worker
update app.quiltt_sessions as s
set state = $3, used_at = case when $3 = 'used' then $4::timestamptz end
where s.tenant_id = $1 and s.id = $2 and s.state = 'open';

-- name: ended
-- role: worker
-- Ended here and not there, where a token lives for a day.
select s.id, s.sealed, s.issued_at
from app.quiltt_sessions as s
where s.tenant_id = $1 and s.persona_id = $2 and s.state <> 'open' and s.sealed is not null
order by s.issued_at
limit 20;

-- name: over
-- role: worker
select o.tenant_id, o.persona_id
from private.over_quiltt_sessions($1, $2) as o;

-- name: close
-- role: worker
update app.quiltt_sessions as s
set sealed = null, closed_at = $3
where s.tenant_id = $1 and s.id = $2 and s.state <> 'open';
