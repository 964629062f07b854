-- Refunds and the payments that they may be of.

-- name: given_back
-- role: worker
-- Rows of the other direction that share the amount, the party or a reference with noted ones, half
-- a year around them; the newest of each. What calls itself a refund has the party that is left
-- without that word, too. `is true` has what is noted hashed: taken for few rows, it would be
-- looked through for each row else.
with noted as materialized (
  select distinct
    n.account_id,
    n.currency,
    abs(n.amount) as amount,
    n.amount > 0 as is_in
  from unnest($2::uuid[], $3::text[], $4::numeric[]) as n (account_id, currency, amount)
  where n.amount <> 0
),

named as materialized (
  select distinct n.account_id, n.currency, n.is_in, n.party
  from unnest($7::uuid[], $8::text[], $9::boolean[], $10::text[]) as n (
    account_id, currency, is_in, party
  )
),

referred as materialized (
  select distinct n.account_id, n.currency, n.is_in, n.reference
  from unnest($12::uuid[], $13::text[], $14::boolean[], $15::text[]) as n (
    account_id, currency, is_in, reference
  )
),

of_accounts as (
  select
    t.id, t.account_id, t.currency, t.sort_date, t.reference, t.customer_reference,
    abs(t.amount) as amount,
    t.amount < 0 as is_out,
    lower(coalesce(t.merchant_key, t.merchant_name, t.description)) as party,
    case when t.amount < 0 then t.external_id end as called
  from app.transactions as t
  where t.tenant_id = $1
    and t.account_id = any(array(select distinct n.account_id from noted as n))
    and t.sort_date between $5::date - 180 and $6::date + 180
    and t.status <> 'removed'
    and t.duplicate_of is null
    and t.amount <> 0
),

near as materialized (
  select
    n.id, n.account_id, n.currency, n.sort_date, n.amount, n.is_out, n.party, n.of_party,
    n.of_amount, n.of_reference
  from (
    select
      a.id, a.account_id, a.currency, a.sort_date, a.amount, a.is_out, a.party,
      (
        (a.account_id, a.currency, a.party, a.is_out) in (
          select o.account_id, o.currency, o.party, o.is_in
          from named as o
        )
      ) is true
      or (
        not a.is_out
        and a.party ~ $11
        and (
          (
            a.account_id,
            a.currency,
            trim(regexp_replace(a.party, '\s*' || $11 || '\s*', ' ', 'g'), ' :*-'),
            a.is_out
          ) in (
            select o.account_id, o.currency, o.party, o.is_in
            from named as o
          )
        ) is true
      ) as of_party,
      (
        (a.account_id, a.currency, a.amount, a.is_out) in (
          select o.account_id, o.currency, o.amount, o.is_in
          from noted as o
        )
      ) is true as of_amount,
      cardinality($15::text[]) > 0
      and exists (
        select
        from (values (a.reference), (a.customer_reference), (a.called)) as w (reference)
        where w.reference is not null
          and (
            (a.account_id, a.currency, lower(w.reference), a.is_out) in (
              select o.account_id, o.currency, o.reference, o.is_in
              from referred as o
            )
          ) is true
      ) as of_reference
    from of_accounts as a
  ) as n
  where n.of_party or n.of_amount or n.of_reference
),

of_parties as (
  select
    n.id,
    row_number() over (
      partition by n.account_id, n.currency, n.party, n.is_out order by n.sort_date desc, n.id
    ) as place
  from near as n
  where n.of_party
),

of_amounts as (
  select
    n.id,
    row_number() over (
      partition by n.account_id, n.currency, n.amount, n.is_out order by n.sort_date desc, n.id
    ) as place
  from near as n
  where n.of_amount
),

of_references as (
  select
    n.id,
    row_number() over (
      partition by n.account_id, n.currency, n.is_out order by n.sort_date desc, n.id
    ) as place
  from near as n
  where n.of_reference
)

select p.id
from of_parties as p
where p.place <= 300
union
select a.id
from of_amounts as a
where a.place <= 100
union
select r.id
from of_references as r
where r.place <= 5000;

-- name: beyond
-- role: authenticated
-- By how much a refund is more than its payment and the other refunds of that leave, if it is.
select abs(b.amount) - private.refund_room($1, $3) - coalesce(
  (
    select abs(b.amount)
    from app.transaction_links as l
    where l.tenant_id = $1
      and l.kind = 'refund'
      and l.transaction_id = $2
      and l.other_id = $3
      and l.state = 'active'
  ),
  0
)
from app.transactions as b
where b.tenant_id = $1 and b.id = $2;
