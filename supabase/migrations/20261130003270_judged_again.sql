-- A choice that is taken back takes with it what was concluded from it: whoever may choose may
-- have the merchant's rows judged again by what is left. What rests on other evidence is no
-- member's to say.
grant update (
  derived_category, suggested_category, category_code, category_origin, category_confidence,
  category_reason, category_rule_id
) on app.transactions to authenticated;

create function private.keep_conclusions()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise insufficient_privilege using
    message = 'only what was concluded from choices is judged again by members';
end
$$;
revoke execute on function private.keep_conclusions() from public;

create trigger keep_conclusions
before update of
derived_category, suggested_category, category_code, category_origin, category_confidence,
category_reason, category_rule_id
on app.transactions
for each row
when (current_user = 'authenticated' and old.category_origin is distinct from 'user')
execute function private.keep_conclusions();

-- What was concluded from choices, by merchant.
create index transactions_concluded_idx
on app.transactions (tenant_id, merchant_key) where category_origin = 'user';
