-- Whoever gives an answer over another member's signs it: the name beside an answer is of the one
-- who gave it.

drop trigger review_items_signature on app.review_items;
create trigger review_items_signature before update on app.review_items
for each row
when (
  current_user = 'authenticated'
  and (
    new.decided_by is distinct from old.decided_by
    or new.decided_at is distinct from old.decided_at
    or new.state is distinct from old.state
  )
)
execute function private.sign_own_name('decided_by');

create trigger transaction_links_again before update on app.transaction_links
for each row
when (current_user = 'authenticated' and new.state = 'active' and old.state <> 'active')
execute function private.sign_own_name('created_by');
