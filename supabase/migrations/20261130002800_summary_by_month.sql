-- Summaries by month read an index that stands in their order: nothing is sorted, and no month is
-- computed for each row. A column, as an expression of a day is not leakproof: no condition of it
-- would reach an index behind the policies.
alter table app.transactions
add column sort_month date not null
generated always as (
  -- The ends of the calendar are infinite: they have no day, and are their own month.
  coalesce(sort_date - (extract(day from sort_date)::integer - 1), sort_date)
) stored;
comment on column app.transactions.sort_month is
  'The first day of the month of sort_date.';

drop index app.transactions_summary_idx;
create index transactions_summary_idx
on app.transactions (tenant_id, sort_month, currency, sort_date)
include (amount)
where status <> 'removed' and duplicate_of is null;
