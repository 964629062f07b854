-- What transactions that are to be compared may belong to.

-- name: twice
-- role: worker
-- Rows of accounts with several sources that are of one amount with noted ones, some weeks around
-- them; and what is pending there. Days are counted here, and by no function: it would be called
-- for each of a tenant's rows. The first and the last day of the calendar may be infinite.
with keys as materialized (
  select distinct
    n.account_id, n.currency, n.amount,
    (least(greatest(n.day, '0001-01-01'), '9999-12-31') - date '2000-01-01') / 12
    + s.step as part
  from unnest($2::uuid[], $3::text[], $4::numeric[], $5::date[]) as n (
    account_id, currency, amount, day
  )
  cross join (values (-1), (0), (1)) as s (step)
)

-- Two lists, and no `or`: that would look through all keys for each row.
select t.id
from app.transactions as t
where t.tenant_id = $1
  and t.account_id = any($6::uuid[])
  and t.sort_date between $7::date - 24 and $8::date + 24
  and t.status <> 'removed'
  and t.duplicate_of is null
  and (
    (
      t.account_id,
      t.currency,
      t.amount,
      (least(greatest(t.sort_date, '0001-01-01'), '9999-12-31') - date '2000-01-01') / 12
    ) in (
      select k.account_id, k.currency, k.amount, k.part
      from keys as k
    )
  ) is true
union all
select t.id
from app.transactions as t
where t.tenant_id = $1
  and t.account_id = any($6::uuid[])
  and t.sort_date between $7::date - 24 and $8::date + 24
  and t.status = 'pending'
  and t.duplicate_of is null;

-- name: booked
-- role: worker
-- What pending rows may have been booked as, for a little more.
select b.id
from unnest($2::uuid[]) as n (id)
join app.transactions as p on p.tenant_id = $1 and p.id = n.id
cross join lateral (
  select t.id
  from app.transactions as t
  where t.tenant_id = $1
    and t.account_id = p.account_id
    and t.sort_date between p.sort_date - 10 and p.sort_date + 10
    and t.status = 'posted'
    and t.duplicate_of is null
    and t.currency = p.currency
    and abs(t.amount) between abs(p.amount) and abs(p.amount) * 1.3
    and sign(t.amount) = sign(p.amount)
  limit 50
) as b;

-- name: awaited
-- role: worker
-- Rows of files that are not booked yet, near noted ones, and what the same file source may have
-- booked them as, for a little more. A provider's feed says itself what becomes of its rows.
with waiting as materialized (
  select t.id, t.account_id, t.mapping_id, t.currency, t.amount, t.sort_date
  from app.transactions as t
  join app.ingestion_jobs as j on j.tenant_id = t.tenant_id and j.id = t.job_id
  where t.tenant_id = $1
    and t.account_id = any(
      array(
        select distinct s.account_id
        from unnest($2::uuid[]) as n (id)
        join app.transactions as s on s.tenant_id = $1 and s.id = n.id
      )
    )
    and t.sort_date between $3::date - 24 and $4::date + 24
    and t.status = 'pending'
    and t.duplicate_of is null
    and j.kind = 'import'
  order by t.sort_date desc, t.id
  limit 2000
)

select w.id
from waiting as w
union
select b.id
from waiting as w
cross join lateral (
  select t.id
  from app.transactions as t
  where t.tenant_id = $1
    and t.account_id = w.account_id
    and t.sort_date between w.sort_date - 10 and w.sort_date + 10
    and t.status = 'posted'
    and t.duplicate_of is null
    and t.mapping_id = w.mapping_id
    and t.currency = w.currency
    and abs(t.amount) between abs(w.amount) and abs(w.amount) * 1.3
    and sign(t.amount) = sign(w.amount)
  limit 100
) as b;

-- name: taken
-- role: worker
-- What pending rows of noted amounts, near noted ones, are linked with by the system.
select distinct l.other_id as id
from app.transactions as t
join app.transaction_links as l on l.tenant_id = t.tenant_id and l.transaction_id = t.id
join app.transactions as o on o.tenant_id = l.tenant_id and o.id = l.other_id
where t.tenant_id = $1
  and t.account_id = any($2::uuid[])
  and t.amount = any($3::numeric[])
  and t.sort_date between $4::date - 10 and $5::date + 10
  and t.status = 'pending'
  and t.duplicate_of is not null
  and l.state = 'active'
  and l.method = 'auto'
  and l.kind = 'pending_posted'
  and o.duplicate_of is null
  and o.status <> 'removed';

-- name: delivered
-- role: worker
-- When the document came that a row stands in, the last day that it tells of, and the source's id
-- of the row.
select
  t.id, r.received_at, t.external_id,
  (
    select max(s.to_date)
    from app.statements as s
    where s.tenant_id = $1
      and s.job_id = t.job_id
      and s.raw_id = t.raw_id
      and s.mapping_id = t.mapping_id
  ) as ends
from unnest($2::uuid[]) as n (id)
join app.transactions as t on t.tenant_id = $1 and t.id = n.id
join app.raw_ingestion_data as r
  on r.tenant_id = t.tenant_id and r.job_id = t.job_id and r.id = t.raw_id;

-- name: moved
-- role: worker
-- Rows of amounts that left one account and reached another, some days around noted ones, where
-- more than the amount can speak for them (`matching.transfers`): a row of one day with them goes
-- the other way, or one of a week does and one of both tells of it. What tells is a pattern, a
-- text that is not plain, or a reference that both have.
with keys as materialized (
  select distinct
    n.currency, abs(n.amount) as amount,
    (least(greatest(n.day, '0001-01-01'), '9999-12-31') - date '2000-01-01') / 8
    + s.step as part
  from unnest($2::text[], $3::numeric[], $4::date[]) as n (currency, amount, day)
  cross join (values (-1), (0), (1)) as s (step)
  where n.amount <> 0
),

near as materialized (
  select
    t.id, t.account_id, t.currency,
    abs(t.amount) as amount,
    t.amount > 0 as is_in,
    (least(greatest(t.sort_date, '0001-01-01'), '9999-12-31') - date '2000-01-01') as day
  from app.transactions as t
  where t.tenant_id = $1
    and t.sort_date between $5::date - 16 and $6::date + 16
    and t.status <> 'removed'
    and t.duplicate_of is null
    and (
      (
        t.currency,
        abs(t.amount),
        (least(greatest(t.sort_date, '0001-01-01'), '9999-12-31') - date '2000-01-01') / 8
      ) in (
        select k.currency, k.amount, k.part
        from keys as k
      )
    ) is true
),

both_ways as materialized (
  select n.currency, n.amount
  from near as n
  group by n.currency, n.amount
  having
    bool_or(n.is_in)
    and not bool_and(n.is_in)
    and min(n.account_id::text) <> max(n.account_id::text)
),

flanked as (
  select
    n.id, n.currency, n.amount, n.is_in, n.day,
    count(*) filter (where n.is_in) over week as ins,
    count(*) filter (where not n.is_in) over week as outs,
    bool_or(n.is_in) over that_day and bool_or(not n.is_in) over that_day as is_of_one_day
  from near as n
  where ((n.currency, n.amount) in (select b.currency, b.amount from both_ways as b)) is true
  window
    week as (
      partition by n.amount, n.currency order by n.day range between 7 preceding and 7 following
    ),
    that_day as (partition by n.amount, n.currency, n.day)
),

told as materialized (
  select
    f.id, f.currency, f.amount, f.is_in, f.day, f.is_of_one_day, t.reference, t.customer_reference,
    coalesce(t.source_category, '') ~* '^(transfer|loan_payments)'
    or said.text ~* $7
    or octet_length(said.text) <> length(said.text) as tells
  from flanked as f
  join app.transactions as t on t.tenant_id = $1 and t.id = f.id
  cross join lateral (
    select t.description || ' ' || coalesce(t.merchant_name, '') as text
  ) as said
  where case when f.is_in then f.outs else f.ins end > 0
),

by_telling as (
  select
    o.id, o.is_in, o.tells or o.is_of_one_day as is_kept,
    count(*) filter (where o.is_in and o.tells) over week as ins,
    count(*) filter (where not o.is_in and o.tells) over week as outs
  from told as o
  window week as (
    partition by o.amount, o.currency order by o.day range between 7 preceding and 7 following
  )
),

referred as materialized (
  select o.id, o.currency, o.amount, o.is_in, r.reference
  from told as o
  cross join lateral (values (o.reference), (o.customer_reference)) as w (written)
  cross join lateral (
    select ltrim(upper(regexp_replace(w.written, '[^[:alnum:]]', '', 'g')), '0') as reference
  ) as r
  where length(r.reference) >= 4
),

shared as (
  select r.currency, r.amount, r.reference
  from referred as r
  group by r.currency, r.amount, r.reference
  having bool_or(r.is_in) and not bool_and(r.is_in)
)

select b.id
from by_telling as b
where b.is_kept or case when b.is_in then b.outs else b.ins end > 0
union
select r.id
from referred as r
where (
  (r.currency, r.amount, r.reference) in (
    select s.currency, s.amount, s.reference
    from shared as s
  )
) is true;

-- name: exchanged
-- role: worker
-- Rows around noted ones that call themselves a transfer or an exchange.
select t.id
from app.transactions as t
where t.tenant_id = $1
  and t.sort_date between $2::date - 8 and $3::date + 8
  and t.status <> 'removed'
  and t.duplicate_of is null
  and (
    t.description ~* '(transf|xfer|exchange|conver|umbuch|bertrag|virement|\mfx\M|top.?up)'
    or t.source_category ilike 'transfer%'
  )
order by t.sort_date desc, t.id
limit 20000;
