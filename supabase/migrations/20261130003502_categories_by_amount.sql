-- Of a category and of a merchant rows stand in order of amounts, too: those of one may all be far
-- down in the list of all amounts, past millions of others.
create index transactions_category_amount_idx
on app.transactions (
  tenant_id,
  (
    case when user_category is not null then user_category else derived_category end -- noqa: ST02
  ) collate "C",
  amount_key desc,
  id desc
)
where
  case when user_category is not null then user_category else derived_category end -- noqa: ST02
  is not null;
create index transactions_unjudged_amount_idx
on app.transactions (tenant_id, source_category collate "C", amount_key desc, id desc)
where
  user_category is null
  and derived_category is null
  and octet_length(source_category) <= 2000;

create index transactions_merchant_amount_idx
on app.transactions (tenant_id, merchant_key collate "C", amount_key desc, id desc)
where merchant_key is not null;
create index transactions_unkeyed_amount_idx
on app.transactions (tenant_id, amount_key desc, id desc)
where merchant_key is null and merchant_name is not null;
