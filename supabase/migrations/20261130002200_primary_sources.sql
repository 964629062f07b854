-- One account fed by several sources: which of them is believed first.

alter table app.accounts
add column primary_mapping_id uuid,
add constraint accounts_primary_fkey
foreign key (tenant_id, primary_mapping_id, id)
references app.mapping_accounts (tenant_id, mapping_id, account_id);
comment on column app.accounts.primary_mapping_id is
  'The source whose balances are shown first, where several feed the account; null: none is.';
create index accounts_primary_idx on app.accounts (tenant_id, primary_mapping_id, id);

grant update (primary_mapping_id) on app.accounts to authenticated;
