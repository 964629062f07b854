-- Reconciliation: members vouch, rows follow, each is in one group, and sources overwrite nothing.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome(who, 'select from app.' || source), '1 rows',
  format('%s sees %s of the tenant alone', who, source))
from unnest(array['olivia@acme', 'mia@acme', 'vera@acme', 'worker@acme', 'gus@globex']) as who
cross join unnest(array[
  'reconciliation_rules', 'reconciliations', 'reconciliation_members', 'transaction_conflicts'
]) as source;
select is(pg_temp.outcome('nora@acme', 'select from app.reconciliations'), '0 rows',
  'who is no member sees none');

-- Rules.
create function pg_temp.rule(
  who text, tenant text default 'acme', version integer default 1, mode text default 'auto',
  by_whom text default null
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.reconciliation_rules (
       tenant_id, rule_id, version, position, name, mode, shape, signs, by_reference,
       amount_tolerance, tolerance_percent, day_window, text_needed, group_max, score_min,
       created_by
     )
     values (
       pg_temp.id(%L), pg_temp.id(%L), %s, 1, %L, %L, %L, %L, true, 0, 0, 3, false, 8, 85,
       pg_temp.id(%L)
     )',
    tenant, 'new rule', version, 'New', mode, 'one_to_one', 'equal', by_whom
  ))
$$;
select is(pg_temp.rule('adam@acme', by_whom => 'adam'), '1 rows', 'an admin makes a rule');
select is(pg_temp.rule('adam@acme', tenant => 'globex'), '42501', 'in no other tenant');
select is(pg_temp.rule('adam@acme', version => 2, by_whom => 'olivia'), '42501',
  'in their own name');
select is(pg_temp.rule('adam@acme'), '23505 reconciliation_rules_version_key',
  'each version once');
select is(pg_temp.rule('adam@acme', version => 2),
  '23505 reconciliation_rules_current_idx', 'and one counts at a time');
select is(pg_temp.rule('adam@acme', version => 0),
  '23514 reconciliation_rules_version_check', 'versions count from one');
select is(pg_temp.rule('adam@acme', mode => 'magic'),
  '23514 reconciliation_rules_mode_check', 'modes are known');
select is(pg_temp.rule(who), '42501', who || ' makes no rule')
from unnest(array['mia@acme', 'vera@acme', 'worker@acme', 'gus@globex']) as who;
select is(
  pg_temp.outcome('adam@acme', 'update app.reconciliation_rules set replaced_at = now()'),
  '2 rows', 'an admin ends versions');
select is(pg_temp.outcome('adam@acme', change), '42501', 'and does not ' || change)
from unnest(array[
  'update app.reconciliation_rules set name = $$x$$', 'delete from app.reconciliation_rules'
]) as change;

-- Groups.
create function pg_temp.vouch(
  who text, tenant text default 'acme', about text default 'acme transaction'
)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'with made as (
       insert into app.reconciliations (tenant_id, id, method, rule, difference, currency)
       values (pg_temp.id(%L), gen_random_uuid(), %L, %L, 0, %L)
       returning id
     )
     insert into app.reconciliation_members (
       tenant_id, reconciliation_id, transaction_id, side, amount
     )
     select pg_temp.id(%L), made.id, pg_temp.id(%L), %L, 1
     from made',
    tenant, 'rule', 'a rule/1', 'EUR', tenant, about, 'left'
  ))
$$;
select is(pg_temp.vouch('vera@acme'), '42501', 'a viewer vouches for nothing');
select is(pg_temp.vouch('mia@acme', tenant => 'globex'), '42501', 'a member in their tenant alone');
select is(pg_temp.vouch('worker@acme', tenant => 'globex'), '42501', 'a worker likewise');
select is(pg_temp.vouch('worker'), '42501', 'one without a tenant not at all');
select is(pg_temp.vouch(who, about => 'globex transaction'),
  '23503 reconciliation_members_transaction_fkey', who || ' vouches for their own rows')
from unnest(array['mia@acme', 'worker@acme']) as who;
select is(pg_temp.vouch('mia@acme'), '1 rows', 'a member vouches');
select results_eq(
  $$select t.reconciled, t.reconciled_at is not null from app.transactions as t
    where t.id = pg_temp.id('acme transaction')$$,
  'values (true, true)', 'a row says that somebody vouched for it');
select is(pg_temp.vouch(who), '23505 reconciliation_members_once_idx',
  who || ' cannot put a row into two groups')
from unnest(array['mia@acme', 'worker@acme']) as who;
select is(
  pg_temp.outcome('worker@acme', 'update app.transactions set amount = 7, content_key = 2'),
  '1 rows', 'a source may say something else');
select results_eq(
  $$select t.amount, t.content_key, c.kind, c.state, c.incoming ->> 'amount'
    from app.transactions as t
    join app.transaction_conflicts as c on c.transaction_id = t.id
    where t.id = pg_temp.id('acme transaction')$$,
  $$select t.amount, 2::bigint, 'changed', 'noted', '7'
    from app.transactions as t where t.id = pg_temp.id('acme transaction') and t.amount <> 7$$,
  'and overwrites nothing: both versions are there');
select is(
  pg_temp.outcome('worker@acme', 'update app.transactions set status = $$removed$$'),
  '1 rows', 'a source may take it back');
select results_eq(
  $$select t.status, t.reconciled, t.missed_at is not null, c.kind, c.state, c.stored ->> 'status'
    from app.transactions as t
    join app.transaction_conflicts as c on c.transaction_id = t.id
    where t.id = pg_temp.id('acme transaction')$$,
  $$values ('posted', true, true, 'removed', 'noted', 'posted')$$,
  'and until somebody has looked it stands, and says so in the same statement');
select is(
  pg_temp.outcome('worker@acme', 'update app.transactions set missed_at = null'),
  '1 rows', 'it may come again as it was');
select is_empty(
  $$select from app.transaction_conflicts as c
    where c.transaction_id = pg_temp.id('acme transaction')$$,
  'and then nothing contradicts');
select is(
  pg_temp.outcome('worker@acme', 'update app.transactions set amount = 7, content_key = 3'),
  '1 rows', 'a source may change it again');
select is(
  pg_temp.outcome('mia@acme', 'update app.reconciliation_members set active = false'), '2 rows',
  'a member lets it go');
select results_eq(
  $$select t.reconciled, t.reconciled_at is null from app.transactions as t
    where t.id = pg_temp.id('acme transaction')$$,
  'values (false, true)', 'and the row says so');

-- Whoever undoes signs.
create function pg_temp.undo(who text, by_whom text)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'update app.reconciliations set undone_at = now(), undone_by = pg_temp.id(%L)
     where id = pg_temp.id(%L)', by_whom, 'acme reconciliation'
  ))
$$;
select is(pg_temp.undo('mia@acme', 'mia'), '1 rows', 'a member undoes');
select is(pg_temp.undo('mia@acme', 'olivia'), '42501', 'in their own name alone');
select is(pg_temp.undo('vera@acme', 'vera'), '0 rows', 'a viewer undoes nothing');
select is(pg_temp.undo('gus@globex', 'gus'), '0 rows', 'nor does another tenant');

-- Who wins, and who says so.
select is(pg_temp.outcome(who, 'update app.tenants set conflict_policy = $$ask$$'), expected,
  who || ' says who wins')
from (values ('adam@acme', '1 rows'), ('mia@acme', '0 rows'), ('worker@acme', '42501'))
  as v (who, expected);
select is(
  pg_temp.outcome('adam@acme', 'update app.tenants set conflict_policy = $$nobody$$'),
  '23514 tenants_conflict_policy_check', 'of those that there are');
select is(
  pg_temp.outcome('adam@acme', 'update app.connections set conflict_policy = $$nobody$$'),
  '23514 connections_conflict_policy_check', 'at a connection too');
select is(
  pg_temp.outcome(who, 'update app.tenants set rate_tolerance_percent = 3.5'), expected,
  who || ' says how far a transfer may be from a rate')
from (values
  ('adam@acme', '1 rows'), ('mia@acme', '0 rows'), ('worker@acme', '42501')
) as v (who, expected);
select is(
  pg_temp.outcome('adam@acme', 'update app.tenants set rate_tolerance_percent = ' || percent),
  '23514 tenants_rate_tolerance_check', percent || ' percent are too few, too many or too precise')
from (values ('0'), ('-2'), ('0.09'), ('10.0001'), ('2.00001'), ('$$NaN$$')) as v (percent);
select is(
  pg_temp.outcome(who, format('select 1 where private.settle_conflict(pg_temp.id(%L), false)', row)),
  expected, format('%s and the %s', who, row))
from (values
  ('mia@acme', 'acme transaction', '1 rows'), ('vera@acme', 'acme transaction', '0 rows'),
  ('mia@acme', 'globex transaction', '0 rows'), ('gus@globex', 'acme transaction', '0 rows'),
  ('worker@acme', 'acme transaction', '42501')
) as v (who, row, expected);
select is(
  pg_temp.outcome(who, format(
    'select 1 where private.settle_noted(array[pg_temp.id(%L)], false) > 0', 'acme transaction'
  )),
  expected, who || ' settles what was noted')
from (values
  ('worker@acme', '1 rows'), ('worker@globex', '0 rows'), ('worker', '0 rows'),
  ('olivia@acme', '42501')
) as v (who, expected);
select is(pg_temp.outcome(who, format(
    'select private.apply_conflicts(pg_temp.id(%L), array[pg_temp.id(%L)], true)',
    'acme', 'acme transaction'
  )), '42501', who || ' applies nothing past these')
from unnest(array['olivia@acme', 'worker@acme']) as who;

select * from finish();
rollback;
