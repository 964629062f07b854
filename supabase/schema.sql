-- The whole schema, generated from the migrations by `make generate`; do not edit.
-- It builds the same database as the migrations, on a server that has their roles.

set check_function_bodies = off;

-- schemas

create schema app;
comment on schema app is 'Tenant data, guarded by row-level security; not exposed by the Data API.';

create schema private;
comment on schema private is 'Definer functions and key material; never exposed.';

-- extensions

create extension if not exists btree_gin with schema extensions;
create extension if not exists pg_trgm with schema extensions;

-- default privileges

alter default privileges revoke execute on functions from public;

-- functions

CREATE OR REPLACE FUNCTION private.accept_invitation(invitation uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  offer record;
begin
  select i.tenant_id, i.id, i.role, i.email
  into offer
  from app.tenant_invitations as i
  join auth.users as u on lower(u.email) = i.email
  where i.id = invitation
    and u.id = private.current_user_id()
    and u.email_confirmed_at is not null
    and i.accepted_at is null
    and i.expires_at > now()
  for update of i;
  if not found then
    return null;
  end if;
  insert into app.tenant_members (tenant_id, user_id, email, role)
  values (offer.tenant_id, private.current_user_id(), offer.email, offer.role)
  on conflict (tenant_id, user_id) do nothing;
  update app.tenant_invitations as i
  set accepted_at = now()
  where i.tenant_id = offer.tenant_id and i.id = offer.id;
  return offer.tenant_id;
end
$function$;
comment on function private.accept_invitation(uuid) is 'Joins the tenant of an open invitation to the user''s confirmed address; else null.';
grant execute on function private.accept_invitation(uuid) to authenticated;

CREATE OR REPLACE FUNCTION private.audit(event text, connection uuid, job uuid, data jsonb)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  -- The claims alone do not make a worker: the role that runs the statement must be one.
  insert into app.ingestion_audit_log (tenant_id, event, connection_id, job_id, user_id, data)
  select signer.tenant_id, event, connection, job, signer.user_id, coalesce(data, '{}')
  from (
    select private.current_tenant_id() as tenant_id, private.current_user_id() as user_id
    where current_setting('role') <> 'worker'
    union all
    select private.worker_tenant_id(), null
    where current_setting('role') = 'worker'
  ) as signer
  where signer.tenant_id is not null
$function$;
comment on function private.audit(text,uuid,uuid,jsonb) is 'Writes one event of the current tenant, signed with the current user (none for a worker).';
grant execute on function private.audit(text,uuid,uuid,jsonb) to authenticated;
grant execute on function private.audit(text,uuid,uuid,jsonb) to worker;

CREATE OR REPLACE FUNCTION private.channel_recipients(channel uuid)
 RETURNS TABLE(email text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select m.email
  from app.notification_channels as c
  join app.tenant_members as m on m.tenant_id = c.tenant_id
  where c.tenant_id = private.worker_tenant_id()
    and c.id = channel
    and array_position(array['viewer', 'member', 'admin', 'owner'], m.role)
      >= array_position(array['viewer', 'member', 'admin', 'owner'], c.recipient_role)
  order by m.created_at, m.user_id
  limit 50
$function$;
comment on function private.channel_recipients(uuid) is 'Addresses of the members whom a channel of the worker''s tenant writes to, 50 at most.';
grant execute on function private.channel_recipients(uuid) to worker;

CREATE OR REPLACE FUNCTION private.check_job_transition()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (old.state, new.state, new.task) in (
    ('awaiting_review', 'queued', 'run'),
    ('awaiting_review', 'discarded', 'run'),
    ('awaiting_mapping', 'queued', 'run'),
    ('queued', 'cancelled', 'run'),
    ('failed', 'queued', old.task),
    ('cancelled', 'queued', 'run'),
    ('completed', 'queued', 'revert'),
    ('partial', 'queued', 'revert'),
    ('failed', 'queued', 'revert'),
    ('cancelled', 'queued', 'revert'),
    ('awaiting_mapping', 'queued', 'revert')
  ) then
    return new;
  end if;
  raise exception 'a job does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'ingestion_jobs_transition_check';
end
$function$;
comment on function private.check_job_transition() is 'What a member may make of a job: approve, discard, cancel, retry, revert.';

CREATE OR REPLACE FUNCTION private.claims()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
end
$function$;
comment on function private.claims() is 'The verified claims of this transaction, or null.';
grant execute on function private.claims() to authenticated;
grant execute on function private.claims() to worker;

CREATE OR REPLACE FUNCTION private.create_tenant(tenant_name text)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  user_email text;
  tenant uuid;
begin
  select u.email into user_email from auth.users as u where u.id = private.current_user_id();
  if not found then
    raise exception 'no such user' using errcode = 'insufficient_privilege';
  end if;
  if (
    select count(*) from app.tenant_members as m
    where m.user_id = private.current_user_id() and m.role = 'owner'
  ) >= 100 then
    raise exception 'a user owns 100 tenants at most' using errcode = 'program_limit_exceeded';
  end if;
  insert into app.tenants (name) values (tenant_name) returning id into tenant;
  insert into app.tenant_members (tenant_id, user_id, email, role)
  values (tenant, private.current_user_id(), coalesce(user_email, 'unknown'), 'owner');
  return tenant;
end
$function$;
comment on function private.create_tenant(text) is 'Makes a tenant that the signed-in user owns, and returns its id.';
grant execute on function private.create_tenant(text) to authenticated;

CREATE OR REPLACE FUNCTION private.current_tenant_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  return (
    select m.tenant_id
    from app.tenant_members as m
    where m.tenant_id = (claims ->> 'tenant_id')::uuid
      and m.user_id = (claims ->> 'sub')::uuid
  );
end
$function$;
comment on function private.current_tenant_id() is 'The claimed tenant, where the user is a member of it now; else null, which matches nothing.';
grant execute on function private.current_tenant_id() to authenticated;

CREATE OR REPLACE FUNCTION private.current_user_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
end
$function$;
comment on function private.current_user_id() is 'The signed-in user, or null.';
grant execute on function private.current_user_id() to authenticated;

CREATE OR REPLACE FUNCTION private.due_deliveries(moment timestamp with time zone, most integer)
 RETURNS TABLE(tenant_id uuid, delivery_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with busy as (
    select d.tenant_id, d.channel_id, count(*) as number
    from app.notification_deliveries as d
    where d.locked_until > moment
    group by d.tenant_id, d.channel_id
  ), waiting as (
    select
      d.tenant_id,
      d.id,
      d.next_attempt_at,
      row_number() over (
        partition by d.tenant_id, d.channel_id order by d.next_attempt_at, d.id
      ) + coalesce(b.number, 0) as turn
    from app.notification_deliveries as d
    left join busy as b on b.tenant_id = d.tenant_id and b.channel_id = d.channel_id
    where d.state = 'pending'
      and d.next_attempt_at <= moment
      and (d.locked_until is null or d.locked_until <= moment)
  ), due as (
    select
      w.tenant_id,
      w.id,
      w.next_attempt_at,
      row_number() over (
        partition by w.tenant_id order by w.turn, w.next_attempt_at, w.id
      ) + coalesce(
        (select sum(b.number) from busy as b where b.tenant_id = w.tenant_id), 0
      ) as turn
    from waiting as w
    where w.turn <= 2
  )
  select due.tenant_id, due.id
  from due
  where due.turn <= 6
  order by due.turn, due.next_attempt_at, due.id
  limit least(most, 1000)
$function$;
comment on function private.due_deliveries(timestamp with time zone,integer) is 'Deliveries of all tenants to send now: 2 at a time to a channel, 6 of a tenant. Ids only.';
grant execute on function private.due_deliveries(timestamp with time zone,integer) to worker;

CREATE OR REPLACE FUNCTION private.due_jobs(most integer)
 RETURNS TABLE(tenant_id uuid, job_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select due.tenant_id, due.id
  from (
    select
      j.tenant_id,
      j.id,
      j.created_at,
      row_number() over (partition by j.tenant_id order by j.created_at, j.id) as turn
    from app.ingestion_jobs as j
    where j.state in ('queued', 'running')
      and coalesce(j.lease_until, j.next_run_at) <= now()
  ) as due
  order by due.turn, due.created_at
  limit least(most, 1000)
$function$;
comment on function private.due_jobs(integer) is 'Jobs of all tenants that nobody works on and that are due, one of each tenant first. Ids only.';
grant execute on function private.due_jobs(integer) to worker;

CREATE OR REPLACE FUNCTION private.expired_uploads(most integer)
 RETURNS TABLE(tenant_id uuid, upload_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select u.tenant_id, u.id
  from app.uploads as u
  where u.state in ('pending', 'received')
    and u.expires_at < now()
    and not exists (
      select
      from app.ingestion_jobs as j
      where j.tenant_id = u.tenant_id
        and j.upload_id = u.id
        and j.state in ('queued', 'running', 'failed')
    )
  order by u.expires_at
  limit least(most, 1000)
$function$;
comment on function private.expired_uploads(integer) is 'Uploads of all tenants whose time is over and that no job means to read. Ids only.';
grant execute on function private.expired_uploads(integer) to worker;

CREATE OR REPLACE FUNCTION private.has_role(minimum text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  return exists (
    select
    from app.tenant_members as m
    where m.tenant_id = (claims ->> 'tenant_id')::uuid
      and m.user_id = (claims ->> 'sub')::uuid
      and array_position(array['viewer', 'member', 'admin', 'owner'], m.role)
        >= array_position(array['viewer', 'member', 'admin', 'owner'], minimum)
  );
end
$function$;
comment on function private.has_role(text) is 'Whether the user has at least this role in the claimed tenant.';
grant execute on function private.has_role(text) to authenticated;

CREATE OR REPLACE FUNCTION private.keep_an_owner()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Two owners who leave at once would each see the other: the tenant's row makes them queue.
  perform 1 from app.tenants as t where t.id = old.tenant_id for no key update;
  if not exists (
    select
    from app.tenant_members as m
    where m.tenant_id = old.tenant_id and m.role = 'owner' and m.user_id <> old.user_id
  ) then
    raise exception 'a tenant keeps at least one owner'
      using errcode = 'check_violation', constraint = 'tenant_members_owner_check';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$function$;
comment on function private.keep_an_owner() is 'The last owner cannot leave; deleting the user at the authentication service still can.';

CREATE OR REPLACE FUNCTION private.keep_previous_secret()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.sealed_previous := old.sealed_secret;
  new.previous_until := now() + interval '24 hours';
  return new;
end
$function$;
comment on function private.keep_previous_secret() is 'Lets receivers of signed notifications change to a new secret without missing any.';

CREATE OR REPLACE FUNCTION private.my_invitations()
 RETURNS TABLE(tenant_id uuid, id uuid, tenant_name text, role text, expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select i.tenant_id, i.id, t.name, i.role, i.expires_at
  from app.tenant_invitations as i
  join app.tenants as t on t.id = i.tenant_id
  join auth.users as u on lower(u.email) = i.email
  where u.id = private.current_user_id()
    and u.email_confirmed_at is not null
    and i.accepted_at is null
    and i.expires_at > now()
  order by i.created_at, i.id
  limit 100
$function$;
comment on function private.my_invitations() is 'Open invitations to the confirmed address of the signed-in user.';
grant execute on function private.my_invitations() to authenticated;

CREATE OR REPLACE FUNCTION private.my_tenants()
 RETURNS TABLE(tenant_id uuid, name text, role text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select t.id, t.name, m.role
  from app.tenant_members as m
  join app.tenants as t on t.id = m.tenant_id
  where m.user_id = private.current_user_id()
  order by t.name, t.id
  limit 1000
$function$;
comment on function private.my_tenants() is 'The tenants of the signed-in user, by name.';
grant execute on function private.my_tenants() to authenticated;

CREATE OR REPLACE FUNCTION private.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Erasure runs as the owner, through one audited function; nobody else may change history.
  if pg_catalog.pg_has_role(
    current_user,
    (select c.relowner from pg_catalog.pg_class as c where c.oid = tg_relid),
    'member'
  ) then
    if tg_op = 'DELETE' then
      return old;
    end if;
    return new;
  end if;
  raise exception 'rows of %.% are never changed', tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end
$function$;
comment on function private.refuse_change() is 'Makes a table append-only for every application role.';

CREATE OR REPLACE FUNCTION private.remember_mapping_account()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into app.mapping_accounts (tenant_id, mapping_id, account_id)
  values (new.tenant_id, new.id, new.account_id)
  on conflict (tenant_id, mapping_id, account_id) do nothing;
  return null;
end
$function$;
comment on function private.remember_mapping_account() is 'Notes which accounts a mapping has fed, before any row can follow it there.';

CREATE OR REPLACE FUNCTION private.settle_texts()
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select gin_clean_pending_list('app.transaction_texts_text_idx'::regclass)
$function$;
comment on function private.settle_texts() is 'Sorts in what was added to the index of texts, which every search would read row by row else.';
grant execute on function private.settle_texts() to worker;

CREATE OR REPLACE FUNCTION private.sign_own_name()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (to_jsonb(new) ->> tg_argv[0])::uuid <> private.current_user_id() then
    raise exception 'nobody signs for another' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$function$;
comment on function private.sign_own_name() is 'Lets a user put their own id alone into the column that the trigger names.';

CREATE OR REPLACE FUNCTION private.start_lineage()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.lineage_id := coalesce(new.lineage_id, new.id);
  return new;
end
$function$;
comment on function private.start_lineage() is 'A connection that continues none is its own lineage.';

CREATE OR REPLACE FUNCTION private.touch_updated_at()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.updated_at := now();
  return new;
end
$function$;
comment on function private.touch_updated_at() is 'Keeps updated_at true.';

CREATE OR REPLACE FUNCTION private.transactions_like(pattern text, day_from date, day_to date)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  most constant integer := 5000;
  most_unindexed constant integer := 20000;
  asking_tenant constant uuid := private.current_tenant_id();
  unindexed bigint;
  found_ids uuid[];
  more_ids uuid[];
begin
  -- Shorter runs have no trigram, and a pattern without one would read the whole index.
  if pattern !~ '[[:alnum:]]{3}' then
    return null;
  end if;
  select coalesce(sum(u.size), 0) into unindexed
  from app.unindexed_texts as u
  where u.tenant_id = asking_tenant;
  if unindexed > most_unindexed then
    return null;
  end if;
  -- Planned anew for each pattern and days: by the rarer of both, or by the table.
  execute $search$
    select array_agg(f.transaction_id)
    from (
      select x.transaction_id
      from app.transaction_texts as x
      where x.tenant_id = $1
        and x.text ilike $2
        and ($3 is null or x.sort_date >= $3)
        and ($4 is null or x.sort_date <= $4)
      limit $5
    ) as f
  $search$ into found_ids using asking_tenant, pattern, day_from, day_to, most + 1;
  if unindexed > 0 then
    -- Rows by their ids (`offset 0`): a table that has just grown is planned as if it were small.
    select array_agg(waiting.id) into more_ids
    from app.unindexed_texts as u
    cross join lateral unnest(u.transaction_ids) as waiting (id)
    cross join lateral (
      select t.description, t.merchant_name, t.reference, t.customer_reference
      from app.transactions as t
      where t.tenant_id = asking_tenant and t.id = waiting.id
      offset 0
    ) as t
    where u.tenant_id = asking_tenant
      and (
        t.description ilike pattern
        or t.merchant_name ilike pattern
        or t.reference ilike pattern
        or t.customer_reference ilike pattern
      );
    found_ids := found_ids || more_ids;
  end if;
  if cardinality(found_ids) > most then
    return null;
  end if;
  return coalesce(found_ids, '{}');
end
$function$;
comment on function private.transactions_like(text,date,date) is 'Ids of the caller''s transactions of these days whose texts may match; null where too many.';
grant execute on function private.transactions_like(text,date,date) to authenticated;

CREATE OR REPLACE FUNCTION private.unindexed_tenants(most integer)
 RETURNS TABLE(tenant_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select u.tenant_id
  from app.unindexed_texts as u
  where u.created_at < now() - interval '5 minutes'
    or not exists (
      select
      from app.ingestion_jobs as j
      where j.tenant_id = u.tenant_id and j.state in ('queued', 'running')
    )
  group by u.tenant_id
  order by min(u.created_at)
  limit least(most, 1000)
$function$;
comment on function private.unindexed_tenants(integer) is 'Tenants whose texts are to be indexed now, longest waiting first: jobs go before. Ids only.';
grant execute on function private.unindexed_tenants(integer) to worker;

CREATE OR REPLACE FUNCTION private.worker_tenant_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if claims ->> 'role' = 'worker' then
    return (claims ->> 'tenant_id')::uuid;
  end if;
  return null;
end
$function$;
comment on function private.worker_tenant_id() is 'The tenant of the job that runs in this transaction, or null. Role worker alone may ask.';
grant execute on function private.worker_tenant_id() to worker;

-- tables

create table app.account_balances (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  mapping_id uuid not null,
  account_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  kind text not null,
  code text not null default ''::text,
  amount numeric not null,
  currency character(3) not null,
  as_of date not null,
  as_of_time text,
  interim boolean not null default false,
  created_at timestamp with time zone not null default now(),
  constraint account_balances_pkey PRIMARY KEY (tenant_id, id),
  constraint account_balances_statement_key UNIQUE NULLS NOT DISTINCT (tenant_id, mapping_id, as_of, kind, code, interim, as_of_time, raw_id),
  constraint account_balances_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint account_balances_as_of_time_check CHECK ((as_of_time ~ '^[0-2][0-9]:[0-5][0-9]$'::text)),
  constraint account_balances_code_check CHECK ((length(code) <= 20)),
  constraint account_balances_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint account_balances_kind_check CHECK ((kind = ANY (ARRAY['opening_ledger'::text, 'closing_ledger'::text, 'current_ledger'::text, 'opening_available'::text, 'closing_available'::text, 'current_available'::text, 'running'::text, 'other'::text])))
);
comment on table app.account_balances is 'Balances as sources stated them, one row per statement: the history of an account.';
comment on column app.account_balances.created_at is 'When the document that states it arrived: the newest of equal days and times counts.';

create table app.account_mappings (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  lineage_id uuid not null,
  account_id uuid,
  external_account_id text not null,
  number_hash bytea,
  masked_number text,
  external_name text,
  external_type text,
  institution text,
  currency character(3) not null,
  state text not null default 'pending'::text,
  verified_at timestamp with time zone,
  verified_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint account_mappings_pkey PRIMARY KEY (tenant_id, id),
  constraint account_mappings_external_key UNIQUE (tenant_id, lineage_id, external_account_id),
  constraint account_mappings_account_check CHECK (((state = 'mapped'::text) = (account_id IS NOT NULL))),
  constraint account_mappings_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint account_mappings_external_account_id_check CHECK (((length(external_account_id) >= 1) AND (length(external_account_id) <= 500))),
  constraint account_mappings_external_name_check CHECK ((length(external_name) <= 500)),
  constraint account_mappings_institution_check CHECK ((length(institution) <= 500)),
  constraint account_mappings_masked_number_check CHECK (((length(masked_number) >= 1) AND (length(masked_number) <= 20))),
  constraint account_mappings_number_hash_check CHECK ((length(number_hash) = 32)),
  constraint account_mappings_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'mapped'::text, 'ignored'::text])))
);
comment on table app.account_mappings is 'An account as a source calls it, and the tenant''s account that it feeds once someone said so.';
comment on column app.account_mappings.external_account_id is 'The source''s id; for a bank account number a keyed hash, for none is kept in clear.';
comment on column app.account_mappings.number_hash is 'Keyed hash of the full account number under the tenant''s data key; null where none is known.';

create table app.accounts (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  institution_id uuid,
  name text not null,
  type text not null default 'other'::text,
  currency character(3) not null,
  masked_number text,
  status text not null default 'active'::text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint accounts_pkey PRIMARY KEY (tenant_id, id),
  constraint accounts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint accounts_masked_number_check CHECK (((length(masked_number) >= 1) AND (length(masked_number) <= 20))),
  constraint accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint accounts_status_check CHECK ((status = ANY (ARRAY['active'::text, 'closed'::text]))),
  constraint accounts_type_check CHECK ((type = ANY (ARRAY['checking'::text, 'savings'::text, 'credit_card'::text, 'loan'::text, 'investment'::text, 'cash'::text, 'other'::text])))
);
comment on table app.accounts is 'The tenant''s own accounts, whatever sources feed them.';

create table app.connection_credentials (
  tenant_id uuid not null,
  connection_id uuid not null,
  sealed bytea not null,
  expires_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint connection_credentials_pkey PRIMARY KEY (tenant_id, connection_id),
  constraint connection_credentials_sealed_check CHECK (((length(sealed) >= 32) AND (length(sealed) <= 65536)))
);
comment on table app.connection_credentials is 'Sealed credentials, apart from everything that a user may read.';

create table app.connections (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  lineage_id uuid not null,
  institution_id uuid,
  profile_id uuid,
  name text not null,
  provider text not null,
  status text not null default 'active'::text,
  delivery text not null default 'cumulative'::text,
  mapping_policy text not null default 'create'::text,
  control_policy text not null default 'warn'::text,
  currency character(3),
  decimals jsonb not null default '{}'::jsonb,
  config jsonb not null default '{}'::jsonb,
  external_id text,
  sync_frequency text not null default 'manual'::text,
  last_sync_at timestamp with time zone,
  next_sync_at timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  constraint connections_pkey PRIMARY KEY (tenant_id, id),
  constraint connections_config_check CHECK (((jsonb_typeof(config) = 'object'::text) AND (pg_column_size(config) < 65536))),
  constraint connections_control_policy_check CHECK ((control_policy = ANY (ARRAY['ignore'::text, 'warn'::text, 'quarantine'::text]))),
  constraint connections_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint connections_decimals_check CHECK ((jsonb_typeof(decimals) = 'object'::text)),
  constraint connections_delivery_check CHECK ((delivery = ANY (ARRAY['cumulative'::text, 'incremental'::text]))),
  constraint connections_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint connections_mapping_policy_check CHECK ((mapping_policy = ANY (ARRAY['create'::text, 'ask'::text]))),
  constraint connections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint connections_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text)),
  constraint connections_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'paused'::text, 'error'::text, 'disconnected'::text]))),
  constraint connections_sync_frequency_check CHECK ((sync_frequency = ANY (ARRAY['manual'::text, 'realtime'::text, 'hourly'::text, 'daily'::text, 'weekly'::text])))
);
comment on table app.connections is 'One source of one tenant''s data. Closed, never deleted: raw data and lineage hang on it.';
comment on column app.connections.lineage_id is 'Constant over reconnects: identity of accounts and transactions is scoped to it.';
comment on column app.connections.delivery is 'cumulative: an equal row in a later file is the same row. incremental: it is for review.';
comment on column app.connections.control_policy is 'What a control total that does not fit means: nothing, a finding, or a stop before import.';
comment on column app.connections.decimals is 'Implied decimals by currency where the bank departs from ISO 4217, such as {"EUR": 0}.';
comment on column app.connections.config is 'Settings of the provider; never a secret.';

create table app.ingestion_audit_log (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  event text not null,
  connection_id uuid,
  job_id uuid,
  user_id uuid,
  data jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint ingestion_audit_log_pkey PRIMARY KEY (tenant_id, id),
  constraint ingestion_audit_log_data_check CHECK (((jsonb_typeof(data) = 'object'::text) AND (pg_column_size(data) < 16384))),
  constraint ingestion_audit_log_event_check CHECK ((event ~ '^[a-z_.]{3,80}$'::text))
);
comment on table app.ingestion_audit_log is 'Who did what, when. Append-only; written by private.audit alone, so nobody signs for another.';

create table app.ingestion_findings (
  tenant_id uuid not null,
  job_id uuid not null,
  "position" integer not null,
  severity text not null,
  code text not null,
  message text not null,
  line bigint,
  field text,
  raw text,
  rejected boolean not null default false,
  created_at timestamp with time zone not null default now(),
  constraint ingestion_findings_pkey PRIMARY KEY (tenant_id, job_id, "position"),
  constraint ingestion_findings_code_check CHECK ((code ~ '^[a-z0-9-]{2,60}$'::text)),
  constraint ingestion_findings_message_check CHECK ((length(message) <= 2000)),
  constraint ingestion_findings_raw_check CHECK ((length(raw) <= 2000)),
  constraint ingestion_findings_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text])))
);
comment on table app.ingestion_findings is 'What a person should know about a job: rejected rows, control totals, what was kept and why.';

create table app.ingestion_jobs (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  upload_id uuid,
  profile_id uuid,
  mapping_id uuid,
  kind text not null,
  state text not null default 'queued'::text,
  task text not null default 'run'::text,
  stage text,
  format text,
  profile jsonb,
  review boolean not null default false,
  idempotency_key text,
  total bigint,
  fetched bigint not null default 0,
  processed bigint not null default 0,
  imported bigint not null default 0,
  duplicate bigint not null default 0,
  changed bigint not null default 0,
  rejected bigint not null default 0,
  withdrawn bigint not null default 0,
  waiting bigint not null default 0,
  checkpoint bigint not null default 0,
  wrote boolean not null default false,
  rate bigint,
  attempts integer not null default 0,
  fence bigint not null default 0,
  lease_until timestamp with time zone,
  next_run_at timestamp with time zone default now(),
  error_code text,
  error_message text,
  approved_at timestamp with time zone,
  approved_by uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint ingestion_jobs_pkey PRIMARY KEY (tenant_id, id),
  constraint ingestion_jobs_idempotency_key UNIQUE (tenant_id, idempotency_key),
  constraint ingestion_jobs_error_code_check CHECK ((length(error_code) <= 80)),
  constraint ingestion_jobs_error_message_check CHECK ((length(error_message) <= 2000)),
  constraint ingestion_jobs_format_check CHECK ((format ~ '^[a-z0-9]{2,16}$'::text)),
  constraint ingestion_jobs_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200))),
  constraint ingestion_jobs_kind_check CHECK ((kind = ANY (ARRAY['import'::text, 'derive'::text, 'sync'::text]))),
  constraint ingestion_jobs_lease_check CHECK (((state = 'running'::text) = (lease_until IS NOT NULL))),
  constraint ingestion_jobs_stage_check CHECK ((length(stage) <= 40)),
  constraint ingestion_jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'awaiting_mapping'::text, 'awaiting_review'::text, 'completed'::text, 'partial'::text, 'failed'::text, 'cancelled'::text, 'discarded'::text, 'reverted'::text]))),
  constraint ingestion_jobs_task_check CHECK ((task = ANY (ARRAY['run'::text, 'revert'::text])))
);
comment on table app.ingestion_jobs is 'The ledger of work: what is to be done, who does it now, how far it is, how it ended.';
comment on column app.ingestion_jobs.profile is 'The column mapping that the document was read with, so that it can be read again the same way.';
comment on column app.ingestion_jobs.checkpoint is 'Records of the document that are dealt with; commits together with the rows they made.';
comment on column app.ingestion_jobs.wrote is 'Something of the job may stand: it goes on as it was begun, and a revert takes it back.';
comment on column app.ingestion_jobs.fence is 'Grows with each claim; a worker whose number is old has lost the job and may write no more.';

create table app.ingestion_previews (
  tenant_id uuid not null,
  job_id uuid not null,
  "position" bigint not null,
  outcome text not null,
  mapping_id uuid not null,
  amount numeric not null,
  currency character(3) not null,
  posted_date date,
  status text not null,
  description text not null,
  reference text,
  line bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint ingestion_previews_pkey PRIMARY KEY (tenant_id, job_id, "position"),
  constraint ingestion_previews_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint ingestion_previews_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint ingestion_previews_outcome_check CHECK ((outcome = ANY (ARRAY['new'::text, 'duplicate'::text, 'changed'::text, 'waiting'::text])))
);
comment on table app.ingestion_previews is 'What a job under review would do with each row; deleted when the review is decided.';

create table app.institutions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  external_id text,
  country character(2),
  created_at timestamp with time zone not null default now(),
  constraint institutions_pkey PRIMARY KEY (tenant_id, id),
  constraint institutions_external_id_key UNIQUE (tenant_id, external_id),
  constraint institutions_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  constraint institutions_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 200))),
  constraint institutions_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
comment on table app.institutions is 'A bank or other institution as one tenant knows it: a shared list would tell of tenants.';
comment on column app.institutions.external_id is 'The source''s id of the institution, such as the BAI2 originator; null for one made by hand.';

create table app.mapping_accounts (
  tenant_id uuid not null,
  mapping_id uuid not null,
  account_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint mapping_accounts_pkey PRIMARY KEY (tenant_id, mapping_id, account_id)
);
comment on table app.mapping_accounts is 'Every account that a mapping feeds or once fed. Written by a trigger; nothing is taken out.';

create table app.mapping_waits (
  tenant_id uuid not null,
  mapping_id uuid not null,
  job_id uuid not null,
  waiting bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint mapping_waits_pkey PRIMARY KEY (tenant_id, mapping_id, job_id),
  constraint mapping_waits_waiting_check CHECK ((waiting > 0))
);
comment on table app.mapping_waits is 'How many rows of the document of an import wait for a mapping to name an account.';

create table app.notification_channel_secrets (
  tenant_id uuid not null,
  channel_id uuid not null,
  sealed_url bytea not null,
  sealed_secret bytea,
  sealed_previous bytea,
  previous_until timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint notification_channel_secrets_pkey PRIMARY KEY (tenant_id, channel_id),
  constraint notification_channel_secrets_sealed_check CHECK ((((length(sealed_url) >= 32) AND (length(sealed_url) <= 16384)) AND ((length(sealed_secret) >= 32) AND (length(sealed_secret) <= 4096)) AND ((length(sealed_previous) >= 32) AND (length(sealed_previous) <= 4096))))
);
comment on table app.notification_channel_secrets is 'Sealed addresses of web servers and what they are signed with, apart from what users read.';
comment on column app.notification_channel_secrets.sealed_previous is 'The secret before this one, which also signs until previous_until.';

create table app.notification_channels (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  type text not null,
  name text not null,
  kinds text[],
  enabled boolean not null default true,
  disabled_reason text,
  disabled_at timestamp with time zone,
  failures integer not null default 0,
  host text,
  ending text,
  recipients text[],
  recipient_role text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint notification_channels_pkey PRIMARY KEY (tenant_id, id),
  constraint notification_channels_disabled_check CHECK ((((disabled_reason IS NULL) OR ((disabled_reason = ANY (ARRAY['gone'::text, 'failing'::text])) AND (NOT enabled))) AND (enabled = (disabled_at IS NULL)))),
  constraint notification_channels_kinds_check CHECK (((cardinality(kinds) >= 1) AND (cardinality(kinds) <= 20))),
  constraint notification_channels_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint notification_channels_recipient_role_check CHECK ((recipient_role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text]))),
  constraint notification_channels_recipients_check CHECK (((cardinality(recipients) >= 1) AND (cardinality(recipients) <= 20))),
  constraint notification_channels_shown_check CHECK ((((length(host) >= 1) AND (length(host) <= 260)) AND (length(ending) <= 4))),
  constraint notification_channels_target_check CHECK (((num_nonnulls(host, ending) =
CASE type
    WHEN 'email'::text THEN 0
    ELSE 2
END) AND (num_nonnulls(recipients, recipient_role) =
CASE type
    WHEN 'email'::text THEN 1
    ELSE 0
END))),
  constraint notification_channels_type_check CHECK ((type = ANY (ARRAY['webhook'::text, 'slack'::text, 'email'::text])))
);
comment on table app.notification_channels is 'Where a tenant''s notifications are sent: a webhook, Slack, email.';

create table app.notification_deliveries (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  notification_id uuid not null,
  channel_id uuid not null,
  state text not null default 'pending'::text,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone default now(),
  locked_until timestamp with time zone,
  log jsonb not null default '[]'::jsonb,
  created_at timestamp with time zone not null default now(),
  settled_at timestamp with time zone,
  constraint notification_deliveries_pkey PRIMARY KEY (tenant_id, id),
  constraint notification_deliveries_once_key UNIQUE (tenant_id, notification_id, channel_id),
  constraint notification_deliveries_log_check CHECK (((jsonb_typeof(log) = 'array'::text) AND (pg_column_size(log) < 16384))),
  constraint notification_deliveries_settled_check CHECK ((((state = 'pending'::text) = (settled_at IS NULL)) AND ((state = 'pending'::text) = (next_attempt_at IS NOT NULL)) AND ((state = 'pending'::text) OR (locked_until IS NULL)))),
  constraint notification_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);
comment on table app.notification_deliveries is 'A notification on its way to a channel, with a log of its attempts; never a body or a secret.';
comment on column app.notification_deliveries.attempts is 'Grows with each claim, so that a worker whose number is old writes no more.';
comment on column app.notification_deliveries.locked_until is 'A worker is sending it; after this instant another one may.';

create table app.notification_reads (
  tenant_id uuid not null,
  notification_id uuid not null,
  user_id uuid not null,
  read_at timestamp with time zone not null default now(),
  constraint notification_reads_pkey PRIMARY KEY (tenant_id, notification_id, user_id)
);
comment on table app.notification_reads is 'Who has read which notification; what has no row here is unread.';

create table app.notifications (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  connection_id uuid,
  job_id uuid,
  data jsonb not null default '{}'::jsonb,
  key text not null,
  created_at timestamp with time zone not null default now(),
  constraint notifications_pkey PRIMARY KEY (tenant_id, id),
  constraint notifications_key_key UNIQUE (tenant_id, key),
  constraint notifications_data_check CHECK (((jsonb_typeof(data) = 'object'::text) AND (pg_column_size(data) < 8192))),
  constraint notifications_key_check CHECK (((length(key) >= 1) AND (length(key) <= 300))),
  constraint notifications_kind_check CHECK ((kind = ANY (ARRAY['initial_sync_complete'::text, 'historical_sync_complete'::text, 'reauthentication_required'::text, 'failing_repeatedly'::text, 'token_expiring'::text, 'webhook_dead'::text, 'new_accounts_available'::text, 'connection_revoked'::text, 'data_anomaly'::text, 'channel_disabled'::text, 'test'::text])))
);
comment on table app.notifications is 'What a tenant should hear of: written in the transaction of its cause, never changed.';
comment on column app.notifications.key is 'Names the cause, so that whoever tells of it again adds nothing.';

create table app.raw_ingestion_data (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  job_id uuid not null,
  name text not null,
  media_type text,
  size_bytes bigint not null,
  sha256 bytea not null,
  blob_path text,
  sealed bytea,
  received_at timestamp with time zone not null default now(),
  constraint raw_ingestion_data_pkey PRIMARY KEY (tenant_id, id),
  constraint raw_ingestion_data_job_key UNIQUE (tenant_id, job_id, id),
  constraint raw_ingestion_data_blob_path_check CHECK (((length(blob_path) <= 300) AND (split_part(blob_path, '/'::text, 1) = (tenant_id)::text))),
  constraint raw_ingestion_data_name_check CHECK (((length(name) >= 1) AND (length(name) <= 500))),
  constraint raw_ingestion_data_place_check CHECK (((blob_path IS NULL) <> (sealed IS NULL))),
  constraint raw_ingestion_data_sha256_check CHECK ((length(sha256) = 32)),
  constraint raw_ingestion_data_size_bytes_check CHECK ((size_bytes >= 0))
);
comment on table app.raw_ingestion_data is 'What a source delivered, byte for byte, sealed under the tenant''s data key. Append-only.';

create table app.statement_profiles (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  format text not null,
  definition jsonb not null,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint statement_profiles_pkey PRIMARY KEY (tenant_id, id),
  constraint statement_profiles_name_key UNIQUE (tenant_id, name),
  constraint statement_profiles_definition_check CHECK (((jsonb_typeof(definition) = 'object'::text) AND (pg_column_size(definition) < 65536))),
  constraint statement_profiles_format_check CHECK ((format ~ '^[a-z0-9]{2,16}$'::text)),
  constraint statement_profiles_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
comment on table app.statement_profiles is 'Saved column mappings: how one bank writes its CSV.';

create table app.tenant_invitations (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  email text not null,
  role text not null,
  invited_by uuid not null,
  expires_at timestamp with time zone not null default (now() + '14 days'::interval),
  accepted_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint tenant_invitations_pkey PRIMARY KEY (tenant_id, id),
  constraint tenant_invitations_email_key UNIQUE (tenant_id, email),
  constraint tenant_invitations_email_check CHECK ((((length(email) >= 3) AND (length(email) <= 320)) AND (email = lower(email)) AND (POSITION(('@'::text) IN (email)) > 1))),
  constraint tenant_invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);
comment on table app.tenant_invitations is 'Open invitations; the user whose confirmed address it is accepts. Tells nothing about accounts.';

create table app.tenant_members (
  tenant_id uuid not null,
  user_id uuid not null,
  email text not null,
  role text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint tenant_members_pkey PRIMARY KEY (tenant_id, user_id),
  constraint tenant_members_email_check CHECK (((length(email) >= 1) AND (length(email) <= 320))),
  constraint tenant_members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);
comment on table app.tenant_members is 'Who belongs to a tenant and what they may do: owner > admin > member > viewer.';

create table app.tenants (
  id uuid not null default gen_random_uuid(),
  name text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
comment on table app.tenants is 'A business or app whose data nobody else may see.';

create table app.transaction_texts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  sort_date date not null,
  text text not null,
  constraint transaction_texts_pkey PRIMARY KEY (tenant_id, transaction_id)
);
comment on table app.transaction_texts is 'What a search looks for: the texts of each transaction in one, as when it was indexed last.';

create table app.transactions (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  mapping_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  raw_line_end bigint not null,
  fingerprint bytea not null,
  occurrence integer not null,
  content_key bigint not null,
  external_id text,
  status text not null,
  amount numeric not null,
  currency character(3) not null,
  amount_key bigint not null generated always as ((floor((amount * (100)::numeric)))::bigint) stored,
  sort_date date not null,
  posted_date date,
  transaction_date date,
  value_date date,
  description text not null,
  description_raw text not null,
  merchant_name text,
  reference text,
  customer_reference text,
  type_code text,
  source_category text,
  running_balance numeric,
  extra jsonb,
  reconciled boolean not null default false,
  reconciled_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  set_aside text,
  constraint transactions_pkey PRIMARY KEY (tenant_id, id),
  constraint transactions_identity_key UNIQUE (tenant_id, mapping_id, fingerprint, occurrence),
  constraint transactions_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint transactions_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint transactions_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint transactions_fingerprint_check CHECK ((length(fingerprint) = 16)),
  constraint transactions_occurrence_check CHECK ((occurrence >= 0)),
  constraint transactions_place_check CHECK (((raw_line >= 0) AND (raw_line_end >= raw_line))),
  constraint transactions_reconciled_check CHECK ((reconciled = (reconciled_at IS NOT NULL))),
  constraint transactions_running_balance_check CHECK (((scale(running_balance) <= 8) AND (abs(running_balance) < ('100000000000000'::bigint)::numeric))),
  constraint transactions_set_aside_check CHECK (((set_aside IS NULL) OR ((set_aside = ANY (ARRAY['pending'::text, 'posted'::text])) AND (status = 'removed'::text)))),
  constraint transactions_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'posted'::text, 'removed'::text])))
);
comment on table app.transactions is 'Bookings, signed from the holder''s side: money in is positive. Removed ones stay, marked.';
comment on column app.transactions.raw_line is 'First physical line in the raw document, from 1; raw_line_end is the last.';
comment on column app.transactions.fingerprint is 'Identity within the external account: of the source''s id where there is one, or of content.';
comment on column app.transactions.occurrence is 'Ordinal among equal rows of one document: real twins are 0, 1, 2 … and a repeat adds nothing.';
comment on column app.transactions.content_key is 'Digest of what is no part of the identity: tells a changed row from a repeated one.';
comment on column app.transactions.amount_key is 'The amount in hundredths, rounded down: numeric is not leakproof, so an index needs this.';
comment on column app.transactions.sort_date is 'Posted date, else transaction, value or delivery date: lists order by it, so it is never null.';
comment on column app.transactions.set_aside is 'The status that a row had when its mapping lost its account, and gets back with one; else null.';

create table app.unindexed_texts (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_ids uuid[] not null,
  size integer not null generated always as (cardinality(transaction_ids)) stored,
  created_at timestamp with time zone not null default now(),
  constraint unindexed_texts_pkey PRIMARY KEY (tenant_id, id)
);
comment on table app.unindexed_texts is 'Transactions whose texts are to be indexed, one row a merge: written with them, gone when done.';

create table app.uploads (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  file_name text not null,
  media_type text,
  size_bytes bigint not null,
  sha256 bytea not null,
  blob_path text not null,
  state text not null default 'pending'::text,
  sealed boolean not null default false,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  received_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  constraint uploads_pkey PRIMARY KEY (tenant_id, id),
  constraint uploads_blob_path_check CHECK (((length(blob_path) <= 300) AND (split_part(blob_path, '/'::text, 1) = (tenant_id)::text))),
  constraint uploads_file_name_check CHECK (((length(file_name) >= 1) AND (length(file_name) <= 500))),
  constraint uploads_media_type_check CHECK ((length(media_type) <= 200)),
  constraint uploads_sha256_check CHECK ((length(sha256) = 32)),
  constraint uploads_size_bytes_check CHECK ((size_bytes >= 0)),
  constraint uploads_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'received'::text, 'imported'::text, 'expired'::text])))
);
comment on table app.uploads is 'A file that a member announced: where its bytes go, and what they must be (size, sha-256).';

create table private.tenant_keys (
  tenant_id uuid not null,
  sealed_key bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint tenant_keys_pkey PRIMARY KEY (tenant_id),
  constraint tenant_keys_sealed_key_check CHECK (((length(sealed_key) >= 32) AND (length(sealed_key) <= 4096)))
);
comment on table private.tenant_keys is 'Each tenant''s data key, sealed under a key-encryption key. Destroying a row erases raw data.';

-- foreign keys

alter table app.account_balances
add constraint account_balances_mapping_fkey FOREIGN KEY (tenant_id, mapping_id, account_id) REFERENCES app.mapping_accounts(tenant_id, mapping_id, account_id);

alter table app.account_balances
add constraint account_balances_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.account_mappings
add constraint account_mappings_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.account_mappings
add constraint account_mappings_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.account_mappings
add constraint account_mappings_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.accounts
add constraint accounts_institution_fkey FOREIGN KEY (tenant_id, institution_id) REFERENCES app.institutions(tenant_id, id);

alter table app.accounts
add constraint accounts_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.connection_credentials
add constraint connection_credentials_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.connection_credentials
add constraint connection_credentials_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.connections
add constraint connections_institution_fkey FOREIGN KEY (tenant_id, institution_id) REFERENCES app.institutions(tenant_id, id);

alter table app.connections
add constraint connections_profile_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES app.statement_profiles(tenant_id, id);

alter table app.connections
add constraint connections_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.ingestion_audit_log
add constraint ingestion_audit_log_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.ingestion_audit_log
add constraint ingestion_audit_log_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.ingestion_audit_log
add constraint ingestion_audit_log_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.ingestion_findings
add constraint ingestion_findings_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.ingestion_jobs
add constraint ingestion_jobs_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.ingestion_jobs
add constraint ingestion_jobs_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.ingestion_jobs
add constraint ingestion_jobs_profile_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES app.statement_profiles(tenant_id, id);

alter table app.ingestion_jobs
add constraint ingestion_jobs_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.ingestion_jobs
add constraint ingestion_jobs_upload_fkey FOREIGN KEY (tenant_id, upload_id) REFERENCES app.uploads(tenant_id, id);

alter table app.ingestion_previews
add constraint ingestion_previews_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.ingestion_previews
add constraint ingestion_previews_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.institutions
add constraint institutions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.mapping_accounts
add constraint mapping_accounts_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.mapping_accounts
add constraint mapping_accounts_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.mapping_waits
add constraint mapping_waits_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.mapping_waits
add constraint mapping_waits_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.notification_channel_secrets
add constraint notification_channel_secrets_channel_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES app.notification_channels(tenant_id, id) ON DELETE CASCADE;

alter table app.notification_channels
add constraint notification_channels_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.notification_deliveries
add constraint notification_deliveries_channel_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES app.notification_channels(tenant_id, id) ON DELETE CASCADE;

alter table app.notification_deliveries
add constraint notification_deliveries_notification_fkey FOREIGN KEY (tenant_id, notification_id) REFERENCES app.notifications(tenant_id, id);

alter table app.notification_reads
add constraint notification_reads_notification_fkey FOREIGN KEY (tenant_id, notification_id) REFERENCES app.notifications(tenant_id, id);

alter table app.notifications
add constraint notifications_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.notifications
add constraint notifications_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.notifications
add constraint notifications_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.raw_ingestion_data
add constraint raw_ingestion_data_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.raw_ingestion_data
add constraint raw_ingestion_data_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.raw_ingestion_data
add constraint raw_ingestion_data_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.statement_profiles
add constraint statement_profiles_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.tenant_invitations
add constraint tenant_invitations_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.tenant_members
add constraint tenant_members_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.tenant_members
add constraint tenant_members_user_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

alter table app.transactions
add constraint transactions_mapping_fkey FOREIGN KEY (tenant_id, mapping_id, account_id) REFERENCES app.mapping_accounts(tenant_id, mapping_id, account_id);

alter table app.transactions
add constraint transactions_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.unindexed_texts
add constraint unindexed_texts_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.uploads
add constraint uploads_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table private.tenant_keys
add constraint tenant_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

-- indexes

CREATE INDEX account_balances_account_idx ON app.account_balances USING btree (tenant_id, account_id, as_of DESC, created_at DESC);
CREATE INDEX account_balances_raw_idx ON app.account_balances USING btree (tenant_id, job_id, raw_id);
CREATE INDEX account_mappings_account_idx ON app.account_mappings USING btree (tenant_id, account_id);
CREATE INDEX account_mappings_connection_idx ON app.account_mappings USING btree (tenant_id, connection_id);
CREATE INDEX account_mappings_number_idx ON app.account_mappings USING btree (tenant_id, number_hash) WHERE (number_hash IS NOT NULL);
CREATE INDEX account_mappings_order_idx ON app.account_mappings USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX accounts_institution_idx ON app.accounts USING btree (tenant_id, institution_id);
CREATE INDEX accounts_order_idx ON app.accounts USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX connections_institution_idx ON app.connections USING btree (tenant_id, institution_id);
CREATE INDEX connections_order_idx ON app.connections USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX connections_profile_idx ON app.connections USING btree (tenant_id, profile_id);
CREATE INDEX ingestion_audit_log_connection_idx ON app.ingestion_audit_log USING btree (tenant_id, connection_id);
CREATE INDEX ingestion_audit_log_job_idx ON app.ingestion_audit_log USING btree (tenant_id, job_id);
CREATE INDEX ingestion_audit_log_order_idx ON app.ingestion_audit_log USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ingestion_jobs_connection_idx ON app.ingestion_jobs USING btree (tenant_id, connection_id, created_at DESC, id DESC);
CREATE INDEX ingestion_jobs_due_idx ON app.ingestion_jobs USING btree (COALESCE(lease_until, next_run_at)) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX ingestion_jobs_finished_idx ON app.ingestion_jobs USING btree (tenant_id, finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX ingestion_jobs_mapping_idx ON app.ingestion_jobs USING btree (tenant_id, mapping_id);
CREATE INDEX ingestion_jobs_order_idx ON app.ingestion_jobs USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ingestion_jobs_profile_idx ON app.ingestion_jobs USING btree (tenant_id, profile_id);
CREATE UNIQUE INDEX ingestion_jobs_running_key ON app.ingestion_jobs USING btree (tenant_id, connection_id) WHERE (state = 'running'::text);
CREATE INDEX ingestion_jobs_upload_idx ON app.ingestion_jobs USING btree (tenant_id, upload_id);
CREATE INDEX ingestion_previews_mapping_idx ON app.ingestion_previews USING btree (tenant_id, mapping_id);
CREATE INDEX ingestion_previews_outcome_idx ON app.ingestion_previews USING btree (tenant_id, job_id, outcome, "position");
CREATE INDEX mapping_accounts_account_idx ON app.mapping_accounts USING btree (tenant_id, account_id);
CREATE INDEX mapping_waits_job_idx ON app.mapping_waits USING btree (tenant_id, job_id);
CREATE INDEX notification_channels_order_idx ON app.notification_channels USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX notification_deliveries_channel_idx ON app.notification_deliveries USING btree (tenant_id, channel_id, created_at DESC, id DESC);
CREATE INDEX notification_deliveries_due_idx ON app.notification_deliveries USING btree (next_attempt_at) WHERE (state = 'pending'::text);
CREATE INDEX notification_deliveries_locked_idx ON app.notification_deliveries USING btree (locked_until) WHERE (locked_until IS NOT NULL);
CREATE INDEX notifications_connection_idx ON app.notifications USING btree (tenant_id, connection_id, created_at DESC, id DESC);
CREATE INDEX notifications_job_idx ON app.notifications USING btree (tenant_id, job_id);
CREATE INDEX notifications_order_idx ON app.notifications USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX raw_ingestion_data_connection_idx ON app.raw_ingestion_data USING btree (tenant_id, connection_id, received_at DESC, id DESC);
CREATE INDEX raw_ingestion_data_sha256_idx ON app.raw_ingestion_data USING btree (tenant_id, sha256);
CREATE INDEX tenant_invitations_recipient_idx ON app.tenant_invitations USING btree (email);
CREATE INDEX tenant_members_user_idx ON app.tenant_members USING btree (user_id, tenant_id);
CREATE INDEX transaction_texts_date_idx ON app.transaction_texts USING btree (tenant_id, sort_date);
CREATE INDEX transaction_texts_text_idx ON app.transaction_texts USING gin (tenant_id, text extensions.gin_trgm_ops);
CREATE INDEX transactions_account_amount_idx ON app.transactions USING btree (tenant_id, account_id, amount_key DESC, id DESC);
CREATE INDEX transactions_account_idx ON app.transactions USING btree (tenant_id, account_id, sort_date DESC, id DESC);
CREATE INDEX transactions_amount_idx ON app.transactions USING btree (tenant_id, amount_key DESC, id DESC);
CREATE INDEX transactions_external_id_idx ON app.transactions USING btree (tenant_id, mapping_id, external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX transactions_order_idx ON app.transactions USING btree (tenant_id, sort_date DESC, id DESC);
CREATE INDEX transactions_raw_idx ON app.transactions USING btree (tenant_id, job_id, raw_id);
CREATE INDEX uploads_expiry_idx ON app.uploads USING btree (expires_at) WHERE (state = ANY (ARRAY['pending'::text, 'received'::text]));

-- triggers

CREATE TRIGGER account_mappings_remember AFTER INSERT OR UPDATE OF account_id ON app.account_mappings FOR EACH ROW WHEN ((new.account_id IS NOT NULL)) EXECUTE FUNCTION private.remember_mapping_account();
CREATE TRIGGER account_mappings_signature BEFORE UPDATE ON app.account_mappings FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.verified_by IS DISTINCT FROM old.verified_by))) EXECUTE FUNCTION private.sign_own_name('verified_by');
CREATE TRIGGER account_mappings_touch BEFORE UPDATE ON app.account_mappings FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER accounts_touch BEFORE UPDATE ON app.accounts FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER connection_credentials_touch BEFORE UPDATE ON app.connection_credentials FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER connections_lineage BEFORE INSERT ON app.connections FOR EACH ROW EXECUTE FUNCTION private.start_lineage();
CREATE TRIGGER connections_touch BEFORE UPDATE ON app.connections FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER ingestion_audit_log_append_only BEFORE DELETE OR UPDATE ON app.ingestion_audit_log FOR EACH ROW EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER ingestion_audit_log_no_truncate BEFORE TRUNCATE ON app.ingestion_audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER ingestion_jobs_signature BEFORE UPDATE ON app.ingestion_jobs FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.approved_by IS DISTINCT FROM old.approved_by))) EXECUTE FUNCTION private.sign_own_name('approved_by');
CREATE TRIGGER ingestion_jobs_touch BEFORE UPDATE ON app.ingestion_jobs FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER ingestion_jobs_transition BEFORE UPDATE ON app.ingestion_jobs FOR EACH ROW WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.check_job_transition();
CREATE TRIGGER notification_channel_secrets_previous BEFORE UPDATE OF sealed_secret ON app.notification_channel_secrets FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (old.sealed_secret IS NOT NULL) AND (new.sealed_secret IS DISTINCT FROM old.sealed_secret))) EXECUTE FUNCTION private.keep_previous_secret();
CREATE TRIGGER notification_channels_touch BEFORE UPDATE ON app.notification_channels FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER raw_ingestion_data_append_only BEFORE DELETE OR UPDATE ON app.raw_ingestion_data FOR EACH ROW EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER raw_ingestion_data_no_truncate BEFORE TRUNCATE ON app.raw_ingestion_data FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER statement_profiles_touch BEFORE UPDATE ON app.statement_profiles FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER tenant_members_keep_an_owner_delete BEFORE DELETE ON app.tenant_members FOR EACH ROW WHEN (((old.role = 'owner'::text) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.keep_an_owner();
CREATE TRIGGER tenant_members_keep_an_owner_update BEFORE UPDATE OF role ON app.tenant_members FOR EACH ROW WHEN (((old.role = 'owner'::text) AND (new.role <> 'owner'::text) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.keep_an_owner();
CREATE TRIGGER tenant_members_touch BEFORE UPDATE ON app.tenant_members FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER tenants_touch BEFORE UPDATE ON app.tenants FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER transactions_touch BEFORE UPDATE ON app.transactions FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

-- policies

alter table app.account_balances enable row level security;
alter table app.account_balances force row level security;
create policy account_balances_delete_worker on app.account_balances for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy account_balances_insert_worker on app.account_balances for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy account_balances_select on app.account_balances for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy account_balances_select_worker on app.account_balances for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy account_balances_update_worker on app.account_balances for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.account_mappings enable row level security;
alter table app.account_mappings force row level security;
create policy account_mappings_insert_worker on app.account_mappings for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy account_mappings_select on app.account_mappings for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy account_mappings_select_worker on app.account_mappings for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy account_mappings_update on app.account_mappings for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy account_mappings_update_worker on app.account_mappings for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.accounts enable row level security;
alter table app.accounts force row level security;
create policy accounts_insert on app.accounts for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy accounts_insert_worker on app.accounts for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy accounts_select on app.accounts for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy accounts_select_worker on app.accounts for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy accounts_update on app.accounts for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.connection_credentials enable row level security;
alter table app.connection_credentials force row level security;
create policy connection_credentials_delete_worker on app.connection_credentials for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connection_credentials_insert_worker on app.connection_credentials for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connection_credentials_select_worker on app.connection_credentials for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connection_credentials_update_worker on app.connection_credentials for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.connections enable row level security;
alter table app.connections force row level security;
create policy connections_insert on app.connections for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy connections_select on app.connections for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy connections_select_worker on app.connections for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connections_update on app.connections for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy connections_update_worker on app.connections for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.ingestion_audit_log enable row level security;
alter table app.ingestion_audit_log force row level security;
create policy ingestion_audit_log_select on app.ingestion_audit_log for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));

alter table app.ingestion_findings enable row level security;
alter table app.ingestion_findings force row level security;
create policy ingestion_findings_delete_worker on app.ingestion_findings for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy ingestion_findings_insert_worker on app.ingestion_findings for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy ingestion_findings_select on app.ingestion_findings for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy ingestion_findings_select_worker on app.ingestion_findings for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.ingestion_jobs enable row level security;
alter table app.ingestion_jobs force row level security;
create policy ingestion_jobs_insert on app.ingestion_jobs for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy ingestion_jobs_insert_worker on app.ingestion_jobs for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy ingestion_jobs_select on app.ingestion_jobs for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy ingestion_jobs_select_worker on app.ingestion_jobs for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy ingestion_jobs_update on app.ingestion_jobs for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy ingestion_jobs_update_worker on app.ingestion_jobs for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.ingestion_previews enable row level security;
alter table app.ingestion_previews force row level security;
create policy ingestion_previews_delete_worker on app.ingestion_previews for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy ingestion_previews_insert_worker on app.ingestion_previews for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy ingestion_previews_select on app.ingestion_previews for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy ingestion_previews_select_worker on app.ingestion_previews for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.institutions enable row level security;
alter table app.institutions force row level security;
create policy institutions_insert on app.institutions for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy institutions_insert_worker on app.institutions for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy institutions_select on app.institutions for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy institutions_select_worker on app.institutions for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy institutions_update on app.institutions for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.mapping_accounts enable row level security;
alter table app.mapping_accounts force row level security;
create policy mapping_accounts_select on app.mapping_accounts for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy mapping_accounts_select_worker on app.mapping_accounts for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.mapping_waits enable row level security;
alter table app.mapping_waits force row level security;
create policy mapping_waits_delete_worker on app.mapping_waits for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy mapping_waits_insert_worker on app.mapping_waits for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy mapping_waits_select on app.mapping_waits for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy mapping_waits_select_worker on app.mapping_waits for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy mapping_waits_update_worker on app.mapping_waits for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.notification_channel_secrets enable row level security;
alter table app.notification_channel_secrets force row level security;
create policy notification_channel_secrets_insert on app.notification_channel_secrets for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notification_channel_secrets_select on app.notification_channel_secrets for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notification_channel_secrets_select_worker on app.notification_channel_secrets for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy notification_channel_secrets_update on app.notification_channel_secrets for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.notification_channels enable row level security;
alter table app.notification_channels force row level security;
create policy notification_channels_delete on app.notification_channels for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notification_channels_insert on app.notification_channels for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy notification_channels_select on app.notification_channels for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notification_channels_select_worker on app.notification_channels for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy notification_channels_update on app.notification_channels for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy notification_channels_update_worker on app.notification_channels for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.notification_deliveries enable row level security;
alter table app.notification_deliveries force row level security;
create policy notification_deliveries_insert on app.notification_deliveries for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notification_deliveries_insert_worker on app.notification_deliveries for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy notification_deliveries_select on app.notification_deliveries for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notification_deliveries_select_worker on app.notification_deliveries for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy notification_deliveries_update_worker on app.notification_deliveries for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.notification_reads enable row level security;
alter table app.notification_reads force row level security;
create policy notification_reads_insert on app.notification_reads for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (user_id = ( SELECT private.current_user_id() AS current_user_id))));
create policy notification_reads_select on app.notification_reads for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (user_id = ( SELECT private.current_user_id() AS current_user_id))));

alter table app.notifications enable row level security;
alter table app.notifications force row level security;
create policy notifications_insert on app.notifications for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (kind = 'test'::text) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy notifications_insert_worker on app.notifications for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy notifications_select on app.notifications for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy notifications_select_worker on app.notifications for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.raw_ingestion_data enable row level security;
alter table app.raw_ingestion_data force row level security;
create policy raw_ingestion_data_insert_worker on app.raw_ingestion_data for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy raw_ingestion_data_select on app.raw_ingestion_data for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy raw_ingestion_data_select_worker on app.raw_ingestion_data for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.statement_profiles enable row level security;
alter table app.statement_profiles force row level security;
create policy statement_profiles_delete on app.statement_profiles for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy statement_profiles_insert on app.statement_profiles for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy statement_profiles_select on app.statement_profiles for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy statement_profiles_select_worker on app.statement_profiles for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy statement_profiles_update on app.statement_profiles for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.tenant_invitations enable row level security;
alter table app.tenant_invitations force row level security;
create policy tenant_invitations_delete on app.tenant_invitations for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('owner'::text) AS has_role)));
create policy tenant_invitations_insert on app.tenant_invitations for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('owner'::text) AS has_role) AND (invited_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy tenant_invitations_select on app.tenant_invitations for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('owner'::text) AS has_role)));
create policy tenant_invitations_update on app.tenant_invitations for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('owner'::text) AS has_role)))
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (invited_by = ( SELECT private.current_user_id() AS current_user_id))));

alter table app.tenant_members enable row level security;
alter table app.tenant_members force row level security;
create policy tenant_members_delete on app.tenant_members for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (( SELECT private.has_role('owner'::text) AS has_role) OR (user_id = ( SELECT private.current_user_id() AS current_user_id)))));
create policy tenant_members_select on app.tenant_members for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy tenant_members_update on app.tenant_members for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('owner'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.tenants enable row level security;
alter table app.tenants force row level security;
create policy tenants_select on app.tenants for select to authenticated
using ((id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy tenants_select_worker on app.tenants for select to worker
using ((id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy tenants_update on app.tenants for update to authenticated
using (((id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.transaction_texts enable row level security;
alter table app.transaction_texts force row level security;
create policy transaction_texts_insert_worker on app.transaction_texts for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_texts_select_worker on app.transaction_texts for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_texts_update_worker on app.transaction_texts for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.transactions enable row level security;
alter table app.transactions force row level security;
create policy transactions_delete_worker on app.transactions for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transactions_insert_worker on app.transactions for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transactions_select on app.transactions for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transactions_select_worker on app.transactions for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transactions_update_worker on app.transactions for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.unindexed_texts enable row level security;
alter table app.unindexed_texts force row level security;
create policy unindexed_texts_delete_worker on app.unindexed_texts for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy unindexed_texts_insert_worker on app.unindexed_texts for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy unindexed_texts_select_worker on app.unindexed_texts for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.uploads enable row level security;
alter table app.uploads force row level security;
create policy uploads_insert on app.uploads for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy uploads_select on app.uploads for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy uploads_select_worker on app.uploads for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy uploads_update_worker on app.uploads for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table private.tenant_keys enable row level security;
alter table private.tenant_keys force row level security;
create policy tenant_keys_insert_worker on private.tenant_keys for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy tenant_keys_select_worker on private.tenant_keys for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

-- grants

grant usage on schema app to authenticated;
grant usage on schema app to worker;
grant usage on schema private to authenticated;
grant usage on schema private to webhook;
grant usage on schema private to worker;
grant select on app.account_balances to authenticated;
grant delete, insert, select, update (account_id) on app.account_balances to worker;
grant select, update (account_id, state, verified_at, verified_by) on app.account_mappings to authenticated;
grant insert, select, update (connection_id, account_id, masked_number, external_name, external_type, institution, state) on app.account_mappings to worker;
grant insert, select, update (institution_id, name, type, status) on app.accounts to authenticated;
grant insert, select on app.accounts to worker;
grant delete, insert, select, update on app.connection_credentials to worker;
grant insert, select, update (institution_id, profile_id, name, status, delivery, mapping_policy, control_policy, currency, decimals, config, sync_frequency, next_sync_at, closed_at) on app.connections to authenticated;
grant select, update (institution_id, status, external_id, last_sync_at, next_sync_at) on app.connections to worker;
grant select on app.ingestion_audit_log to authenticated;
grant select on app.ingestion_findings to authenticated;
grant delete, insert, select on app.ingestion_findings to worker;
grant insert (tenant_id, id, connection_id, upload_id, profile_id, mapping_id, kind, format, review, idempotency_key, created_by), select, update (profile_id, state, task, stage, attempts, next_run_at, error_code, error_message, approved_at, approved_by, finished_at) on app.ingestion_jobs to authenticated;
grant insert, select, update on app.ingestion_jobs to worker;
grant select on app.ingestion_previews to authenticated;
grant delete, insert, select on app.ingestion_previews to worker;
grant insert, select, update (name, country) on app.institutions to authenticated;
grant insert, select on app.institutions to worker;
grant select on app.mapping_accounts to authenticated;
grant select on app.mapping_accounts to worker;
grant select on app.mapping_waits to authenticated;
grant delete, insert, select, update on app.mapping_waits to worker;
grant insert (tenant_id, channel_id, sealed_url, sealed_secret), select (tenant_id, channel_id, previous_until), update (sealed_url, sealed_secret) on app.notification_channel_secrets to authenticated;
grant select on app.notification_channel_secrets to worker;
grant delete, insert (tenant_id, id, type, name, kinds, host, ending, recipients, recipient_role, created_by), select, update (name, kinds, enabled, disabled_reason, disabled_at, failures, host, ending, recipients, recipient_role) on app.notification_channels to authenticated;
grant select, update (enabled, disabled_reason, disabled_at, failures) on app.notification_channels to worker;
grant insert (tenant_id, id, notification_id, channel_id), select on app.notification_deliveries to authenticated;
grant insert (tenant_id, id, notification_id, channel_id), select, update (state, attempts, next_attempt_at, locked_until, log, settled_at) on app.notification_deliveries to worker;
grant insert (tenant_id, notification_id, user_id), select on app.notification_reads to authenticated;
grant insert (tenant_id, id, kind, connection_id, job_id, data, key), select on app.notifications to authenticated;
grant insert (tenant_id, id, kind, connection_id, job_id, data, key), select on app.notifications to worker;
grant select (tenant_id, id, connection_id, job_id, name, media_type, size_bytes, sha256, blob_path, received_at) on app.raw_ingestion_data to authenticated;
grant insert, select on app.raw_ingestion_data to worker;
grant delete, insert, select, update (name, definition) on app.statement_profiles to authenticated;
grant select on app.statement_profiles to worker;
grant delete, insert, select, update (role, invited_by, expires_at, accepted_at) on app.tenant_invitations to authenticated;
grant delete, select, update (role) on app.tenant_members to authenticated;
grant select, update (name) on app.tenants to authenticated;
grant select on app.tenants to worker;
grant insert, select, update on app.transaction_texts to worker;
grant select on app.transactions to authenticated;
grant delete, insert, select, update on app.transactions to worker;
grant delete, insert, select on app.unindexed_texts to worker;
grant insert (tenant_id, id, file_name, media_type, size_bytes, sha256, blob_path, created_by, expires_at), select on app.uploads to authenticated;
grant select, update on app.uploads to worker;
grant insert, select on private.tenant_keys to worker;
