-- Of a source's own category, the rows that nobody has looked at yet stand in order of lists, as
-- those do that have been: a page of them costs what it shows, however many wait.
create index transactions_unjudged_category_idx
on app.transactions (tenant_id, source_category collate "C", sort_date desc, id desc)
where user_category is null and derived_category is null and source_category is not null;

drop index app.transactions_unjudged_idx;
