-- Categories, rules, parts and what recurs: members write, workers read, nobody another tenant's.
begin;
set local search_path = extensions, public;
\ir setup/two_tenants.psql
select no_plan();

select is(pg_temp.outcome(who, 'select from ' || name), rows || ' rows',
  format('%s sees %s rows of %s', who, rows, name))
from unnest(array['olivia@acme', 'vera@acme', 'gus@globex']) as who
cross join (values
  ('app.categories', 1), ('app.category_mappings', 1), ('app.category_rules', 1),
  ('app.category_rule_versions', 1), ('app.transaction_parts', 2), ('app.recurring_items', 1)
) as t (name, rows);
select is(pg_temp.outcome('nora@acme', 'select from ' || name), '0 rows',
  'who is no member sees none of ' || name)
from unnest(array[
  'app.categories', 'app.category_mappings', 'app.category_rules', 'app.category_rule_versions',
  'app.transaction_parts', 'app.recurring_items'
]) as name;
select is(pg_temp.outcome('olivia@acme', 'select from app.category_looks'), '42501',
  'how far workers have looked is theirs');

-- Rules.
create function pg_temp.rule(who text, tenant text default 'acme', by_whom text default 'mia')
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'insert into app.category_rules (tenant_id, position, name, conditions, category, updated_by)
     values (pg_temp.id(%L), 7, ''New'', ''{}'', ''Food'', pg_temp.id(%L))', tenant, by_whom
  ))
$$;
select is(pg_temp.rule('vera@acme', by_whom => 'vera'), '42501', 'a viewer makes no rule');
select is(pg_temp.rule('mia@acme', tenant => 'globex'), '42501', 'nor a member for others');
select is(pg_temp.rule('mia@acme', by_whom => 'olivia'), '42501', 'nor in another''s name');
select is(pg_temp.rule('mia@acme'), '1 rows', 'a member makes one');
select is(
  pg_temp.outcome('mia@acme', format(
    'update app.category_rules set category = ''Tea'', updated_by = %L where position = 0',
    pg_temp.id('mia')
  )),
  '1 rows', 'and changes one');
select is(
  pg_temp.answer('mia@acme', 'select version from app.category_rules where position = 0'),
  '2', 'which is a new version');
select is(
  pg_temp.outcome('mia@acme', format(
    'update app.category_rules set position = 9, updated_by = %L where position = 0',
    pg_temp.id('mia')
  )),
  '1 rows', 'its place is changed');
select is(
  pg_temp.answer('mia@acme', 'select version from app.category_rules where position = 9'),
  '2', 'which is none');
select is(
  pg_temp.outcome('mia@acme', 'delete from app.category_rules where position = 9'), '1 rows',
  'and takes one away');
select is(
  pg_temp.answer('mia@acme', $$
    select string_agg(v.category || ' ' || v.deleted, ', ' order by v.version)
    from app.category_rule_versions as v where v.rule_id = pg_temp.id('acme rule')
  $$),
  'Coffee false, Tea false, Tea true', 'of which each version stays');
select is(pg_temp.outcome(who, change), '42501', format('%s does not %s', who, change))
from unnest(array['olivia@acme', 'worker@acme']) as who
cross join unnest(array[
  'update app.category_rule_versions set category = $$x$$', 'delete from app.category_rule_versions'
]) as change;

-- Parts.
create function pg_temp.split(who text, amounts numeric[], whole numeric default 10.01)
returns text language sql as $$
  select pg_temp.outcome(who, format(
    'with gone as (delete from app.transaction_parts) select 1'
  )) || ', ' || pg_temp.outcome(who, format(
    'insert into app.transaction_parts (
       tenant_id, transaction_id, position, amount, whole, currency, category, created_by
     )
     select
       pg_temp.id(''acme''), pg_temp.id(''acme transaction''), p.position, p.amount, %s, ''EUR'',
       ''Food'', pg_temp.id(%L)
     from unnest(%L::numeric[]) with ordinality as p (amount, position)',
    whole, split_part(who, '@', 1), amounts
  ))
$$;
select is(pg_temp.split('mia@acme', array[5.01, 5]), '1 rows, 2 rows', 'parts make up the whole');
select is(pg_temp.split('mia@acme', array[5.01, 4.99]), '1 rows, 23514 transaction_parts_sum_check',
  'to the last cent');
select is(pg_temp.split('mia@acme', array[11.01, -1]),
  '1 rows, 23514 transaction_parts_sign_check', 'all have the sign of the whole');
select is(pg_temp.split('vera@acme', array[5.01, 5]), '1 rows, 42501', 'a viewer splits nothing');

-- What recurs.
select is(
  pg_temp.outcome(who, format(
    'update app.recurring_items set dismissed_at = now(), dismissed_by = %L', pg_temp.id(by_whom)
  )),
  outcome, format('%s dismisses as %s: %s', who, by_whom, outcome))
from (values
  ('vera@acme', 'vera', '0 rows'), ('mia@acme', 'olivia', '42501'), ('mia@acme', 'mia', '1 rows')
) as t (who, by_whom, outcome);
select is(pg_temp.outcome('mia@acme', 'update app.recurring_items set missed = 3'), '42501',
  'and says no more of it');

-- The decision on a row.
select is(
  pg_temp.outcome('worker@acme', format(
    'update app.transactions set category_origin = %L', origin
  )),
  outcome, format('a decision rests on %s: %s', origin, outcome))
from (values
  ('model', '1 rows'), ('guess', '23514 transactions_category_origin_check')
) as t (origin, outcome);
select is(
  pg_temp.outcome('vera@acme', 'update app.transactions set user_category = $$x$$'), '0 rows',
  'a viewer decides nothing');
select is(
  pg_temp.outcome('mia@acme', 'update app.transactions set derived_category = $$x$$'), '42501',
  'a member chooses in columns of their own');
select is(
  pg_temp.outcome('worker@acme', 'update app.transactions set category_origin = $$user$$'),
  '1 rows', 'what was concluded from a choice');
select is(
  pg_temp.outcome('vera@acme', 'update app.transactions set category_origin = null'), '0 rows',
  'a viewer has it not judged again');
select is(
  pg_temp.outcome('mia@acme', 'update app.transactions set category_origin = null'), '1 rows',
  'a member has');

select * from finish();
rollback;
