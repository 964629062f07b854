-- Balances as sources stated them.

-- name: latest
-- role: authenticated
-- The newest of each kind and code of an account, of its primary source where that has one: a
-- final figure wins over an interim one, one without a time, which is of the end of the day, over
-- one with a time.
select
  l.id, l.account_id, l.mapping_id, l.raw_id, l.raw_line, l.kind, l.code, l.amount, l.currency,
  l.as_of, l.as_of_time, l.interim, l.created_at
from unnest($2::uuid[]) as parent (id)
cross join lateral (
  select distinct on (b.kind, b.code)
    b.id, b.account_id, b.mapping_id, b.raw_id, b.raw_line, b.kind, b.code, b.amount, b.currency,
    b.as_of, b.as_of_time, b.interim, b.created_at
  from app.accounts as a
  join app.account_balances as b on b.tenant_id = a.tenant_id and b.account_id = a.id
  where a.tenant_id = $1 and a.id = parent.id
  order by
    b.kind, b.code, (b.mapping_id = a.primary_mapping_id) is true desc,
    b.as_of desc, b.interim, b.as_of_time desc nulls first, b.created_at desc,
    b.id desc
  limit 100
) as l;

-- name: by_day
-- role: authenticated
-- Of each account and day, what was last stated by its end, in the account's currency, by its
-- primary source where that had stated anything by then. Of the statements of one day: the kind
-- that comes first in $5, then as in `latest`. Days come as text, for the driver makes infinities
-- of the calendar's ends, and a series of these goes on for ever. They are counted from the first:
-- a series of dates is one of instants, which has no midnight where clocks are put forward.
select
  a.id as account_id, d.day, l.kind, l.amount, l.currency, l.as_of
from app.accounts as a
cross join lateral (
  select $3::text::date + s.days as day
  from generate_series(0, $4::text::date - $3::text::date) as s (days)
) as d
cross join lateral (
  select s.kind, s.amount, s.currency, s.as_of
  from (
    (
      select 1 as rank, b.kind, b.amount, b.currency, b.as_of
      from app.account_balances as b
      where b.tenant_id = $1
        and b.account_id = a.id
        and b.mapping_id = a.primary_mapping_id
        and b.as_of <= d.day
        and b.kind = any($5::text[])
        and b.currency = a.currency
      order by
        b.as_of desc, array_position($5::text[], b.kind), b.interim,
        b.as_of_time desc nulls first, b.created_at desc, b.id desc
      limit 1
    )
    union all
    (
      select 2 as rank, b.kind, b.amount, b.currency, b.as_of
      from app.account_balances as b
      where b.tenant_id = $1
        and b.account_id = a.id
        and b.as_of <= d.day
        and b.kind = any($5::text[])
        and b.currency = a.currency
      order by
        b.as_of desc, array_position($5::text[], b.kind), b.interim,
        b.as_of_time desc nulls first, b.created_at desc, b.id desc
      limit 1
    )
  ) as s
  order by s.rank
  limit 1
) as l
where a.tenant_id = $1 and a.id = any($2::uuid[])
order by a.id, d.day;
