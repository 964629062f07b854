-- Statements as sources made them, with what their balances prove.

-- name: put
-- role: worker
-- Created when its document arrived, as balances are. A document that is read again states nothing
-- new of the same statement.
insert into app.statements (
  tenant_id, mapping_id, account_id, job_id, raw_id, raw_line, raw_line_end, ordinal,
  statement_number, from_date, to_date, opening_balance, closing_balance, entries_sum,
  entries_count, currency, proof, difference, created_at
)
select
  $1, n.mapping_id, n.account_id, $2, $3, n.raw_line, n.raw_line_end, n.ordinal,
  n.statement_number, n.from_date, n.to_date, n.opening_balance, n.closing_balance, n.entries_sum,
  n.entries_count, n.currency, n.proof, n.difference, $19
from unnest(
  $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[], $8::integer[], $9::text[], $10::date[],
  $11::date[], $12::numeric[], $13::numeric[], $14::numeric[], $15::bigint[], $16::text[],
  $17::text[], $18::numeric[]
) as n (
  mapping_id, account_id, raw_line, raw_line_end, ordinal, statement_number, from_date, to_date,
  opening_balance, closing_balance, entries_sum, entries_count, currency, proof, difference
)
on conflict (tenant_id, raw_id, ordinal) do nothing;

-- name: withdraw
-- role: worker
-- Those of one day: a source takes back what it said of it.
delete from app.statements as s
using app.raw_ingestion_data as r
where s.tenant_id = $1
  and s.mapping_id = $2
  and s.to_date = $3
  and r.tenant_id = s.tenant_id
  and r.job_id = s.job_id
  and r.id = s.raw_id
  and r.received_at <= $4;

-- name: take_back
-- role: worker
delete from app.statements as s
where s.tenant_id = $1 and s.job_id = $2;

-- name: place
-- role: worker
update app.statements as s
set account_id = $3
where s.tenant_id = $1 and s.mapping_id = $2 and s.account_id <> $3;

-- name: drop
-- role: worker
-- The documents state them again when the mapping names an account.
delete from app.statements as s
where s.tenant_id = $1 and s.mapping_id = $2;
