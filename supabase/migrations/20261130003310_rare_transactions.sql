-- Lists of transactions by what few rows have: each such filter gets an index in the order of
-- lists, so that a page costs what it shows, whether few rows pass, or most, or only the oldest.

-- The removed ones stand apart from the others, and no list of the tenant has to pass over them: a
-- document of a million rows that was taken back slows none. Pending ones are in both.
drop index app.transactions_order_idx;
create index transactions_order_idx
on app.transactions (tenant_id, sort_date desc, id desc)
where status <> 'removed';
create index transactions_unposted_idx
on app.transactions (tenant_id, status, sort_date desc, id desc)
where status <> 'posted';

create index transactions_reconciled_idx
on app.transactions (tenant_id, sort_date desc, id desc)
where reconciled;
create index transactions_unreconciled_idx
on app.transactions (tenant_id, sort_date desc, id desc)
where not reconciled;

-- `case`, as `coalesce` is not among what Postgres lets an index answer ahead of the policies. By
-- bytes, which compare faster than words and stand whatever the database's collation is. Rows that
-- nobody has looked at stand apart: they have the source's category alone, of any length.
create index transactions_category_idx
on app.transactions (
  tenant_id,
  (
    case when user_category is not null then user_category else derived_category end -- noqa: ST02
  ) collate "C",
  sort_date desc,
  id desc
)
where
  case when user_category is not null then user_category else derived_category end -- noqa: ST02
  is not null;
create index transactions_unjudged_idx
on app.transactions (tenant_id, sort_date desc, id desc)
where user_category is null and derived_category is null and source_category is not null;

create index transactions_merchant_idx
on app.transactions (tenant_id, merchant_key collate "C", sort_date desc, id desc)
where merchant_key is not null;
create index transactions_unkeyed_idx
on app.transactions (tenant_id, sort_date desc, id desc)
where merchant_key is null and merchant_name is not null;
