-- Payments that come again and again.

-- name: dismiss
-- role: authenticated
update app.recurring_items as r
set
  dismissed_at = case when $3 then coalesce(r.dismissed_at, now()) end,
  dismissed_by = case when $3 then coalesce(r.dismissed_by, $4::uuid) end
where r.tenant_id = $1 and r.id = $2;

-- name: looked_at
-- role: worker
select l.looked_at
from app.category_looks as l
where l.tenant_id = $1;

-- name: looked
-- role: worker
insert into app.category_looks as l (tenant_id, looked_at)
values ($1, $2)
on conflict (tenant_id) do update
set looked_at = greatest(l.looked_at, excluded.looked_at);

-- name: now
-- role: worker
select now();

-- name: accounts_of_jobs
-- role: worker
-- Accounts on which a job has written since, or writes now; whoever crashed is among them.
select distinct t.account_id
from app.ingestion_jobs as j
join app.transactions as t on t.tenant_id = j.tenant_id and t.job_id = j.id
where j.tenant_id = $1 and j.updated_at >= $2
order by t.account_id;

-- name: questions
-- role: worker
-- Merchants of jobs since, for which there is no category but a suggestion: those of most rows
-- first, each with its latest row.
select
  n.merchant_key, n.merchant, n.suggested_category as category, n.category_code as code,
  n.category_origin as origin, n.category_confidence as confidence, n.category_reason as reason,
  n.id as transaction_id, n.account_id, n.rows
from (
  select
    t.merchant_key, t.merchant, t.suggested_category, t.category_code, t.category_origin,
    t.category_confidence, t.category_reason, t.id, t.account_id,
    count(*) over (partition by t.merchant_key) as rows,
    row_number() over (partition by t.merchant_key order by t.sort_date desc, t.id) as place
  from app.ingestion_jobs as j
  join app.transactions as t on t.tenant_id = j.tenant_id and t.job_id = j.id
  where j.tenant_id = $1
    and j.updated_at >= $2
    and t.status <> 'removed'
    and t.suggested_category is not null
    and t.derived_category is null
    and t.source_category is null
    and t.user_category is null
    and t.merchant_key is not null
) as n
where n.place = 1
order by n.rows desc, n.merchant_key
limit $3;

-- name: settled
-- role: worker
-- Open questions about merchants of jobs since that have a category meanwhile.
select distinct r.key
from app.ingestion_jobs as j
join app.transactions as t on t.tenant_id = j.tenant_id and t.job_id = j.id
join app.review_items as r
  on r.tenant_id = t.tenant_id and r.key = 'category:' || t.merchant_key
where j.tenant_id = $1
  and j.updated_at >= $2
  and t.merchant_key is not null
  and coalesce(t.user_category, t.derived_category) is not null
  and r.kind = 'category'
  and r.state = 'open';

-- name: series
-- role: worker
-- What came from each merchant of some accounts, where it came often enough to recur and not daily.
select
  t.account_id,
  t.merchant_key,
  t.currency,
  t.amount > 0 as is_income,
  (array_agg(t.merchant order by t.sort_date desc, t.id))[1] as merchant,
  array_agg(t.sort_date order by t.sort_date, t.id) as days,
  array_agg(t.amount order by t.sort_date, t.id) as amounts
from app.transactions as t
where t.tenant_id = $1
  and t.account_id = any($2::uuid[])
  and t.sort_date >= $3
  and t.status = 'posted'
  and t.amount <> 0
  and t.merchant_key is not null
  and (t.account_id, t.merchant_key, t.currency, t.amount > 0)
    > ($4::uuid, $5::text, $6::text, $7::boolean)
group by t.account_id, t.merchant_key, t.currency, t.amount > 0
having count(*) between $8 and $9
order by t.account_id, t.merchant_key, t.currency, t.amount > 0
limit $10;

-- name: put
-- role: worker
insert into app.recurring_items as r (
  tenant_id, account_id, merchant_key, merchant, currency, is_income, period, state, first_on,
  last_on, next_on, amount_low, amount_high, occurrences, missed, confidence
)
select
  $1, n.account_id, n.merchant_key, n.merchant, n.currency, n.is_income, n.period, n.state,
  n.first_on, n.last_on, n.next_on, n.amount_low, n.amount_high, n.occurrences, n.missed,
  n.confidence
from unnest(
  $2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[],
  $9::date[], $10::date[], $11::date[], $12::numeric[], $13::numeric[], $14::integer[],
  $15::integer[], $16::smallint[]
) as n (
  account_id, merchant_key, merchant, currency, is_income, period, state, first_on, last_on,
  next_on, amount_low, amount_high, occurrences, missed, confidence
)
order by n.account_id, n.merchant_key, n.currency, n.is_income
on conflict (tenant_id, account_id, merchant_key, currency, is_income) do update
set
  merchant = excluded.merchant,
  period = excluded.period,
  state = excluded.state,
  first_on = excluded.first_on,
  last_on = excluded.last_on,
  next_on = excluded.next_on,
  amount_low = excluded.amount_low,
  amount_high = excluded.amount_high,
  occurrences = excluded.occurrences,
  missed = excluded.missed,
  confidence = excluded.confidence;

-- name: drop_others
-- role: worker
-- What recurs no more by any reading goes; what a member dismissed stays dismissed.
delete from app.recurring_items as r
where r.tenant_id = $1
  and r.account_id = any($2::uuid[])
  and r.dismissed_at is null
  and not exists (
    select
    from unnest($3::uuid[], $4::text[], $5::text[], $6::boolean[])
      as n (account_id, merchant_key, currency, is_income)
    where n.account_id = r.account_id
      and n.merchant_key = r.merchant_key
      and n.currency = r.currency
      and n.is_income = r.is_income
  );
