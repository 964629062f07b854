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
  r.reasons, r.evidence, r.rule_version, r.created_at, r.updated_at, r.decided_at, r.decided_by
from app.review_items as r
where r.tenant_id = $1 and r.id = any($2::uuid[])
order by r.id
for no key update;

-- name: by_key
-- role: authenticated
select
  r.id, r.kind, r.state, r.key, r.transaction_id, r.other_id, r.account_id, r.job_id, r.score,
  r.reasons, r.evidence, r.rule_version, r.created_at, r.updated_at, r.decided_at, r.decided_by
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
