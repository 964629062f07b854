-- Questions that are closed say why: what one of the two is linked with leaves no room, or both
-- were compared anew and nobody needs to be asked.

alter table app.review_items
add column superseded_reason text,
add constraint review_items_superseded_reason_check
check (
  superseded_reason in ('linked_otherwise', 'compared_anew')
  and (superseded_reason is null or state = 'superseded')
);
comment on column app.review_items.superseded_reason is
  'Why a question about a pair was closed; null: it is not, or what it asked about is gone.';
grant update (superseded_reason) on app.review_items to authenticated, worker;

-- Whoever asks it again, it is open without a reason why it was not.
create function private.forget_superseded_reason()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.superseded_reason := null;
  return new;
end
$$;
comment on function private.forget_superseded_reason() is
  'Takes the reason away for which a question was closed, as it is asked again.';
revoke all on function private.forget_superseded_reason() from public;
create trigger review_items_asked_again before update on app.review_items
for each row when (new.state <> 'superseded' and old.superseded_reason is not null)
execute function private.forget_superseded_reason();

create function private.refund_room(of_tenant uuid, payment_id uuid)
returns numeric
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    abs(p.amount) - (
      select coalesce(sum(abs(b.amount)), 0)
      from app.transaction_links as l
      join app.transactions as b on b.tenant_id = l.tenant_id and b.id = l.transaction_id
      where l.tenant_id = p.tenant_id
        and l.other_id = p.id
        and l.state = 'active'
        and l.kind = 'refund'
    )
  from app.transactions as p
  where p.tenant_id = of_tenant and p.id = payment_id
$$;
comment on function private.refund_room(uuid, uuid) is
  'What refunds that are linked leave of a payment: no more may come back.';
revoke all on function private.refund_room(uuid, uuid) from public;
grant execute on function private.refund_room(uuid, uuid) to authenticated, worker;
