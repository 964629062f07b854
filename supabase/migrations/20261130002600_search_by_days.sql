-- A search of few days looks at their texts one by one: cheaper than the index of trigrams, which
-- knows no days. Texts are kept in lower case, so that each look is a plain comparison.

alter table app.transaction_texts add column amount_key bigint;
update app.transaction_texts as x
set text = lower(x.text), amount_key = t.amount_key
from app.transactions as t
where t.tenant_id = x.tenant_id and t.id = x.transaction_id;
delete from app.transaction_texts where amount_key is null;
alter table app.transaction_texts alter column amount_key set not null;
comment on column app.transaction_texts.text is 'In lower case, as a search asks.';
comment on column app.transaction_texts.amount_key is
  'As of the transaction, so that a search of amounts looks at fewer texts.';

-- What an index entry has no room for stands in an index of its own, and is read from the table.
drop index app.transaction_texts_date_idx;
create index transaction_texts_days_idx on app.transaction_texts (tenant_id, sort_date)
include (transaction_id, amount_key, text)
where octet_length(text) <= 2000;
create index transaction_texts_long_idx on app.transaction_texts (tenant_id, sort_date)
where octet_length(text) > 2000;

drop function private.transactions_like(text, date, date);
create function private.transactions_like(
  pattern text, day_from date, day_to date, amount_from bigint, amount_to bigint
)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := 5000;
  most_unindexed constant integer := 20000;
  most_looked constant integer := 5000;
  asking_tenant constant uuid := private.current_tenant_id();
  lowered constant text := lower(pattern);
  first_day constant date := coalesce(day_from, '-infinity');
  last_day constant date := coalesce(day_to, 'infinity');
  least_amount constant bigint := coalesce(amount_from, -9223372036854775808);
  most_amount constant bigint := coalesce(amount_to, 9223372036854775807);
  unindexed bigint;
  looked bigint;
  found_ids uuid[];
  more_ids uuid[];
begin
  select coalesce(sum(u.size), 0) into unindexed
  from app.unindexed_texts as u
  where u.tenant_id = asking_tenant;
  if unindexed > most_unindexed then
    return null;
  end if;
  select
    array_agg(f.transaction_id) filter (
      where f.amount_key >= least_amount
        and f.amount_key <= most_amount
        and f.text like lowered
    ),
    count(*)
  into found_ids, looked
  from (
    (
      select x.transaction_id, x.amount_key, x.text
      from app.transaction_texts as x
      where x.tenant_id = asking_tenant
        and x.sort_date >= first_day
        and x.sort_date <= last_day
        and octet_length(x.text) <= 2000
      limit most_looked + 1
    )
    union all
    (
      select x.transaction_id, x.amount_key, x.text
      from app.transaction_texts as x
      where x.tenant_id = asking_tenant
        and x.sort_date >= first_day
        and x.sort_date <= last_day
        and octet_length(x.text) > 2000
      limit most_looked + 1
    )
  ) as f;
  if looked > most_looked then
    -- Shorter runs have no trigram, and a pattern without one would read the whole index.
    if lowered !~ '[[:alnum:]]{3}' then
      return null;
    end if;
    -- Planned anew for each pattern and days: by the rarer of both, or by the table.
    execute $search$
      select array_agg(f.transaction_id)
      from (
        select x.transaction_id
        from app.transaction_texts as x
        where x.tenant_id = $1
          and x.text like $2
          and x.sort_date >= $3
          and x.sort_date <= $4
          and x.amount_key >= $5
          and x.amount_key <= $6
        limit $7
      ) as f
    $search$ into found_ids
    using asking_tenant, lowered, first_day, last_day, least_amount, most_amount, most + 1;
  end if;
  if unindexed > 0 then
    -- Rows by their ids (`offset 0`): a table that has just grown is planned as if it were small.
    select array_agg(waiting.id) into more_ids
    from app.unindexed_texts as u
    cross join lateral unnest(u.transaction_ids) as waiting (id)
    cross join lateral (
      select t.description, t.merchant_name, t.reference, t.customer_reference
      from app.transactions as t
      where t.tenant_id = asking_tenant and t.id = waiting.id
      offset 0
    ) as t
    where u.tenant_id = asking_tenant
      and (
        t.description ilike pattern
        or t.merchant_name ilike pattern
        or t.reference ilike pattern
        or t.customer_reference ilike pattern
      );
    found_ids := found_ids || more_ids;
  end if;
  if cardinality(found_ids) > most then
    return null;
  end if;
  return coalesce(found_ids, '{}');
end
$$;
comment on function private.transactions_like(text, date, date, bigint, bigint) is
  'Ids of the caller''s transactions of these days and amounts (in hundredths, rounded down) whose
texts may match; null where too many.';
revoke all on function private.transactions_like(text, date, date, bigint, bigint) from public;
grant execute on function private.transactions_like(text, date, date, bigint, bigint)
to authenticated;
