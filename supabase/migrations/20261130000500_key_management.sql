-- What re-wrapping under a new key-encryption key needs: which key sealed what, the tenants one by
-- one, and the exchange of a tenant's sealed data key, which nobody may overwrite otherwise.

create function private.sealing_key(sealed bytea)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when length(sealed) > 5 and substring(sealed from 1 for 4) = '\x42465601'::bytea
      then encode(substring(sealed from 6 for get_byte(sealed, 4)), 'escape')
  end
$$;
comment on function private.sealing_key(bytea) is
  'The id of the key-encryption key that sealed this, as it names it itself; null for other bytes.';

create function private.tenants_after(after uuid, most integer)
returns table (tenant_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select t.id
  from app.tenants as t
  where t.id > after
  order by t.id
  limit least(most, 1000)
$$;
comment on function private.tenants_after(uuid, integer) is
  'The next tenants by id, for work that goes through all of them one by one. Ids only.';

create function private.rewrap_tenant_key(old_sealed bytea, new_sealed bytea)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update private.tenant_keys as k
  set sealed_key = new_sealed
  where k.tenant_id = private.worker_tenant_id() and k.sealed_key = old_sealed;
  return found;
end
$$;
comment on function private.rewrap_tenant_key(bytea, bytea) is
  'Puts the worker''s tenant''s data key, sealed anew, in the place of what is known to be there.';

revoke all on function private.sealing_key(bytea) from public;
revoke all on function private.tenants_after(uuid, integer) from public;
revoke all on function private.rewrap_tenant_key(bytea, bytea) from public;
grant execute on function private.sealing_key(bytea) to worker;
grant execute on function private.tenants_after(uuid, integer) to worker;
grant execute on function private.rewrap_tenant_key(bytea, bytea) to worker;
