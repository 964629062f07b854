-- Corrections: rows that a source replaces or deletes by their ids.

-- name: any_of
-- role: worker
select exists (
  select
  from app.corrections as c
  where c.tenant_id = $1 and c.mapping_id = any($2::uuid[])
) as found;

-- name: note
-- role: worker
-- Said again, it is no news.
insert into app.corrections (
  tenant_id, mapping_id, external_id, new_print, new_occurrence, new_id, state, job_id, raw_id,
  raw_line
)
values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)
on conflict (tenant_id, mapping_id, external_id, new_print) do nothing;

-- name: forget
-- role: worker
delete from app.corrections as c
where c.tenant_id = $1
  and c.mapping_id = $2
  and c.external_id = $3
  and c.new_print = $4
  and c.state = 'open';

-- name: standing
-- role: worker
-- The rows that have an id; where none has, those that took the place of the one that had it, or
-- will as soon as it comes.
with recursive followed as (
  select c.new_print, c.new_occurrence
  from app.corrections as c
  where c.tenant_id = $1
    and c.mapping_id = $2
    and c.external_id = $3
    and c.new_print <> $4
    and length(c.new_print) = 16
    and c.state in ('open', 'applied')
  union
  select c.new_print, c.new_occurrence
  from followed as f
  join app.corrections as c
    on c.tenant_id = $1
      and c.mapping_id = $2
      and c.old_print = f.new_print
      and c.old_occurrence = f.new_occurrence
      and length(c.new_print) = 16
      and c.state = 'applied'
),

found as (
  select
    t.id, t.external_id, t.fingerprint, t.occurrence, t.status, t.job_id, t.raw_id, t.raw_line,
    t.external_id = $3 as is_direct
  from app.transactions as t
  where t.tenant_id = $1
    and t.mapping_id = $2
    and t.external_id = $3
    and (t.status <> 'removed' or t.set_aside is not null)
    and not (t.fingerprint = $4 and t.occurrence = $5)
  union
  select
    t.id, t.external_id, t.fingerprint, t.occurrence, t.status, t.job_id, t.raw_id, t.raw_line,
    t.external_id = $3 as is_direct
  from followed as f
  join app.transactions as t
    on t.tenant_id = $1
      and t.mapping_id = $2
      and t.fingerprint = f.new_print
      and t.occurrence = f.new_occurrence
      and (t.status <> 'removed' or t.set_aside is not null)
      and not (t.fingerprint = $4 and t.occurrence = $5)
)

select
  d.id, d.external_id, d.fingerprint, d.occurrence, d.status, d.job_id, d.raw_id, d.raw_line
from found as d
where coalesce(d.is_direct, false) or not exists (select from found as o where o.is_direct)
order by d.fingerprint, d.occurrence
limit 2;

-- name: applied
-- role: worker
update app.corrections as c
set
  state = 'applied',
  old_print = $5,
  old_occurrence = $6,
  old_job_id = $7,
  old_raw_id = $8,
  old_raw_line = $9,
  displaced_print = $10,
  displaced_occurrence = $11
where c.tenant_id = $1
  and c.mapping_id = $2
  and c.external_id = $3
  and c.new_print = $4;

-- name: final
-- role: worker
-- The row that a row has become by corrections after its own.
with recursive followed as (
  select $3::bytea as print, $4::integer as occurrence, $5::text as id, 0 as step
  union all
  select c.new_print, c.new_occurrence, c.new_id, f.step + 1
  from followed as f
  join app.corrections as c
    on c.tenant_id = $1
      and c.mapping_id = $2
      and c.old_print = f.print
      and c.old_occurrence = f.occurrence
      and c.state = 'applied'
  where f.step < 100
)

select f.print, f.occurrence, f.id
from followed as f
order by f.step desc
limit 1;

-- name: reinstate
-- role: worker
-- A row that comes back as what it was before: what had corrected that is past.
update app.corrections as c
set state = 'closed'
where c.tenant_id = $1
  and c.mapping_id = $2
  and c.old_print = $3
  and c.old_occurrence = $4
  and c.state = 'applied';

-- name: replace
-- role: worker
-- The row stays, with all that hangs on it, under what its correction is known by. It counts as
-- missed until that is merged into it, so that the merge takes in whatever differs.
update app.transactions as t
set fingerprint = $3, occurrence = $4, external_id = $5, missed_at = now()
where t.tenant_id = $1
  and t.id = $2
  and not exists (
    select
    from app.transactions as o
    where o.tenant_id = t.tenant_id
      and o.mapping_id = t.mapping_id
      and o.fingerprint = $3
      and o.occurrence = $4
      and o.id <> t.id
  );

-- name: taking
-- role: worker
-- The row that stands already, in whatever way, where another one is to go on.
select
  t.id, t.external_id, t.fingerprint, t.occurrence, t.status, t.job_id, t.raw_id, t.raw_line
from app.transactions as t
where t.tenant_id = $1
  and t.mapping_id = $2
  and t.fingerprint = $3
  and t.occurrence = $4
  and (t.status <> 'removed' or $5);

-- name: decided
-- role: worker
-- Those of the rows about which people decided anything.
select t.id
from app.transactions as t
where t.tenant_id = $1
  and t.id = any($2::uuid[])
  and (
    t.user_category is not null
    or t.reconciled
    or exists (
      select
      from app.transaction_parts as p
      where p.tenant_id = t.tenant_id and p.transaction_id = t.id
    )
    or exists (
      select
      from app.transaction_links as l
      where l.tenant_id = t.tenant_id
        and l.transaction_id = t.id
        and (l.created_by is not null or l.undone_by is not null)
    )
    or exists (
      select
      from app.transaction_links as l
      where l.tenant_id = t.tenant_id
        and l.other_id = t.id
        and (l.created_by is not null or l.undone_by is not null)
    )
    or exists (
      select
      from app.review_items as r
      where r.tenant_id = t.tenant_id and r.transaction_id = t.id and r.decided_by is not null
    )
    or exists (
      select
      from app.review_items as r
      where r.tenant_id = t.tenant_id and r.other_id = t.id and r.decided_by is not null
    )
  );

-- name: stand_aside
-- role: worker
-- Makes room for another row under what this one is known by.
update app.transactions as t
set occurrence = 2147483647
where t.tenant_id = $1 and t.id = $2;

-- name: know_as
-- role: worker
update app.transactions as t
set fingerprint = $3, occurrence = $4, external_id = $5
where t.tenant_id = $1 and t.id = $2;

-- name: exchange
-- role: worker
-- What a source said of two rows, which have exchanged what they are known by already: this
-- statement comes after, so that a row that is kept as it is keeps its new name.
with exchanged as (
  update app.transactions as t
  set
    account_id = o.account_id,
    job_id = o.job_id,
    raw_id = o.raw_id,
    raw_line = o.raw_line,
    raw_line_end = o.raw_line_end,
    content_key = o.content_key,
    amount = o.amount,
    currency = o.currency,
    sort_date = o.sort_date,
    posted_date = o.posted_date,
    transaction_date = o.transaction_date,
    value_date = o.value_date,
    description = o.description,
    description_raw = o.description_raw,
    merchant_name = o.merchant_name,
    reference = o.reference,
    customer_reference = o.customer_reference,
    type_code = o.type_code,
    source_category = o.source_category,
    running_balance = o.running_balance,
    extra = o.extra,
    merchant = o.merchant,
    merchant_key = o.merchant_key,
    derived_category = o.derived_category,
    suggested_category = o.suggested_category,
    category_code = o.category_code,
    category_origin = o.category_origin,
    category_confidence = o.category_confidence,
    category_reason = o.category_reason,
    category_rule_id = o.category_rule_id,
    status = case
      -- One row goes on, and the other one has been corrected.
      when not $4 and t.id = $2 then
        case when o.status = 'removed' or t.status = 'posted' then t.status else o.status end
      when not $4 then 'removed'
      -- And back: the documents are read again, which say what stands.
      when t.id = $2 then case when t.reconciled then t.status else 'removed' end
      else o.status
    end,
    set_aside = null,
    missed_at = null
  from app.transactions as o
  where t.tenant_id = $1
    and o.tenant_id = $1
    and (t.id, o.id) in (($2, $3), ($3, $2))
  returning t.id
)

insert into app.unindexed_texts (tenant_id, transaction_ids)
select $1, array_agg(e.id)
from exchanged as e
having count(*) > 0;

-- name: remove
-- role: worker
-- What is reconciled stands until the contradiction is settled; it is told of once.
with removed as (
  update app.transactions as t
  set status = 'removed', set_aside = null, missed_at = null
  from unnest($2::uuid[], $3::bytea[], $4::integer[]) as r (mapping_id, fingerprint, occurrence)
  where t.tenant_id = $1
    and t.mapping_id = r.mapping_id
    and t.fingerprint = r.fingerprint
    and t.occurrence = r.occurrence
    and (t.status <> 'removed' or t.set_aside is not null)
  returning t.status, t.missed_at
)

select
  count(*) filter (where d.status = 'removed') as rows,
  count(*) filter (where d.status <> 'removed' and d.missed_at = now()) as reconciled
from removed as d;

-- name: corrected
-- role: worker
-- Positions, from 1, of rows that were corrected before.
select i.position
from unnest($2::uuid[], $3::bytea[], $4::integer[])
  with ordinality as i (mapping_id, fingerprint, occurrence, position)
where exists (
  select
  from app.corrections as c
  where c.tenant_id = $1
    and c.mapping_id = i.mapping_id
    and c.old_print = i.fingerprint
    and c.old_occurrence = i.occurrence
    and c.state = 'applied'
);

-- name: waiting
-- role: worker
-- Corrections whose row has not come.
select c.mapping_id, c.external_id, c.new_print
from app.corrections as c
where c.tenant_id = $1 and c.mapping_id = any($2::uuid[]) and c.state = 'open'
order by c.created_at, c.external_id, c.new_print;

-- name: put_back
-- role: worker
-- Rows that a document's corrections replaced are again known by what they were.
update app.transactions as t
set fingerprint = c.old_print, occurrence = c.old_occurrence, external_id = c.external_id
from app.corrections as c
where c.tenant_id = $1
  and c.job_id = $2
  and c.state = 'applied'
  and length(c.new_print) = 16
  and t.tenant_id = c.tenant_id
  and t.mapping_id = c.mapping_id
  and t.fingerprint = c.new_print
  and t.occurrence = c.new_occurrence
  and not exists (
    select
    from app.transactions as o
    where o.tenant_id = c.tenant_id
      and o.mapping_id = c.mapping_id
      and o.fingerprint = c.old_print
      and o.occurrence = c.old_occurrence
  );

-- name: displaced
-- role: worker
-- Rows that have taken over what others were known by, and these, the last ones first.
select
  n.id as kept_id, n.fingerprint as kept_print, n.occurrence as kept_occurrence,
  n.external_id as kept_external_id, o.id as old_id, o.fingerprint as old_print,
  o.occurrence as old_occurrence, o.external_id as old_external_id
from app.corrections as c
join app.transactions as n
  on n.tenant_id = c.tenant_id
    and n.mapping_id = c.mapping_id
    and n.fingerprint = c.displaced_print
    and n.occurrence = c.displaced_occurrence
join app.transactions as o
  on o.tenant_id = c.tenant_id
    and o.mapping_id = c.mapping_id
    and o.fingerprint = c.old_print
    and o.occurrence = c.old_occurrence
where c.tenant_id = $1 and c.job_id = $2 and c.state = 'applied'
order by c.created_at desc, c.raw_line desc
limit 1;

-- name: forget_displaced
-- role: worker
update app.corrections as c
set displaced_print = null, displaced_occurrence = null
where c.tenant_id = $1
  and c.job_id = $2
  and c.displaced_print = $3
  and c.displaced_occurrence = $4
  and c.old_print = $5
  and c.old_occurrence = $6;

-- name: take_back
-- role: worker
delete from app.corrections as c
where c.tenant_id = $1 and c.job_id = $2;
