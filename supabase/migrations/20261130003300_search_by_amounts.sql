-- A search of few days reads only texts of its amounts: their index has these among its keys, and
-- passes the others over by itself. How many the days have is told by one in 64 of them before
-- any text is read: a search of many days no longer looks at thousands of them first, in vain.

create index transaction_texts_amounts_idx on app.transaction_texts (
  tenant_id, sort_date, amount_key
)
include (transaction_id, text)
where octet_length(text) <= 2000;
drop index app.transaction_texts_days_idx;
alter index app.transaction_texts_amounts_idx rename to transaction_texts_days_idx;

-- Ids are random in their last byte, whichever version of UUID they are.
create index transaction_texts_sample_idx on app.transaction_texts (tenant_id, sort_date)
where get_byte(uuid_send(transaction_id), 15) < 4;

create or replace function private.transactions_like(
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
  most_sampled constant integer := 78;
  asking_tenant constant uuid := private.current_tenant_id();
  lowered constant text := lower(pattern);
  first_day constant date := coalesce(day_from, '-infinity');
  last_day constant date := coalesce(day_to, 'infinity');
  least_amount constant bigint := coalesce(amount_from, -9223372036854775808);
  most_amount constant bigint := coalesce(amount_to, 9223372036854775807);
  unindexed bigint;
  sampled bigint;
  found_ids uuid[];
  more_ids uuid[];
begin
  select
    coalesce(sum(u.size), 0),
    (
      select count(*)
      from (
        select
        from app.transaction_texts as x
        where x.tenant_id = asking_tenant
          and x.sort_date >= first_day
          and x.sort_date <= last_day
          and get_byte(uuid_send(x.transaction_id), 15) < 4
        limit most_sampled + 1
      ) as s
    )
  into unindexed, sampled
  from app.unindexed_texts as u
  where u.tenant_id = asking_tenant;
  if unindexed > most_unindexed then
    return null;
  end if;
  if sampled <= most_sampled then
    -- The function, not its operator `like`, for which the planner might take the index of trigrams.
    select array_agg(f.transaction_id) into found_ids
    from (
      (
        select x.transaction_id
        from app.transaction_texts as x
        where x.tenant_id = asking_tenant
          and x.sort_date >= first_day
          and x.sort_date <= last_day
          and x.amount_key >= least_amount
          and x.amount_key <= most_amount
          and octet_length(x.text) <= 2000
          and textlike(x.text, lowered)
      )
      union all
      (
        select x.transaction_id
        from app.transaction_texts as x
        where x.tenant_id = asking_tenant
          and x.sort_date >= first_day
          and x.sort_date <= last_day
          and x.amount_key >= least_amount
          and x.amount_key <= most_amount
          and octet_length(x.text) > 2000
          and textlike(x.text, lowered)
      )
    ) as f;
  elsif lowered !~ '[[:alnum:]]{3}' then
    -- Shorter runs have no trigram, and a pattern without one would read the whole index.
    return null;
  else
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
