-- Review items: asked by workers, answered by members.

-- name: put
-- role: worker
-- A question that is open is brought up to date; one that was answered is not asked again.
insert into app.review_items as r (
  tenant_id, kind, key, transaction_id, other_id, account_id, job_id, score, reasons, evidence,
  rule_version
)
select
  $1, n.kind, n.key, n.transaction_id, n.other_id, n.account_id, $2, n.score, n.reasons::jsonb,
  n.evidence::jsonb, n.rule_version
from unnest(
  $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::smallint[], $9::text[],
  $10::text[], $11::text[]
) as n (
  kind, key, transaction_id, other_id, account_id, score, reasons, evidence, rule_version
)
order by n.key
on conflict (tenant_id, key) do update
set
  state = 'open',
  job_id = excluded.job_id,
  score = excluded.score,
  reasons = excluded.reasons,
  evidence = excluded.evidence,
  rule_version = excluded.rule_version
where r.state in ('open', 'superseded');

-- name: supersede
-- role: worker, authenticated
update app.review_items as r
set state = 'superseded'
where r.tenant_id = $1 and r.key = any($2::text[]) and r.state = 'open';

-- name: supersede_of
-- role: authenticated
-- Open questions of a kind about a transaction, as it is settled otherwise.
update app.review_items as r
set state = 'superseded'
where r.tenant_id = $1 and r.transaction_id = $2 and r.kind = $3 and r.state = 'open';

-- name: close_excluded
-- role: worker, authenticated
-- Open questions about transfers and refunds that have no room beside these links that hold:
-- a row is of one transfer, and the refund of one payment, of which no more comes back than was
-- paid. Who answers one has locked it and waits for the rows: that is left to what is said there.
update app.review_items as r
set state = 'superseded', superseded_reason = 'linked_otherwise'
where r.tenant_id = $1
  and r.id in (
    select s.id
    from app.review_items as s
    where s.tenant_id = $1
      and s.state = 'open'
      and s.kind in ('transfer', 'refund')
      and s.id in (
        select q.id
        from unnest($2::text[], $3::uuid[], $4::uuid[]) as n (kind, transaction_id, other_id)
        join app.transaction_links as l
          on l.tenant_id = $1
            and l.kind = n.kind
            and l.transaction_id = n.transaction_id
            and l.other_id = n.other_id
            and l.state = 'active'
        join app.review_items as q
          on q.tenant_id = $1
            and q.kind = n.kind
            and (q.transaction_id, q.other_id) <> (n.transaction_id, n.other_id)
            and (
              q.transaction_id = n.transaction_id
              or (n.kind = 'transfer' and q.transaction_id = n.other_id)
            )
        union all
        select q.id
        from unnest($2::text[], $3::uuid[], $4::uuid[]) as n (kind, transaction_id, other_id)
        join app.transaction_links as l
          on l.tenant_id = $1
            and l.kind = n.kind
            and l.transaction_id = n.transaction_id
            and l.other_id = n.other_id
            and l.state = 'active'
        join app.review_items as q
          on q.tenant_id = $1
            and q.kind = n.kind
            and (q.transaction_id, q.other_id) <> (n.transaction_id, n.other_id)
            and (
              (n.kind = 'transfer' and q.other_id in (n.transaction_id, n.other_id))
              or (
                n.kind = 'refund'
                and q.other_id = n.other_id
                and private.refund_room($1, q.other_id) < (
                  select abs(b.amount)
                  from app.transactions as b
                  where b.tenant_id = $1 and b.id = q.transaction_id
                )
              )
            )
      )
    for no key update skip locked
  );

-- name: open_excluded
-- role: authenticated
-- Questions that links of these rows had closed, where there is room for them again.
update app.review_items as r
set state = 'open'
where r.tenant_id = $1
  and r.id in (
    select s.id
    from app.review_items as s
    join app.transactions as t on t.tenant_id = $1 and t.id = s.transaction_id
    join app.transactions as o on o.tenant_id = $1 and o.id = s.other_id
    where s.tenant_id = $1
      and s.state = 'superseded'
      and s.superseded_reason = 'linked_otherwise'
      and (s.transaction_id = any($2::uuid[]) or s.other_id = any($2::uuid[]))
      and t.status <> 'removed'
      and o.status <> 'removed'
      and t.duplicate_of is null
      and o.duplicate_of is null
      and not exists (
        select
        from app.transaction_links as l
        where l.tenant_id = $1
          and l.kind = s.kind
          and l.state = 'active'
          and (
            l.transaction_id = s.transaction_id
            or (
              s.kind = 'transfer'
              and (l.transaction_id = s.other_id or l.other_id in (s.transaction_id, s.other_id))
            )
          )
      )
      and (s.kind <> 'refund' or private.refund_room($1, s.other_id) >= abs(t.amount))
    for no key update of s skip locked
  );

-- name: close_splits
-- role: worker
-- Questions about parts that make up their transaction, or are gone, or of another amount.
update app.review_items as r
set state = 'superseded'
where r.tenant_id = $1
  and r.kind = 'split'
  and r.state = 'open'
  and not exists (
    select
    from app.transactions as t
    join app.transaction_parts as p on p.tenant_id = t.tenant_id and p.transaction_id = t.id
    where t.tenant_id = r.tenant_id
      and t.id = r.transaction_id
      and t.status <> 'removed'
      and t.amount = (r.evidence ->> 'amount')::numeric
      and t.currency = r.evidence ->> 'currency'
      and (p.whole <> t.amount or p.currency <> t.currency)
  );

-- name: open_splits
-- role: worker
select count(*)
from app.review_items as r
where r.tenant_id = $1 and r.job_id = $2 and r.kind = 'split' and r.state = 'open';

-- name: known
-- role: worker
-- Which of these questions were put before, whatever became of them.
select r.key
from app.review_items as r
where r.tenant_id = $1 and r.key = any($2::text[]) and r.state <> 'superseded';

-- name: answers
-- role: worker
-- What was said of these questions.
select r.key, r.state
from app.review_items as r
where r.tenant_id = $1 and r.key = any($2::text[]) and r.state in ('confirmed', 'rejected');

-- name: lock
-- role: authenticated
-- One answer at a time: a second one waits here and then sees the first.
select
  r.id, r.kind, r.state, r.key, r.transaction_id, r.other_id, r.account_id, r.job_id, r.score,
  r.reasons, r.evidence, r.rule_version, r.created_at, r.updated_at, r.decided_at, r.decided_by,
  r.superseded_reason
from app.review_items as r
where r.tenant_id = $1 and r.id = any($2::uuid[])
order by r.id
for no key update;

-- name: by_key
-- role: authenticated
select
  r.id, r.kind, r.state, r.key, r.transaction_id, r.other_id, r.account_id, r.job_id, r.score,
  r.reasons, r.evidence, r.rule_version, r.created_at, r.updated_at, r.decided_at, r.decided_by,
  r.superseded_reason
from app.review_items as r
where r.tenant_id = $1 and r.key = $2
for no key update;

-- name: decide
-- role: authenticated
update app.review_items as r
set
  state = $3,
  decided_at = case when $3::text in ('confirmed', 'rejected') then now() end,
  decided_by = case when $3::text in ('confirmed', 'rejected') then $4::uuid end
where r.tenant_id = $1 and r.id = any($2::uuid[]);
