-- Of a source's own category, the rows that nobody has looked at yet stand in order of lists, as
-- those do that have been: a page of them costs what it shows, however many wait. What sources call
-- their categories may be longer than an entry of an index.
create index transactions_unjudged_category_idx
on app.transactions (tenant_id, source_category collate "C", sort_date desc, id desc)
where
  user_category is null
  and derived_category is null
  and octet_length(source_category) <= 2000;
create index transactions_unjudged_long_idx
on app.transactions (tenant_id, sort_date desc, id desc)
where
  user_category is null
  and derived_category is null
  and octet_length(source_category) > 2000;

drop index app.transactions_unjudged_idx;
