-- Rows that are not booked yet are few, and asked for after each import of their account.
create index transactions_pending_idx on app.transactions (tenant_id, account_id, sort_date)
where status = 'pending' and duplicate_of is null;
