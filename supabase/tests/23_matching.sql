-- Links between transactions: members say, workers find, and what is hidden follows from them.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

-- A second and a third row of Acme's account.
insert into app.transactions (
  tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint,
  occurrence, content_key, status, amount, currency, sort_date, description, description_raw
)
select
  t.tenant_id, pg_temp.id('acme row ' || n), t.account_id, t.mapping_id, t.job_id, t.raw_id, 4, 4,
  t.fingerprint, n, 1, 'posted', t.amount, t.currency, t.sort_date, t.description, 'COFFEE'
from app.transactions as t
cross join generate_series(2, 3) as n
where t.id = pg_temp.id('acme transaction');

-- One link as somebody of a tenant makes it, but for what is said.
create function pg_temp.link(
  who text, kind text default 'duplicate', one text default 'acme row 2',
  other text default 'acme transaction', by_whom text default null, tenant text default 'acme'
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.transaction_links (
       tenant_id, kind, transaction_id, other_id, method, score, rule_version, created_by
     )
     values (pg_temp.id(%L), %L, pg_temp.id(%L), pg_temp.id(%L), %L, 90, %L, pg_temp.id(%L))',
    tenant, kind, one, other, case when by_whom is null then 'auto' else 'user' end, 'test', by_whom
  ))
$$;
create function pg_temp.hidden(name text) returns text language sql as $$
  select duplicate_of::text from app.transactions where id = pg_temp.id(name)
$$;

select is(pg_temp.link('vera@acme', by_whom => 'vera'), '42501', 'a viewer links nothing');
select is(pg_temp.link('mia@acme', by_whom => 'olivia'), '42501', 'nobody signs for another');
select is(pg_temp.link('worker@acme', tenant => 'globex'), '42501', 'no link is another tenant''s');
select is(pg_temp.link('worker@acme', other => 'globex transaction'),
  '23503 transaction_links_other_fkey', 'nor is a side of one');
select is(pg_temp.link('worker'), '42501', 'a worker without a tenant links nothing');
select is(pg_temp.link('worker@acme', kind => 'riddle'), '23514 transaction_links_kind_check',
  'of known kinds');
select is(pg_temp.link('worker@acme'), '1 rows', 'a worker links');
select is(pg_temp.link('mia@acme', other => 'acme row 3', by_whom => 'mia'),
  '23505 transaction_links_duplicate_idx', 'a row is the duplicate of one other');
select is(pg_temp.link('worker@acme', one => 'acme row 3', other => 'acme row 2'), '1 rows',
  'which may be one itself');
select is(pg_temp.outcome(who, 'select from app.transaction_links'), rows || ' rows',
  who || ' sees the tenant''s links alone')
from (values ('vera@acme', 2), ('worker@acme', 2), ('gus@globex', 0), ('nora@acme', 0))
  as seen (who, rows);
select is(pg_temp.outcome('olivia@acme', 'delete from app.transaction_links'), '42501',
  'links are undone, not deleted');

-- What counts follows from the links.
select isnt(
  pg_temp.answer('worker@acme', format(
    'select private.recount_duplicates(%L, array[%L]::uuid[])::text', pg_temp.id('acme'),
    pg_temp.id('acme row 2')
  )), 'x', 'a worker recounts');
select is(pg_temp.hidden('acme row 2'), pg_temp.id('acme transaction')::text, 'the duplicate hides');
select is(pg_temp.hidden('acme row 3'), pg_temp.id('acme transaction')::text,
  'behind the row that counts, and not behind a hidden one');
select is(pg_temp.hidden('acme transaction'), null, 'which counts');
select is(pg_temp.outcome(who, format(
  'select private.recount_duplicates(%L, array[%L]::uuid[])', pg_temp.id('acme'),
  pg_temp.id('acme row 2')
)), answer, who || ' recounts nothing of theirs')
from (values ('anon', '42501'), ('webhook', '42501'), ('gus@globex', '1 rows')) as a (who, answer);

-- What refunds leave of a payment is told to its own tenant.
select is(pg_temp.outcome(who, format(
  'select private.refund_room(%L, %L)', pg_temp.id('acme'), pg_temp.id('acme transaction')
)), '42501', who || ' may not ask')
from (values ('anon'), ('webhook')) as a (who);
select is(pg_temp.answer('gus@globex', format(
  'select private.refund_room(%L, %L)::text', pg_temp.id('acme'), pg_temp.id('acme transaction')
)), null, 'nor does another tenant learn it');
select isnt(pg_temp.answer('worker@acme', format(
  'select private.refund_room(%L, %L)::text', pg_temp.id('acme'), pg_temp.id('acme transaction')
)), null, 'its own worker does');

-- A row that goes lets go of what it hid, and all are noted.
select is(pg_temp.outcome('worker@acme',
  format('update app.transactions set status = $$removed$$ where id = %L',
    pg_temp.id('acme transaction'))), '1 rows', 'the row that counts is removed');
select is(pg_temp.hidden('acme row 2'), null, 'so its duplicate counts again');
select is(pg_temp.hidden('acme row 3'), pg_temp.id('acme row 2')::text, 'with what hides behind it');
select is(
  (select l.state from app.transaction_links as l
   where l.other_id = pg_temp.id('acme transaction')), 'undone', 'and their link is undone');
select ok(
  exists (select from app.unmatched_transactions as u
          where pg_temp.id('acme row 2') = any(u.transaction_ids)), 'both are compared anew');
select is(pg_temp.outcome('olivia@acme', 'select from app.unmatched_transactions'), '42501',
  'what is noted is the workers'' affair');

-- Rates.
create function pg_temp.rate(who text, tenant text default 'acme', rate text default '1.1',
  quote text default 'USD')
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.exchange_rates (tenant_id, base, quote, day, rate, source)
     values (pg_temp.id(%L), $x$EUR$x$, %L, $x$2026-01-05$x$, %s, $x$ECB$x$)', tenant, quote, rate
  ))
$$;
select is(pg_temp.rate('mia@acme'), '1 rows', 'a member says what currencies were worth');
select is(pg_temp.rate('vera@acme', quote => 'GBP'), '42501', 'a viewer does not');
select is(pg_temp.rate('worker@acme', quote => 'GBP'), '42501', 'nor does a worker make any up');
select is(pg_temp.rate('mia@acme', tenant => 'globex', quote => 'GBP'), '42501', 'in their tenant');
select is(pg_temp.rate('mia@acme', rate => '0', quote => 'GBP'), '23514 exchange_rates_rate_check',
  'greater than zero');
select is(pg_temp.rate('mia@acme', quote => 'EUR'), '23514 exchange_rates_currencies_check',
  'of two currencies');

-- What one member undid, another one makes again in their own name.
select is(pg_temp.link('mia@acme', kind => 'refund', one => 'acme row 3', other => 'acme row 2',
  by_whom => 'mia'), '1 rows', 'a member links');
create function pg_temp.again(who text, by_whom text) returns text language sql as $$
  select pg_temp.outcome(who, format(
    'update app.transaction_links
     set state = %L, undone_at = null, undone_by = null, created_by = pg_temp.id(%L)
     where kind = %L', 'active', by_whom, 'refund'
  ))
$$;
select is(pg_temp.outcome('mia@acme', $$update app.transaction_links
  set state = 'undone', undone_at = now(), undone_by = pg_temp.id('mia') where kind = 'refund'$$),
  '1 rows', 'undoes it');
select is(pg_temp.again('adam@acme', 'mia'), '42501', 'it does not come back in another''s name');
select is(pg_temp.again('adam@acme', 'adam'), '1 rows', 'but in one''s own');

-- Links of the system's that gave way say why, until they hold again.
select is(pg_temp.outcome('mia@acme', $$update app.transaction_links
  set undone_reason = 'better_pair', undone_rule_version = '1'$$), '42501',
  'no member says why the system undid a link');
create function pg_temp.given_up(reason text default 'better_pair', version text default '1')
returns text language sql as $$
  select pg_temp.outcome('worker@acme', format(
    'update app.transaction_links
     set state = %L, undone_at = now(), undone_reason = %L, undone_rule_version = %L
     where kind = %L', 'undone', reason, version, 'refund'
  ))
$$;
select is(pg_temp.given_up(reason => 'mood'), '23514 transaction_links_undone_reason_check',
  'for known reasons');
select is(pg_temp.given_up(version => null), '23514 transaction_links_undone_rule_check',
  'and by known rules');
select is(pg_temp.given_up(), '1 rows', 'a worker does');
select is(pg_temp.outcome('worker@acme', $$update app.transaction_links
  set state = 'active', undone_at = null where kind = 'refund'$$), '1 rows', 'and makes it again');
select is(
  (select l.undone_reason from app.transaction_links as l where l.kind = 'refund'
   and l.tenant_id = pg_temp.id('acme')), null, 'without the reason');

-- What is decided goes with what counts, in the tenant alone.
select is(pg_temp.outcome('mia@acme', 'select private.hand_over(array[]::uuid[])'), '42501',
  'decisions are handed over by workers alone');
update app.transactions set user_category = 'HOME', user_category_at = now(),
  duplicate_of = pg_temp.id('acme transaction')
where id = pg_temp.id('acme row 2');
select is(pg_temp.outcome('worker@globex', format(
  'select private.hand_over(array[%L]::uuid[])', pg_temp.id('acme row 2'))), '1 rows',
  'another tenant''s worker may ask');
select is((select t.user_category from app.transactions as t
  where t.id = pg_temp.id('acme transaction')), null, 'and changes nothing');
select is(pg_temp.outcome('worker@acme', format(
  'select private.hand_over(array[%L]::uuid[])', pg_temp.id('acme row 2'))), '1 rows', 'its own');
select is((select t.user_category from app.transactions as t
  where t.id = pg_temp.id('acme transaction')), 'HOME', 'does');

select * from finish();
rollback;
