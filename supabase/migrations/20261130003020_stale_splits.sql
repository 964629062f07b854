-- Parts of a transaction whose source says another amount: a member is asked, in the transaction
-- that changes it, whoever that is.

alter table app.review_items
drop constraint review_items_kind_check,
add constraint review_items_kind_check
check (kind in (
  'duplicate', 'pending_posted', 'transfer', 'refund', 'reconciliation', 'conflict', 'category',
  'split'
));

create function private.ask_about_parts()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  known record;
  seen jsonb;
  question text;
begin
  select
    bool_and(p.whole = new.amount and p.currency = new.currency) as current,
    max(p.whole) as whole,
    min(p.currency) as currency,
    jsonb_agg(
      jsonb_build_object(
        'amount', p.amount::text, 'category', p.category, 'note', p.note
      ) order by p.position
    ) as parts,
    md5(string_agg(p.position || ' ' || p.amount || ' ' || p.category, e'\n' order by p.position))
      as digest
  into known
  from app.transaction_parts as p
  where p.tenant_id = new.tenant_id and p.transaction_id = new.id;
  if known.parts is null then
    return null;
  end if;
  question := 'split:' || new.id || ':' || trim_scale(new.amount) || new.currency || ':'
    || known.digest;
  -- Who answers has locked the question and waits for the row: what is skipped here is refused
  -- there, and closed after the job.
  update app.review_items as r
  set state = 'superseded'
  where r.tenant_id = new.tenant_id
    and r.id in (
      select o.id
      from app.review_items as o
      where o.tenant_id = new.tenant_id
        and o.transaction_id = new.id
        and o.kind = 'split'
        and o.state = 'open'
        and (known.current or o.key <> question)
      for no key update skip locked
    );
  if known.current then
    return null;
  end if;
  seen := jsonb_build_object(
    'whole', known.whole::text, 'wholeCurrency', known.currency,
    'amount', new.amount::text, 'currency', new.currency, 'parts', known.parts
  );
  -- Words of people may be long. Without them the question stands all the same.
  if pg_column_size(seen) >= 32000 then
    seen := seen - 'parts';
  end if;
  insert into app.review_items as r (
    tenant_id, kind, key, transaction_id, account_id, job_id, score, reasons, evidence, rule_version
  )
  values (
    new.tenant_id, 'split', question, new.id, new.account_id, new.job_id, 100,
    jsonb_build_array(jsonb_build_object(
      'code', 'amount-changed', 'points', 100,
      'text', 'the source says another amount than the one that was split'
    )),
    seen, 'split-1'
  )
  on conflict (tenant_id, key) do update
  set
    state = 'open', job_id = excluded.job_id, evidence = excluded.evidence, decided_at = null,
    decided_by = null;
  return null;
end
$$;
comment on function private.ask_about_parts() is
  'Asks about parts that do not make up their transaction any more; closes what is answered by '
  'the amount that was split.';
revoke all on function private.ask_about_parts() from public;

create trigger transactions_parts after update on app.transactions
for each row
when (old.amount <> new.amount or old.currency <> new.currency)
execute function private.ask_about_parts();

-- What is split already, and has changed before this version, is asked about too.
insert into app.review_items (
  tenant_id, kind, key, transaction_id, account_id, score, reasons, evidence, rule_version
)
select
  t.tenant_id, 'split',
  'split:' || t.id || ':' || trim_scale(t.amount) || t.currency || ':' || s.digest, t.id,
  t.account_id, 100,
  '[{"code": "amount-changed", "points": 100, "text": "the source says another amount than the one that was split"}]', -- noqa: LT05
  jsonb_build_object(
    'whole', s.whole::text, 'wholeCurrency', s.currency, 'amount', t.amount::text,
    'currency', t.currency
  ),
  'split-1'
from (
  select
    p.tenant_id, p.transaction_id, max(p.whole) as whole, min(p.currency) as currency,
    md5(string_agg(p.position || ' ' || p.amount || ' ' || p.category, e'\n' order by p.position))
      as digest
  from app.transaction_parts as p
  group by p.tenant_id, p.transaction_id
) as s
join app.transactions as t on t.tenant_id = s.tenant_id and t.id = s.transaction_id
where t.amount <> s.whole or t.currency <> s.currency;
