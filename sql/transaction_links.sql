-- Links between transactions: made by workers where nothing else could be meant, and by members.

-- name: sides
-- role: worker
-- Rows as they are now, kept from other writers until the transaction ends, in the order in which
-- merges write them.
select t.id, t.account_id, t.status, t.amount, t.currency, t.duplicate_of
from app.transactions as t
where t.tenant_id = $1 and t.id = any($2::uuid[])
order by t.mapping_id, t.fingerprint, t.occurrence
for no key update;

-- name: own_sides
-- role: authenticated
select t.id, t.account_id, t.status, t.amount, t.currency, t.duplicate_of
from app.transactions as t
where t.tenant_id = $1 and t.id = any($2::uuid[])
order by t.mapping_id, t.fingerprint, t.occurrence
for no key update;

-- name: put
-- role: worker
-- What a person undid stays undone, and what a person linked meanwhile leaves no room. No more is
-- given back of a payment than was paid. `offset 0` has links looked up for each pair: joined, they
-- would be thought to be one while the table grows, and all be looked through for each.
insert into app.transaction_links as l (
  tenant_id, kind, transaction_id, other_id, method, score, reasons, rule_version
)
select
  $1, n.kind, n.transaction_id, n.other_id, 'auto', n.score, n.reasons::jsonb, $7
from unnest($2::text[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[]) as n (
  kind, transaction_id, other_id, score, reasons
)
where not exists (
  select
  from app.transaction_links as s
  where s.tenant_id = $1
    and s.transaction_id = n.transaction_id
    and s.state = 'active'
    and (
      s.kind = n.kind
      or (
        s.kind in ('duplicate', 'pending_posted') and n.kind in ('duplicate', 'pending_posted')
      )
    )
  offset 0
)
and not exists (
  select
  from app.transaction_links as s
  where s.tenant_id = $1
    and s.other_id = n.other_id
    and s.state = 'active'
    and s.kind = 'transfer'
    and n.kind = 'transfer'
  offset 0
)
and (
  n.kind <> 'refund'
  or private.refund_room($1, n.other_id) >= (
    select abs(b.amount)
    from app.transactions as b
    where b.tenant_id = $1 and b.id = n.transaction_id
  )
)
order by n.transaction_id, n.other_id, n.kind
on conflict (tenant_id, kind, transaction_id, other_id) do update
set
  method = 'auto',
  state = 'active',
  score = excluded.score,
  reasons = excluded.reasons,
  rule_version = excluded.rule_version,
  created_at = now(),
  created_by = null,
  undone_at = null
where l.state = 'undone' and l.undone_by is null;

-- name: bring_back
-- role: worker
-- What a person has linked, and what came apart as a row went, where both rows are back.
update app.transaction_links as l
set state = 'active', undone_at = null
from app.transactions as t, app.transactions as o
where l.tenant_id = $1
  and l.id in (
    select s.id
    from app.transaction_links as s
    where s.tenant_id = $1 and s.transaction_id = any($2::uuid[])
    union
    select s.id
    from app.transaction_links as s
    where s.tenant_id = $1 and s.other_id = any($2::uuid[])
  )
  and l.method = 'user'
  and l.state = 'undone'
  and l.undone_by is null
  and t.tenant_id = $1
  and t.id = l.transaction_id
  and t.status <> 'removed'
  and o.tenant_id = $1
  and o.id = l.other_id
  and o.status <> 'removed'
  and (t.account_id = o.account_id) = (l.kind <> 'transfer')
returning l.transaction_id;

-- name: below
-- role: worker
-- Active links by which other rows do not count beside these, and those below them.
with recursive linked as (
  select l.id, l.kind, l.method, l.transaction_id, l.other_id, l.score
  from unnest($2::uuid[]) as n (id)
  join app.transaction_links as l on l.tenant_id = $1 and l.other_id = n.id
  where l.state = 'active' and l.kind in ('duplicate', 'pending_posted')
  union
  select l.id, l.kind, l.method, l.transaction_id, l.other_id, l.score
  from linked as d
  join app.transaction_links as l on l.tenant_id = $1 and l.other_id = d.transaction_id
  where l.state = 'active' and l.kind in ('duplicate', 'pending_posted')
)

select d.id, d.kind, d.method, d.transaction_id, d.other_id, d.score
from linked as d
order by d.transaction_id, d.id;

-- name: beside
-- role: worker
-- Active transfers and refunds of these rows, on whichever side.
select l.id, l.kind, l.method, l.transaction_id, l.other_id, l.score
from app.transaction_links as l
where l.tenant_id = $1
  and l.id in (
    select s.id
    from app.transaction_links as s
    where s.tenant_id = $1 and s.transaction_id = any($2::uuid[])
    union
    select s.id
    from app.transaction_links as s
    where s.tenant_id = $1 and s.other_id = any($2::uuid[])
  )
  and l.state = 'active'
  and l.kind in ('transfer', 'refund')
order by l.transaction_id, l.id;

-- name: still_own
-- role: worker
-- Which of these links of the system's hold, and are nobody's word: who says one has its rows.
select l.id
from app.transaction_links as l
where l.tenant_id = $1 and l.id = any($2::uuid[]) and l.state = 'active' and l.method = 'auto';

-- name: give_way
-- role: worker
update app.transaction_links as l
set
  state = 'undone', undone_at = now(), undone_by = null, undone_reason = $3,
  undone_rule_version = $4
where l.tenant_id = $1 and l.id = any($2::uuid[]) and l.state = 'active' and l.method = 'auto';

-- name: roots
-- role: worker
-- Rows of an account that count instead of others, by their ids.
select distinct t.duplicate_of as id
from app.transactions as t
where t.tenant_id = $1 and t.duplicate_of > $3 and t.account_id = $2
order by t.duplicate_of
limit $4;

-- name: turn
-- role: worker
-- Links that gave way, the other way round, and with the reason.
insert into app.transaction_links as l (
  tenant_id, kind, transaction_id, other_id, method, score, reasons, rule_version
)
select
  o.tenant_id, o.kind, o.other_id, o.transaction_id, 'auto', o.score,
  (
    select coalesce(jsonb_agg(r.reason), '[]')
    from jsonb_array_elements(o.reasons) as r (reason)
    where r.reason ->> 'code' <> 'primary'
  ) || $3::jsonb,
  $4
from app.transaction_links as o
where o.tenant_id = $1 and o.id = any($2::uuid[])
order by o.id
on conflict (tenant_id, kind, transaction_id, other_id) do update
set
  method = 'auto',
  state = 'active',
  score = excluded.score,
  reasons = excluded.reasons,
  rule_version = excluded.rule_version,
  created_at = now(),
  created_by = null,
  undone_at = null
where l.state = 'undone' and l.undone_by is null;

-- name: hand_over
-- role: worker
select private.hand_over($1::uuid[]);

-- name: make_room
-- role: worker
-- What the system had linked otherwise meanwhile: a person's word comes first.
update app.transaction_links as l
set state = 'undone', undone_at = now(), undone_by = null
from app.transaction_links as u
where u.tenant_id = $1
  and u.method = 'user'
  and u.state = 'undone'
  and u.undone_by is null
  and (u.transaction_id = any($2::uuid[]) or u.other_id = any($2::uuid[]))
  and l.tenant_id = $1
  and l.id <> u.id
  and l.method = 'auto'
  and l.state = 'active'
  and (
    l.transaction_id = u.transaction_id
    or (l.kind = 'transfer' and u.kind = 'transfer' and l.other_id = u.other_id)
  )
  and (
    l.kind = u.kind
    or (
      l.kind in ('duplicate', 'pending_posted') and u.kind in ('duplicate', 'pending_posted')
    )
  )
returning l.transaction_id;

-- name: recount
-- role: worker
select private.recount_duplicates($1, $2::uuid[]);

-- name: recount_own
-- role: authenticated
select private.recount_duplicates($1, $2::uuid[]);

-- name: busy
-- role: authenticated
-- Active links that leave no room for another one of this kind.
select l.id
from app.transaction_links as l
where l.tenant_id = $1
  and l.state = 'active'
  and (
    (
      $2::text in ('duplicate', 'pending_posted')
      and l.kind in ('duplicate', 'pending_posted')
      and (
        l.transaction_id = $3
        or (l.transaction_id = $4 and l.other_id = $3)
      )
    )
    or (
      $2::text = 'transfer'
      and l.kind = 'transfer'
      and (l.transaction_id in ($3, $4) or l.other_id in ($3, $4))
    )
    or ($2::text = 'refund' and l.kind = 'refund' and l.transaction_id = $3)
  )
  and not (l.kind = $2::text and l.transaction_id = $3 and l.other_id = $4);

-- name: make_way
-- role: authenticated
-- Links of the system's give way to a person's word: those that say that another row counts instead
-- of the first, and those by which the source of one has another row of its kind beside the other.
update app.transaction_links as l
set state = 'undone', undone_at = now(), undone_by = null
from app.transactions as f, app.transactions as s, app.transactions as h, app.transactions as k
where l.tenant_id = $1
  and f.tenant_id = $1
  and f.id = $2
  and s.tenant_id = $1
  and s.id = $3
  and h.tenant_id = $1
  and h.id = l.transaction_id
  and k.tenant_id = $1
  and k.id = l.other_id
  and l.state = 'active'
  and l.method = 'auto'
  and l.kind in ('duplicate', 'pending_posted')
  and (
    h.id = f.id
    or (k.id = s.id and h.mapping_id = f.mapping_id and h.status = f.status)
    or (h.id = s.id and k.mapping_id = f.mapping_id and k.status = f.status)
  )
  and (h.id, k.id) <> (f.id, s.id)
  and (h.id, k.id) <> (s.id, f.id)
returning l.transaction_id;

-- name: make_way_of_kind
-- role: authenticated
-- Transfers and refunds of the system's give way to a person's word, where it leaves no room.
update app.transaction_links as l
set state = 'undone', undone_at = now(), undone_by = null
where l.tenant_id = $1
  and l.state = 'active'
  and l.method = 'auto'
  and l.kind = $2
  and (l.transaction_id, l.other_id) <> ($3, $4)
  and (
    l.transaction_id = $3
    or ($2::text = 'transfer' and (l.transaction_id = $4 or l.other_id in ($3, $4)))
    or (
      $2::text = 'refund'
      and l.other_id = $4
      and private.refund_room($1, $4) < (
        select abs(b.amount)
        from app.transactions as b
        where b.tenant_id = $1 and b.id = $3
      )
    )
  );

-- name: say
-- role: authenticated
-- A person's own word; it comes over whatever was said before. What the rules found stays; that it
-- is more than was paid is as of now.
insert into app.transaction_links as l (
  tenant_id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_by
)
values ($1, $2, $3, $4, 'user', $5, $6::jsonb, $7, $8)
on conflict (tenant_id, kind, transaction_id, other_id) do update
set
  method = 'user',
  state = 'active',
  reasons = (
    select coalesce(jsonb_agg(e.reason order by e.place), '[]')
    from (
      select r.reason, r.place
      from jsonb_array_elements(l.reasons) with ordinality as r (reason, place)
      where r.reason ->> 'code' <> 'more-than-paid'
      union all
      select r.reason, 1000 + r.place
      from jsonb_array_elements(excluded.reasons) with ordinality as r (reason, place)
      where r.reason ->> 'code' = 'more-than-paid'
    ) as e (reason, place)
  ),
  created_at = now(),
  created_by = excluded.created_by,
  undone_at = null,
  undone_by = null
returning l.id;

-- name: undo
-- role: authenticated
-- Also what came apart by itself: it does not come back then.
update app.transaction_links as l
set state = 'undone', undone_at = now(), undone_by = $3
where l.tenant_id = $1 and l.id = any($2::uuid[]) and l.undone_by is null
returning l.id, l.kind, l.transaction_id, l.other_id;

-- name: of_pairs
-- role: authenticated
-- Links of pairs, whichever side is named first.
select l.id, l.kind, l.transaction_id, l.other_id
from unnest($2::uuid[], $3::uuid[]) as n (one, other)
join app.transaction_links as l
  on l.tenant_id = $1
    and (
      (l.transaction_id = n.one and l.other_id = n.other)
      or (l.transaction_id = n.other and l.other_id = n.one)
    );

-- name: loosen
-- role: authenticated
-- As if nobody had said anything.
update app.transaction_links as l
set
  method = 'auto', created_by = null, state = 'undone', undone_at = now(), undone_by = null
where l.tenant_id = $1 and l.id = any($2::uuid[]);

-- name: of_transactions
-- role: authenticated
-- Links of each transaction in a state, on whichever side it is.
select
  n.id as of_id, l.id, l.kind, l.transaction_id, l.other_id, l.method, l.state, l.score, l.reasons,
  l.rule_version, l.created_at, l.created_by, l.undone_at, l.undone_by, l.undone_reason,
  l.undone_rule_version
from unnest($2::uuid[]) as n (id)
cross join lateral (
  select s.id
  from app.transaction_links as s
  where s.tenant_id = $1 and s.transaction_id = n.id and s.state = $3
  union
  select s.id
  from app.transaction_links as s
  where s.tenant_id = $1 and s.other_id = n.id and s.state = $3
) as k
join app.transaction_links as l on l.tenant_id = $1 and l.id = k.id
order by n.id, l.created_at, l.id;

-- name: duplicates
-- role: authenticated
-- What counts less than each transaction because it is the same.
select t.duplicate_of as of_id, t.id
from app.transactions as t
where t.tenant_id = $1 and t.duplicate_of = any($2::uuid[])
order by t.duplicate_of, t.sort_date, t.id;
