-- Accounts that external ones may be.

-- name: find
-- role: authenticated, worker
select
  c.mapping_id, c.external_name, c.external_mask, c.external_type, c.external_institution,
  c.external_institution_name, c.external_currency, c.mapping_policy, c.fed, c.ignored, c.id,
  c.institution_id, c.name, c.type, c.currency, c.masked_number, c.status, c.primary_mapping_id,
  c.created_at, c.updated_at, c.institution, c.institution_name, c.same_numbers, c.verified,
  c.doubted, c.feeds
from private.account_candidates($1, $2::uuid[]) as c;
