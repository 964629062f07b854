-- Rows that their source has not booked yet.

-- name: seen_again
-- role: worker
-- Rows that still are not booked go over to the document that says so last: what it has booked
-- besides is another booking. Nothing else of them changes. An older document that comes later, as
-- its statement says of both, takes none over.
update app.transactions as t
set job_id = $2, raw_id = $3, raw_line = i.raw_line, raw_line_end = i.raw_line_end
from unnest(
  $4::uuid[], $5::bytea[], $6::integer[], $7::bigint[], $8::bigint[], $9::bigint[], $10::date[]
) as i (mapping_id, fingerprint, occurrence, content_key, raw_line, raw_line_end, ends)
where t.tenant_id = $1
  and t.mapping_id = i.mapping_id
  and t.fingerprint = i.fingerprint
  and t.occurrence = i.occurrence
  and t.content_key = i.content_key
  and t.status = 'pending'
  and t.raw_id <> $3
  and not exists (
    select
    from app.statements as s
    where s.tenant_id = t.tenant_id
      and s.job_id = t.job_id
      and s.raw_id = t.raw_id
      and s.mapping_id = t.mapping_id
      and s.to_date > i.ends
  );
