-- What follows an import is planned by statistics. Of a table that has just grown Postgres has none
-- for a minute, and takes it for a small one: the rows of one account were then looked for among
-- all of the tenant's, for each of its accounts.
create function private.keep_statistics(written bigint)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  known bigint;
begin
  select greatest(c.reltuples, 0)::bigint into known
  from pg_class as c
  where c.oid = 'app.transactions'::regclass;
  if written >= 10000 and written > known / 5 then
    -- Where another one is at it, that one will do.
    analyze (skip_locked) app.transactions, app.account_mappings, app.account_balances;
  end if;
end;
$$;
comment on function private.keep_statistics(bigint) is
  'Looks at tables anew after so many rows were written, where these are a good part of all.';
revoke all on function private.keep_statistics(bigint) from public;
grant execute on function private.keep_statistics(bigint) to worker;
