-- What balances say of an account's days, and what its rows come to.

-- name: base
-- role: authenticated, worker
-- The day of the last balance before a day: from there on it is proved. Of each account. Before the
-- first statement there is no closing balance, and some formats date its opening by the day before.
select w.place::integer as place, coalesce(l.as_of, o.as_of) as day
from unnest($2::uuid[], $3::text[], $4::date[]) with ordinality as w (
  account_id, currency, first_day, place
)
left join lateral (
  select b.as_of
  from app.account_balances as b
  where b.tenant_id = $1
    and b.account_id = w.account_id
    and b.as_of < w.first_day
    and b.kind in ('closing_ledger', 'running')
    and not b.interim
    and b.currency = w.currency
  order by b.as_of desc
  limit 1
) as l on true
left join lateral (
  select b.as_of
  from app.account_balances as b
  where l.as_of is null
    and b.tenant_id = $1
    and b.account_id = w.account_id
    and b.as_of < w.first_day
    and b.kind = 'opening_ledger'
    and not b.interim
    and b.currency = w.currency
  order by b.as_of desc
  limit 1
) as o on true
where coalesce(l.as_of, o.as_of) is not null;

-- name: sums
-- role: authenticated, worker
-- Of each account. By its index: a table that has just grown is planned as if it were small, and
-- then the order of days would lead through all of the tenant's rows (`offset 0`).
select w.place::integer as place, o.day, sum(o.amount) as amount, count(*)::integer as rows
from unnest($2::uuid[], $3::text[], $4::date[], $5::date[]) with ordinality as w (
  account_id, currency, first_day, last_day, place
)
cross join lateral (
  select t.sort_date as day, t.amount
  from app.transactions as t
  where t.tenant_id = $1
    and t.account_id = w.account_id
    and t.sort_date between w.first_day and w.last_day
    and t.currency = w.currency
    and t.status = 'posted'
    and t.duplicate_of is null
  offset 0
) as o
group by w.place, o.day
order by w.place, o.day;

-- name: stated
-- role: authenticated, worker
-- Of each account: the newest document first; of one day's running balances the latest.
select w.place::integer as place, l.day, l.kind, l.amount, l.raw_id, l.job_id
from unnest($2::uuid[], $3::text[], $4::date[], $5::date[]) with ordinality as w (
  account_id, currency, first_day, last_day, place
)
cross join lateral (
  select
    b.as_of as day, b.kind, b.amount, b.raw_id, b.job_id,
    row_number() over (
      order by b.as_of, b.as_of_time desc nulls first, b.created_at desc, b.raw_line desc, b.id desc
    ) as number
  from app.account_balances as b
  where b.tenant_id = $1
    and b.account_id = w.account_id
    and b.as_of between w.first_day and w.last_day
    and b.kind in ('opening_ledger', 'closing_ledger', 'running')
    and not b.interim
    and b.currency = w.currency
  order by number
  limit 20000
) as l
order by w.place, l.number;

-- name: rows
-- role: authenticated, worker
-- Of each span of days; by the account's index, as above, which an order of days would not take.
select s.place::integer as place, l.id, l.day, l.amount, l.status, l.description, l.raw_id
from unnest($2::uuid[], $3::text[], $4::date[], $5::date[]) with ordinality as s (
  account_id, currency, first_day, last_day, place
)
cross join lateral (
  select t.id, t.sort_date as day, t.amount, t.status, t.description, t.raw_id
  from app.transactions as t
  where t.tenant_id = $1
    and t.account_id = s.account_id
    and t.sort_date between s.first_day and s.last_day
    and t.currency = s.currency
    and t.set_aside is null
    and t.duplicate_of is null
  order by t.sort_date + 0, t.id
  limit $6
) as l
order by s.place, l.day, l.id;

-- name: contradictions
-- role: authenticated, worker
-- Rows of accounts that stand although their source says otherwise: of these, and of those that it
-- says to be of such a day while that is asked.
select
  t.account_id, c.transaction_id, t.sort_date as day, t.amount, r.id as review_item_id,
  (c.incoming ->> 'sort_date')::date as said_day,
  (c.incoming ->> 'amount')::numeric as said_amount,
  c.incoming ->> 'currency' as said_currency,
  c.state = 'kept' as is_kept
from (
  select k.transaction_id
  from app.transaction_conflicts as k
  where k.tenant_id = $1 and k.transaction_id = any($4::uuid[]) and k.state <> 'taken'
  union
  select o.transaction_id
  from app.transaction_conflicts as o
  where o.tenant_id = $1
    and o.state in ('noted', 'asked')
    and exists (
      select
      from unnest($5::date[], $6::date[]) as s (first_day, last_day)
      where (o.incoming ->> 'sort_date')::date between s.first_day and s.last_day
    )
) as w
join app.transaction_conflicts as c on c.tenant_id = $1 and c.transaction_id = w.transaction_id
join app.transactions as t on t.tenant_id = $1 and t.id = w.transaction_id
left join app.review_items as r
  on r.tenant_id = $1
    and r.transaction_id = w.transaction_id
    and r.kind = 'conflict'
    and r.state = 'open'
where (t.account_id, t.currency) in (
  select a.account_id, a.currency
  from unnest($2::uuid[], $3::text[]) as a (account_id, currency)
)
  and t.status = 'posted'
  and t.set_aside is null
  and t.duplicate_of is null
order by t.sort_date, t.id
limit $7;

-- name: statements
-- role: authenticated, worker
-- The newest first.
select
  s.from_date, s.to_date, s.opening_balance, s.closing_balance, s.entries_sum, s.entries_count,
  s.currency, s.proof, s.difference, s.raw_id
from app.statements as s
where s.tenant_id = $1
  and s.account_id = $2
  and s.to_date >= $3
  and coalesce(s.from_date, s.to_date) <= $4
order by s.to_date desc, s.created_at desc, s.id
limit 2000;

-- name: rejected
-- role: authenticated, worker
-- How many rows of each job's document could not be read.
select f.job_id, count(*)::integer as rows
from app.ingestion_findings as f
where f.tenant_id = $1 and f.job_id = any($2::uuid[]) and f.rejected
group by f.job_id;

-- name: of_job
-- role: worker
-- The accounts that a job's connection feeds, past one of them, and the days of the balances that
-- the job states.
select m.account_id, a.name, a.currency, min(b.as_of) as first_day, max(b.as_of) as last_day
from app.connections as c
join app.account_mappings as m on m.tenant_id = c.tenant_id and m.lineage_id = c.lineage_id
join app.accounts as a on a.tenant_id = m.tenant_id and a.id = m.account_id
left join app.account_balances as b
  on b.tenant_id = m.tenant_id
    and b.account_id = m.account_id
    and b.job_id = $3
where c.tenant_id = $1 and c.id = $2 and ($4::uuid is null or m.account_id > $4)
group by m.account_id, a.name, a.currency
order by m.account_id
limit $5;

-- name: told
-- role: worker
-- What of this was found by the job before.
select f.message
from app.ingestion_findings as f
where f.tenant_id = $1 and f.job_id = $2 and f.code = $3;
