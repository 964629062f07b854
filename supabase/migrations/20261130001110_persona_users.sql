-- Whose a persona is may be said later: once, by an admin.
create function private.check_persona_tie()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if old.user_id is not null or not private.has_role('admin') then
    raise exception 'only an admin says whose a persona is, and once'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
comment on function private.check_persona_tie() is
  'A persona of nobody may become a member''s, by an admin; whose it is then, it stays.';
revoke all on function private.check_persona_tie() from public;

create trigger personas_tie before update on app.personas
for each row
when (new.user_id is distinct from old.user_id and current_user = 'authenticated')
execute function private.check_persona_tie();
create trigger personas_tied before update on app.personas
for each row
when (new.user_id is distinct from old.user_id and current_user = 'authenticated')
execute function private.check_persona_user();

grant update (user_id) on app.personas to authenticated;
