-- Links of the system's that gave way to a better pair: undone, with the reason and the rules.

alter table app.transaction_links
add column undone_reason text,
add column undone_rule_version text,
add constraint transaction_links_undone_reason_check
check (undone_reason in ('better_pair', 'primary_source')),
add constraint transaction_links_undone_rule_check
check (
  length(undone_rule_version) between 1 and 50
  and (undone_rule_version is null) = (undone_reason is null)
);
comment on column app.transaction_links.undone_reason is
  'Why the system undid a link of its own; null: it holds, a person undid it, or a side changed.';
comment on column app.transaction_links.undone_rule_version is
  'The version of the rules that undid it.';
grant update (undone_reason, undone_rule_version) on app.transaction_links to worker;

-- Whoever makes a link again, it holds without a reason why it did not.
create function private.forget_undone_reason()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.undone_reason := null;
  new.undone_rule_version := null;
  return new;
end
$$;
comment on function private.forget_undone_reason() is
  'Takes the reason away for which a link was undone, as it holds again.';
revoke all on function private.forget_undone_reason() from public;
create trigger transaction_links_made_again before update on app.transaction_links
for each row when (new.state = 'active' and old.undone_reason is not null)
execute function private.forget_undone_reason();

-- What gives way to a member's word may belong elsewhere: its rows are compared anew.
create function private.note_what_gave_way()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into app.unmatched_transactions (tenant_id, transaction_ids)
  values (new.tenant_id, array[new.transaction_id, new.other_id]);
  return null;
end
$$;
comment on function private.note_what_gave_way() is
  'Notes the rows of a link of the system''s that gave way to a member''s word.';
revoke all on function private.note_what_gave_way() from public;
create trigger transaction_links_gave_way after update on app.transaction_links
for each row
when (
  current_user = 'authenticated'
  and old.method = 'auto'
  and old.state = 'active'
  and new.state = 'undone'
  and new.undone_by is null
)
execute function private.note_what_gave_way();

-- Pending rows that were booked are looked through where something else may be their booking.
create index transactions_booked_idx on app.transactions (tenant_id, account_id, sort_date)
where status = 'pending' and duplicate_of is not null;
