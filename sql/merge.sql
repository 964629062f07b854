-- The write path of transactions: copied into a temporary table, merged from there in key order.

-- name: open
-- role: worker
create temporary table incoming (
  target integer not null,
  raw_line bigint not null,
  raw_line_end bigint not null,
  id uuid not null,
  fingerprint bytea not null,
  occurrence integer not null,
  content_key bigint not null,
  external_id text,
  status text not null,
  amount numeric not null,
  currency text not null,
  sort_date date not null,
  posted_date date,
  transaction_date date,
  value_date date,
  description text not null,
  description_raw text not null,
  merchant_name text,
  reference text,
  customer_reference text,
  type_code text,
  source_category text,
  running_balance numeric,
  extra jsonb,
  merchant text,
  merchant_key text,
  derived_category text,
  suggested_category text,
  category_code text,
  category_origin text,
  category_confidence smallint,
  category_reason text,
  category_rule_id uuid
) on commit drop;

-- name: close
-- role: worker
-- needs: open
drop table pg_temp.incoming;

-- name: merge
-- role: worker
-- needs: open
-- A removed row that comes again is as new: its created_at starts anew, which is also how the
-- count tells new rows from changed ones. All of them are noted: their texts are not indexed yet,
-- and nobody compared them with others.
with merged as (
  insert into app.transactions as t (
    tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint,
    occurrence, content_key, external_id, status, amount, currency, sort_date, posted_date,
    transaction_date, value_date, description, description_raw, merchant_name, reference,
    customer_reference, type_code, source_category, running_balance, extra, merchant, merchant_key,
    derived_category, suggested_category, category_code, category_origin, category_confidence,
    category_reason, category_rule_id
  )
  select
    $1, i.id, a.account_id, a.mapping_id, $2, $3, i.raw_line, i.raw_line_end, i.fingerprint,
    i.occurrence, i.content_key, i.external_id, i.status, i.amount, i.currency, i.sort_date,
    i.posted_date, i.transaction_date, i.value_date, i.description, i.description_raw,
    i.merchant_name, i.reference, i.customer_reference, i.type_code, i.source_category,
    i.running_balance, i.extra, i.merchant, i.merchant_key, i.derived_category,
    i.suggested_category, i.category_code, i.category_origin, i.category_confidence,
    i.category_reason, i.category_rule_id
  from pg_temp.incoming as i
  join unnest($4::uuid[], $5::uuid[]) with ordinality as a (mapping_id, account_id, target)
    on a.target = i.target
  order by a.mapping_id, i.fingerprint, i.occurrence
  on conflict (tenant_id, mapping_id, fingerprint, occurrence) do update
  set
    account_id = excluded.account_id,
    job_id = excluded.job_id,
    raw_id = excluded.raw_id,
    raw_line = excluded.raw_line,
    raw_line_end = excluded.raw_line_end,
    -- What is booked does not become pending again.
    status = case
      when coalesce(t.set_aside, t.status) = 'posted' and excluded.status = 'pending' then 'posted'
      else excluded.status
    end,
    set_aside = null,
    missed_at = null,
    content_key = excluded.content_key,
    external_id = excluded.external_id,
    -- These are part of what a file's row is known by; a stable id keeps its row when they change.
    amount = excluded.amount,
    currency = excluded.currency,
    sort_date = excluded.sort_date,
    posted_date = excluded.posted_date,
    transaction_date = excluded.transaction_date,
    value_date = excluded.value_date,
    description = excluded.description,
    description_raw = excluded.description_raw,
    merchant_name = excluded.merchant_name,
    reference = excluded.reference,
    customer_reference = excluded.customer_reference,
    type_code = excluded.type_code,
    source_category = excluded.source_category,
    running_balance = excluded.running_balance,
    extra = excluded.extra,
    -- What the evidence says; what a member chose is in columns of its own, and stays.
    merchant = excluded.merchant,
    merchant_key = excluded.merchant_key,
    derived_category = excluded.derived_category,
    suggested_category = excluded.suggested_category,
    category_code = excluded.category_code,
    category_origin = excluded.category_origin,
    category_confidence = excluded.category_confidence,
    category_reason = excluded.category_reason,
    category_rule_id = excluded.category_rule_id,
    created_at = case when t.status = 'removed' then now() else t.created_at end
  -- What only says again that a booked row was pending leaves it to the document that booked it.
  where (
    (t.content_key <> excluded.content_key or t.status <> excluded.status)
    and not (t.status = 'posted' and excluded.status = 'pending')
  )
  or t.missed_at is not null
  returning t.id, t.created_at = now() as is_new
),

noted as (
  insert into app.unindexed_texts (tenant_id, transaction_ids)
  select $1, array_agg(m.id)
  from merged as m
  having count(*) > 0
),

unmatched as (
  insert into app.unmatched_transactions (tenant_id, transaction_ids)
  select $1, array_agg(m.id)
  from merged as m
  having count(*) > 0
)

select
  count(*) filter (where m.is_new) as new,
  count(*) filter (where not m.is_new) as changed
from merged as m;

-- name: plan_anew
-- role: worker
-- What is asked now is planned for the table as it is. A plan that is kept from when the table was
-- nearly empty goes by any of its indexes, and reads all of a tenant's rows for each that comes.
select set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: plan_as_usual
-- role: worker
-- Else each foreign key of each row that is written would be planned for, too.
select set_config('plan_cache_mode', 'auto', true);

-- name: repeated
-- role: worker
-- Positions, from 1, of rows that stand already as they come: nothing needs to be written for them.
-- Each is looked up by itself: joined the other way round, every row is compared with every other.
select i.position
from unnest($2::uuid[], $3::bytea[], $4::integer[], $5::bigint[], $6::text[])
  with ordinality as i (mapping_id, fingerprint, occurrence, content_key, status, position)
cross join lateral (
  select s.content_key, s.status, s.missed_at
  from app.transactions as s
  where s.tenant_id = $1
    and s.mapping_id = i.mapping_id
    and s.fingerprint = i.fingerprint
    and s.occurrence = i.occurrence
  limit 1
) as t
where (
  (t.content_key = i.content_key and t.status = i.status)
  or (t.status = 'posted' and i.status = 'pending')
)
and t.missed_at is null;

-- name: compare
-- role: worker
-- needs: open
-- What a merge would do, row by row, without doing it.
insert into app.ingestion_previews (
  tenant_id, job_id, position, outcome, mapping_id, amount, currency, posted_date, status,
  description, reference, line, corrects_external_id, corrects_id
)
select
  $1,
  $2,
  $3 + row_number() over (order by i.raw_line, i.id),
  case
    when a.waits then 'waiting'
    when k.left_out then 'duplicate'
    -- The transaction that it corrects goes on as this row.
    when k.transaction_id is not null and (t.id is null or t.status = 'removed') then 'changed'
    when t.id is null or t.status = 'removed' or w.mapping_id is not null then 'new'
    when t.content_key = i.content_key and t.status = i.status then 'duplicate'
    when t.status = 'posted' and i.status = 'pending' then 'duplicate'
    else 'changed'
  end,
  a.mapping_id, i.amount, i.currency, i.posted_date, i.status, i.description, i.reference,
  i.raw_line, k.corrects, k.transaction_id
from pg_temp.incoming as i
join unnest($4::uuid[], $5::boolean[]) with ordinality as a (mapping_id, waits, target)
  on a.target = i.target
left join app.transactions as t
  on t.tenant_id = $1
    and t.mapping_id = a.mapping_id
    and t.fingerprint = i.fingerprint
    and t.occurrence = i.occurrence
left join unnest($6::uuid[], $7::date[]) as w (mapping_id, day)
  on w.mapping_id = t.mapping_id and w.day = t.posted_date
left join unnest($8::uuid[], $9::bytea[], $10::integer[], $11::text[], $12::uuid[], $13::boolean[])
  as k (mapping_id, fingerprint, occurrence, corrects, transaction_id, left_out)
  on k.mapping_id = a.mapping_id
    and k.fingerprint = i.fingerprint
    and k.occurrence = i.occurrence
on conflict (tenant_id, job_id, position) do nothing;

-- name: standing
-- role: worker
select count(*)
from unnest($2::uuid[], $3::date[]) as w (mapping_id, day)
join app.account_mappings as m on m.tenant_id = $1 and m.id = w.mapping_id
join app.transactions as t
  on t.tenant_id = $1
    and t.account_id = m.account_id
    and t.mapping_id = m.id
    and t.sort_date = w.day
    and t.posted_date = w.day
    and t.status <> 'removed';

-- name: preview_counts
-- role: worker
select p.outcome, count(*) as rows
from app.ingestion_previews as p
where p.tenant_id = $1 and p.job_id = $2
group by p.outcome;

-- name: hold_equal_rows
-- role: worker
-- needs: open
-- A connection that delivers increments says each row once: an equal one is for a person to judge,
-- unless it comes again after it was taken back.
delete from pg_temp.incoming as i
using
  unnest($2::uuid[]) with ordinality as a (mapping_id, target),
  app.transactions as t
where a.target = i.target
  and t.tenant_id = $1
  and t.mapping_id = a.mapping_id
  and t.fingerprint = i.fingerprint
  and t.occurrence = i.occurrence
  and t.raw_id <> $3
  and t.status <> 'removed'
  and t.missed_at is null
  -- That it was booked since is said once, too.
  and not (t.status = 'pending' and i.status = 'posted')
returning i.raw_line, i.description_raw;

-- name: forget_aliased
-- role: worker
-- needs: open
-- What comes again under an id that a row had before says nothing new of it.
delete from pg_temp.incoming as i
using
  unnest($2::uuid[]) with ordinality as a (mapping_id, target),
  app.transaction_aliases as k
where a.target = i.target
  and k.tenant_id = $1
  and k.mapping_id = a.mapping_id
  and k.fingerprint = i.fingerprint;

-- name: clashing_ids
-- role: worker
-- needs: open
-- Rows of this batch whose id another row of the account has with another amount or day.
select i.raw_line, i.external_id
from pg_temp.incoming as i
join unnest($2::uuid[]) with ordinality as a (mapping_id, target) on a.target = i.target
where i.external_id is not null
  and exists (
    select
    from app.transactions as t
    where t.tenant_id = $1
      and t.mapping_id = a.mapping_id
      and t.external_id = i.external_id
      and t.status <> 'removed'
      and (t.fingerprint, t.occurrence) <> (i.fingerprint, i.occurrence)
  )
order by i.raw_line
limit 1000;

-- name: withdraw
-- role: worker
-- What a document takes back was said before it, or earlier in it. Account and sort date narrow
-- the search: the index has them. Rows that still are to follow their mapping stand in an account
-- that it fed before. What is reconciled stands until the contradiction is settled.
with withdrawn as (
  update app.transactions as t
  set status = 'removed'
  from app.mapping_accounts as f, app.raw_ingestion_data as r
  where f.tenant_id = $1
    and f.mapping_id = $2
    and t.tenant_id = f.tenant_id
    and t.mapping_id = f.mapping_id
    and t.account_id = f.account_id
    and t.posted_date = $3
    and t.sort_date = $3
    and t.status <> 'removed'
    and r.tenant_id = t.tenant_id
    and r.job_id = t.job_id
    and r.id = t.raw_id
    and r.received_at <= $4
  returning t.status
)
select
  count(*) filter (where w.status = 'removed') as rows,
  count(*) filter (where w.status <> 'removed') as reconciled
from withdrawn as w;

-- name: withdraw_balances
-- role: worker
delete from app.account_balances as b
using app.raw_ingestion_data as r
where b.tenant_id = $1
  and b.mapping_id = $2
  and b.as_of = $3
  and r.tenant_id = b.tenant_id
  and r.job_id = b.job_id
  and r.id = b.raw_id
  and r.received_at <= $4;

-- name: put_balances
-- role: worker
-- Created when its document arrived, so that the order of statements is that of the documents even
-- where an older one is read later. What repeats the newest statement before it adds nothing.
insert into app.account_balances (
  tenant_id, mapping_id, account_id, job_id, raw_id, raw_line, kind, code, amount, currency,
  as_of, as_of_time, interim, created_at
)
select
  $1, b.mapping_id, b.account_id, $2, $3, b.raw_line, b.kind, b.code, b.amount, b.currency,
  b.as_of, b.as_of_time, b.interim, $14
from unnest(
  $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[], $9::numeric[], $10::text[],
  $11::date[], $12::text[], $13::boolean[]
) as b (
  mapping_id, account_id, raw_line, kind, code, amount, currency, as_of, as_of_time, interim
)
left join lateral (
  select e.amount
  from app.account_balances as e
  where e.tenant_id = $1
    and e.mapping_id = b.mapping_id
    and e.as_of = b.as_of
    and e.kind = b.kind
    and e.code = b.code
    and e.interim = b.interim
    and e.as_of_time is not distinct from b.as_of_time
    and e.created_at <= $14
  order by e.created_at desc, e.id desc
  limit 1
) as newest on true
where b.amount is distinct from newest.amount
on conflict (tenant_id, mapping_id, as_of, kind, code, interim, as_of_time, raw_id) do nothing;

-- name: take_back
-- role: worker
-- Reconciled rows stay: someone vouched for them.
update app.transactions as t
set status = 'removed', set_aside = null
where t.tenant_id = $1
  and t.id in (
    select s.id
    from app.transactions as s
    where s.tenant_id = $1
      and s.job_id = $2
      and (s.status <> 'removed' or s.set_aside is not null)
      and s.reconciled_at is null
    limit $3
  );

-- name: take_back_balances
-- role: worker
delete from app.account_balances as b
where b.tenant_id = $1 and b.job_id = $2;

-- name: removed_rows
-- role: worker
select count(*) filter (where t.status = 'removed' and t.set_aside is null)
from app.transactions as t
where t.tenant_id = $1 and t.job_id = $2;

-- name: reconciled_rows
-- role: worker
select count(*) filter (where t.reconciled and (t.status <> 'removed' or t.set_aside is not null))
from app.transactions as t
where t.tenant_id = $1 and t.job_id = $2;
