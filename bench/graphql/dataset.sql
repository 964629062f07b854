-- What the reads are measured on: tenants, each with 20 accounts and an equal share of the
-- transactions, over 36 months, as imports of many files would have left them.
-- Settings: bench.tenants, bench.per_account (transactions of an account).
-- Ids are digests of what they are of, so that the programs of the benchmark know them.

create schema bench;
create function bench.id(kind text, number bigint) returns uuid language sql immutable
return md5(kind || '-' || number)::uuid;

create table bench.merchants (number integer, name text, city text, category text, low integer);
insert into bench.merchants
select
  row_number() over () - 1, merchant.name, city.name, merchant.category, merchant.low
from (values
  ('Corner Coffee', 'Food and drink', 200), ('Green Valley Market', 'Groceries', 1200),
  ('Metro Transit', 'Transport', 150), ('Northwind Energy', 'Utilities', 6000),
  ('Blue Harbor Hotel', 'Travel', 9000), ('Paper & Pen Supplies', 'Office', 800),
  ('Cloudline Hosting', 'Software', 2500), ('Riverside Pharmacy', 'Health', 600),
  ('Old Town Books', 'Office', 900), ('Fastlane Fuel', 'Transport', 3000),
  ('Harvest Bakery', 'Food and drink', 300), ('Summit Insurance', 'Insurance', 12000),
  ('Pixel Print Shop', 'Office', 1500), ('Lakeside Catering', 'Food and drink', 7000),
  ('Telvox Mobile', 'Utilities', 2000), ('Kestrel Logistics', 'Shipping', 2200)
) as merchant (name, category, low)
cross join (values ('Berlin'), ('Lyon'), ('Leeds'), ('Austin'), ('Osaka')) as city (name);

insert into auth.users (id, email, email_confirmed_at)
select bench.id('user', t), format('owner-%s@example.com', t), now()
from generate_series(1, current_setting('bench.tenants')::integer) as t;

insert into app.tenants (id, name)
select bench.id('tenant', t), format('Tenant %s', t)
from generate_series(1, current_setting('bench.tenants')::integer) as t;

insert into app.tenant_members (tenant_id, user_id, email, role)
select bench.id('tenant', t), bench.id('user', t), format('owner-%s@example.com', t), 'owner'
from generate_series(1, current_setting('bench.tenants')::integer) as t;

insert into app.institutions (tenant_id, id, name, external_id, country)
select bench.id('tenant', t), bench.id('institution', t), 'Northbank', '121000248', 'DE'
from generate_series(1, current_setting('bench.tenants')::integer) as t;

insert into app.connections (tenant_id, id, institution_id, name, provider, status)
select
  bench.id('tenant', t), bench.id('connection', t), bench.id('institution', t),
  'Northbank statements', 'file', 'active'
from generate_series(1, current_setting('bench.tenants')::integer) as t;

insert into app.ingestion_jobs (
  tenant_id, id, connection_id, kind, state, format, wrote, next_run_at, started_at, finished_at
)
select
  bench.id('tenant', t), bench.id('job', t), bench.id('connection', t), 'import', 'completed',
  'bai2', true, null, now(), now()
from generate_series(1, current_setting('bench.tenants')::integer) as t;

insert into app.raw_ingestion_data (
  tenant_id, id, connection_id, job_id, name, size_bytes, sha256, blob_path
)
select
  bench.id('tenant', t), bench.id('raw', t), bench.id('connection', t), bench.id('job', t),
  'northbank.bai', 1000000, sha256(t::text::bytea), bench.id('tenant', t) || '/northbank'
from generate_series(1, current_setting('bench.tenants')::integer) as t;

create table bench.accounts as
select
  a as number,
  (a - 1) / 20 + 1 as tenant,
  (array['checking', 'savings', 'credit_card'])[a % 3 + 1] as type,
  (array['EUR', 'USD', 'EUR', 'GBP', 'CHF'])[a % 5 + 1] as currency
from generate_series(1, 20 * current_setting('bench.tenants')::integer) as a;

insert into app.accounts (
  tenant_id, id, institution_id, name, type, currency, masked_number, created_at
)
select
  bench.id('tenant', tenant), bench.id('account', number), bench.id('institution', tenant),
  format('%s %s', initcap(replace(type, '_', ' ')), number), type, currency,
  '••••' || lpad((number * 7919 % 10000)::text, 4, '0'),
  timestamptz '2023-11-01 09:00:00+00' + number * interval '1 minute'
from bench.accounts;

insert into app.account_mappings (
  tenant_id, id, connection_id, lineage_id, account_id, external_account_id, masked_number,
  currency, state, verified_at
)
select
  bench.id('tenant', tenant), bench.id('mapping', number), bench.id('connection', tenant),
  bench.id('connection', tenant), bench.id('account', number), format('external-%s', number),
  '••••' || lpad((number * 7919 % 10000)::text, 4, '0'), currency, 'mapped', now()
from bench.accounts;

-- Indexes are made anew when the rows are there, and what rows refer to is there: ten million of
-- them would otherwise take hours.
create table bench.indexes as
select n.nspname as schema, i.relname as name, pg_get_indexdef(x.indexrelid) as statement
from pg_index as x
inner join pg_class as i on x.indexrelid = i.oid
inner join pg_namespace as n on i.relnamespace = n.oid
where x.indrelid in ('app.transactions'::regclass, 'app.transaction_texts'::regclass)
  and not exists (select from pg_constraint as c where c.conindid = x.indexrelid);
do $$
declare
  one record;
begin
  for one in select x.schema, x.name from bench.indexes as x loop
    execute format('drop index %I.%I', one.schema, one.name);
  end loop;
end $$;
set session_replication_role = replica;

insert into app.transactions (
  tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint,
  occurrence, content_key, external_id, status, amount, currency, sort_date, posted_date,
  transaction_date, value_date, description, description_raw, merchant_name, merchant,
  merchant_key, reference, type_code, source_category, derived_category, category_origin,
  category_confidence
)
select
  bench.id('tenant', a.tenant), bench.id('transaction', n), bench.id('account', a.number),
  bench.id('mapping', a.number), bench.id('job', a.tenant), bench.id('raw', a.tenant), n, n,
  decode(md5(n::text), 'hex'), 0, hashint8(n), format('NB%s', n),
  case when k < 2 then 'pending' else 'posted' end,
  case when n * 31 % 10 < 8 then -1 else 20 end
  * round((m.low + (hashint8(n)::bigint & 4095)) / 100.0, 2),
  a.currency, d.day, case when k < 2 then null else d.day end, d.day, d.day,
  format('%s %s card %s', m.name, m.city, lpad((n * 7907 % 10000)::text, 4, '0')),
  format('POS %s   %s %s', upper(m.name), upper(m.city), n),
  p.name, p.name, lower(p.name), format('REF%s', n * 17), '475', m.category,
  m.category, 'provider', 100
from bench.accounts as a
cross join generate_series(0, current_setting('bench.per_account')::integer - 1) as k
cross join lateral (
  select (a.number - 1)::bigint * current_setting('bench.per_account')::integer + k as n
) as ordinal
cross join lateral (
  select date '2026-10-31' - (k * 1095 / current_setting('bench.per_account')::integer) as day
) as d
join bench.merchants as m on m.number = abs(hashint8(n + 17)::bigint) % 80
cross join lateral (select case when n % 5 > 0 then m.name end as name) as p
order by a.number, k desc;

-- As the worker leaves them: see index_part in sql/texts.sql.
insert into app.transaction_texts (tenant_id, transaction_id, sort_date, amount_key, text)
select
  t.tenant_id, t.id, t.sort_date, t.amount_key,
  lower(concat(t.description, ' ', t.merchant_name, ' ', t.reference, ' ', t.customer_reference))
from app.transactions as t;

set session_replication_role = origin;
set maintenance_work_mem = '1GB';
do $$
declare
  one record;
begin
  for one in select x.statement from bench.indexes as x loop
    execute one.statement;
  end loop;
end $$;

drop schema bench cascade;
