-- How transactions are read: by amount, and by a text that they have somewhere.

create extension if not exists btree_gin with schema extensions;
create extension if not exists pg_trgm with schema extensions;

create index transactions_account_amount_idx
on app.transactions (tenant_id, account_id, amount_key desc, id desc);
create index transactions_amount_idx on app.transactions (tenant_id, amount_key desc, id desc);

-- ---------------------------------------------------------------------------------------------
-- Search. Texts are indexed after an import, which an index of trigrams would slow by a third; what
-- is not indexed yet is looked at row by row, so that a search is exact at every instant.
-- ---------------------------------------------------------------------------------------------
create table app.transaction_texts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  sort_date date not null,
  text text not null,
  -- No foreign key: its check would lock, and so write, each transaction anew. Rows stay for good.
  constraint transaction_texts_pkey primary key (tenant_id, transaction_id)
);
comment on table app.transaction_texts is
  'What a search looks for: the texts of each transaction in one, as when it was indexed last.';
create index transaction_texts_text_idx on app.transaction_texts using gin (
  tenant_id extensions.uuid_ops, text extensions.gin_trgm_ops
);
create index transaction_texts_date_idx on app.transaction_texts (tenant_id, sort_date);

create table app.unindexed_texts (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_ids uuid[] not null,
  size integer not null generated always as (cardinality(transaction_ids)) stored,
  created_at timestamptz not null default now(),
  constraint unindexed_texts_pkey primary key (tenant_id, id),
  constraint unindexed_texts_tenant_fkey foreign key (tenant_id) references app.tenants (id)
);
comment on table app.unindexed_texts is
  'Transactions whose texts are to be indexed, one row a merge: written with them, gone when done.';
alter table app.unindexed_texts alter column transaction_ids set storage external;

insert into app.unindexed_texts (tenant_id, transaction_ids)
select t.tenant_id, array_agg(t.id)
from (
  select
    s.tenant_id,
    s.id,
    (row_number() over (partition by s.tenant_id order by s.id) - 1) / 5000 as part
  from app.transactions as s
) as t
group by t.tenant_id, t.part;

create function private.unindexed_tenants(most integer)
returns table (tenant_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select u.tenant_id
  from app.unindexed_texts as u
  where u.created_at < now() - interval '5 minutes'
    or not exists (
      select
      from app.ingestion_jobs as j
      where j.tenant_id = u.tenant_id and j.state in ('queued', 'running')
    )
  group by u.tenant_id
  order by min(u.created_at)
  limit least(most, 1000)
$$;
comment on function private.unindexed_tenants(integer) is
  'Tenants whose texts are to be indexed now, longest waiting first: jobs go before. Ids only.';
revoke all on function private.unindexed_tenants(integer) from public;
grant execute on function private.unindexed_tenants(integer) to worker;

create function private.settle_texts()
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  select gin_clean_pending_list('app.transaction_texts_text_idx'::regclass)
$$;
comment on function private.settle_texts() is
  'Sorts in what was added to the index of texts, which every search would read row by row else.';
revoke all on function private.settle_texts() from public;
grant execute on function private.settle_texts() to worker;

-- An operator that is not leakproof, such as ilike, uses no index ahead of a policy: so the index
-- is asked by a function that sees the caller's tenant alone.
create function private.transactions_like(pattern text, day_from date, day_to date)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := 5000;
  most_unindexed constant integer := 20000;
  asking_tenant constant uuid := private.current_tenant_id();
  unindexed bigint;
  found_ids uuid[];
  more_ids uuid[];
begin
  -- Shorter runs have no trigram, and a pattern without one would read the whole index.
  if pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  select coalesce(sum(u.size), 0) into unindexed
  from app.unindexed_texts as u
  where u.tenant_id = asking_tenant;
  if unindexed > most_unindexed then
    return null;
  end if;
  -- Planned anew for each pattern and days: by the rarer of both, or by the table.
  execute $search$
    select array_agg(f.transaction_id)
    from (
      select x.transaction_id
      from app.transaction_texts as x
      where x.tenant_id = $1
        and x.text ilike $2
        and ($3 is null or x.sort_date >= $3)
        and ($4 is null or x.sort_date <= $4)
      limit $5
    ) as f
  $search$ into found_ids using asking_tenant, pattern, day_from, day_to, most + 1;
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
comment on function private.transactions_like(text, date, date) is
  'Ids of the caller''s transactions of these days whose texts may match; null where too many.';
revoke all on function private.transactions_like(text, date, date) from public;
grant execute on function private.transactions_like(text, date, date) to authenticated;

grant select, insert, update on app.transaction_texts to worker;
grant select, insert, delete on app.unindexed_texts to worker;

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.transaction_texts enable row level security;
alter table app.transaction_texts force row level security;
alter table app.unindexed_texts enable row level security;
alter table app.unindexed_texts force row level security;

create policy transaction_texts_select_worker on app.transaction_texts
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy transaction_texts_insert_worker on app.transaction_texts
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy transaction_texts_update_worker on app.transaction_texts
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));

create policy unindexed_texts_select_worker on app.unindexed_texts
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy unindexed_texts_insert_worker on app.unindexed_texts
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy unindexed_texts_delete_worker on app.unindexed_texts
for delete to worker
using (tenant_id = (select private.worker_tenant_id()));
