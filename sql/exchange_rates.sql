-- Rates between currencies, as members say, and how far transfers may be from them.

-- name: put
-- role: authenticated
insert into app.exchange_rates as r (tenant_id, base, quote, day, rate, source)
select $1, n.base, n.quote, n.day, n.rate, n.source
from unnest($2::text[], $3::text[], $4::date[], $5::numeric[], $6::text[]) as n (
  base, quote, day, rate, source
)
order by n.base, n.quote, n.day
on conflict (tenant_id, base, quote, day) do update
set rate = excluded.rate, source = excluded.source
where (r.rate, r.source) is distinct from (excluded.rate, excluded.source);

-- name: tolerance
-- role: authenticated
select t.rate_tolerance_percent
from app.tenants as t
where t.id = $1;

-- name: tolerate
-- role: authenticated
update app.tenants as t
set rate_tolerance_percent = $2::numeric
where t.id = $1;

-- name: of_days
-- role: authenticated
select r.base, r.quote, r.day, r.rate, r.source
from app.exchange_rates as r
where r.tenant_id = $1
  and ($2::text is null or r.base = $2)
  and ($3::text is null or r.quote = $3)
  and ($4::date is null or r.day >= $4)
  and ($5::date is null or r.day <= $5)
order by r.day desc, r.base, r.quote
limit $6;
