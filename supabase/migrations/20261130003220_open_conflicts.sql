-- What is asked is looked for by itself where balances differ, however much was decided before.
create index transaction_conflicts_asked_idx
on app.transaction_conflicts (tenant_id) where state in ('noted', 'asked');
