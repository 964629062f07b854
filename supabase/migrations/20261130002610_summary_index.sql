-- Summaries add up what counts: an index that holds the amounts answers without the table.
create index transactions_summary_idx on app.transactions (tenant_id, sort_date)
include (currency, amount)
where status <> 'removed' and duplicate_of is null;
