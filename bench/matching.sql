-- A tenant with 20 accounts that a feed fills, and a year of its rows; beside it statements of the
-- last weeks of the same accounts, which nobody compared yet. Each statement row is the booking of
-- a feed row: up to two days later, its text in capitals with a branch and a city. Parameters are
-- set by bench/match_speed.py: tenant, rows of the feed, rows of the statements.
set session_replication_role = replica;

create function pg_temp.numbered(kind text, n bigint) returns uuid language sql immutable as $$
  select md5(kind || n)::uuid
$$;
create function pg_temp.chance(what text, n bigint, below integer) returns integer
language sql immutable as $$
  select (('x' || substr(md5(what || n), 1, 7))::bit(28)::integer % below)
$$;

insert into app.accounts (tenant_id, id, name, currency)
select :tenant, pg_temp.numbered('account', a), 'Account ' || a, 'EUR'
from generate_series(0, 19) as a;
insert into app.connections (tenant_id, id, lineage_id, name, provider)
select
  :tenant, pg_temp.numbered('connection', s.source), pg_temp.numbered('connection', s.source),
  s.name, s.provider
from (values (0, 'Feed', 'plaid'), (1, 'Statements', 'file')) as s (source, name, provider);
insert into app.account_mappings (
  tenant_id, id, connection_id, lineage_id, account_id, external_account_id, currency, state
)
select
  :tenant, pg_temp.numbered('mapping', 20 * s + a), pg_temp.numbered('connection', s),
  pg_temp.numbered('connection', s), pg_temp.numbered('account', a), a::text, 'EUR', 'mapped'
from generate_series(0, 19) as a, generate_series(0, 1) as s;
insert into app.mapping_accounts (tenant_id, mapping_id, account_id)
select m.tenant_id, m.id, m.account_id from app.account_mappings as m where m.tenant_id = :tenant;

-- Of ten rows nine are payments, of one of 4,000 amounts to one of 3,000 parties.
insert into app.transactions (
  tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint,
  occurrence, content_key, status, amount, currency, sort_date, posted_date, description,
  description_raw, merchant_name
)
select
  :tenant, pg_temp.numbered('row', s.source * 10000000 + s.n),
  pg_temp.numbered('account', s.n % 20), pg_temp.numbered('mapping', 20 * s.source + s.n % 20),
  :tenant, pg_temp.numbered('document', s.source), s.n, s.n,
  decode(md5('print' || s.source || ' ' || s.n), 'hex'), 0, 0, 'posted',
  (case when s.n % 10 = 0 then 0.01 else -0.01 end) * (100 + pg_temp.chance('amount', s.n, 4000)),
  'EUR', s.day + s.late, s.day + s.late,
  case
    when s.source = 0 then 'Party ' || s.party
    else 'PARTY ' || s.party || ' FILIALE ' || s.n % 977 || ' BERLIN DE'
  end,
  'raw', case when s.source = 0 then 'Party ' || s.party end
from (
  select
    r.n, r.source,
    date '2026-11-30' - (r.n * 365 / :feed)::integer as day,
    case when r.source = 0 then 0 else pg_temp.chance('late', r.n, 3) end as late,
    chr(97 + pg_temp.chance('one', r.n, 15)) || chr(97 + pg_temp.chance('two', r.n, 20))
    || chr(97 + pg_temp.chance('three', r.n, 10)) || 'shop' as party
  from (
    select n, 0 as source from generate_series(1, :feed) as n
    union all
    select n, 1 from generate_series(1, :statements) as n
  ) as r
) as s;

insert into app.unmatched_transactions (tenant_id, transaction_ids)
select :tenant, array_agg(pg_temp.numbered('row', 10000000 + n))
from generate_series(1, :statements) as n
group by n / 10000;

insert into app.ingestion_jobs (tenant_id, id, connection_id, kind)
values (:tenant, :tenant, pg_temp.numbered('connection', 1), 'import');
