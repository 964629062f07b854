-- Expenses follow all rows of a statement at once: a call for each row made large imports slow.

create function private.follow_with_expenses()
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
        case when n.status = 'posted' and n.amount < 0 then 'active' else 'reversed' end as status,
        case when n.amount < 0 then - n.amount end as amount,
        coalesce(n.user_category, n.source_category) as category
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
comment on function private.follow_with_expenses() is
  'Keeps the expenses of the transactions that a statement changed as these are.';
revoke all on function private.follow_with_expenses() from public;

drop trigger transactions_expense on app.transactions;
drop function private.follow_with_expense();

create trigger transactions_expense after update on app.transactions
referencing new table as after_rows
for each statement
execute function private.follow_with_expenses();
