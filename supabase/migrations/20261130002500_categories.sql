-- What transactions were for, decided and kept with its evidence.

-- ---------------------------------------------------------------------------------------------
-- The decision, on the row itself: read without a join. What a member said goes before it.
-- ---------------------------------------------------------------------------------------------
alter table app.transactions
add column merchant text,
add column merchant_key text,
add column derived_category text,
add column suggested_category text,
add column category_code text,
add column category_origin text,
add column category_confidence smallint,
add column category_reason text,
add column category_rule_id uuid,
add constraint transactions_merchant_check check (length(merchant) between 1 and 200),
add constraint transactions_merchant_key_check check (length(merchant_key) between 1 and 200),
add constraint transactions_category_origin_check
check (category_origin in ('user', 'rule', 'provider', 'mcc', 'brand', 'model')),
add constraint transactions_category_confidence_check
check (category_confidence between 0 and 100);
comment on column app.transactions.merchant is
  'The other party''s name, cleaned of processors, numbers and places; null: not looked at yet.';
comment on column app.transactions.merchant_key is
  'What is equal for all texts of one merchant.';
comment on column app.transactions.derived_category is
  'What it was for by the evidence; null: not looked at yet, or nothing is sure enough.';
comment on column app.transactions.suggested_category is
  'What it may have been for, where nothing is sure enough.';
comment on column app.transactions.category_code is
  'The primary or detailed category of the taxonomy that the evidence leads to.';
comment on column app.transactions.category_origin is
  'Which evidence the derived or suggested category rests on; user: a choice for the merchant.';
comment on column app.transactions.category_rule_id is
  'The rule that decided; it may be gone.';
-- What members chose, by merchant: the evidence for the merchant's other rows.
create index transactions_chosen_idx
on app.transactions (tenant_id, merchant_key) where user_category is not null;

grant update (merchant, merchant_key) on app.transactions to authenticated;

-- Expenses show the category that counts.
create or replace function private.follow_with_expenses()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Planned each time: what suits one row is a hundred thousand times too slow for as many. What
  -- an expense says is compared with what it should say, so that no other row is written.
  execute $sql$
    update app.expenses as e
    set
      status = w.status, amount = coalesce(w.amount, e.amount), currency = w.currency,
      spent_on = w.spent_on, description = w.description, merchant_name = w.merchant_name,
      category = w.category
    from (
      select
        n.tenant_id, n.id, n.currency, n.sort_date as spent_on, n.description, n.merchant_name,
        case
          when n.status = 'posted' and n.amount < 0 and n.duplicate_of is null then 'active'
          else 'reversed'
        end as status,
        case when n.amount < 0 then - n.amount end as amount,
        coalesce(n.user_category, n.derived_category, n.source_category) as category
      from after_rows as n
    ) as w
    where e.tenant_id = w.tenant_id
      and e.transaction_id = w.id
      and (
        e.status, e.amount, e.currency, e.spent_on, e.description, e.merchant_name, e.category
      ) is distinct from (
        w.status, coalesce(w.amount, e.amount), w.currency, w.spent_on, w.description,
        w.merchant_name, w.category
      )
  $sql$;
  return null;
end
$$;

-- ---------------------------------------------------------------------------------------------
-- Categorising anew is a job of a connection, as other work on its rows is.
-- ---------------------------------------------------------------------------------------------
alter table app.ingestion_jobs
drop constraint ingestion_jobs_kind_check,
add constraint ingestion_jobs_kind_check
check (kind in ('import', 'derive', 'sync', 'categorize'));
create unique index ingestion_jobs_queued_categorize_key
on app.ingestion_jobs (tenant_id, connection_id) where kind = 'categorize' and state = 'queued';
