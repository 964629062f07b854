-- How transactions are read: by amount, and by a text that they have somewhere.

create extension if not exists btree_gin with schema extensions;
create extension if not exists pg_trgm with schema extensions;

create index transactions_account_amount_idx
on app.transactions (tenant_id, account_id, amount_key desc, id desc);
create index transactions_amount_idx on app.transactions (tenant_id, amount_key desc, id desc);

-- ---------------------------------------------------------------------------------------------
-- Search. An operator that is not leakproof, such as ilike, uses no index ahead of a policy: so
-- the index is asked by a function that sees the caller's tenant alone.
-- ---------------------------------------------------------------------------------------------
create index transactions_text_idx on app.transactions using gin (
  tenant_id extensions.uuid_ops,
  (
    description
    || ' ' || coalesce(merchant_name, '')
    || ' ' || coalesce(reference, '')
    || ' ' || coalesce(customer_reference, '')
  ) extensions.gin_trgm_ops
);

create function private.transactions_like(pattern text)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := 5000;
  found_ids uuid[];
begin
  -- Shorter runs have no trigram, and a pattern without one would read the whole index.
  if pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  -- Planned anew for each pattern: the index for a rare one, the table for a common one.
  execute $search$
    select array_agg(f.id)
    from (
      select t.id
      from app.transactions as t
      where t.tenant_id = (select private.current_tenant_id())
        and (
          t.description
          || ' ' || coalesce(t.merchant_name, '')
          || ' ' || coalesce(t.reference, '')
          || ' ' || coalesce(t.customer_reference, '')
        ) ilike $1
      limit $2
    ) as f
  $search$ into found_ids using pattern, most + 1;
  if cardinality(found_ids) > most then
    return null;
  end if;
  return coalesce(found_ids, '{}');
end
$$;
comment on function private.transactions_like(text) is
  'Ids of all of the caller''s transactions whose texts may match; null where they are too many.';
revoke all on function private.transactions_like(text) from public;
grant execute on function private.transactions_like(text) to authenticated;
