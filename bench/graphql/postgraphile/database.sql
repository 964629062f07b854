-- What a careful user of PostGraphile would tell it about our tables: relations, names, and by
-- which columns to filter and group. Comments only; tables, indexes and policies are the product's.

comment on table app.transactions is
  E'@name transaction\n@foreignKey (tenant_id, account_id) references app.accounts (tenant_id, id)|@fieldName account|@foreignFieldName transactions';
comment on column app.transactions.amount is E'@behavior +filterBy';
comment on column app.transactions.description is E'@behavior +filterBy';
comment on column app.transactions.merchant_name is E'@behavior +filterBy';
comment on column app.transactions.reference is E'@behavior +filterBy';
comment on column app.transactions.customer_reference is E'@behavior +filterBy';
comment on column app.transactions.status is E'@behavior +filterBy';
comment on column app.transactions.currency is E'@behavior +groupBy +orderBy';

-- Its list of all transactions leaves out no removed ones, so that our index of the rest is none
-- that it could go by.
create index transactions_peer_order_idx
on app.transactions (tenant_id, sort_date desc, id desc);
