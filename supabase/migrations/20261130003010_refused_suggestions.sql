-- Members refuse an account that a mapping was never given, and take that back.

grant insert (tenant_id, mapping_id, account_id, created_by), delete
on app.mapping_refusals to authenticated;
comment on table app.mapping_refusals is
  'Accounts that an external one is not, as a person said, or took away from it; gone once a '
  'person takes that back, or gives the account to it.';

-- What is left is rated anew at once, so that lists of what is suggested show it no more. Of a
-- decided mapping the score is a machine's, or nobody's, and stays.
create function private.rate_pending(about uuid, score integer)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update app.account_mappings as m
  set match_score = score
  where m.tenant_id = private.current_tenant_id()
    and m.id = about
    and m.state = 'pending'
    and m.match_score is distinct from score
    and private.has_role('member')
$$;
comment on function private.rate_pending(uuid, integer) is
  'How likely the likeliest account is that a mapping of the caller''s may be. For members.';
revoke all on function private.rate_pending(uuid, integer) from public;
grant execute on function private.rate_pending(uuid, integer) to authenticated;

create trigger mapping_refusals_signature before insert on app.mapping_refusals
for each row
when (current_user = 'authenticated' and new.created_by is not null)
execute function private.sign_own_name('created_by');

create policy mapping_refusals_insert on app.mapping_refusals
for insert to authenticated
with check (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);

create policy mapping_refusals_delete on app.mapping_refusals
for delete to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
);
