-- Transactions that are to be compared with others: what is noted, and as what it is compared.

-- name: lock
-- role: worker
-- One at a time in a tenant: links of two rounds could hide a row behind a hidden one.
select pg_advisory_xact_lock(hashtextextended('bankfeeds.matching ' || $1::uuid, 0));

-- name: keep_ranks
-- role: worker
-- Nobody declares another primary source until the transaction ends.
select pg_advisory_xact_lock_shared(hashtextextended('bankfeeds.ranks ' || $1::uuid, 0));

-- name: change_ranks
-- role: authenticated
-- Links by the ranks of before are written and seen, or will be by those of after.
select pg_advisory_xact_lock(hashtextextended('bankfeeds.ranks ' || $1::uuid, 0));

-- name: plan_for_many
-- role: worker
-- What is asked now is planned for the rows that there are: a plan that was made for a few would
-- read the table once for each of thousands. Keys of a part are hashed in memory: where they are
-- thought to have no room in it, they are looked through for each row of the table instead.
select
  set_config('plan_cache_mode', 'force_custom_plan', true),
  set_config('work_mem', '64MB', true);

-- name: noted
-- role: worker
-- The oldest notes, of so many transactions or a few more.
select n.id, n.transaction_ids
from (
  select
    u.id, u.transaction_ids, u.created_at,
    sum(u.size) over (order by u.created_at, u.id) - u.size as before
  from app.unmatched_transactions as u
  where u.tenant_id = $1
) as n
where n.before < $2::bigint
order by n.created_at, n.id;

-- name: cut
-- role: worker
-- A note is of one statement: whoever moves or takes back all rows of an account at once notes all
-- of them together. Such notes are cut into as many as there are parts.
with long as (
  delete from app.unmatched_transactions as u
  where u.tenant_id = $1 and u.size > $2::integer
  returning u.transaction_ids, u.size, u.created_at
)

insert into app.unmatched_transactions (tenant_id, transaction_ids, created_at)
select $1, l.transaction_ids[s.start:s.start + $2::integer - 1], l.created_at
from long as l
cross join lateral generate_series(1, l.size, $2::integer) as s (start);

-- name: note
-- role: worker
insert into app.unmatched_transactions (tenant_id, transaction_ids)
values ($1, $2::uuid[]);

-- name: done
-- role: worker
delete from app.unmatched_transactions as u
where u.tenant_id = $1 and u.id = any($2::uuid[]);

-- name: sources
-- role: worker
-- What feeds accounts, or did: the source declared first has rank 0; the others follow, feeds of
-- providers before files, older ones before newer ones.
select
  f.account_id,
  f.mapping_id,
  m.beside,
  case
    when a.primary_mapping_id = f.mapping_id then 0
    else row_number() over (
      partition by f.account_id
      order by
        exists (
          select
          from app.ingestion_jobs as j
          where j.tenant_id = m.tenant_id
            and j.connection_id = m.connection_id
            and j.kind = 'import'
        ),
        m.created_at,
        m.id
    )
  end as rank
from app.mapping_accounts as f
join app.account_mappings as m on m.tenant_id = f.tenant_id and m.id = f.mapping_id
join app.accounts as a on a.tenant_id = f.tenant_id and a.id = f.account_id
where f.tenant_id = $1;

-- name: mixed
-- role: worker
-- Accounts that are fed by files of several formats over one connection.
select distinct f.account_id
from app.mapping_accounts as f
join app.account_mappings as m on m.tenant_id = f.tenant_id and m.id = f.mapping_id
where f.tenant_id = $1
  and m.connection_id in (
    select j.connection_id
    from app.ingestion_jobs as j
    where j.tenant_id = $1 and j.kind = 'import' and j.format is not null
    group by j.connection_id
    having min(j.format) <> max(j.format)
  );

-- name: accounts
-- role: worker
select
  a.id, a.name, a.currency,
  array(
    select right(m.masked_number, 4)
    from app.account_mappings as m
    where m.tenant_id = a.tenant_id and m.account_id = a.id and m.masked_number is not null
  ) as masks
from app.accounts as a
where a.tenant_id = $1;

-- name: rate_tolerance
-- role: worker
select t.rate_tolerance_percent
from app.tenants as t
where t.id = $1;

-- name: rates
-- role: worker
select r.base, r.quote, r.day, r.rate, r.source
from app.exchange_rates as r
where r.tenant_id = $1 and r.day between $2::date and $3::date
order by r.day, r.base, r.quote;

-- name: rows
-- role: worker
-- Rows that count, as they are compared; or also what does not. By a list, and no join: its ids
-- would be thought to be mostly the same, and the whole table would be read in the order of its
-- keys. All pages of a sync are one response, so that what they brought is of one document.
select
  t.id, t.account_id, t.mapping_id, t.status, t.amount, t.currency, t.sort_date as day,
  t.posted_date, t.transaction_date, t.value_date, t.description, t.merchant_name,
  t.merchant_key, t.reference, t.customer_reference, t.external_id, t.type_code,
  t.source_category, t.running_balance,
  case when j.kind = 'sync' then t.job_id else t.raw_id end as raw_id,
  nullif(t.description_raw, t.description) as description_raw,
  coalesce(t.extra ->> 'check_number', t.extra ->> 'checkNumber') as check_number,
  coalesce(t.extra ->> 'reversal' = 'true' or t.extra ->> 'mark' in ('RC', 'RD'), false)
    as reversal,
  t.reconciled or t.user_category is not null as vouched,
  case when j.kind = 'import' then j.format end as format,
  array(
    select
      d.mapping_id::text || ':'
      || coalesce(case when e.kind = 'import' then e.format end, '')
    from app.transactions as d
    join app.ingestion_jobs as e on e.tenant_id = d.tenant_id and e.id = d.job_id
    where d.tenant_id = $1 and d.duplicate_of = t.id
  ) as taken,
  exists (
    select
    from app.transaction_links as l
    where l.tenant_id = $1
      and l.transaction_id = t.id
      and l.state = 'active'
      and l.kind = 'transfer'
  )
  or exists (
    select
    from app.transaction_links as l
    where l.tenant_id = $1 and l.other_id = t.id and l.state = 'active' and l.kind = 'transfer'
  ) as in_transfer,
  exists (
    select
    from app.transaction_links as l
    where l.tenant_id = $1
      and l.transaction_id = t.id
      and l.state = 'active'
      and l.kind = 'refund'
  ) as is_refund,
  (
    select coalesce(sum(abs(b.amount)), 0)
    from app.transaction_links as l
    join app.transactions as b on b.tenant_id = l.tenant_id and b.id = l.transaction_id
    where l.tenant_id = $1 and l.other_id = t.id and l.state = 'active' and l.kind = 'refund'
  ) as paid_back
from app.transactions as t
join app.ingestion_jobs as j on j.tenant_id = t.tenant_id and j.id = t.job_id
where t.tenant_id = $1
  and t.id = any($2::uuid[])
  and t.status <> 'removed'
  and ($3::boolean or t.duplicate_of is null);

-- name: rejected
-- role: worker
-- Pairs that people have said do not belong together, of which one row is among these. Of transfers
-- and refunds, also what they said of a row that does not count any more: it holds for the one that
-- counts instead.
with named as (
  select n.id, n.id as as_id, true as is_own
  from unnest($2::uuid[]) as n (id)
  union all
  select t.id, t.duplicate_of, false
  from app.transactions as t
  where t.tenant_id = $1 and t.duplicate_of = any($2::uuid[])
),

said as (
  select n.as_id, n.is_own, r.kind, r.other_id
  from named as n
  join app.review_items as r
    on r.tenant_id = $1 and r.transaction_id = n.id and r.state = 'rejected'
  where r.kind in ('duplicate', 'pending_posted', 'transfer', 'refund')
  union all
  select n.as_id, n.is_own, l.kind, l.other_id
  from named as n
  join app.transaction_links as l on l.tenant_id = $1 and l.transaction_id = n.id
  where l.undone_by is not null
)

select
  s.kind,
  s.as_id as transaction_id,
  case
    when s.kind in ('transfer', 'refund') then coalesce(o.duplicate_of, s.other_id)
    else s.other_id
  end as other_id
from said as s
join app.transactions as o on o.tenant_id = $1 and o.id = s.other_id
where s.is_own or s.kind in ('transfer', 'refund');

-- name: supersede
-- role: worker
-- Open questions about these rows that are not asked any more.
update app.review_items as r
set state = 'superseded', superseded_reason = $5
where r.tenant_id = $1
  and r.id in (
    select s.id
    from app.review_items as s
    where s.tenant_id = $1 and s.transaction_id = any($2::uuid[])
    union
    select s.id
    from app.review_items as s
    where s.tenant_id = $1 and s.other_id = any($2::uuid[])
  )
  and r.state = 'open'
  and r.kind = any($3::text[])
  and not (r.key = any($4::text[]));
