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

CREATE OR REPLACE FUNCTION private.account_candidates(tenant uuid, mappings uuid[])
 RETURNS TABLE(mapping_id uuid, external_name text, external_mask text, external_type text, external_institution text, external_institution_name text, external_currency text, mapping_policy text, fed boolean, ignored boolean, id uuid, institution_id uuid, name text, type text, currency text, masked_number text, status text, primary_mapping_id uuid, created_at timestamp with time zone, updated_at timestamp with time zone, institution text, institution_name text, same_numbers text[], verified boolean, doubted boolean, feeds jsonb)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select
    s.id, s.external_name, s.masked_number, s.external_type, s.institution, k.name,
    s.currency::text, c.mapping_policy,
    exists (
      select
      from app.mapping_accounts as f
      where f.tenant_id = account_candidates.tenant and f.mapping_id = s.id
    ),
    exists (
      select
      from app.mapping_numbers as n
      join app.mapping_numbers as p
        on p.tenant_id = n.tenant_id and p.number_hash = n.number_hash and p.kind = n.kind
      join app.account_mappings as g on g.tenant_id = p.tenant_id and g.id = p.mapping_id
      where n.tenant_id = account_candidates.tenant
        and n.mapping_id = s.id
        and n.kind <> 'number'
        and g.state = 'ignored'
        and g.currency = s.currency
    ),
    a.id, a.institution_id, a.name, a.type, a.currency::text, a.masked_number, a.status,
    a.primary_mapping_id, a.created_at, a.updated_at, i.external_id, i.name,
    coalesce(a.kinds, '{}'), coalesce(a.verified, false),
    exists (
      select
      from app.mapping_refusals as r
      where r.tenant_id = account_candidates.tenant
        and r.account_id = a.id
        and r.mapping_id in (
          select p.mapping_id
          from app.mapping_numbers as n
          join app.mapping_numbers as p
            on p.tenant_id = n.tenant_id and p.number_hash = n.number_hash and p.kind = n.kind
          where n.tenant_id = account_candidates.tenant and n.mapping_id = s.id
        )
    ),
    l.feeds
  from app.account_mappings as s
  join app.connections as c on c.tenant_id = s.tenant_id and c.id = s.connection_id
  left join app.institutions as k
    on k.tenant_id = s.tenant_id and k.external_id = s.institution
  left join lateral (
    select
      o.id, o.institution_id, o.name, o.type, o.currency, o.masked_number, o.status,
      o.primary_mapping_id, o.created_at, o.updated_at, e.kinds, e.verified
    from (
      select
        x.account_id, array_agg(distinct x.kind) filter (where x.kind is not null) as kinds,
        bool_or(x.verified) as verified
      from (
        -- Of the same number is what another mapping of that number feeds.
        select f.account_id, n.kind, f.verified_at is not null as verified
        from app.mapping_numbers as n
        join app.mapping_numbers as p
          on p.tenant_id = n.tenant_id and p.number_hash = n.number_hash and p.kind = n.kind
        join app.account_mappings as f
          on f.tenant_id = p.tenant_id and f.id = p.mapping_id and f.account_id is not null
        where n.tenant_id = account_candidates.tenant and n.mapping_id = s.id
        union all
        (
          select q.id as account_id, null as kind, false as verified
          from app.accounts as q
          where q.tenant_id = account_candidates.tenant
            and q.status = 'active'
            and (q.currency = s.currency or q.currency = 'XXX' or s.currency = 'XXX')
            -- Behind four dots, less than three characters tell no numbers apart.
            and (
              right(q.masked_number, 4) = right(s.masked_number, 4)
              or coalesce(length(q.masked_number), 0) < 7
              or coalesce(length(s.masked_number), 0) < 7
            )
          order by
            right(q.masked_number, 4) is not distinct from right(s.masked_number, 4) desc,
            q.created_at desc,
            q.id desc
          limit 50
        )
      ) as x
      group by x.account_id
    ) as e
    cross join lateral (
      select
        b.id, b.institution_id, b.name, b.type, b.currency, b.masked_number, b.status,
        b.primary_mapping_id, b.created_at, b.updated_at
      from app.accounts as b
      where b.tenant_id = account_candidates.tenant and b.id = e.account_id
      limit 1
    ) as o
    where (o.currency = s.currency or o.currency = 'XXX' or s.currency = 'XXX')
      and not exists (
        select
        from app.mapping_refusals as r
        where r.tenant_id = account_candidates.tenant
          and r.mapping_id = s.id
          and r.account_id = o.id
      )
    order by
      e.kinds is not null desc,
      right(o.masked_number, 4) is not distinct from right(s.masked_number, 4) desc,
      o.created_at desc,
      o.id desc
    limit 50
  ) as a on true
  left join app.institutions as i
    on i.tenant_id = account_candidates.tenant and i.id = a.institution_id
  left join lateral (
    select
      jsonb_agg(
        jsonb_build_object(
          'mapping_id', f.id,
          'name', f.external_name,
          'masked_number', f.masked_number,
          'type', f.external_type,
          'institution', f.institution,
          'institution_name', f.institution_name
        )
      ) as feeds
    from (
      select
        g.id, g.external_name, g.masked_number, g.external_type, g.institution,
        j.name as institution_name
      from app.account_mappings as g
      left join app.institutions as j
        on j.tenant_id = g.tenant_id and j.external_id = g.institution
      where g.tenant_id = account_candidates.tenant and g.account_id = a.id
      order by g.created_at desc, g.id
      limit 20
    ) as f
  ) as l on true
  where s.tenant_id = account_candidates.tenant
    and s.id = any(account_candidates.mappings)
    and s.state = 'pending'
$function$;
comment on function private.account_candidates(uuid,uuid[]) is 'Pending mappings with accounts that they may be, 50 each: of equal or unknown currency, none that was refused or whose number ends differently. A mapping without any has one empty row.';
grant execute on function private.account_candidates(uuid,uuid[]) to authenticated;
grant execute on function private.account_candidates(uuid,uuid[]) to worker;

CREATE OR REPLACE FUNCTION private.all_webhook_endpoints()
 RETURNS TABLE(id uuid, provider text, kind text, tenant_id uuid, connection_id uuid, previous_until timestamp with time zone, created_at timestamp with time zone, rotated_at timestamp with time zone, disabled_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select
    e.id, e.provider, e.kind, e.tenant_id, e.connection_id, e.previous_until, e.created_at,
    e.rotated_at, e.disabled_at
  from private.webhook_endpoints as e
  order by (e.tenant_id is null) desc, (e.disabled_at is null) desc, e.created_at desc, e.id
  limit 1000
$function$;
comment on function private.all_webhook_endpoints() is 'Endpoints without secrets, 1,000 at most: the operator''s own, then the newest of tenants''.';
grant execute on function private.all_webhook_endpoints() to webhook;

CREATE OR REPLACE FUNCTION private.all_webhooks(ids uuid[], of_state text, of_provider text, since timestamp with time zone, until timestamp with time zone, most integer)
 RETURNS TABLE(id uuid, tenant_id uuid, connection_id uuid, provider text, event_type text, state text, attempts integer, received_at timestamp with time zone, next_attempt_at timestamp with time zone, error_code text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select
    w.id, w.tenant_id, w.connection_id, w.provider, w.event_type, w.state, w.attempts,
    w.received_at, w.next_attempt_at, w.error_code
  from (
    select
      i.id, i.tenant_id, i.connection_id, i.provider, i.event_type, i.state, i.attempts,
      i.received_at, i.next_attempt_at, i.last_error_code as error_code
    from private.webhook_inbox as i
    where i.state <> 'done'
    union all
    select
      e.id, e.tenant_id, e.connection_id, e.provider, e.type, e.state, e.attempts, e.received_at,
      e.next_attempt_at, e.error_code
    from app.webhook_events as e
  ) as w
  where (ids is null or w.id = any(ids))
    and (of_state is null or w.state = of_state)
    and (of_provider is null or w.provider = of_provider)
    and (since is null or w.received_at >= since)
    and (until is null or w.received_at < until)
  order by w.received_at desc, w.id
  limit least(most, 10000)
$function$;
comment on function private.all_webhooks(uuid[],text,text,timestamp with time zone,timestamp with time zone,integer) is 'Events of all tenants and of none, newest first; what they say is not told.';
grant execute on function private.all_webhooks(uuid[],text,text,timestamp with time zone,timestamp with time zone,integer) to webhook;

CREATE OR REPLACE FUNCTION private.apply_conflicts(of_tenant uuid, about uuid[], take boolean)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  settled bigint;
  restored uuid[];
begin
  -- Two rows of one group may go one after the other: the second one names the group, too.
  update app.transaction_conflicts as c
  set
    state = case when take then 'taken' else 'kept' end,
    reconciliation_id = case
      when not take then c.reconciliation_id
      when c.kind = 'changed'
        and (c.stored ->> 'amount')::numeric = (c.incoming ->> 'amount')::numeric
        and c.stored ->> 'currency' = c.incoming ->> 'currency' then null
      else (
        select m.reconciliation_id
        from app.reconciliation_members as m
        join app.reconciliations as r
          on r.tenant_id = m.tenant_id and r.id = m.reconciliation_id
        where m.tenant_id = of_tenant
          and m.transaction_id = c.transaction_id
          and (
            m.active
            or exists (
              select
              from app.transaction_conflicts as o
              where o.tenant_id = of_tenant
                and o.reconciliation_id = m.reconciliation_id
                and o.state = 'taken'
            )
          )
        order by m.active desc, r.created_at desc, r.id desc
        limit 1
      )
    end,
    link_ids = case
      when not take then c.link_ids
      else array(
        select l.id
        from (
          select o.id
          from app.transaction_links as o
          where o.tenant_id = of_tenant
            and o.transaction_id = c.transaction_id
            and o.state = 'active'
          union
          select o.id
          from app.transaction_links as o
          where o.tenant_id = of_tenant and o.other_id = c.transaction_id and o.state = 'active'
        ) as l
        order by l.id
        limit 1000
      )
    end
  where c.tenant_id = of_tenant and c.transaction_id = any(about);
  get diagnostics settled = row_count;

  update app.transactions as t
  set
    job_id = v.job_id,
    raw_id = v.raw_id,
    raw_line = v.raw_line,
    raw_line_end = v.raw_line_end,
    external_id = v.external_id,
    status = v.status,
    missed_at = case when not take and d.kind = 'removed' then now() end,
    amount = v.amount,
    currency = v.currency,
    sort_date = v.sort_date,
    posted_date = v.posted_date,
    transaction_date = v.transaction_date,
    value_date = v.value_date,
    description = v.description,
    description_raw = v.description_raw,
    merchant_name = v.merchant_name,
    reference = v.reference,
    customer_reference = v.customer_reference,
    type_code = v.type_code,
    source_category = v.source_category,
    running_balance = v.running_balance,
    extra = nullif(v.extra, 'null'),
    merchant = v.merchant,
    merchant_key = v.merchant_key,
    derived_category = v.derived_category,
    suggested_category = v.suggested_category,
    category_code = v.category_code,
    category_origin = v.category_origin,
    category_confidence = v.category_confidence,
    category_reason = v.category_reason,
    category_rule_id = v.category_rule_id
  from app.transaction_conflicts as d
  join app.transactions as s on s.tenant_id = of_tenant and s.id = d.transaction_id
  cross join lateral jsonb_populate_record(
    s, case when take then d.incoming else d.stored end
  ) as v
  where d.tenant_id = of_tenant
    and d.transaction_id = any(about)
    and t.tenant_id = of_tenant
    and t.id = s.id
    and s.set_aside is null;
  if take then
    return settled;
  end if;

  -- Links come back where both rows are as they were when the links went, and nothing took their
  -- place. Those that a person undid meanwhile stay undone.
  with wanted as (
    select distinct i.id
    from app.transaction_conflicts as d
    cross join lateral unnest(d.link_ids) as i (id)
    where d.tenant_id = of_tenant and d.transaction_id = any(about)
  ), back as (
    update app.transaction_links as l
    set state = 'active', undone_at = null
    from wanted as w, app.transactions as t, app.transactions as o
    where l.tenant_id = of_tenant
      and l.id = w.id
      and l.state = 'undone'
      and l.undone_by is null
      and t.tenant_id = of_tenant
      and t.id = l.transaction_id
      and t.status <> 'removed'
      and (t.id = any(about) or t.updated_at <= l.undone_at or l.method = 'user')
      and o.tenant_id = of_tenant
      and o.id = l.other_id
      and o.status <> 'removed'
      and (o.id = any(about) or o.updated_at <= l.undone_at or l.method = 'user')
      and (t.account_id = o.account_id) = (l.kind <> 'transfer')
      and not exists (
        select
        from app.transaction_links as a
        where a.tenant_id = of_tenant
          and a.state = 'active'
          and (
            (
              a.transaction_id = l.transaction_id
              and (
                a.kind = l.kind
                or (
                  a.kind in ('duplicate', 'pending_posted')
                  and l.kind in ('duplicate', 'pending_posted')
                )
              )
            )
            or (a.kind = 'transfer' and l.kind = 'transfer' and a.other_id = l.other_id)
          )
      )
    returning l.transaction_id, l.other_id
  )
  select array_agg(b.transaction_id) || array_agg(b.other_id) into restored
  from back as b;
  if restored is not null then
    perform private.recount_duplicates(of_tenant, restored);
  end if;
  update app.transaction_conflicts as c
  set link_ids = '{}'
  where c.tenant_id = of_tenant and c.transaction_id = any(about) and c.link_ids <> '{}';
  return settled;
end
$function$;
comment on function private.apply_conflicts(uuid,uuid[],boolean) is 'Makes rows what their source says, or what was stored; how many were contradicted.';

CREATE OR REPLACE FUNCTION private.ask_about_parts()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
comment on function private.ask_about_parts() is 'Asks about parts that do not make up their transaction any more; closes what is answered by the amount that was split.';

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
  ) and new.trigger = old.trigger and new.batch_id is not distinct from old.batch_id
  then
    return new;
  end if;
  -- Whoever runs a sync stops at its next step when somebody asks for that.
  if old.state = 'running'
    and old.kind = 'sync'
    and new.cancel_requested_at is not null
    and to_jsonb(new) - array['cancel_requested_at', 'updated_at']
      = to_jsonb(old) - array['cancel_requested_at', 'updated_at']
  then
    return new;
  end if;
  -- A sync that waits is the user's from now on, where a schedule had asked for it, and of the
  -- batch that asked for it last.
  if old.state = 'queued'
    and old.kind = 'sync'
    and new.trigger in ('user', old.trigger)
    and to_jsonb(new) - array['trigger', 'batch_id', 'updated_at']
      = to_jsonb(old) - array['trigger', 'batch_id', 'updated_at']
  then
    return new;
  end if;
  raise exception 'a job does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'ingestion_jobs_transition_check';
end
$function$;
comment on function private.check_job_transition() is 'What a member may make of a job: approve, discard, cancel, retry, revert.';

CREATE OR REPLACE FUNCTION private.check_parts()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (
    select
    from touched_parts as n
    join app.transaction_parts as p
      on p.tenant_id = n.tenant_id and p.transaction_id = n.transaction_id
    group by p.tenant_id, p.transaction_id, n.position
    having sum(p.amount) <> max(p.whole)
      or min(p.whole) <> max(p.whole)
      or min(p.currency) <> max(p.currency)
  ) then
    raise exception 'parts make up the whole'
      using errcode = 'check_violation', constraint = 'transaction_parts_sum_check';
  end if;
  return null;
end
$function$;
comment on function private.check_parts() is 'Parts sum to the whole, to the last decimal: all are written at once, or none.';

CREATE OR REPLACE FUNCTION private.check_persona_tie()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if old.user_id is not null or not private.has_role('admin') then
    raise exception 'only an admin says whose a persona is, and once'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$function$;
comment on function private.check_persona_tie() is 'A persona of nobody may become a member''s, by an admin; whose it is then, it stays.';

CREATE OR REPLACE FUNCTION private.check_persona_user()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (
    select
    from app.tenant_members as m
    where m.tenant_id = new.tenant_id and m.user_id = new.user_id
  ) then
    raise exception 'no such member' using errcode = 'foreign_key_violation';
  end if;
  return new;
end
$function$;
comment on function private.check_persona_user() is 'A persona is of nobody or of a member; a key could not let the member leave.';

CREATE OR REPLACE FUNCTION private.check_webhook_replay()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.state = 'received' and old.state in ('done', 'ignored', 'failed', 'dead') then
    return new;
  end if;
  raise exception 'an event does not go from % to %', old.state, new.state
    using errcode = 'check_violation', constraint = 'webhook_events_transition_check';
end
$function$;
comment on function private.check_webhook_replay() is 'What an admin may make of an event: have it processed again, once it has been.';

CREATE OR REPLACE FUNCTION private.claim_webhooks(most integer, lease interval)
 RETURNS TABLE(id uuid, provider text, environment text, item text, dedupe_key text, event_type text, event_at timestamp with time zone, received_at timestamp with time zone, body bytea, attempts integer, fence integer, tenant_id uuid, connection_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with due as (
    select i.id
    from private.webhook_inbox as i
    where i.state in ('received', 'processing', 'failed', 'parked')
      and coalesce(i.locked_until, i.next_attempt_at) <= now()
    order by coalesce(i.locked_until, i.next_attempt_at), i.received_at
    limit least(most, 1000)
    for update skip locked
  ),
  routed as (
    -- A connection's own endpoint has told the receiver; else the provider's name of it does.
    select
      d.id,
      coalesce(i.tenant_id, r.tenant_id) as tenant_id,
      coalesce(i.connection_id, r.connection_id) as connection_id
    from due as d
    join private.webhook_inbox as i on i.id = d.id
    left join private.webhook_routes as r
      on r.provider = i.provider and r.environment = i.environment and r.item = i.item
  )
  update private.webhook_inbox as i
  set
    state = 'processing', attempts = i.attempts + 1, locked_until = now() + lease,
    -- Never less than the attempts, by which workers of the version before still settle.
    fence = greatest(i.fence, i.attempts) + 1,
    tenant_id = r.tenant_id, connection_id = r.connection_id
  from routed as r
  where i.id = r.id
  returning
    i.id, i.provider, i.environment, i.item, i.dedupe_key, i.event_type, i.event_at, i.received_at,
    i.body, i.attempts, i.fence, i.tenant_id, i.connection_id
$function$;
comment on function private.claim_webhooks(integer,interval) is 'Events that are due, with whose they are where that is known; nobody else has them for a while.';
grant execute on function private.claim_webhooks(integer,interval) to webhook;

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

CREATE OR REPLACE FUNCTION private.create_application_webhook(endpoint uuid, of_provider text, hash bytea, sealed bytea)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into private.webhook_endpoints (id, provider, kind, token_hash, sealed_secret)
  values (endpoint, of_provider, 'application', hash, sealed)
$function$;
comment on function private.create_application_webhook(uuid,text,bytea,bytea) is 'Makes an endpoint of the operator''s application at a provider.';
grant execute on function private.create_application_webhook(uuid,text,bytea,bytea) to webhook;

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

CREATE OR REPLACE FUNCTION private.create_webhook_endpoint(endpoint uuid, for_connection uuid, hash bytea, sealed bytea)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not private.has_role('admin') then
    raise exception 'not found' using errcode = 'insufficient_privilege';
  end if;
  if (
    select count(*) from private.webhook_endpoints as e
    where e.tenant_id = private.current_tenant_id() and e.connection_id = for_connection
      and e.disabled_at is null
  ) >= 10 then
    raise exception 'a connection has 10 endpoints at most' using errcode = 'program_limit_exceeded';
  end if;
  insert into private.webhook_endpoints (
    tenant_id, connection_id, id, provider, kind, token_hash, sealed_secret, created_by
  )
  select
    c.tenant_id, c.id, endpoint, c.provider, 'connection', hash, sealed, private.current_user_id()
  from app.connections as c
  where c.tenant_id = private.current_tenant_id() and c.id = for_connection
    and c.status <> 'disconnected';
  return found;
end
$function$;
comment on function private.create_webhook_endpoint(uuid,uuid,bytea,bytea) is 'Makes an endpoint of a connection of the current tenant, for admins; false: no such connection.';
grant execute on function private.create_webhook_endpoint(uuid,uuid,bytea,bytea) to authenticated;

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

CREATE OR REPLACE FUNCTION private.day_number(day date)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select least(greatest(day, date '0001-01-01'), date '9999-12-31') - date '2000-01-01'
$function$;
comment on function private.day_number(date) is 'Days since 2000, also of the first and the last day of the calendar, which may be infinite.';
grant execute on function private.day_number(date) to worker;

CREATE OR REPLACE FUNCTION private.delivery_meters(moment timestamp with time zone)
 RETURNS TABLE(type text, state text, deliveries bigint, waits interval)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select ch.type, d.state, count(*), max(moment - d.next_attempt_at)
  from (
    select s.tenant_id, s.channel_id, s.state, s.next_attempt_at
    from app.notification_deliveries as s
    where s.settled_at > moment - interval '1 hour'
    union all
    select w.tenant_id, w.channel_id, w.state, w.next_attempt_at
    from app.notification_deliveries as w
    where w.state = 'pending'
  ) as d
  join app.notification_channels as ch on ch.tenant_id = d.tenant_id and ch.id = d.channel_id
  where moment is not null
  group by ch.type, d.state
$function$;
comment on function private.delivery_meters(timestamp with time zone) is 'Deliveries that were settled within an hour, and all that are not, by type of channel. No ids.';
grant execute on function private.delivery_meters(timestamp with time zone) to worker;

CREATE OR REPLACE FUNCTION private.disable_webhook_endpoint(endpoint uuid)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with disabled as (
    update private.webhook_endpoints as e
    set disabled_at = now(), sealed_secret = null, sealed_previous = null, previous_until = null
    where e.id = endpoint and e.disabled_at is null and (
      (e.kind = 'application' and current_setting('role') = 'webhook')
      or (e.tenant_id = private.current_tenant_id() and private.has_role('admin'))
    )
    returning e.id
  )
  select exists (select from disabled)
$function$;
comment on function private.disable_webhook_endpoint(uuid) is 'Takes no more events, for good, and forgets the secrets. False: none such.';
grant execute on function private.disable_webhook_endpoint(uuid) to authenticated;
grant execute on function private.disable_webhook_endpoint(uuid) to webhook;

CREATE OR REPLACE FUNCTION private.due_connections(most integer)
 RETURNS TABLE(tenant_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select due.tenant_id, due.id
  from (
    select
      c.tenant_id,
      c.id,
      c.next_sync_at,
      row_number() over (partition by c.tenant_id order by c.next_sync_at, c.id) as turn
    from app.connections as c
    where c.next_sync_at <= now()
      and c.status in ('active', 'error')
      and c.provider <> 'file'
  ) as due
  order by due.turn, due.next_sync_at
  limit least(most, 1000)
$function$;
comment on function private.due_connections(integer) is 'Connections of all tenants whose next sync is due, one of each tenant first. Ids only.';
grant execute on function private.due_connections(integer) to worker;

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
  with due as (
    select
      j.tenant_id,
      j.id,
      j.created_at,
      row_number() over (
        partition by j.tenant_id
        order by (j.trigger = 'schedule'), j.created_at, j.id
      ) as turn
    from app.ingestion_jobs as j
    where j.state in ('queued', 'running')
      and coalesce(j.lease_until, j.next_run_at) <= now()
      and not exists (
        select
        from app.ingestion_jobs as b
        where b.tenant_id = j.tenant_id
          and b.connection_id = j.connection_id
          and b.id <> j.id
          and b.state = 'running'
          and b.lease_until > now()
      )
  ),

  busy as (
    select r.tenant_id, count(*) as running
    from app.ingestion_jobs as r
    where r.state = 'running' and r.lease_until > now()
    group by r.tenant_id
  ),

  served as (
    select
      w.tenant_id,
      (
        select max(s.started_at)
        from app.ingestion_jobs as s
        where s.tenant_id = w.tenant_id
      ) as last_at
    from (select distinct d.tenant_id from due as d) as w
  )

  select d.tenant_id, d.id
  from due as d
  join served as s on s.tenant_id = d.tenant_id
  left join busy as b on b.tenant_id = d.tenant_id
  order by d.turn + coalesce(b.running, 0), s.last_at nulls first, d.created_at
  limit least(most, 1000)
$function$;
comment on function private.due_jobs(integer) is 'Jobs of all tenants that nobody works on and that are due: those first whose tenants have the
fewest at work, or were served longest ago. Ids only.';
grant execute on function private.due_jobs(integer) to worker;

CREATE OR REPLACE FUNCTION private.due_webhook_events(most integer)
 RETURNS TABLE(tenant_id uuid, event_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select due.tenant_id, due.id
  from (
    select
      e.tenant_id,
      e.id,
      e.received_at,
      row_number() over (partition by e.tenant_id order by e.received_at, e.id) as turn
    from app.webhook_events as e
    where e.state in ('received', 'processing', 'failed')
      and coalesce(e.locked_until, e.next_attempt_at) <= now()
  ) as due
  order by due.turn, due.received_at
  limit least(most, 1000)
$function$;
comment on function private.due_webhook_events(integer) is 'Events of all tenants that are to be processed again, one of each tenant first. Ids only.';
grant execute on function private.due_webhook_events(integer) to worker;

CREATE OR REPLACE FUNCTION private.ending_credentials(before timestamp with time zone, most integer)
 RETURNS TABLE(tenant_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select ending.tenant_id, ending.connection_id
  from (
    select
      k.tenant_id,
      k.connection_id,
      k.expires_at,
      row_number() over (partition by k.tenant_id order by k.expires_at, k.connection_id) as turn
    from app.connection_credentials as k
    join app.connections as c on c.tenant_id = k.tenant_id and c.id = k.connection_id
    where k.expires_at < before
      -- What could not be renewed for a day is left to syncs, or it would be asked for ever.
      and k.expires_at > now() - interval '1 day'
      and c.status in ('active', 'error')
  ) as ending
  order by ending.turn, ending.expires_at
  limit least(most, 1000)
$function$;
comment on function private.ending_credentials(timestamp with time zone,integer) is 'Connections of all tenants whose access tokens end before an instant, or did within a day; one of each tenant first. Ids only.';
grant execute on function private.ending_credentials(timestamp with time zone,integer) to worker;

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

CREATE OR REPLACE FUNCTION private.follow_with_expenses()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Planned each time: what suits one row is a hundred thousand times too slow for as many. What
  -- an expense says is compared with what it should say, so that no other row is written.
  execute $sql$
    update app.expenses as e
    set
      status = w.status, amount = coalesce(w.amount, e.amount), currency = w.currency,
      spent_on = w.spent_on, description = w.description, merchant_name = w.merchant_name,
      category = w.category
    from (
      select
        n.tenant_id, n.id, n.currency, n.sort_date as spent_on, n.description, n.merchant_name,
        case
          when n.status = 'posted' and n.amount < 0 and n.duplicate_of is null then 'active'
          else 'reversed'
        end as status,
        case when n.amount < 0 then - n.amount end as amount,
        coalesce(n.user_category, n.derived_category, n.source_category) as category
      from after_rows as n
    ) as w
    where e.tenant_id = w.tenant_id
      and e.transaction_id = w.id
      and (
        e.status, e.amount, e.currency, e.spent_on, e.description, e.merchant_name, e.category
      ) is distinct from (
        w.status, coalesce(w.amount, e.amount), w.currency, w.spent_on, w.description,
        w.merchant_name, w.category
      )
  $sql$;
  return null;
end
$function$;
comment on function private.follow_with_expenses() is 'Keeps the expenses of the transactions that a statement changed as these are.';

CREATE OR REPLACE FUNCTION private.follow_with_links()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  part record;
  affected uuid[];
begin
  -- Planned each time, for one row or for thousands. What is said by a person stays as long as
  -- both rows do.
  for part in execute $sql$
    select
      n.tenant_id,
      array_agg(n.id) as ids,
      array_agg(n.id) filter (
        where n.status = 'removed' or n.account_id <> o.account_id
      ) as gone_ids
    from after_rows as n
    join before_rows as o on o.tenant_id = n.tenant_id and o.id = n.id
    where (n.status, n.account_id, n.amount, n.currency, n.sort_date)
      is distinct from (o.status, o.account_id, o.amount, o.currency, o.sort_date)
    group by n.tenant_id
  $sql$
  loop
    with undone as (
      update app.transaction_links as l
      set state = 'undone', undone_at = now(), undone_by = null
      where l.tenant_id = part.tenant_id
        and l.id in (
          select s.id
          from app.transaction_links as s
          where s.tenant_id = part.tenant_id and s.transaction_id = any(part.ids)
          union
          select s.id
          from app.transaction_links as s
          where s.tenant_id = part.tenant_id and s.other_id = any(part.ids)
        )
        and l.state = 'active'
        and (
          l.method = 'auto'
          or l.transaction_id = any(part.gone_ids)
          or l.other_id = any(part.gone_ids)
        )
      returning l.transaction_id, l.other_id
    )
    select array_agg(s.id) into affected
    from (
      select u.transaction_id as id
      from undone as u
      union
      select u.other_id
      from undone as u
    ) as s;
    if affected is not null then
      perform private.recount_duplicates(part.tenant_id, affected);
    end if;
    insert into app.unmatched_transactions (tenant_id, transaction_ids)
    values (part.tenant_id, part.ids || coalesce(affected, '{}'));
  end loop;
  return null;
end
$function$;
comment on function private.follow_with_links() is 'Undoes the links of rows that went or changed, so that what they hid counts again, and notes
them to be compared anew.';

CREATE OR REPLACE FUNCTION private.follow_with_reconciled()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update app.transactions as t
  set reconciled = g.active, reconciled_at = case when g.active then now() end
  from (
    select
      c.tenant_id,
      c.transaction_id,
      exists (
        select
        from app.reconciliation_members as m
        where m.tenant_id = c.tenant_id and m.transaction_id = c.transaction_id and m.active
      ) as active
    from changed as c
  ) as g
  where t.tenant_id = g.tenant_id and t.id = g.transaction_id and t.reconciled <> g.active;
  return null;
end
$function$;
comment on function private.follow_with_reconciled() is 'Keeps transactions.reconciled as the groups are.';

CREATE OR REPLACE FUNCTION private.forget_mapping_decision()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.decided_by := null;
  new.match_score := null;
  new.match_reasons := null;
  new.match_rule := null;
  return new;
end
$function$;
comment on function private.forget_mapping_decision() is 'A mapping that waits again is nobody''s decision.';

CREATE OR REPLACE FUNCTION private.forget_superseded_reason()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.superseded_reason := null;
  return new;
end
$function$;
comment on function private.forget_superseded_reason() is 'Takes the reason away for which a question was closed, as it is asked again.';

CREATE OR REPLACE FUNCTION private.forget_undone_reason()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.undone_reason := null;
  new.undone_rule_version := null;
  return new;
end
$function$;
comment on function private.forget_undone_reason() is 'Takes the reason away for which a link was undone, as it holds again.';

CREATE OR REPLACE FUNCTION private.hand_over(ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  of_tenant uuid := private.worker_tenant_id();
  part record;
begin
  -- Rows that do not count any more, in the order in which everybody writes rows.
  for part in
    select t.id as left_id, t.duplicate_of as kept_id
    from app.transactions as t
    where t.tenant_id = of_tenant and t.id = any(ids) and t.duplicate_of is not null
    order by t.id
  loop
    -- The category stays on the other as well, as do parts: if that counts again, it has them.
    update app.transactions as k
    set
      user_category = f.user_category,
      user_category_by = f.user_category_by,
      user_category_at = f.user_category_at
    from app.transactions as f
    where k.tenant_id = of_tenant
      and k.id = part.kept_id
      and f.tenant_id = of_tenant
      and f.id = part.left_id
      and f.user_category is not null
      and (k.user_category_at is null or f.user_category_at >= k.user_category_at);

    if exists (
      select
      from app.transaction_parts as p
      join app.transactions as k on k.tenant_id = of_tenant and k.id = part.kept_id
      where p.tenant_id = of_tenant
        and p.transaction_id = part.left_id
        and (k.amount, k.currency) = (p.whole, p.currency)
    ) then
      delete from app.transaction_parts as p
      where p.tenant_id = of_tenant and p.transaction_id = part.kept_id;
      insert into app.transaction_parts (
        tenant_id, transaction_id, position, amount, whole, currency, category, note, created_by,
        created_at
      )
      select
        p.tenant_id, part.kept_id, p.position, p.amount, p.whole, p.currency, p.category, p.note,
        p.created_by, p.created_at
      from app.transaction_parts as p
      where p.tenant_id = of_tenant and p.transaction_id = part.left_id;
    end if;

    -- A row is of one group, which has it once: this one is counted in place of the other.
    update app.reconciliation_members as m
    set transaction_id = part.kept_id
    where m.tenant_id = of_tenant
      and m.transaction_id = part.left_id
      and m.active
      and not exists (
        select
        from app.reconciliation_members as o
        where o.tenant_id = of_tenant
          and o.transaction_id = part.kept_id
          and (o.active or o.reconciliation_id = m.reconciliation_id)
      );
    update app.transactions as t
    set reconciled = false, reconciled_at = null
    where t.tenant_id = of_tenant
      and t.id = part.left_id
      and t.reconciled
      and not exists (
        select
        from app.reconciliation_members as m
        where m.tenant_id = of_tenant and m.transaction_id = part.left_id and m.active
      );
    perform private.hand_over_links(of_tenant, part.left_id, part.kept_id);
  end loop;
end
$function$;
comment on function private.hand_over(uuid[]) is 'Gives what people decided about rows that do not count any more to those that count instead: category, parts, group, and transfers and refunds. For a worker, of its tenant.';
grant execute on function private.hand_over(uuid[]) to worker;

CREATE OR REPLACE FUNCTION private.hand_over_links(of_tenant uuid, left_id uuid, kept_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  one record;
begin
  for one in
    select w.*
    from (
      select
        l.*,
        case when l.transaction_id = left_id then kept_id else coalesce(t.duplicate_of, t.id) end
          as kept_transaction_id,
        case when l.other_id = left_id then kept_id else coalesce(o.duplicate_of, o.id) end
          as kept_other_id
      from app.transaction_links as l
      join app.transactions as t on t.tenant_id = l.tenant_id and t.id = l.transaction_id
      join app.transactions as o on o.tenant_id = l.tenant_id and o.id = l.other_id
      where l.tenant_id = of_tenant
        and l.kind in ('transfer', 'refund')
        and l.state = 'active'
        and (l.transaction_id = left_id or l.other_id = left_id)
    ) as w
    where not exists (
      select
      from app.transaction_links as s
      where s.tenant_id = of_tenant
        and s.state = 'active'
        and s.kind = w.kind
        and s.id <> w.id
        and (
          (s.transaction_id = w.kept_transaction_id and s.other_id <> w.kept_other_id)
          or (
            s.other_id = w.kept_other_id
            and s.transaction_id <> w.kept_transaction_id
            and w.kind = 'transfer'
          )
        )
    )
    order by w.id
  loop
    update app.transaction_links as l
    set
      state = 'undone', undone_at = now(), undone_by = null, method = 'auto', created_by = null,
      undone_reason = 'primary_source', undone_rule_version = one.rule_version
    where l.tenant_id = of_tenant and l.id = one.id;
    insert into app.transaction_links as l (
      tenant_id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_at,
      created_by
    )
    values (
      of_tenant, one.kind, one.kept_transaction_id, one.kept_other_id, one.method, one.score,
      one.reasons, one.rule_version, one.created_at, one.created_by
    )
    on conflict (tenant_id, kind, transaction_id, other_id) do update
    set
      method = excluded.method, state = 'active', score = excluded.score,
      reasons = excluded.reasons, rule_version = excluded.rule_version,
      created_at = excluded.created_at, created_by = excluded.created_by, undone_at = null,
      undone_by = null
    -- What a person said of these very rows is said already.
    where l.state <> 'active' or l.method <> 'user';
  end loop;
end
$function$;
comment on function private.hand_over_links(uuid,uuid,uuid) is 'Gives transfers and refunds of a row to the one that counts instead.';

CREATE OR REPLACE FUNCTION private.hand_over_webhook(event uuid, held integer)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with handed_over as (
    update private.webhook_inbox as i
    set
      state = 'done', body = '', locked_until = null, next_attempt_at = null,
      last_error_code = null
    where i.id = event and i.tenant_id = private.worker_tenant_id()
      and i.fence = held and i.state = 'processing'
    returning i.id
  )
  select exists (select from handed_over)
$function$;
comment on function private.hand_over_webhook(uuid,integer) is 'Notes that the worker''s tenant has an event, and forgets its body; false: it was not held.';
grant execute on function private.hand_over_webhook(uuid,integer) to worker;

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

CREATE OR REPLACE FUNCTION private.keep_conclusions()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise insufficient_privilege using
    message = 'only what was concluded from choices is judged again by members';
end
$function$;

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

CREATE OR REPLACE FUNCTION private.keep_rule_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if tg_op = 'DELETE' then
    insert into app.category_rule_versions (
      tenant_id, rule_id, version, name, enabled, conditions, category, deleted, changed_by
    )
    values (
      old.tenant_id, old.id, old.version + 1, old.name, old.enabled, old.conditions, old.category,
      true, private.current_user_id()
    );
  else
    insert into app.category_rule_versions (
      tenant_id, rule_id, version, name, enabled, conditions, category, changed_by
    )
    values (
      new.tenant_id, new.id, new.version, new.name, new.enabled, new.conditions, new.category,
      new.updated_by
    )
    on conflict (tenant_id, rule_id, version) do nothing;
  end if;
  return null;
end
$function$;
comment on function private.keep_rule_version() is 'Keeps each version of a rule.';

CREATE OR REPLACE FUNCTION private.keep_statistics(written bigint)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  known bigint;
begin
  select greatest(c.reltuples, 0)::bigint into known
  from pg_class as c
  where c.oid = 'app.transactions'::regclass;
  if written >= 10000 and written > known / 5 then
    -- Where another one is at it, that one will do.
    analyze (skip_locked) app.transactions, app.account_mappings, app.account_balances;
  end if;
end;
$function$;
comment on function private.keep_statistics(bigint) is 'Looks at tables anew after so many rows were written, where these are a good part of all.';
grant execute on function private.keep_statistics(bigint) to worker;

CREATE OR REPLACE FUNCTION private.limit_ownership()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  -- Writers of one asset queue here, and each then sees the shares of those before it. The row
  -- is changed, not only locked, so that a writer with an older snapshot fails.
  update app.assets as a
  set updated_at = now()
  where a.tenant_id = new.tenant_id and a.id = new.asset_id;
  if (
    select sum(o.percentage)
    from app.asset_personas as o
    where o.tenant_id = new.tenant_id
      and o.asset_id = new.asset_id
      and o.ownership_type = 'owner'
  ) > 100 then
    raise exception 'owners hold 100 percent of an asset at most'
      using errcode = 'check_violation', constraint = 'asset_personas_sum_check';
  end if;
  return null;
end
$function$;
comment on function private.limit_ownership() is 'The shares of an asset''s owners never sum above 100, whoever writes at the same time.';

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

CREATE OR REPLACE FUNCTION private.note_conflict()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  policy text;
  kept app.transactions;
begin
  if new.set_aside is not null or old.set_aside is not null or old.status = 'pending' then
    return new;
  end if;
  if new.status = 'removed' then
    if not old.reconciled or old.status = 'removed' then
      return new;
    end if;
    kept := old;
    kept.missed_at := case
      when exists (
        select
        from app.transaction_conflicts as c
        where c.tenant_id = new.tenant_id
          and c.transaction_id = new.id
          and c.kind = 'removed'
          and c.state in ('asked', 'kept')
      ) then coalesce(old.missed_at, now())
      else now()
    end;
    insert into app.transaction_conflicts as c (
      tenant_id, transaction_id, kind, state, content_key, stored, incoming
    )
    values (
      new.tenant_id, new.id, 'removed', 'noted', new.content_key, private.version_of(to_jsonb(old)),
      '{"status": "removed"}'
    )
    on conflict (tenant_id, transaction_id) do update
    set
      kind = excluded.kind,
      state = case
        when c.kind = 'removed' and c.state in ('asked', 'kept') then c.state
        else excluded.state
      end,
      content_key = excluded.content_key,
      stored = excluded.stored,
      incoming = excluded.incoming,
      reconciliation_id = null,
      link_ids = '{}',
      noted_at = now();
    return kept;
  end if;
  if new.amount = old.amount
    and new.currency = old.currency
    and new.sort_date = old.sort_date
    and new.description_raw = old.description_raw then
    delete from app.transaction_conflicts as c
    where c.tenant_id = new.tenant_id
      and c.transaction_id = new.id
      and (c.kind = 'changed' or old.status = 'removed' or old.missed_at is not null);
    return new;
  end if;
  select
    coalesce(
      n.conflict_policy, w.conflict_policy, case when old.reconciled then 'ask' end,
      'provider_wins'
    )
  into policy
  from app.account_mappings as m
  join app.connections as n on n.tenant_id = m.tenant_id and n.id = m.connection_id
  join app.tenants as w on w.id = m.tenant_id
  where m.tenant_id = new.tenant_id and m.id = new.mapping_id;
  if policy = 'provider_wins' and not old.reconciled then
    return new;
  end if;
  insert into app.transaction_conflicts as c (
    tenant_id, transaction_id, kind, state, content_key, stored, incoming
  )
  values (
    new.tenant_id, new.id, 'changed', case policy when 'user_wins' then 'kept' else 'noted' end,
    new.content_key, private.version_of(to_jsonb(old)), private.version_of(to_jsonb(new))
  )
  on conflict (tenant_id, transaction_id) do update
  set
    kind = excluded.kind,
    state = case
      when c.kind = 'changed' and c.content_key = excluded.content_key then c.state
      else excluded.state
    end,
    content_key = excluded.content_key,
    stored = excluded.stored,
    incoming = excluded.incoming,
    reconciliation_id = null,
    link_ids = '{}',
    noted_at = now();
  -- Kept whoever wins: its group is undone with it, as soon as the conflict is settled.
  -- The key of what came: it is not written again, and another one is told from it.
  kept := old;
  kept.content_key := new.content_key;
  kept.missed_at := null;
  kept.status := case when old.status = 'removed' then new.status else old.status end;
  return kept;
end
$function$;
comment on function private.note_conflict() is 'Keeps a protected row as it is where its source contradicts, and notes both versions.';

CREATE OR REPLACE FUNCTION private.note_what_gave_way()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into app.unmatched_transactions (tenant_id, transaction_ids)
  values (new.tenant_id, array[new.transaction_id, new.other_id]);
  return null;
end
$function$;
comment on function private.note_what_gave_way() is 'Notes the rows of a link of the system''s that gave way to a member''s word.';

CREATE OR REPLACE FUNCTION private.number_rule_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (new.name, new.enabled, new.conditions, new.category)
    is distinct from (old.name, old.enabled, old.conditions, old.category)
  then
    new.version := old.version + 1;
  end if;
  return new;
end
$function$;
comment on function private.number_rule_version() is 'A rule that says something else has a new version; its place in the order is none of it.';

CREATE OR REPLACE FUNCTION private.over_quiltt_sessions(before timestamp with time zone, most integer)
 RETURNS TABLE(tenant_id uuid, persona_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select waiting.tenant_id, waiting.persona_id
  from (
    select
      s.tenant_id,
      s.persona_id,
      min(s.expires_at) as since,
      row_number() over (partition by s.tenant_id order by min(s.expires_at), s.persona_id) as turn
    from app.quiltt_sessions as s
    where s.sealed is not null
      and (s.state <> 'open' or s.expires_at <= before)
    group by s.tenant_id, s.persona_id
  ) as waiting
  order by waiting.turn, waiting.since
  limit least(most, 1000)
$function$;
comment on function private.over_quiltt_sessions(timestamp with time zone,integer) is 'Personas of all tenants with sessions that have ended here and not at Quiltt; one of each tenant first. Ids only.';
grant execute on function private.over_quiltt_sessions(timestamp with time zone,integer) to worker;

CREATE OR REPLACE FUNCTION private.primary_persona(holder uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  tenant uuid;
  persona uuid;
begin
  -- The claims alone do not make a worker: the role that runs the statement must be one.
  if current_setting('role') = 'worker' then
    tenant := private.worker_tenant_id();
  elsif holder = private.current_user_id() and private.has_role('member') then
    tenant := private.current_tenant_id();
  end if;
  select p.id into persona
  from app.personas as p
  where p.tenant_id = tenant and p.user_id = holder and p.is_primary;
  if found then
    return persona;
  end if;
  insert into app.personas (tenant_id, user_id, kind, given_name, email, is_primary)
  select
    m.tenant_id,
    m.user_id,
    'person',
    left(coalesce(nullif(split_part(m.email, '@', 1), ''), m.email), 200),
    case when length(m.email) >= 3 and position('@' in m.email) > 1 then lower(m.email) end,
    true
  from app.tenant_members as m
  where m.tenant_id = tenant and m.user_id = holder
  on conflict (tenant_id, user_id) where is_primary do nothing
  returning id into persona;
  if found then
    perform private.audit('persona.created', null, null, jsonb_build_object('personaId', persona));
    return persona;
  end if;
  -- No such member; or somebody else made it just now.
  return (
    select p.id
    from app.personas as p
    where p.tenant_id = tenant and p.user_id = holder and p.is_primary
  );
end
$function$;
comment on function private.primary_persona(uuid) is 'The primary persona of a member, made of their address on first use: of any member for a worker of the tenant, for a user their own. Else null.';
grant execute on function private.primary_persona(uuid) to authenticated;
grant execute on function private.primary_persona(uuid) to worker;

CREATE OR REPLACE FUNCTION private.provider_answered(slug text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update private.provider_states as s
  set
    failures = 0, failing_since = null, recent = '{}', opened = 0, open_until = null,
    probe_until = null
  where s.provider = slug and (s.failures > 0 or s.open_until is not null)
$function$;
comment on function private.provider_answered(text) is 'Notes that the provider answers: its circuit is closed.';
grant execute on function private.provider_answered(text) to worker;

CREATE OR REPLACE FUNCTION private.provider_circuits()
 RETURNS TABLE(provider text, is_open boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select s.provider, s.open_until is not null
  from private.provider_states as s
$function$;
comment on function private.provider_circuits() is 'Which providers do not answer at present.';
grant execute on function private.provider_circuits() to worker;

CREATE OR REPLACE FUNCTION private.provider_failed(slug text, failed_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  state private.provider_states;
  latest timestamptz[];
begin
  insert into private.provider_states as s (provider) values (slug) on conflict do nothing;
  select s.* into state from private.provider_states as s where s.provider = slug for update;
  if state.open_until > failed_at then
    -- Calls that were under way when it opened say nothing new.
    update private.provider_states as s
    set failures = s.failures + 1, probe_until = null
    where s.provider = slug;
    return;
  end if;
  if state.open_until is not null then
    update private.provider_states as s
    set
      failures = s.failures + 1,
      opened = s.opened + 1,
      open_until = failed_at + least(
        interval '30 seconds' * power(4, least(s.opened, 6)), interval '1 hour'
      ),
      probe_until = null
    where s.provider = slug;
    return;
  end if;
  -- Processes' clocks differ and their notes overtake each other: the newest one ends the minute.
  select array_agg(f.at order by f.at) into latest
  from (
    select n.at from (
      select n.at, max(n.at) over () as newest
      from unnest(state.recent || failed_at) as n (at)
    ) as n
    where n.at >= n.newest - interval '60 seconds'
    order by n.at desc
    limit 5
  ) as f;
  update private.provider_states as s
  set
    recent = latest,
    failures = cardinality(latest),
    failing_since = latest[1],
    opened = case when cardinality(latest) >= 5 then 1 else s.opened end,
    open_until = case when cardinality(latest) >= 5 then failed_at + interval '30 seconds' end,
    probe_until = null
  where s.provider = slug;
end
$function$;
comment on function private.provider_failed(text,timestamp with time zone) is 'Notes that the provider did not answer. Five times in a minute without an answer between open its
circuit for 30 s; each probe that fails makes that four times as long, up to an hour.';
grant execute on function private.provider_failed(text,timestamp with time zone) to worker;

CREATE OR REPLACE FUNCTION private.provider_may_call(slug text, asked_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  until timestamptz;
begin
  select greatest(s.open_until, s.probe_until)
  into until
  from private.provider_states as s
  where s.provider = slug and s.open_until is not null;
  if until is null then
    return null;
  end if;
  if until > asked_at then
    return until;
  end if;
  -- The time is over: the first who asks tries, and the others wait for what comes of it.
  update private.provider_states as s
  set probe_until = asked_at + interval '60 seconds'
  where s.provider = slug
    and s.open_until <= asked_at
    and (s.probe_until is null or s.probe_until <= asked_at);
  if found then
    return null;
  end if;
  return asked_at + interval '5 seconds';
end
$function$;
comment on function private.provider_may_call(text,timestamp with time zone) is 'Null: call. Else the circuit is open until then. After it, one caller may try.';
grant execute on function private.provider_may_call(text,timestamp with time zone) to worker;

CREATE OR REPLACE FUNCTION private.provider_state(slug text)
 RETURNS TABLE(enabled boolean, open_until timestamp with time zone, app_calls integer, connection_calls integer, attempts_max integer)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select s.enabled, s.open_until, s.app_calls, s.connection_calls, s.attempts_max
  from private.provider_states as s
  where s.provider = slug
$function$;
comment on function private.provider_state(text) is 'A provider''s circuit and what the operator set for it; no row: nothing was ever noted.';
grant execute on function private.provider_state(text) to authenticated;
grant execute on function private.provider_state(text) to worker;

CREATE OR REPLACE FUNCTION private.prune_leftovers(moment timestamp with time zone, delivery_age interval, notification_age interval, most integer)
 RETURNS TABLE(links integer, secrets integer, deliveries integer, notifications integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  part integer := least(most, 10000);
  channel_secrets integer;
  tenants uuid[];
  ids uuid[];
begin
  -- A day later than they end: who comes back late is told that it is over, not that it never was.
  with old as (
    select l.tenant_id, l.id from app.connection_links as l
    where l.expires_at < moment - interval '1 day'
    order by l.expires_at
    limit part
    for update skip locked
  )
  delete from app.connection_links as l using old as o
  where l.tenant_id = o.tenant_id and l.id = o.id;
  get diagnostics links = row_count;

  with old as (
    select e.id from private.webhook_endpoints as e
    where e.previous_until < moment
    limit part
    for update skip locked
  )
  update private.webhook_endpoints as e
  set sealed_previous = null, previous_until = null
  from old as o
  where e.id = o.id;
  get diagnostics secrets = row_count;

  with old as (
    select s.tenant_id, s.channel_id from app.notification_channel_secrets as s
    where s.sealed_previous is not null and s.previous_until < moment
    limit part
    for update skip locked
  )
  update app.notification_channel_secrets as s
  set sealed_previous = null, previous_until = null
  from old as o
  where s.tenant_id = o.tenant_id and s.channel_id = o.channel_id;
  get diagnostics channel_secrets = row_count;
  secrets := secrets + channel_secrets;

  with old as (
    select d.tenant_id, d.id from app.notification_deliveries as d
    where d.settled_at < moment - greatest(delivery_age, interval '30 days')
    order by d.settled_at
    limit part
    for update skip locked
  )
  delete from app.notification_deliveries as d using old as o
  where d.tenant_id = o.tenant_id and d.id = o.id;
  get diagnostics deliveries = row_count;

  -- Not before the last of its deliveries is: what is under way still needs it.
  with old as (
    select n.tenant_id, n.id from app.notifications as n
    where n.created_at < moment - greatest(notification_age, interval '90 days')
      and not exists (
        select from app.notification_deliveries as d
        where d.tenant_id = n.tenant_id and d.notification_id = n.id
      )
    order by n.created_at
    limit part
    for update skip locked
  )
  select array_agg(o.tenant_id), array_agg(o.id) into tenants, ids from old as o;
  delete from app.notification_reads as r
  using unnest(tenants, ids) as o (tenant_id, id)
  where r.tenant_id = o.tenant_id and r.notification_id = o.id;
  delete from app.notifications as n
  using unnest(tenants, ids) as o (tenant_id, id)
  where n.tenant_id = o.tenant_id and n.id = o.id;
  get diagnostics notifications = row_count;
  return next;
end
$function$;
comment on function private.prune_leftovers(timestamp with time zone,interval,interval,integer) is 'Forgets links that ended, secrets before rotations, settled deliveries (30 days at least) and
notifications (90 days at least), so many of each; returns how many.';
grant execute on function private.prune_leftovers(timestamp with time zone,interval,interval,integer) to webhook;

CREATE OR REPLACE FUNCTION private.prune_webhooks(age interval, most integer)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  -- Ids of events are kept longer than any provider sends them again.
  with old as (
    select i.id from private.webhook_inbox as i
    where i.received_at < now() - greatest(age, interval '30 days')
      and i.state in ('done', 'ignored', 'dead')
    order by i.received_at
    limit most
  ),
  forgotten as (
    delete from private.webhook_inbox as i using old as o where i.id = o.id returning i.id
  ),
  old_events as (
    select e.tenant_id, e.id from app.webhook_events as e
    where e.received_at < now() - greatest(age, interval '30 days')
      and e.state in ('done', 'ignored', 'dead')
    order by e.received_at
    limit most
  ),
  forgotten_events as (
    delete from app.webhook_events as e using old_events as o
    where e.tenant_id = o.tenant_id and e.id = o.id
    returning e.id
  )
  select ((select count(*) from forgotten) + (select count(*) from forgotten_events))::integer
$function$;
comment on function private.prune_webhooks(interval,integer) is 'Forgets settled events of this age, 30 days at least; returns how many.';
grant execute on function private.prune_webhooks(interval,integer) to webhook;

CREATE OR REPLACE FUNCTION private.put_webhook_route(for_connection uuid, of_provider text, of_environment text, of_item text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into private.webhook_routes as r (tenant_id, connection_id, provider, environment, item)
  values (private.worker_tenant_id(), for_connection, of_provider, of_environment, of_item)
  on conflict (provider, environment, item) do update set connection_id = excluded.connection_id
  where r.tenant_id = excluded.tenant_id;
  if not found then
    return false;
  end if;
  update private.webhook_inbox as i
  set next_attempt_at = now(), attempts = 0
  where i.state = 'parked'
    and i.provider = of_provider and i.environment = of_environment and i.item = of_item;
  return true;
end
$function$;
comment on function private.put_webhook_route(uuid,text,text,text) is 'Sends events to a connection of the worker''s tenant, also those that came before the link did; false: they are another tenant''s.';
grant execute on function private.put_webhook_route(uuid,text,text,text) to worker;

CREATE OR REPLACE FUNCTION private.rate_pending(about uuid, score integer)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  update app.account_mappings as m
  set match_score = score
  where m.tenant_id = private.current_tenant_id()
    and m.id = about
    and m.state = 'pending'
    and m.match_score is distinct from score
    and private.has_role('member')
$function$;
comment on function private.rate_pending(uuid,integer) is 'How likely the likeliest account is that a mapping of the caller''s may be. For members.';
grant execute on function private.rate_pending(uuid,integer) to authenticated;

CREATE OR REPLACE FUNCTION private.receive_webhooks(endpoints uuid[], kept_headers jsonb[], keys text[], types text[], environments text[], items text[], instants timestamp with time zone[], bodies bytea[])
 RETURNS TABLE(endpoint_id uuid, dedupe_key text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  -- In the order of their keys, so that two statements which tell the same do not deadlock.
  insert into private.webhook_inbox (
    tenant_id, connection_id, provider, endpoint_id, dedupe_key, event_type, environment, item,
    event_at, headers, body
  )
  select
    e.tenant_id, e.connection_id, e.provider, e.id, one.key, one.type, one.environment, one.item,
    one.instant, one.headers, one.body
  from unnest(endpoints, kept_headers, keys, types, environments, items, instants, bodies)
    as one (endpoint, headers, key, type, environment, item, instant, body)
  join private.webhook_endpoints as e on e.id = one.endpoint and e.disabled_at is null
  order by e.id, one.key
  on conflict (endpoint_id, dedupe_key) do nothing
  returning endpoint_id, dedupe_key
$function$;
comment on function private.receive_webhooks(uuid[],jsonb[],text[],text[],text[],text[],timestamp with time zone[],bytea[]) is 'Keeps verified events, and tells which of them were new.';
grant execute on function private.receive_webhooks(uuid[],jsonb[],text[],text[],text[],text[],timestamp with time zone[],bytea[]) to webhook;

CREATE OR REPLACE FUNCTION private.recount_duplicates(of_tenant uuid, ids uuid[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with recursive below as (
    select i.id
    from unnest(ids) as i (id)
    union
    select l.transaction_id
    from below as b
    join app.transaction_links as l
      on l.tenant_id = of_tenant
        and l.other_id = b.id
        and l.state = 'active'
        and l.kind in ('duplicate', 'pending_posted')
  ),

  above as (
    select b.id, b.id as root, 0 as depth
    from below as b
    union all
    select a.id, l.other_id, a.depth + 1
    from above as a
    join app.transaction_links as l
      on l.tenant_id = of_tenant
        and l.transaction_id = a.root
        and l.state = 'active'
        and l.kind in ('duplicate', 'pending_posted')
    where a.depth < 20
  ),

  roots as (
    select distinct on (a.id) a.id, nullif(a.root, a.id) as root
    from above as a
    order by a.id, a.depth desc
  )

  update app.transactions as t
  set duplicate_of = r.root
  from roots as r
  where t.tenant_id = of_tenant and t.id = r.id and t.duplicate_of is distinct from r.root
$function$;
comment on function private.recount_duplicates(uuid,uuid[]) is 'Brings transactions, and what is linked below them, to what the active links say.';
grant execute on function private.recount_duplicates(uuid,uuid[]) to authenticated;
grant execute on function private.recount_duplicates(uuid,uuid[]) to worker;

CREATE OR REPLACE FUNCTION private.refund_room(of_tenant uuid, payment_id uuid)
 RETURNS numeric
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
comment on function private.refund_room(uuid,uuid) is 'What refunds that are linked leave of a payment: no more may come back.';
grant execute on function private.refund_room(uuid,uuid) to authenticated;
grant execute on function private.refund_room(uuid,uuid) to worker;

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

CREATE OR REPLACE FUNCTION private.remove_webhook_routes(for_connection uuid)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with gone as (
    delete from private.webhook_routes as r
    where r.tenant_id = private.worker_tenant_id() and r.connection_id = for_connection
    returning r.item
  )
  select count(*)::integer from gone
$function$;
comment on function private.remove_webhook_routes(uuid) is 'Sends no more events to a connection of the worker''s tenant; returns how many names it had.';
grant execute on function private.remove_webhook_routes(uuid) to worker;

CREATE OR REPLACE FUNCTION private.replay_webhooks(ids uuid[])
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with unrouted as (
    update private.webhook_inbox as i
    set state = 'received', attempts = 0, next_attempt_at = now(), last_error_code = null
    where i.id = any(ids) and i.state in ('ignored', 'failed', 'dead', 'parked')
    returning i.id
  ),
  routed as (
    update app.webhook_events as e
    set state = 'received', attempts = 0, next_attempt_at = now(), error_code = null
    where e.id = any(ids) and e.state in ('done', 'ignored', 'failed', 'dead')
    returning e.tenant_id, e.connection_id, e.id
  ),
  noted as (
    insert into app.ingestion_audit_log (tenant_id, event, connection_id, data)
    select r.tenant_id, 'webhook.replayed', r.connection_id, jsonb_build_object('eventId', r.id)
    from routed as r
    returning id
  )
  select (
    (select count(*) from unrouted) + (select count(*) from routed)
    + 0 * (select count(*) from noted)
  )::integer
$function$;
comment on function private.replay_webhooks(uuid[]) is 'Has events processed again, and tells it in the audit log of their tenants; returns how many.';
grant execute on function private.replay_webhooks(uuid[]) to webhook;

CREATE OR REPLACE FUNCTION private.rewrap_previous_webhook_secret(old_sealed bytea, new_sealed bytea)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update private.webhook_endpoints as e
  set sealed_previous = new_sealed
  where e.sealed_previous = old_sealed
    and coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = private.worker_tenant_id();
  return found;
end
$function$;
comment on function private.rewrap_previous_webhook_secret(bytea,bytea) is 'The same for the secret before a rotation.';
grant execute on function private.rewrap_previous_webhook_secret(bytea,bytea) to worker;

CREATE OR REPLACE FUNCTION private.rewrap_tenant_key(old_sealed bytea, new_sealed bytea)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update private.tenant_keys as k
  set sealed_key = new_sealed
  where k.tenant_id = private.worker_tenant_id() and k.sealed_key = old_sealed;
  return found;
end
$function$;
comment on function private.rewrap_tenant_key(bytea,bytea) is 'Puts the worker''s tenant''s data key, sealed anew, in the place of what is known to be there.';
grant execute on function private.rewrap_tenant_key(bytea,bytea) to worker;

CREATE OR REPLACE FUNCTION private.rewrap_webhook_secret(old_sealed bytea, new_sealed bytea)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update private.webhook_endpoints as e
  set sealed_secret = new_sealed
  where e.sealed_secret = old_sealed
    and coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = private.worker_tenant_id();
  return found;
end
$function$;
comment on function private.rewrap_webhook_secret(bytea,bytea) is 'Puts a secret of the worker''s tenant, sealed anew, in the place of what is known to be there.';
grant execute on function private.rewrap_webhook_secret(bytea,bytea) to worker;

CREATE OR REPLACE FUNCTION private.rotate_webhook_endpoint(endpoint uuid, sealed bytea, keep interval)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with rotated as (
    update private.webhook_endpoints as e
    set
      sealed_secret = sealed, rotated_at = now(),
      sealed_previous = case when keep > interval '0' then e.sealed_secret end,
      previous_until = case
        when keep > interval '0' and e.sealed_secret is not null then now() + keep
      end
    where e.id = endpoint and e.disabled_at is null and (
      (e.kind = 'application' and current_setting('role') = 'webhook')
      or (e.tenant_id = private.current_tenant_id() and private.has_role('admin'))
    )
    returning e.id
  )
  select exists (select from rotated)
$function$;
comment on function private.rotate_webhook_endpoint(uuid,bytea,interval) is 'Signs with another secret from now on; the one before is taken for a while. False: none such.';
grant execute on function private.rotate_webhook_endpoint(uuid,bytea,interval) to authenticated;
grant execute on function private.rotate_webhook_endpoint(uuid,bytea,interval) to webhook;

CREATE OR REPLACE FUNCTION private.sealed_webhook_secrets()
 RETURNS TABLE(tenant_id uuid, id uuid, sealed_secret bytea, sealed_previous bytea)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select private.worker_tenant_id(), e.id, e.sealed_secret, e.sealed_previous
  from private.webhook_endpoints as e
  where coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = private.worker_tenant_id()
$function$;
comment on function private.sealed_webhook_secrets() is 'The sealed secrets of the worker''s tenant, to be wrapped anew.';
grant execute on function private.sealed_webhook_secrets() to worker;

CREATE OR REPLACE FUNCTION private.sealing_key(sealed bytea)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case
    when length(sealed) > 5 and substring(sealed from 1 for 4) = '\x42465601'::bytea
      then encode(substring(sealed from 6 for get_byte(sealed, 4)), 'escape')
  end
$function$;
comment on function private.sealing_key(bytea) is 'The id of the key-encryption key that sealed this, as it names it itself; null for other bytes.';
grant execute on function private.sealing_key(bytea) to worker;

CREATE OR REPLACE FUNCTION private.set_provider(slug text, is_enabled boolean, app_calls_a_minute integer, connection_calls_a_minute integer, tries integer)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into private.provider_states as s (
    provider, enabled, app_calls, connection_calls, attempts_max
  )
  values (
    slug, coalesce(is_enabled, true), app_calls_a_minute, connection_calls_a_minute, tries
  )
  on conflict (provider) do update
  set
    enabled = coalesce(is_enabled, s.enabled),
    app_calls = coalesce(app_calls_a_minute, s.app_calls),
    connection_calls = coalesce(connection_calls_a_minute, s.connection_calls),
    attempts_max = coalesce(tries, s.attempts_max)
$function$;
comment on function private.set_provider(text,boolean,integer,integer,integer) is 'What the operator sets for a provider; null leaves a value as it is.';
grant execute on function private.set_provider(text,boolean,integer,integer,integer) to worker;

CREATE OR REPLACE FUNCTION private.settle_balances(about uuid[], settled_at timestamp with time zone)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
AS $function$
  with settled as (
    update app.notifications as n
    set
      key = 'settled:' || n.id || ':' || n.key,
      data = n.data || jsonb_build_object('settledAt', settled_at)
    where n.tenant_id = (select private.worker_tenant_id())
      and n.id = any(about)
      and n.key like 'balance:%'
    returning n.id
  )
  select count(*)
  from settled
$function$;
comment on function private.settle_balances(uuid[],timestamp with time zone) is 'Says of notifications of balances that these add up again, and frees their keys. For workers.';
grant execute on function private.settle_balances(uuid[],timestamp with time zone) to worker;

CREATE OR REPLACE FUNCTION private.settle_conflict(about uuid, take boolean)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select
    private.has_role('member')
    and private.apply_conflicts(private.current_tenant_id(), array[about], take) > 0
$function$;
comment on function private.settle_conflict(uuid,boolean) is 'Makes a row of the caller''s what its source says, or what was stored. For members.';
grant execute on function private.settle_conflict(uuid,boolean) to authenticated;

CREATE OR REPLACE FUNCTION private.settle_noted(about uuid[], take boolean)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select private.apply_conflicts(private.worker_tenant_id(), about, take)
$function$;
comment on function private.settle_noted(uuid[],boolean) is 'Makes rows what their source says, or what was stored. For workers, of their tenant.';
grant execute on function private.settle_noted(uuid[],boolean) to worker;

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

CREATE OR REPLACE FUNCTION private.settle_webhook(event uuid, held integer, outcome text, delay interval, error_code text)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with settled as (
    update private.webhook_inbox as i
    set
      state = outcome, locked_until = null, last_error_code = error_code,
      next_attempt_at = now() + delay,
      -- A look for a route delays the next one, and is no attempt at the event.
      attempts = case when outcome = 'parked' then least(i.attempts, 5) else i.attempts end
    where i.id = event and i.fence = held and i.state = 'processing'
    returning i.id
  )
  select exists (select from settled)
$function$;
comment on function private.settle_webhook(uuid,integer,text,interval,text) is 'Says how an attempt ended, unless another worker has the event by now.';
grant execute on function private.settle_webhook(uuid,integer,text,interval,text) to webhook;

CREATE OR REPLACE FUNCTION private.sign_mapping_decision()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.state <> 'pending' then
    new.decided_by := 'user';
    new.match_score := null;
    new.match_reasons := null;
    new.match_rule := null;
  end if;
  if old.account_id is not null then
    insert into app.mapping_refusals (tenant_id, mapping_id, account_id, created_by)
    values (new.tenant_id, new.id, old.account_id, private.current_user_id())
    on conflict (tenant_id, mapping_id, account_id) do nothing;
  end if;
  if new.account_id is not null then
    delete from app.mapping_refusals as r
    where r.tenant_id = new.tenant_id
      and r.mapping_id = new.id
      and r.account_id = new.account_id;
  end if;
  return new;
end
$function$;
comment on function private.sign_mapping_decision() is 'A person''s decision about a mapping is a person''s; the account that it leaves is refused.';

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

CREATE OR REPLACE FUNCTION private.sync_totals(since timestamp with time zone)
 RETURNS TABLE(provider text, state text, error_kind text, syncs bigint, median_s numeric, p95_s numeric)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select
    c.provider,
    j.state,
    coalesce(j.error_kind, ''),
    count(*),
    round(
      (percentile_cont(0.5) within group (order by extract(epoch from j.finished_at - j.started_at)))
      ::numeric, 3
    ),
    round(
      (percentile_cont(0.95) within group (order by extract(epoch from j.finished_at - j.started_at)))
      ::numeric, 3
    )
  from app.ingestion_jobs as j
  join app.connections as c on c.tenant_id = j.tenant_id and c.id = j.connection_id
  where j.kind = 'sync' and j.finished_at >= since and j.started_at is not null
  group by c.provider, j.state, coalesce(j.error_kind, '')
$function$;
comment on function private.sync_totals(timestamp with time zone) is 'Syncs of all tenants that ended since an instant, by provider and outcome: counts and durations.
No ids.';
grant execute on function private.sync_totals(timestamp with time zone) to worker;

CREATE OR REPLACE FUNCTION private.tenant_webhook_endpoints()
 RETURNS TABLE(tenant_id uuid, id uuid, connection_id uuid, provider text, has_secret boolean, previous_until timestamp with time zone, created_by uuid, created_at timestamp with time zone, rotated_at timestamp with time zone, disabled_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select
    e.tenant_id, e.id, e.connection_id, e.provider, e.sealed_secret is not null, e.previous_until,
    e.created_by, e.created_at, e.rotated_at, e.disabled_at
  from private.webhook_endpoints as e
  where e.tenant_id = private.current_tenant_id() and private.has_role('admin')
$function$;
comment on function private.tenant_webhook_endpoints() is 'The endpoints of the current tenant''s connections, without secrets; none but for admins.';
grant execute on function private.tenant_webhook_endpoints() to authenticated;

CREATE OR REPLACE FUNCTION private.tenants_after(after uuid, most integer)
 RETURNS TABLE(tenant_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select t.id
  from app.tenants as t
  where t.id > after
  order by t.id
  limit least(most, 1000)
$function$;
comment on function private.tenants_after(uuid,integer) is 'The next tenants by id, for work that goes through all of them one by one. Ids only.';
grant execute on function private.tenants_after(uuid,integer) to worker;

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

CREATE OR REPLACE FUNCTION private.transactions_like(pattern text, day_from date, day_to date, amount_from bigint, amount_to bigint)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  most constant integer := 5000;
  most_unindexed constant integer := 20000;
  most_sampled constant integer := 78;
  asking_tenant constant uuid := private.current_tenant_id();
  lowered constant text := lower(pattern);
  first_day constant date := coalesce(day_from, '-infinity');
  last_day constant date := coalesce(day_to, 'infinity');
  least_amount constant bigint := coalesce(amount_from, -9223372036854775808);
  most_amount constant bigint := coalesce(amount_to, 9223372036854775807);
  unindexed bigint;
  sampled bigint;
  found_ids uuid[];
  more_ids uuid[];
begin
  select
    coalesce(sum(u.size), 0),
    (
      select count(*)
      from (
        select
        from app.transaction_texts as x
        where x.tenant_id = asking_tenant
          and x.sort_date >= first_day
          and x.sort_date <= last_day
          and get_byte(uuid_send(x.transaction_id), 15) < 4
        limit most_sampled + 1
      ) as s
    )
  into unindexed, sampled
  from app.unindexed_texts as u
  where u.tenant_id = asking_tenant;
  if unindexed > most_unindexed then
    return null;
  end if;
  if sampled <= most_sampled then
    -- The function, not its operator `like`, for which the planner might take the index of trigrams.
    select array_agg(f.transaction_id) into found_ids
    from (
      (
        select x.transaction_id
        from app.transaction_texts as x
        where x.tenant_id = asking_tenant
          and x.sort_date >= first_day
          and x.sort_date <= last_day
          and x.amount_key >= least_amount
          and x.amount_key <= most_amount
          and octet_length(x.text) <= 2000
          and textlike(x.text, lowered)
      )
      union all
      (
        select x.transaction_id
        from app.transaction_texts as x
        where x.tenant_id = asking_tenant
          and x.sort_date >= first_day
          and x.sort_date <= last_day
          and x.amount_key >= least_amount
          and x.amount_key <= most_amount
          and octet_length(x.text) > 2000
          and textlike(x.text, lowered)
      )
    ) as f;
  elsif lowered !~ '[[:alnum:]]{3}' then
    -- Shorter runs have no trigram, and a pattern without one would read the whole index.
    return null;
  else
    -- Planned anew for each pattern and days: by the rarer of both, or by the table.
    execute $search$
      select array_agg(f.transaction_id)
      from (
        select x.transaction_id
        from app.transaction_texts as x
        where x.tenant_id = $1
          and x.text like $2
          and x.sort_date >= $3
          and x.sort_date <= $4
          and x.amount_key >= $5
          and x.amount_key <= $6
        limit $7
      ) as f
    $search$ into found_ids
    using asking_tenant, lowered, first_day, last_day, least_amount, most_amount, most + 1;
  end if;
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
comment on function private.transactions_like(text,date,date,bigint,bigint) is 'Ids of the caller''s transactions of these days and amounts (in hundredths, rounded down) whose
texts may match; null where too many.';
grant execute on function private.transactions_like(text,date,date,bigint,bigint) to authenticated;

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

CREATE OR REPLACE FUNCTION private.version_of(one jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object(
    'job_id', one -> 'job_id', 'raw_id', one -> 'raw_id', 'raw_line', one -> 'raw_line',
    'raw_line_end', one -> 'raw_line_end', 'content_key', one -> 'content_key',
    'external_id', one -> 'external_id', 'status', one -> 'status', 'amount', one ->> 'amount',
    'currency', one -> 'currency', 'sort_date', one -> 'sort_date',
    'posted_date', one -> 'posted_date', 'transaction_date', one -> 'transaction_date',
    'value_date', one -> 'value_date', 'description', one -> 'description',
    'description_raw', one -> 'description_raw', 'merchant_name', one -> 'merchant_name',
    'reference', one -> 'reference', 'customer_reference', one -> 'customer_reference',
    'type_code', one -> 'type_code', 'source_category', one -> 'source_category',
    'running_balance', one ->> 'running_balance', 'extra', one -> 'extra'
  ) || jsonb_build_object(
    'merchant', one -> 'merchant', 'merchant_key', one -> 'merchant_key',
    'derived_category', one -> 'derived_category',
    'suggested_category', one -> 'suggested_category', 'category_code', one -> 'category_code',
    'category_origin', one -> 'category_origin',
    'category_confidence', one -> 'category_confidence',
    'category_reason', one -> 'category_reason', 'category_rule_id', one -> 'category_rule_id'
  )
$function$;
comment on function private.version_of(jsonb) is 'What a source said of a row, so that it can be put back.';

CREATE OR REPLACE FUNCTION private.webhook_endpoint(hash bytea)
 RETURNS TABLE(id uuid, provider text, tenant_id uuid, sealed_secret bytea, sealed_previous bytea, previous_until timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select e.id, e.provider, e.tenant_id, e.sealed_secret, e.sealed_previous, e.previous_until
  from private.webhook_endpoints as e
  left join app.connections as c on c.tenant_id = e.tenant_id and c.id = e.connection_id
  where e.token_hash = hash
    and e.disabled_at is null
    and c.status is distinct from 'disconnected'
$function$;
comment on function private.webhook_endpoint(bytea) is 'The endpoint that takes events, with its sealed secrets; none where it takes none any more.';
grant execute on function private.webhook_endpoint(bytea) to webhook;

CREATE OR REPLACE FUNCTION private.webhook_meters()
 RETURNS TABLE(provider text, state text, events bigint, waits interval)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select w.provider, w.state, count(*), max(now() - w.due_at)
  from (
    select i.provider, i.state, case when i.state <> 'parked' then i.next_attempt_at end as due_at
    from private.webhook_inbox as i
    where i.state in ('received', 'processing', 'failed', 'parked')
      or i.state <> 'done' and i.received_at > now() - interval '1 hour'
    union all
    select e.provider, e.state, e.next_attempt_at
    from app.webhook_events as e
    where e.state in ('received', 'processing', 'failed')
      or e.received_at > now() - interval '1 hour'
  ) as w
  group by w.provider, w.state
$function$;
comment on function private.webhook_meters() is 'How many events wait, and of the last hour are in which state; for how long the oldest is due.';
grant execute on function private.webhook_meters() to webhook;

CREATE OR REPLACE FUNCTION private.webhook_route(of_provider text, of_environment text, of_item text)
 RETURNS TABLE(tenant_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select r.tenant_id, r.connection_id
  from private.webhook_routes as r
  where r.provider = of_provider and r.environment = of_environment and r.item = of_item
$function$;
comment on function private.webhook_route(text,text,text) is 'Whose connection a provider means, in ids alone; none where nobody linked it.';
grant execute on function private.webhook_route(text,text,text) to webhook;

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
  decided_by text,
  match_score integer,
  match_reasons jsonb,
  match_rule integer,
  beside uuid[] not null default '{}'::uuid[],
  constraint account_mappings_pkey PRIMARY KEY (tenant_id, id),
  constraint account_mappings_external_key UNIQUE (tenant_id, lineage_id, external_account_id),
  constraint account_mappings_account_check CHECK (((state = 'mapped'::text) = (account_id IS NOT NULL))),
  constraint account_mappings_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint account_mappings_decided_by_check CHECK ((decided_by = ANY (ARRAY['opened'::text, 'matched'::text, 'user'::text]))),
  constraint account_mappings_external_account_id_check CHECK (((length(external_account_id) >= 1) AND (length(external_account_id) <= 500))),
  constraint account_mappings_external_name_check CHECK ((length(external_name) <= 500)),
  constraint account_mappings_institution_check CHECK ((length(institution) <= 500)),
  constraint account_mappings_masked_number_check CHECK (((length(masked_number) >= 1) AND (length(masked_number) <= 20))),
  constraint account_mappings_match_reasons_check CHECK (((jsonb_typeof(match_reasons) = 'array'::text) AND (pg_column_size(match_reasons) < 4096))),
  constraint account_mappings_match_rule_check CHECK ((match_rule > 0)),
  constraint account_mappings_match_score_check CHECK (((match_score >= 0) AND (match_score <= 100))),
  constraint account_mappings_matched_check CHECK (((((decided_by = 'matched'::text) IS TRUE) = (match_reasons IS NOT NULL)) AND ((match_reasons IS NULL) OR ((match_score IS NOT NULL) AND (match_rule IS NOT NULL))))),
  constraint account_mappings_number_hash_check CHECK ((length(number_hash) = 32)),
  constraint account_mappings_pending_check CHECK (((state <> 'pending'::text) OR (decided_by IS NULL))),
  constraint account_mappings_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'mapped'::text, 'ignored'::text])))
);
comment on table app.account_mappings is 'An account as a source calls it, and the tenant''s account that it feeds once someone said so.';
comment on column app.account_mappings.external_account_id is 'The source''s id; for a bank account number a keyed hash, for none is kept in clear.';
comment on column app.account_mappings.number_hash is 'Keyed hash of the full account number under the tenant''s data key; null where none is known.';
comment on column app.account_mappings.decided_by is 'opened: an account was made for it; matched: by rule; user: by a person; null: nobody has yet.';
comment on column app.account_mappings.match_score is 'How likely its account is, in percent; while pending, the likeliest account when last met.';
comment on column app.account_mappings.match_rule is 'The version of the rule that scored.';
comment on column app.account_mappings.beside is 'Mappings of the same account that some document has named together with this one. No foreign
keys, as of all ids in arrays: mappings are never deleted while their rows stand.';

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
  primary_mapping_id uuid,
  constraint accounts_pkey PRIMARY KEY (tenant_id, id),
  constraint accounts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint accounts_masked_number_check CHECK (((length(masked_number) >= 1) AND (length(masked_number) <= 20))),
  constraint accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint accounts_status_check CHECK ((status = ANY (ARRAY['active'::text, 'closed'::text]))),
  constraint accounts_type_check CHECK ((type = ANY (ARRAY['checking'::text, 'savings'::text, 'credit_card'::text, 'loan'::text, 'investment'::text, 'cash'::text, 'other'::text])))
);
comment on table app.accounts is 'The tenant''s own accounts, whatever sources feed them.';
comment on column app.accounts.primary_mapping_id is 'The source whose balances are shown first, where several feed the account; null: none is.';

create table app.applied_pages (
  tenant_id uuid not null,
  raw_id uuid not null,
  job_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint applied_pages_pkey PRIMARY KEY (tenant_id, raw_id)
);
comment on table app.applied_pages is 'Which pages of syncs count: the others are kept, and were void or never came to be applied.';

create table app.asset_personas (
  tenant_id uuid not null,
  asset_id uuid not null,
  persona_id uuid not null,
  ownership_type text not null,
  percentage numeric,
  created_at timestamp with time zone not null default now(),
  constraint asset_personas_pkey PRIMARY KEY (tenant_id, asset_id, persona_id, ownership_type),
  constraint asset_personas_owner_check CHECK (((ownership_type <> 'owner'::text) OR (percentage IS NOT NULL))),
  constraint asset_personas_ownership_type_check CHECK ((ownership_type = ANY (ARRAY['owner'::text, 'beneficiary'::text, 'trustee'::text]))),
  constraint asset_personas_percentage_check CHECK (((scale(percentage) <= 2) AND (percentage > (0)::numeric) AND (abs(percentage) <= (100)::numeric)))
);
comment on table app.asset_personas is 'Who owns an asset, in which share, and for whose benefit or in whose trust it is held.';
comment on column app.asset_personas.percentage is 'Of owners: together 100 at most. Of beneficiaries and trustees it is not added up.';

create table app.assets (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  group_id uuid,
  account_id uuid,
  connection_id uuid,
  category text not null,
  name text not null,
  name_by_user boolean not null default false,
  description text,
  institution_name text,
  institution_by_user boolean not null default false,
  status text not null default 'active'::text,
  currency character(3) not null,
  value numeric,
  valued_at date,
  source text not null,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint assets_pkey PRIMARY KEY (tenant_id, id),
  constraint assets_account_key UNIQUE (tenant_id, account_id),
  constraint assets_account_category_check CHECK (((account_id IS NULL) OR (category = 'financial_account'::text))),
  constraint assets_category_check CHECK ((category = ANY (ARRAY['financial_account'::text, 'real_estate'::text, 'vehicle'::text, 'crypto'::text, 'business'::text, 'valuables'::text, 'insurance'::text, 'other'::text]))),
  constraint assets_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint assets_description_check CHECK (((length(description) >= 1) AND (length(description) <= 2000))),
  constraint assets_institution_name_check CHECK (((length(institution_name) >= 1) AND (length(institution_name) <= 200))),
  constraint assets_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint assets_source_check CHECK ((source = ANY (ARRAY['manual'::text, 'connection'::text]))),
  constraint assets_status_check CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text]))),
  constraint assets_value_check CHECK (((scale(value) <= 8) AND (abs(value) < '100000000000000'::numeric))),
  constraint assets_valued_at_check CHECK (((value IS NULL) = (valued_at IS NULL)))
);
comment on table app.assets is 'What personas own: accounts of the tenant, and what people entered. Archived, never deleted.';
comment on column app.assets.name_by_user is 'Whether a person chose the name; a connection changes it only where not.';
comment on column app.assets.institution_by_user is 'Whether a person named the institution; a connection changes it only where not.';
comment on column app.assets.value is 'What somebody said it is worth. Of an asset with an account the newest balance counts instead.';

create table app.categories (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  code text not null,
  description text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint categories_pkey PRIMARY KEY (tenant_id, id),
  constraint categories_name_key UNIQUE (tenant_id, name),
  constraint categories_code_check CHECK ((code ~ '^[A-Z][A-Z0-9_]{1,99}$'::text)),
  constraint categories_description_check CHECK (((length(description) >= 1) AND (length(description) <= 2000))),
  constraint categories_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
comment on table app.categories is 'Categories in the tenant''s own words, each below one of the taxonomy.';
comment on column app.categories.code is 'The primary or detailed category that it belongs to.';

create table app.category_looks (
  tenant_id uuid not null,
  looked_at timestamp with time zone not null,
  constraint category_looks_pkey PRIMARY KEY (tenant_id)
);
comment on table app.category_looks is 'Until when rows of jobs were looked at for questions and for payments that recur.';

create table app.category_mappings (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  provider_category text not null,
  category text not null,
  updated_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint category_mappings_pkey PRIMARY KEY (tenant_id, id),
  constraint category_mappings_provider_category_key UNIQUE (tenant_id, provider_category),
  constraint category_mappings_category_check CHECK (((length(category) >= 1) AND (length(category) <= 200))),
  constraint category_mappings_provider_category_check CHECK (((length(provider_category) >= 1) AND (length(provider_category) <= 500)))
);
comment on table app.category_mappings is 'What the tenant calls a category of a source or of the taxonomy.';

create table app.category_rule_versions (
  tenant_id uuid not null,
  rule_id uuid not null,
  version integer not null,
  name text not null,
  enabled boolean not null,
  conditions jsonb not null,
  category text not null,
  deleted boolean not null default false,
  changed_by uuid,
  changed_at timestamp with time zone not null default now(),
  constraint category_rule_versions_pkey PRIMARY KEY (tenant_id, rule_id, version)
);
comment on table app.category_rule_versions is 'Append-only: what each rule said, from when on, by whom; the last version of one that is gone
says so.';

create table app.category_rules (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  "position" integer not null,
  name text not null,
  enabled boolean not null default true,
  conditions jsonb not null,
  category text not null,
  version integer not null default 1,
  updated_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint category_rules_pkey PRIMARY KEY (tenant_id, id),
  constraint category_rules_category_check CHECK (((length(category) >= 1) AND (length(category) <= 200))),
  constraint category_rules_conditions_check CHECK (((jsonb_typeof(conditions) = 'object'::text) AND (pg_column_size(conditions) < 16384))),
  constraint category_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint category_rules_position_check CHECK (("position" >= 0))
);
comment on table app.category_rules is 'Rules of the tenant, tried in the order of their positions: the first that fits decides.';

create table app.connection_credentials (
  tenant_id uuid not null,
  connection_id uuid not null,
  sealed bytea not null,
  expires_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  version bigint not null default 1,
  constraint connection_credentials_pkey PRIMARY KEY (tenant_id, connection_id),
  constraint connection_credentials_sealed_check CHECK (((length(sealed) >= 32) AND (length(sealed) <= 65536)))
);
comment on table app.connection_credentials is 'Sealed credentials, apart from everything that a user may read.';
comment on column app.connection_credentials.version is 'Grows with every renewal: whoever waited for one sees that it has happened.';

create table app.connection_links (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  provider text not null,
  connection_id uuid,
  state_hash bytea not null,
  sealed bytea not null,
  callback_url text not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint connection_links_pkey PRIMARY KEY (tenant_id, id),
  constraint connection_links_callback_url_check CHECK (((length(callback_url) >= 1) AND (length(callback_url) <= 2000))),
  constraint connection_links_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text)),
  constraint connection_links_sealed_check CHECK (((length(sealed) >= 32) AND (length(sealed) <= 65536))),
  constraint connection_links_state_hash_check CHECK ((length(state_hash) = 32))
);
comment on table app.connection_links is 'One try to link: whose it is, what must come back, and what is kept sealed until then.';
comment on column app.connection_links.state_hash is 'SHA-256 of the state that was sent along: whoever comes back without it is somebody else.';

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
  sync_phase text not null default 'initial'::text,
  sync_progress integer,
  sync_accounts boolean not null default true,
  sync_transactions boolean not null default true,
  sync_investments boolean not null default true,
  lookback_days integer not null default 730,
  initial_complete_at timestamp with time zone,
  history_complete_at timestamp with time zone,
  consent_expires_at timestamp with time zone,
  error_code text,
  error_kind text,
  error_message text,
  next_step text,
  error_count integer not null default 0,
  retry_at timestamp with time zone,
  attention boolean not null default false,
  persona_id uuid,
  auto_import boolean not null default true,
  auto_reconcile boolean not null default true,
  conflict_policy text,
  import_pending boolean not null default true,
  constraint connections_pkey PRIMARY KEY (tenant_id, id),
  constraint connections_config_check CHECK (((jsonb_typeof(config) = 'object'::text) AND (pg_column_size(config) < 65536))),
  constraint connections_conflict_policy_check CHECK ((conflict_policy = ANY (ARRAY['provider_wins'::text, 'user_wins'::text, 'ask'::text]))),
  constraint connections_control_policy_check CHECK ((control_policy = ANY (ARRAY['ignore'::text, 'warn'::text, 'quarantine'::text]))),
  constraint connections_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint connections_decimals_check CHECK ((jsonb_typeof(decimals) = 'object'::text)),
  constraint connections_delivery_check CHECK ((delivery = ANY (ARRAY['cumulative'::text, 'incremental'::text]))),
  constraint connections_error_code_check CHECK ((length(error_code) <= 80)),
  constraint connections_error_count_check CHECK ((error_count >= 0)),
  constraint connections_error_kind_check CHECK ((error_kind = ANY (ARRAY['authentication'::text, 'network'::text, 'rate_limit'::text, 'validation'::text, 'business'::text]))),
  constraint connections_error_message_check CHECK ((length(error_message) <= 2000)),
  constraint connections_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint connections_lookback_days_check CHECK (((lookback_days >= 1) AND (lookback_days <= 3650))),
  constraint connections_mapping_policy_check CHECK ((mapping_policy = ANY (ARRAY['create'::text, 'ask'::text]))),
  constraint connections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint connections_next_step_check CHECK ((length(next_step) <= 2000)),
  constraint connections_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text)),
  constraint connections_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'paused'::text, 'error'::text, 'reauth'::text, 'disconnected'::text]))),
  constraint connections_sync_frequency_check CHECK ((sync_frequency = ANY (ARRAY['manual'::text, 'realtime'::text, 'hourly'::text, 'daily'::text, 'weekly'::text]))),
  constraint connections_sync_phase_check CHECK ((sync_phase = ANY (ARRAY['initial'::text, 'historical'::text, 'incremental'::text]))),
  constraint connections_sync_progress_check CHECK (((sync_progress >= 0) AND (sync_progress <= 100)))
);
comment on table app.connections is 'One source of one tenant''s data. Closed, never deleted: raw data and lineage hang on it.';
comment on column app.connections.lineage_id is 'Constant over reconnects: identity of accounts and transactions is scoped to it.';
comment on column app.connections.delivery is 'cumulative: an equal row in a later file is the same row. incremental: it is for review.';
comment on column app.connections.control_policy is 'What a control total that does not fit means: nothing, a finding, or a stop before import.';
comment on column app.connections.decimals is 'Implied decimals by currency where the bank departs from ISO 4217, such as {"EUR": 0}.';
comment on column app.connections.config is 'Settings of the provider; never a secret.';
comment on column app.connections.lookback_days is 'How many days of history are wanted; where the provider fixes it, as it was when linked.';
comment on column app.connections.error_count is 'Syncs that failed since one succeeded. From three on the circuit is open until retry_at.';
comment on column app.connections.attention is 'Nothing gets better by itself any more: somebody has to look.';
comment on column app.connections.persona_id is 'Whose accounts these are: each becomes an asset of theirs. Null: nobody''s in particular.';
comment on column app.connections.auto_import is 'False: what comes over it waits for a review before it is imported.';
comment on column app.connections.auto_reconcile is 'False: its transactions are reconciled by hand alone.';
comment on column app.connections.conflict_policy is 'Who wins where this source contradicts; null: as the tenant says.';
comment on column app.connections.import_pending is 'False: transactions that the source has not booked yet are left out.';

create table app.corrections (
  tenant_id uuid not null,
  mapping_id uuid not null,
  external_id text not null,
  new_print bytea not null,
  new_occurrence integer not null,
  new_id text,
  state text not null,
  old_print bytea,
  old_occurrence integer,
  old_job_id uuid,
  old_raw_id uuid,
  old_raw_line bigint,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  created_at timestamp with time zone not null default now(),
  displaced_print bytea,
  displaced_occurrence integer,
  id uuid not null default gen_random_uuid(),
  constraint corrections_pkey PRIMARY KEY (tenant_id, mapping_id, external_id, new_print),
  constraint corrections_id_key UNIQUE (tenant_id, id),
  constraint corrections_displaced_check CHECK ((((displaced_print IS NULL) = (displaced_occurrence IS NULL)) AND ((displaced_print IS NULL) OR (state <> 'open'::text)))),
  constraint corrections_displaced_print_check CHECK ((length(displaced_print) = 16)),
  constraint corrections_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint corrections_new_print_check CHECK ((length(new_print) = ANY (ARRAY[0, 16]))),
  constraint corrections_old_check CHECK ((((state = 'open'::text) = (old_print IS NULL)) AND ((old_print IS NULL) = (old_occurrence IS NULL)) AND ((old_print IS NULL) = (old_raw_line IS NULL)) AND ((old_job_id IS NULL) = (old_raw_id IS NULL)))),
  constraint corrections_old_print_check CHECK ((length(old_print) = 16)),
  constraint corrections_state_check CHECK ((state = ANY (ARRAY['open'::text, 'applied'::text, 'closed'::text])))
);
comment on table app.corrections is 'Rows that a source has replaced or deleted by their ids, and where both versions stand.';
comment on column app.corrections.external_id is 'The id of the row that is corrected.';
comment on column app.corrections.new_print is 'The fingerprint of the row that takes its place; empty where it is deleted.';
comment on column app.corrections.state is 'open: its row has not come. applied: it has. closed: a later correction took it back.';
comment on column app.corrections.old_print is 'The fingerprint of the row that was corrected.';
comment on column app.corrections.displaced_print is 'The fingerprint of the row that stood already where the corrected one goes on; else null.';

create table app.exchange_rates (
  tenant_id uuid not null,
  base character(3) not null,
  quote character(3) not null,
  day date not null,
  rate numeric not null,
  source text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint exchange_rates_pkey PRIMARY KEY (tenant_id, base, quote, day),
  constraint exchange_rates_currencies_check CHECK (((base ~ '^[A-Z]{3}$'::text) AND (quote ~ '^[A-Z]{3}$'::text) AND (base <> quote))),
  constraint exchange_rates_rate_check CHECK (((rate > (0)::numeric) AND (scale(rate) <= 18) AND (abs(rate) < ('1000000000000'::bigint)::numeric))),
  constraint exchange_rates_source_check CHECK (((length(source) >= 1) AND (length(source) <= 200)))
);
comment on table app.exchange_rates is 'What one unit of the base was worth in the quoted currency on a day: the tenant''s own data.';

create table app.expenses (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_id uuid not null,
  amount numeric not null,
  currency character(3) not null,
  spent_on date not null,
  description text not null,
  merchant_name text,
  category text,
  status text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint expenses_pkey PRIMARY KEY (tenant_id, id),
  constraint expenses_transaction_key UNIQUE (tenant_id, transaction_id),
  constraint expenses_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric) AND (amount > (0)::numeric))),
  constraint expenses_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint expenses_status_check CHECK ((status = ANY (ARRAY['active'::text, 'reversed'::text])))
);
comment on table app.expenses is 'What was spent, one row for each transaction that spent it; follows the transaction.';
comment on column app.expenses.amount is 'Money that went out, as a positive amount.';

create table app.holdings (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  mapping_id uuid not null,
  account_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  security text not null,
  name text,
  ticker text,
  type text,
  quantity numeric not null,
  price numeric,
  value numeric,
  cost_basis numeric,
  currency character(3) not null,
  as_of date not null,
  removed_on date,
  stated_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint holdings_pkey PRIMARY KEY (tenant_id, id),
  constraint holdings_security_key UNIQUE (tenant_id, mapping_id, security),
  constraint holdings_cost_basis_check CHECK (((scale(cost_basis) <= 18) AND (abs(cost_basis) < '100000000000000000000'::numeric))),
  constraint holdings_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint holdings_place_check CHECK ((raw_line >= 0)),
  constraint holdings_price_check CHECK (((scale(price) <= 18) AND (abs(price) < '100000000000000000000'::numeric))),
  constraint holdings_quantity_check CHECK (((scale(quantity) <= 18) AND (abs(quantity) < '100000000000000000000'::numeric))),
  constraint holdings_removed_check CHECK (((removed_on IS NULL) OR (quantity = (0)::numeric))),
  constraint holdings_security_check CHECK (((length(security) >= 1) AND (length(security) <= 500))),
  constraint holdings_value_check CHECK (((scale(value) <= 18) AND (abs(value) < '100000000000000000000'::numeric)))
);
comment on table app.holdings is 'What an external account holds of a security, one row each. What it held before is in the raw
documents.';
comment on column app.holdings.security is 'The source''s id of the security.';
comment on column app.holdings.removed_on is 'The day from which the source''s list of all holdings has it no more; its quantity is 0 then.';
comment on column app.holdings.stated_at is 'When the document arrived that says so: an older one that is read again changes nothing.';

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
  trigger text not null default 'user'::text,
  sync_phase text,
  cancel_requested_at timestamp with time zone,
  error_kind text,
  next_step text,
  batch_id uuid,
  constraint ingestion_jobs_pkey PRIMARY KEY (tenant_id, id),
  constraint ingestion_jobs_idempotency_key UNIQUE (tenant_id, idempotency_key),
  constraint ingestion_jobs_error_code_check CHECK ((length(error_code) <= 80)),
  constraint ingestion_jobs_error_kind_check CHECK ((error_kind = ANY (ARRAY['authentication'::text, 'network'::text, 'rate_limit'::text, 'validation'::text, 'business'::text]))),
  constraint ingestion_jobs_error_message_check CHECK ((length(error_message) <= 2000)),
  constraint ingestion_jobs_format_check CHECK ((format ~ '^[a-z0-9_]{2,40}$'::text)),
  constraint ingestion_jobs_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200))),
  constraint ingestion_jobs_kind_check CHECK ((kind = ANY (ARRAY['import'::text, 'derive'::text, 'sync'::text, 'categorize'::text, 'match'::text]))),
  constraint ingestion_jobs_lease_check CHECK (((state = 'running'::text) = (lease_until IS NOT NULL))),
  constraint ingestion_jobs_next_step_check CHECK ((length(next_step) <= 2000)),
  constraint ingestion_jobs_stage_check CHECK ((length(stage) <= 40)),
  constraint ingestion_jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'awaiting_mapping'::text, 'awaiting_review'::text, 'completed'::text, 'partial'::text, 'failed'::text, 'cancelled'::text, 'discarded'::text, 'reverted'::text]))),
  constraint ingestion_jobs_sync_phase_check CHECK ((sync_phase = ANY (ARRAY['initial'::text, 'historical'::text, 'incremental'::text]))),
  constraint ingestion_jobs_task_check CHECK ((task = ANY (ARRAY['run'::text, 'revert'::text]))),
  constraint ingestion_jobs_trigger_check CHECK ((trigger = ANY (ARRAY['user'::text, 'schedule'::text, 'webhook'::text, 'link'::text, 'system'::text])))
);
comment on table app.ingestion_jobs is 'The ledger of work: what is to be done, who does it now, how far it is, how it ended.';
comment on column app.ingestion_jobs.profile is 'The profile that the document was read with, so that it can be read again the same way.';
comment on column app.ingestion_jobs.checkpoint is 'Records of the document that are dealt with; commits together with the rows they made.';
comment on column app.ingestion_jobs.wrote is 'Something of the job may stand: it goes on as it was begun, and a revert takes it back.';
comment on column app.ingestion_jobs.fence is 'Grows with each claim; a worker whose number is old has lost the job and may write no more.';
comment on column app.ingestion_jobs.trigger is 'What asked for the job; all but user are workers.';
comment on column app.ingestion_jobs.batch_id is 'Of syncs: the request for all connections that asked for it last; else null.';

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
  corrects_external_id text,
  corrects_id uuid,
  constraint ingestion_previews_pkey PRIMARY KEY (tenant_id, job_id, "position"),
  constraint ingestion_previews_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint ingestion_previews_corrects_check CHECK (((corrects_id IS NULL) OR (corrects_external_id IS NOT NULL))),
  constraint ingestion_previews_corrects_external_id_check CHECK (((length(corrects_external_id) >= 1) AND (length(corrects_external_id) <= 500))),
  constraint ingestion_previews_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint ingestion_previews_outcome_check CHECK ((outcome = ANY (ARRAY['new'::text, 'duplicate'::text, 'changed'::text, 'waiting'::text])))
);
comment on table app.ingestion_previews is 'What a job under review would do with each row; deleted when the review is decided.';
comment on column app.ingestion_previews.corrects_external_id is 'The source''s id of the row that this one corrects; null: it corrects none.';
comment on column app.ingestion_previews.corrects_id is 'The transaction that has that id, and would go on as this row; null: none has it yet.';

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

create table app.mapping_aliases (
  tenant_id uuid not null,
  lineage_id uuid not null,
  external_account_id text not null,
  mapping_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint mapping_aliases_pkey PRIMARY KEY (tenant_id, lineage_id, external_account_id),
  constraint mapping_aliases_external_account_id_check CHECK (((length(external_account_id) >= 1) AND (length(external_account_id) <= 500)))
);
comment on table app.mapping_aliases is 'Ids that an external account had before: documents of that time still speak of it.';

create table app.mapping_numbers (
  tenant_id uuid not null,
  mapping_id uuid not null,
  kind text not null,
  number_hash bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint mapping_numbers_pkey PRIMARY KEY (tenant_id, mapping_id, kind, number_hash),
  constraint mapping_numbers_kind_check CHECK ((kind = ANY (ARRAY['iban'::text, 'routed'::text, 'number'::text]))),
  constraint mapping_numbers_number_hash_check CHECK ((length(number_hash) = 32))
);
comment on table app.mapping_numbers is 'Keyed hashes of an external account''s number as an IBAN, with its bank''s code, and bare.';

create table app.mapping_refusals (
  tenant_id uuid not null,
  mapping_id uuid not null,
  account_id uuid not null,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  constraint mapping_refusals_pkey PRIMARY KEY (tenant_id, mapping_id, account_id)
);
comment on table app.mapping_refusals is 'Accounts that an external one is not, as a person said, or took away from it; gone once a person takes that back, or gives the account to it.';

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
  constraint notifications_kind_check CHECK ((kind = ANY (ARRAY['initial_sync_complete'::text, 'historical_sync_complete'::text, 'reauthentication_required'::text, 'failing_repeatedly'::text, 'token_expiring'::text, 'webhook_dead'::text, 'new_accounts_available'::text, 'connection_revoked'::text, 'connection_stopped'::text, 'data_anomaly'::text, 'channel_disabled'::text, 'test'::text])))
);
comment on table app.notifications is 'What a tenant should hear of: written in the transaction of its cause, never changed.';
comment on column app.notifications.key is 'Names the cause, so that whoever tells of it again adds nothing.';

create table app.persona_group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  persona_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint persona_group_members_pkey PRIMARY KEY (tenant_id, group_id, persona_id)
);
comment on table app.persona_group_members is 'Which personas belong to which groups.';

create table app.persona_groups (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  description text,
  status text not null default 'active'::text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint persona_groups_pkey PRIMARY KEY (tenant_id, id),
  constraint persona_groups_description_check CHECK (((length(description) >= 1) AND (length(description) <= 2000))),
  constraint persona_groups_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint persona_groups_status_check CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text])))
);
comment on table app.persona_groups is 'Groups of personas, such as a family circle. Archived, never deleted.';

create table app.personas (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  user_id uuid,
  kind text not null,
  name text,
  given_name text,
  family_name text,
  email text,
  is_primary boolean not null default false,
  status text not null default 'active'::text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint personas_pkey PRIMARY KEY (tenant_id, id),
  constraint personas_email_check CHECK ((((length(email) >= 3) AND (length(email) <= 320)) AND (email = lower(email)) AND (POSITION(('@'::text) IN (email)) > 1))),
  constraint personas_family_name_check CHECK (((length(family_name) >= 1) AND (length(family_name) <= 200))),
  constraint personas_given_name_check CHECK (((length(given_name) >= 1) AND (length(given_name) <= 200))),
  constraint personas_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'business'::text]))),
  constraint personas_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint personas_names_check CHECK (
CASE kind
    WHEN 'business'::text THEN ((name IS NOT NULL) AND (num_nonnulls(given_name, family_name) = 0))
    ELSE ((name IS NULL) AND (num_nonnulls(given_name, family_name) > 0))
END),
  constraint personas_primary_check CHECK (((NOT is_primary) OR ((user_id IS NOT NULL) AND (status = 'active'::text)))),
  constraint personas_status_check CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text])))
);
comment on table app.personas is 'People and businesses that can own something. Archived, never deleted.';
comment on column app.personas.user_id is 'The member who it is; null for a child, a business, anybody who does not sign in. It stays when the member leaves.';
comment on column app.personas.is_primary is 'Of a user''s personas the one that their connections belong to: one at most.';

create table app.pickup_documents (
  tenant_id uuid not null,
  id uuid not null,
  item_id uuid not null,
  connection_id uuid not null,
  job_id uuid not null,
  origin text,
  sha256 bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint pickup_documents_pkey PRIMARY KEY (tenant_id, id),
  constraint pickup_documents_origin_key UNIQUE (tenant_id, connection_id, origin, sha256),
  constraint pickup_documents_origin_check CHECK (((length(origin) >= 1) AND (length(origin) <= 1000))),
  constraint pickup_documents_sha256_check CHECK ((length(sha256) = 32))
);
comment on table app.pickup_documents is 'A document that was fetched, and the import it was given to; its id is the upload''s.';
comment on column app.pickup_documents.origin is 'The Message-ID of an attachment: a message that comes twice is imported once. Null for files.';

create table app.pickup_items (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  connection_id uuid not null,
  name text not null,
  version text not null,
  size_bytes bigint not null,
  modified_at timestamp with time zone,
  state text not null default 'waiting'::text,
  reason text,
  attempt_id uuid,
  archived_as text,
  seen_at timestamp with time zone not null,
  looked_at timestamp with time zone not null,
  fetched_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint pickup_items_pkey PRIMARY KEY (tenant_id, id),
  constraint pickup_items_version_key UNIQUE (tenant_id, connection_id, name, version),
  constraint pickup_items_archived_as_check CHECK ((length(archived_as) <= 2000)),
  constraint pickup_items_name_check CHECK (((length(name) >= 1) AND (length(name) <= 1000))),
  constraint pickup_items_reason_check CHECK ((length(reason) <= 80)),
  constraint pickup_items_size_bytes_check CHECK ((size_bytes >= 0)),
  constraint pickup_items_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'fetching'::text, 'fetched'::text, 'archived'::text, 'refused'::text, 'ignored'::text]))),
  constraint pickup_items_version_check CHECK (((length(version) >= 1) AND (length(version) <= 200)))
);
comment on table app.pickup_items is 'A file on a server, or a message in a mailbox, in one version: each is fetched once, however many workers look.';
comment on column app.pickup_items.version is 'Of a file its size and time; of a message its number in the folder.';
comment on column app.pickup_items.attempt_id is 'The ids of its documents come of it; noted before any byte is kept, so that a crash leaves nothing behind that nobody finds.';
comment on column app.pickup_items.archived_as is 'Where it is moved; noted before it is moved.';
comment on column app.pickup_items.seen_at is 'When it was first seen as it is: from then on it must stay so, before it is fetched.';

create table app.provider_flags (
  tenant_id uuid not null,
  provider text not null,
  enabled boolean not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint provider_flags_pkey PRIMARY KEY (tenant_id, provider),
  constraint provider_flags_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text))
);
comment on table app.provider_flags is 'Where the operator offers a provider to a tenant, or keeps it from them, against the rule.';

create table app.quiltt_profiles (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  persona_id uuid not null,
  environment text not null,
  external_id text,
  external_environment text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint quiltt_profiles_pkey PRIMARY KEY (tenant_id, id),
  constraint quiltt_profiles_persona_key UNIQUE (tenant_id, persona_id, environment),
  constraint quiltt_profiles_answer_check CHECK (((external_id IS NULL) = (external_environment IS NULL))),
  constraint quiltt_profiles_environment_check CHECK ((environment ~ '^[a-z0-9_-]{1,40}$'::text)),
  constraint quiltt_profiles_external_environment_check CHECK (((length(external_environment) >= 1) AND (length(external_environment) <= 200))),
  constraint quiltt_profiles_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 200)))
);
comment on table app.quiltt_profiles is 'The profile of a persona in an environment of Quiltt: one, with any number of connections.';
comment on column app.quiltt_profiles.environment is 'What the operator calls the environment: profiles of one do not exist in another.';
comment on column app.quiltt_profiles.external_id is 'Quiltt''s id of the profile; null until it has answered for the first time.';

create table app.quiltt_sessions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  persona_id uuid not null,
  profile_id uuid not null,
  user_id uuid not null,
  state text not null default 'open'::text,
  sealed bytea,
  issued_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  closed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint quiltt_sessions_pkey PRIMARY KEY (tenant_id, id),
  constraint quiltt_sessions_closed_check CHECK (((closed_at IS NULL) OR (sealed IS NULL))),
  constraint quiltt_sessions_expires_at_check CHECK (((expires_at > issued_at) AND (expires_at <= (issued_at + '00:15:00'::interval)))),
  constraint quiltt_sessions_sealed_check CHECK (((length(sealed) >= 32) AND (length(sealed) <= 65536))),
  constraint quiltt_sessions_state_check CHECK ((state = ANY (ARRAY['open'::text, 'used'::text, 'expired'::text, 'failed'::text]))),
  constraint quiltt_sessions_used_check CHECK (((state = 'used'::text) = (used_at IS NOT NULL)))
);
comment on table app.quiltt_sessions is 'Sessions with which a browser opens Quiltt''s Connector, and how each of them ended.';
comment on column app.quiltt_sessions.sealed is 'The token, until it is closed at Quiltt, where it would live for a day; null also while it is
being made.';
comment on column app.quiltt_sessions.closed_at is 'When Quiltt was told of the end: from then on it does not count against its limits.';

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

create table app.reconciliation_members (
  tenant_id uuid not null,
  reconciliation_id uuid not null,
  transaction_id uuid not null,
  side text not null,
  amount numeric not null,
  active boolean not null default true,
  constraint reconciliation_members_pkey PRIMARY KEY (tenant_id, reconciliation_id, transaction_id),
  constraint reconciliation_members_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint reconciliation_members_side_check CHECK ((side = ANY (ARRAY['left'::text, 'right'::text])))
);
comment on table app.reconciliation_members is 'The rows of a group, each with the amount that it had then.';
comment on column app.reconciliation_members.active is 'Whether the group stands: a row is of one such group at most.';

create table app.reconciliation_rules (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  rule_id uuid not null,
  version integer not null,
  "position" smallint not null,
  name text not null,
  enabled boolean not null default true,
  mode text not null,
  shape text not null,
  signs text not null,
  left_account_ids uuid[],
  left_account_type text,
  right_account_ids uuid[],
  right_account_type text,
  by_reference boolean not null,
  amount_tolerance numeric not null,
  tolerance_percent numeric not null,
  day_window smallint not null,
  text_needed boolean not null,
  group_max smallint not null,
  score_min smallint not null,
  created_at timestamp with time zone not null default now(),
  created_by uuid,
  replaced_at timestamp with time zone,
  constraint reconciliation_rules_pkey PRIMARY KEY (tenant_id, id),
  constraint reconciliation_rules_version_key UNIQUE (tenant_id, rule_id, version),
  constraint reconciliation_rules_accounts_check CHECK ((((cardinality(left_account_ids) >= 1) AND (cardinality(left_account_ids) <= 50)) AND ((cardinality(right_account_ids) >= 1) AND (cardinality(right_account_ids) <= 50)))),
  constraint reconciliation_rules_group_check CHECK (((group_max >= 2) AND (group_max <= 8))),
  constraint reconciliation_rules_mode_check CHECK ((mode = ANY (ARRAY['auto'::text, 'suggest'::text]))),
  constraint reconciliation_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint reconciliation_rules_position_check CHECK ((("position" >= 0) AND ("position" <= 1000))),
  constraint reconciliation_rules_score_check CHECK (((score_min >= 0) AND (score_min <= 100))),
  constraint reconciliation_rules_shape_check CHECK ((shape = ANY (ARRAY['one_to_one'::text, 'one_to_many'::text, 'many_to_one'::text, 'payout'::text]))),
  constraint reconciliation_rules_signs_check CHECK ((signs = ANY (ARRAY['equal'::text, 'opposite'::text, 'either'::text]))),
  constraint reconciliation_rules_tolerance_check CHECK (((amount_tolerance >= (0)::numeric) AND (abs(amount_tolerance) <= (1000000)::numeric) AND (scale(amount_tolerance) <= 8) AND (tolerance_percent >= (0)::numeric) AND (abs(tolerance_percent) <= (10)::numeric) AND (scale(tolerance_percent) <= 4))),
  constraint reconciliation_rules_version_check CHECK ((version >= 1)),
  constraint reconciliation_rules_window_check CHECK (((day_window >= 0) AND (day_window <= 90)))
);
comment on table app.reconciliation_rules is 'What a tenant wants to be reconciled, in versions: of each rule the one that nothing replaced.';
comment on column app.reconciliation_rules.id is 'Of this version; rule_id is of all of a rule.';
comment on column app.reconciliation_rules.replaced_at is 'When another version, or none, took its place; null: it counts.';

create table app.reconciliations (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  method text not null,
  rule text,
  rule_version_id uuid,
  score smallint,
  reasons jsonb not null default '[]'::jsonb,
  difference numeric not null,
  currency character(3) not null,
  account_id uuid,
  statement_to date,
  note text,
  created_at timestamp with time zone not null default now(),
  created_by uuid,
  undone_at timestamp with time zone,
  undone_by uuid,
  constraint reconciliations_pkey PRIMARY KEY (tenant_id, id),
  constraint reconciliations_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint reconciliations_difference_check CHECK (((scale(difference) <= 8) AND (abs(difference) < ('100000000000000'::bigint)::numeric))),
  constraint reconciliations_method_check CHECK ((method = ANY (ARRAY['rule'::text, 'user'::text, 'statement'::text]))),
  constraint reconciliations_note_check CHECK (((length(note) >= 1) AND (length(note) <= 1000))),
  constraint reconciliations_reasons_check CHECK (((jsonb_typeof(reasons) = 'array'::text) AND (pg_column_size(reasons) < 8192))),
  constraint reconciliations_rule_check CHECK ((((length(rule) >= 1) AND (length(rule) <= 200)) AND ((method <> 'rule'::text) OR (rule IS NOT NULL)))),
  constraint reconciliations_score_check CHECK (((score >= 0) AND (score <= 100))),
  constraint reconciliations_statement_check CHECK (((method = 'statement'::text) = ((account_id IS NOT NULL) AND (statement_to IS NOT NULL)))),
  constraint reconciliations_undone_check CHECK (((undone_by IS NULL) OR (undone_at IS NOT NULL)))
);
comment on table app.reconciliations is 'Rows that vouch for each other, or that a statement vouches for. Undone ones stay, marked.';
comment on column app.reconciliations.rule is 'What made it, in words: a rule of the tenant''s, or one that everybody has; null: a person.';
comment on column app.reconciliations.difference is 'The left side less the right one, whichever sign; of a statement, what it differs by.';

create table app.recurring_items (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  account_id uuid not null,
  merchant_key text not null,
  merchant text not null,
  currency character(3) not null,
  is_income boolean not null,
  period text not null,
  state text not null default 'active'::text,
  first_on date not null,
  last_on date not null,
  next_on date,
  amount_low numeric not null,
  amount_high numeric not null,
  occurrences integer not null,
  missed integer not null default 0,
  confidence smallint not null,
  dismissed_at timestamp with time zone,
  dismissed_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint recurring_items_pkey PRIMARY KEY (tenant_id, id),
  constraint recurring_items_key UNIQUE (tenant_id, account_id, merchant_key, currency, is_income),
  constraint recurring_items_amount_high_check CHECK (((scale(amount_high) <= 8) AND (abs(amount_high) < ('100000000000000'::bigint)::numeric))),
  constraint recurring_items_amount_low_check CHECK (((scale(amount_low) <= 8) AND (abs(amount_low) < ('100000000000000'::bigint)::numeric))),
  constraint recurring_items_amounts_check CHECK ((amount_low <= amount_high)),
  constraint recurring_items_confidence_check CHECK (((confidence >= 0) AND (confidence <= 100))),
  constraint recurring_items_counts_check CHECK (((occurrences >= 2) AND (missed >= 0))),
  constraint recurring_items_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint recurring_items_dismissed_check CHECK (((dismissed_at IS NULL) = (dismissed_by IS NULL))),
  constraint recurring_items_merchant_check CHECK (((length(merchant) >= 1) AND (length(merchant) <= 200))),
  constraint recurring_items_period_check CHECK ((period = ANY (ARRAY['weekly'::text, 'fortnightly'::text, 'monthly'::text, 'quarterly'::text, 'yearly'::text]))),
  constraint recurring_items_state_check CHECK ((state = ANY (ARRAY['active'::text, 'ended'::text])))
);
comment on table app.recurring_items is 'Payments of one merchant on one account that come in a period, as the rows so far show.';
comment on column app.recurring_items.dismissed_at is 'When a member said that it is none; it stays said, whatever comes later.';

create table app.review_items (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  state text not null default 'open'::text,
  key text not null,
  transaction_id uuid,
  other_id uuid,
  account_id uuid,
  job_id uuid,
  score smallint not null,
  reasons jsonb not null default '[]'::jsonb,
  evidence jsonb not null default '{}'::jsonb,
  rule_version text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  decided_at timestamp with time zone,
  decided_by uuid,
  superseded_reason text,
  constraint review_items_pkey PRIMARY KEY (tenant_id, id),
  constraint review_items_key_key UNIQUE (tenant_id, key),
  constraint review_items_decided_check CHECK ((((state = ANY (ARRAY['confirmed'::text, 'rejected'::text])) = (decided_at IS NOT NULL)) AND ((decided_at IS NULL) = (decided_by IS NULL)))),
  constraint review_items_evidence_check CHECK (((jsonb_typeof(evidence) = 'object'::text) AND (pg_column_size(evidence) < 32768))),
  constraint review_items_key_check CHECK (((length(key) >= 1) AND (length(key) <= 300))),
  constraint review_items_kind_check CHECK ((kind = ANY (ARRAY['duplicate'::text, 'pending_posted'::text, 'transfer'::text, 'refund'::text, 'reconciliation'::text, 'conflict'::text, 'category'::text, 'split'::text]))),
  constraint review_items_reasons_check CHECK (((jsonb_typeof(reasons) = 'array'::text) AND (pg_column_size(reasons) < 8192))),
  constraint review_items_rule_version_check CHECK (((length(rule_version) >= 1) AND (length(rule_version) <= 50))),
  constraint review_items_score_check CHECK (((score >= 0) AND (score <= 100))),
  constraint review_items_state_check CHECK ((state = ANY (ARRAY['open'::text, 'confirmed'::text, 'rejected'::text, 'superseded'::text]))),
  constraint review_items_superseded_reason_check CHECK (((superseded_reason = ANY (ARRAY['linked_otherwise'::text, 'compared_anew'::text])) AND ((superseded_reason IS NULL) OR (state = 'superseded'::text))))
);
comment on table app.review_items is 'Questions to a person: both sides as they were seen, the score and its reasons. An answer is
final: whoever finds the same again under the same key asks nothing.';
comment on column app.review_items.state is 'superseded: what it asked about is gone or was settled otherwise.';
comment on column app.review_items.key is 'Names the question by what it is about, so that a replay asks it once.';
comment on column app.review_items.reasons is 'Why the score is what it is: objects with code, text and points.';
comment on column app.review_items.evidence is 'Both sides as they were when it was asked, and what would be done.';
comment on column app.review_items.superseded_reason is 'Why a question about a pair was closed; null: it is not, or what it asked about is gone.';

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
comment on table app.statement_profiles is 'How one source writes its statement files: what a profile of its format says.';

create table app.statements (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  mapping_id uuid not null,
  account_id uuid not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  raw_line_end bigint not null,
  ordinal integer not null,
  statement_number text,
  from_date date,
  to_date date,
  opening_balance numeric,
  closing_balance numeric,
  entries_sum numeric,
  entries_count bigint not null,
  currency character(3) not null,
  proof text not null,
  difference numeric,
  created_at timestamp with time zone not null default now(),
  constraint statements_pkey PRIMARY KEY (tenant_id, id),
  constraint statements_document_key UNIQUE (tenant_id, raw_id, ordinal),
  constraint statements_closing_check CHECK (((scale(closing_balance) <= 8) AND (abs(closing_balance) < '100000000000000000000'::numeric))),
  constraint statements_count_check CHECK ((entries_count >= 0)),
  constraint statements_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint statements_difference_check CHECK (
CASE proof
    WHEN 'unproven'::text THEN (difference IS NULL)
    WHEN 'holds'::text THEN (NOT (difference IS DISTINCT FROM (0)::numeric))
    ELSE ((difference IS DISTINCT FROM (0)::numeric) AND (difference IS NOT NULL))
END),
  constraint statements_difference_size_check CHECK (((scale(difference) <= 8) AND (abs(difference) < '1000000000000000000000000'::numeric))),
  constraint statements_number_check CHECK (((length(statement_number) >= 1) AND (length(statement_number) <= 100))),
  constraint statements_opening_check CHECK (((scale(opening_balance) <= 8) AND (abs(opening_balance) < '100000000000000000000'::numeric))),
  constraint statements_place_check CHECK (((raw_line >= 0) AND (raw_line_end >= raw_line) AND (ordinal >= 0))),
  constraint statements_proof_check CHECK ((proof = ANY (ARRAY['holds'::text, 'fails'::text, 'unproven'::text]))),
  constraint statements_sum_check CHECK (((scale(entries_sum) <= 8) AND (abs(entries_sum) < '1000000000000000000000000'::numeric)))
);
comment on table app.statements is 'Statements of accounts as documents hold them, one row each: opening balance, rows, closing
balance, and whether the rows make up for the difference of the two.';
comment on column app.statements.ordinal is 'Its place among the statements of its document.';
comment on column app.statements.entries_sum is 'What its booked rows come to; null where they are of several currencies.';
comment on column app.statements.proof is 'Whether opening balance and rows make the closing balance; unproven where nothing can say.';
comment on column app.statements.difference is 'The closing balance less the opening one and the rows; null where it is unproven.';
comment on column app.statements.created_at is 'When the document that holds it arrived.';

create table app.sync_cursors (
  tenant_id uuid not null,
  connection_id uuid not null,
  job_id uuid not null,
  cursor text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  changed_since date,
  changed_at timestamp with time zone,
  constraint sync_cursors_pkey PRIMARY KEY (tenant_id, connection_id),
  constraint sync_cursors_changed_check CHECK (((changed_since IS NULL) = (changed_at IS NULL))),
  constraint sync_cursors_cursor_check CHECK ((length(cursor) <= 20000))
);
comment on table app.sync_cursors is 'Where the next sync goes on; written in the transaction that wrote the rows before it.';
comment on column app.sync_cursors.changed_since is 'The first day of which the provider says that something changed, until a sync has read it.';

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
  expenses_from text not null default 'off'::text,
  conflict_policy text,
  rate_tolerance_percent numeric not null default 2,
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenants_conflict_policy_check CHECK ((conflict_policy = ANY (ARRAY['provider_wins'::text, 'user_wins'::text, 'ask'::text]))),
  constraint tenants_expenses_from_check CHECK ((expenses_from = ANY (ARRAY['off'::text, 'debits'::text]))),
  constraint tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint tenants_rate_tolerance_check CHECK (((rate_tolerance_percent >= 0.1) AND (abs(rate_tolerance_percent) <= (10)::numeric) AND (scale(rate_tolerance_percent) <= 4)))
);
comment on table app.tenants is 'A business or app whose data nobody else may see.';
comment on column app.tenants.expenses_from is 'Which transactions make expenses: none, or money that went out and is booked.';
comment on column app.tenants.conflict_policy is 'Who wins where a source contradicts; null: ask about reconciled rows, else the source.';
comment on column app.tenants.rate_tolerance_percent is 'How far, in percent, a transfer between currencies may be from the rate of its day.';

create table app.transaction_aliases (
  tenant_id uuid not null,
  mapping_id uuid not null,
  fingerprint bytea not null,
  transaction_id uuid not null,
  external_id text not null,
  job_id uuid not null,
  raw_id uuid not null,
  raw_line bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint transaction_aliases_pkey PRIMARY KEY (tenant_id, mapping_id, fingerprint),
  constraint transaction_aliases_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint transaction_aliases_fingerprint_check CHECK ((length(fingerprint) = 16))
);
comment on table app.transaction_aliases is 'Ids that a transaction had before, such as while it was pending, and where they came from.';

create table app.transaction_conflicts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  kind text not null,
  state text not null,
  content_key bigint not null,
  stored jsonb not null,
  incoming jsonb not null,
  noted_at timestamp with time zone not null default now(),
  reconciliation_id uuid,
  link_ids uuid[] not null default '{}'::uuid[],
  constraint transaction_conflicts_pkey PRIMARY KEY (tenant_id, transaction_id),
  constraint transaction_conflicts_kind_check CHECK ((kind = ANY (ARRAY['changed'::text, 'removed'::text]))),
  constraint transaction_conflicts_links_check CHECK ((cardinality(link_ids) <= 1000)),
  constraint transaction_conflicts_sides_check CHECK (((jsonb_typeof(stored) = 'object'::text) AND (jsonb_typeof(incoming) = 'object'::text))),
  constraint transaction_conflicts_state_check CHECK ((state = ANY (ARRAY['noted'::text, 'asked'::text, 'kept'::text, 'taken'::text])))
);
comment on table app.transaction_conflicts is 'What a source last said against a protected row, beside what the row said: both versions.';
comment on column app.transaction_conflicts.state is 'noted: by the merge; asked: a review item waits; kept: ours counts; taken: the source''s does.';
comment on column app.transaction_conflicts.content_key is 'Of what came: the same contradiction is known again by it.';
comment on column app.transaction_conflicts.reconciliation_id is 'The group that was undone as the source''s version was taken; null: none was.';
comment on column app.transaction_conflicts.link_ids is 'Links that the row had when the source''s version was taken.';

create table app.transaction_links (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  transaction_id uuid not null,
  other_id uuid not null,
  method text not null,
  state text not null default 'active'::text,
  score smallint not null,
  reasons jsonb not null default '[]'::jsonb,
  rule_version text not null,
  created_at timestamp with time zone not null default now(),
  created_by uuid,
  undone_at timestamp with time zone,
  undone_by uuid,
  undone_reason text,
  undone_rule_version text,
  constraint transaction_links_pkey PRIMARY KEY (tenant_id, id),
  constraint transaction_links_pair_key UNIQUE (tenant_id, kind, transaction_id, other_id),
  constraint transaction_links_kind_check CHECK ((kind = ANY (ARRAY['duplicate'::text, 'pending_posted'::text, 'transfer'::text, 'refund'::text]))),
  constraint transaction_links_method_check CHECK (((method = ANY (ARRAY['auto'::text, 'user'::text])) AND ((method = 'user'::text) = (created_by IS NOT NULL)))),
  constraint transaction_links_reasons_check CHECK (((jsonb_typeof(reasons) = 'array'::text) AND (pg_column_size(reasons) < 8192))),
  constraint transaction_links_rule_version_check CHECK (((length(rule_version) >= 1) AND (length(rule_version) <= 50))),
  constraint transaction_links_score_check CHECK (((score >= 0) AND (score <= 100))),
  constraint transaction_links_state_check CHECK (((state = ANY (ARRAY['active'::text, 'undone'::text])) AND ((state = 'undone'::text) = (undone_at IS NOT NULL)))),
  constraint transaction_links_undone_check CHECK (((undone_by IS NULL) OR (undone_at IS NOT NULL))),
  constraint transaction_links_undone_reason_check CHECK ((undone_reason = ANY (ARRAY['better_pair'::text, 'primary_source'::text]))),
  constraint transaction_links_undone_rule_check CHECK ((((length(undone_rule_version) >= 1) AND (length(undone_rule_version) <= 50)) AND ((undone_rule_version IS NULL) = (undone_reason IS NULL))))
);
comment on table app.transaction_links is 'Pairs of transactions: the duplicate and what is kept, pending and posted, money out and money
in, a refund and what it refunds. Nothing is deleted: links are undone.';
comment on column app.transaction_links.transaction_id is 'The row that does not count beside the other one, the money that went out, or the refund.';
comment on column app.transaction_links.other_id is 'The row that is kept, the money that came in, or what is refunded.';
comment on column app.transaction_links.undone_by is 'Who undid it: then it is not made again. Null: a side changed, and it may come back.';
comment on column app.transaction_links.undone_reason is 'Why the system undid a link of its own; null: it holds, a person undid it, or a side changed.';
comment on column app.transaction_links.undone_rule_version is 'The version of the rules that undid it.';

create table app.transaction_parts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  "position" smallint not null,
  amount numeric not null,
  whole numeric not null,
  currency character(3) not null,
  category text not null,
  note text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  constraint transaction_parts_pkey PRIMARY KEY (tenant_id, transaction_id, "position"),
  constraint transaction_parts_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint transaction_parts_category_check CHECK (((length(category) >= 1) AND (length(category) <= 200))),
  constraint transaction_parts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint transaction_parts_note_check CHECK (((length(note) >= 1) AND (length(note) <= 500))),
  constraint transaction_parts_position_check CHECK ((("position" >= 1) AND ("position" <= 50))),
  constraint transaction_parts_sign_check CHECK (((sign(amount) = sign(whole)) AND (whole <> (0)::numeric))),
  constraint transaction_parts_whole_check CHECK (((scale(whole) <= 8) AND (abs(whole) < ('100000000000000'::bigint)::numeric)))
);
comment on table app.transaction_parts is 'A transaction in parts of different categories. They count while the transaction is of the amount
and currency that was split; else the whole counts, and its parts are shown as out of date.';
comment on column app.transaction_parts.whole is 'The transaction''s amount when it was split.';

create table app.transaction_texts (
  tenant_id uuid not null,
  transaction_id uuid not null,
  sort_date date not null,
  text text not null,
  amount_key bigint not null,
  constraint transaction_texts_pkey PRIMARY KEY (tenant_id, transaction_id)
);
comment on table app.transaction_texts is 'What a search looks for: the texts of each transaction in one, as when it was indexed last.';
comment on column app.transaction_texts.text is 'In lower case, as a search asks.';
comment on column app.transaction_texts.amount_key is 'As of the transaction, so that a search of amounts looks at fewer texts.';

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
  missed_at timestamp with time zone,
  user_category text,
  user_category_by uuid,
  user_category_at timestamp with time zone,
  duplicate_of uuid,
  merchant text,
  merchant_key text,
  derived_category text,
  suggested_category text,
  category_code text,
  category_origin text,
  category_confidence smallint,
  category_reason text,
  category_rule_id uuid,
  sort_month date not null generated always as (COALESCE((sort_date - ((EXTRACT(day FROM sort_date))::integer - 1)), sort_date)) stored,
  constraint transactions_pkey PRIMARY KEY (tenant_id, id),
  constraint transactions_identity_key UNIQUE (tenant_id, mapping_id, fingerprint, occurrence),
  constraint transactions_amount_check CHECK (((scale(amount) <= 8) AND (abs(amount) < ('100000000000000'::bigint)::numeric))),
  constraint transactions_category_confidence_check CHECK (((category_confidence >= 0) AND (category_confidence <= 100))),
  constraint transactions_category_origin_check CHECK ((category_origin = ANY (ARRAY['user'::text, 'rule'::text, 'provider'::text, 'mcc'::text, 'brand'::text, 'model'::text]))),
  constraint transactions_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint transactions_duplicate_check CHECK ((duplicate_of <> id)),
  constraint transactions_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint transactions_fingerprint_check CHECK ((length(fingerprint) = 16)),
  constraint transactions_merchant_check CHECK (((length(merchant) >= 1) AND (length(merchant) <= 200))),
  constraint transactions_merchant_key_check CHECK (((length(merchant_key) >= 1) AND (length(merchant_key) <= 200))),
  constraint transactions_occurrence_check CHECK ((occurrence >= 0)),
  constraint transactions_place_check CHECK (((raw_line >= 0) AND (raw_line_end >= raw_line))),
  constraint transactions_reconciled_check CHECK ((reconciled = (reconciled_at IS NOT NULL))),
  constraint transactions_running_balance_check CHECK (((scale(running_balance) <= 8) AND (abs(running_balance) < ('100000000000000'::bigint)::numeric))),
  constraint transactions_set_aside_check CHECK (((set_aside IS NULL) OR ((set_aside = ANY (ARRAY['pending'::text, 'posted'::text])) AND (status = 'removed'::text)))),
  constraint transactions_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'posted'::text, 'removed'::text]))),
  constraint transactions_user_category_check CHECK (((length(user_category) >= 1) AND (length(user_category) <= 200)))
);
comment on table app.transactions is 'Bookings, signed from the holder''s side: money in is positive. Removed ones stay, marked.';
comment on column app.transactions.raw_line is 'First physical line in the raw document, from 1; raw_line_end is the last.';
comment on column app.transactions.fingerprint is 'Identity within the external account: of the source''s id where there is one, or of content.';
comment on column app.transactions.occurrence is 'Ordinal among equal rows of one document: real twins are 0, 1, 2 … and a repeat adds nothing.';
comment on column app.transactions.content_key is 'Digest of what is no part of the identity: tells a changed row from a repeated one.';
comment on column app.transactions.amount_key is 'The amount in hundredths, rounded down: numeric is not leakproof, so an index needs this.';
comment on column app.transactions.sort_date is 'Posted date, else transaction, value or delivery date: lists order by it, so it is never null.';
comment on column app.transactions.set_aside is 'The status that a row had when its mapping lost its account, and gets back with one; else null.';
comment on column app.transactions.missed_at is 'When a complete reading of its days did not have the row for the first time; else null.';
comment on column app.transactions.user_category is 'What a member said that it was for; null: nobody did, and the source''s word counts.';
comment on column app.transactions.duplicate_of is 'The row that counts instead of this one, as the active links say; null: this one counts.';
comment on column app.transactions.merchant is 'The other party''s name, cleaned of processors, numbers and places; null: not looked at yet.';
comment on column app.transactions.merchant_key is 'What is equal for all texts of one merchant.';
comment on column app.transactions.derived_category is 'What it was for by the evidence; null: not looked at yet, or nothing is sure enough.';
comment on column app.transactions.suggested_category is 'What it may have been for, where nothing is sure enough.';
comment on column app.transactions.category_code is 'The primary or detailed category of the taxonomy that the evidence leads to.';
comment on column app.transactions.category_origin is 'Which evidence the derived or suggested category rests on; user: a choice for the merchant.';
comment on column app.transactions.category_rule_id is 'The rule that decided; it may be gone.';
comment on column app.transactions.sort_month is 'The first day of the month of sort_date.';

create table app.unindexed_texts (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_ids uuid[] not null,
  size integer not null generated always as (cardinality(transaction_ids)) stored,
  created_at timestamp with time zone not null default now(),
  constraint unindexed_texts_pkey PRIMARY KEY (tenant_id, id)
);
comment on table app.unindexed_texts is 'Transactions whose texts are to be indexed, one row a merge: written with them, gone when done.';

create table app.unmatched_transactions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  transaction_ids uuid[] not null,
  size integer not null generated always as (cardinality(transaction_ids)) stored,
  created_at timestamp with time zone not null default now(),
  constraint unmatched_transactions_pkey PRIMARY KEY (tenant_id, id)
);
comment on table app.unmatched_transactions is 'Transactions to be compared with others, one row a merge or change; gone when that is done.';

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

create table app.webhook_events (
  tenant_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  provider text not null,
  type text not null,
  dedupe_key text not null,
  environment text not null default ''::text,
  item text,
  sealed bytea not null,
  state text not null,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone,
  locked_until timestamp with time zone,
  error_code text,
  event_at timestamp with time zone,
  received_at timestamp with time zone not null,
  processed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  fence integer not null default 0,
  constraint webhook_events_pkey PRIMARY KEY (tenant_id, id),
  constraint webhook_events_error_code_check CHECK ((length(error_code) <= 80)),
  constraint webhook_events_lock_check CHECK (((state = 'processing'::text) = (locked_until IS NOT NULL))),
  constraint webhook_events_state_check CHECK ((state = ANY (ARRAY['received'::text, 'processing'::text, 'done'::text, 'ignored'::text, 'failed'::text, 'dead'::text])))
);
comment on table app.webhook_events is 'What a provider told of a tenant''s connection: sealed, with what became of it.';
comment on column app.webhook_events.sealed is 'The event''s own part of the request, under the tenant''s data key.';
comment on column app.webhook_events.fence is 'Counts claims, for good: who was given another number has the event no more.';

create table private.provider_states (
  provider text not null,
  failures integer not null default 0,
  failing_since timestamp with time zone,
  opened integer not null default 0,
  open_until timestamp with time zone,
  probe_until timestamp with time zone,
  app_calls integer,
  connection_calls integer,
  attempts_max integer,
  enabled boolean not null default true,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  recent timestamp with time zone[] not null default '{}'::timestamp with time zone[],
  constraint provider_states_pkey PRIMARY KEY (provider),
  constraint provider_states_attempts_max_check CHECK (((attempts_max >= 1) AND (attempts_max <= 50))),
  constraint provider_states_calls_check CHECK ((((app_calls >= 1) AND (app_calls <= 1000000)) AND ((connection_calls >= 1) AND (connection_calls <= 1000000)))),
  constraint provider_states_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text))
);
comment on table private.provider_states is 'Each provider''s circuit, and what the operator set for it: limits a minute, tries, whether it is
offered. Null leaves the connector''s own facts.';
comment on column private.provider_states.recent is 'When the provider did not answer within the last minute: the newest five while it is closed.';

create table private.tenant_keys (
  tenant_id uuid not null,
  sealed_key bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint tenant_keys_pkey PRIMARY KEY (tenant_id),
  constraint tenant_keys_sealed_key_check CHECK (((length(sealed_key) >= 32) AND (length(sealed_key) <= 4096)))
);
comment on table private.tenant_keys is 'Each tenant''s data key, sealed under a key-encryption key. Destroying a row erases raw data.';

create table private.webhook_endpoints (
  tenant_id uuid,
  connection_id uuid,
  id uuid not null,
  provider text not null,
  kind text not null,
  token_hash bytea not null,
  sealed_secret bytea,
  sealed_previous bytea,
  previous_until timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  rotated_at timestamp with time zone,
  disabled_at timestamp with time zone,
  constraint webhook_endpoints_pkey PRIMARY KEY (id),
  constraint webhook_endpoints_token_key UNIQUE (token_hash),
  constraint webhook_endpoints_kind_check CHECK ((kind = ANY (ARRAY['application'::text, 'connection'::text]))),
  constraint webhook_endpoints_owner_check CHECK ((((kind = 'connection'::text) = (tenant_id IS NOT NULL)) AND ((tenant_id IS NULL) = (connection_id IS NULL)))),
  constraint webhook_endpoints_previous_check CHECK (((sealed_previous IS NULL) = (previous_until IS NULL))),
  constraint webhook_endpoints_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text)),
  constraint webhook_endpoints_secret_check CHECK (((length(sealed_secret) >= 32) AND (length(sealed_secret) <= 65536))),
  constraint webhook_endpoints_token_hash_check CHECK ((length(token_hash) = 32))
);
comment on table private.webhook_endpoints is 'Where providers send events to, by the hash of a secret path, with the sealed signing secrets.';
comment on column private.webhook_endpoints.tenant_id is 'Null for an endpoint of the operator''s application: its events are of many tenants.';
comment on column private.webhook_endpoints.sealed_previous is 'The secret before the last rotation; events signed with it are taken until previous_until.';

create table private.webhook_inbox (
  tenant_id uuid,
  connection_id uuid,
  id uuid not null default gen_random_uuid(),
  provider text not null,
  endpoint_id uuid not null,
  dedupe_key text not null,
  event_type text not null,
  environment text not null default ''::text,
  item text,
  received_at timestamp with time zone not null default now(),
  event_at timestamp with time zone,
  headers jsonb not null default '{}'::jsonb,
  body bytea not null,
  state text not null default 'received'::text,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone default now(),
  locked_until timestamp with time zone,
  last_error_code text,
  fence integer not null default 0,
  constraint webhook_inbox_pkey PRIMARY KEY (id),
  constraint webhook_inbox_dedupe_key UNIQUE (endpoint_id, dedupe_key),
  constraint webhook_inbox_body_check CHECK ((length(body) <= 1048576)),
  constraint webhook_inbox_dedupe_key_check CHECK (((length(dedupe_key) >= 1) AND (length(dedupe_key) <= 200))),
  constraint webhook_inbox_environment_check CHECK ((length(environment) <= 120)),
  constraint webhook_inbox_error_code_check CHECK ((length(last_error_code) <= 80)),
  constraint webhook_inbox_event_type_check CHECK (((length(event_type) >= 1) AND (length(event_type) <= 120))),
  constraint webhook_inbox_headers_check CHECK (((jsonb_typeof(headers) = 'object'::text) AND (pg_column_size(headers) < 16384))),
  constraint webhook_inbox_item_check CHECK (((length(item) >= 1) AND (length(item) <= 300))),
  constraint webhook_inbox_lock_check CHECK (((state = 'processing'::text) = (locked_until IS NOT NULL))),
  constraint webhook_inbox_state_check CHECK ((state = ANY (ARRAY['received'::text, 'processing'::text, 'done'::text, 'ignored'::text, 'failed'::text, 'dead'::text, 'parked'::text])))
);
comment on table private.webhook_inbox is 'Every verified event, once for each endpoint and key. The body goes when its tenant has it.';
comment on column private.webhook_inbox.fence is 'Counts claims, for good: who was given another number has the event no more.';

create table private.webhook_routes (
  tenant_id uuid not null,
  connection_id uuid not null,
  provider text not null,
  environment text not null default ''::text,
  item text not null,
  created_at timestamp with time zone not null default now(),
  constraint webhook_routes_pkey PRIMARY KEY (provider, environment, item),
  constraint webhook_routes_environment_check CHECK ((length(environment) <= 120)),
  constraint webhook_routes_item_check CHECK (((length(item) >= 1) AND (length(item) <= 300))),
  constraint webhook_routes_provider_check CHECK ((provider ~ '^[a-z][a-z0-9_]{1,39}$'::text))
);
comment on table private.webhook_routes is 'Which connection a provider means. Unique over tenants: an event has one receiver or none.';

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
add constraint accounts_primary_fkey FOREIGN KEY (tenant_id, primary_mapping_id, id) REFERENCES app.mapping_accounts(tenant_id, mapping_id, account_id);

alter table app.accounts
add constraint accounts_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.applied_pages
add constraint applied_pages_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.asset_personas
add constraint asset_personas_asset_fkey FOREIGN KEY (tenant_id, asset_id) REFERENCES app.assets(tenant_id, id);

alter table app.asset_personas
add constraint asset_personas_persona_fkey FOREIGN KEY (tenant_id, persona_id) REFERENCES app.personas(tenant_id, id);

alter table app.assets
add constraint assets_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.assets
add constraint assets_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.assets
add constraint assets_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES app.persona_groups(tenant_id, id);

alter table app.assets
add constraint assets_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.categories
add constraint categories_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.category_looks
add constraint category_looks_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.category_mappings
add constraint category_mappings_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.category_rule_versions
add constraint category_rule_versions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.category_rules
add constraint category_rules_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.connection_credentials
add constraint connection_credentials_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.connection_credentials
add constraint connection_credentials_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.connection_links
add constraint connection_links_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.connection_links
add constraint connection_links_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.connections
add constraint connections_institution_fkey FOREIGN KEY (tenant_id, institution_id) REFERENCES app.institutions(tenant_id, id);

alter table app.connections
add constraint connections_persona_fkey FOREIGN KEY (tenant_id, persona_id) REFERENCES app.personas(tenant_id, id);

alter table app.connections
add constraint connections_profile_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES app.statement_profiles(tenant_id, id);

alter table app.connections
add constraint connections_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.corrections
add constraint corrections_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.corrections
add constraint corrections_old_raw_fkey FOREIGN KEY (tenant_id, old_job_id, old_raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.corrections
add constraint corrections_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.exchange_rates
add constraint exchange_rates_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.expenses
add constraint expenses_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.holdings
add constraint holdings_mapping_fkey FOREIGN KEY (tenant_id, mapping_id, account_id) REFERENCES app.mapping_accounts(tenant_id, mapping_id, account_id);

alter table app.holdings
add constraint holdings_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

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
add constraint ingestion_previews_corrects_fkey FOREIGN KEY (tenant_id, corrects_id) REFERENCES app.transactions(tenant_id, id);

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

alter table app.mapping_aliases
add constraint mapping_aliases_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.mapping_numbers
add constraint mapping_numbers_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.mapping_refusals
add constraint mapping_refusals_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.mapping_refusals
add constraint mapping_refusals_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

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

alter table app.persona_group_members
add constraint persona_group_members_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES app.persona_groups(tenant_id, id);

alter table app.persona_group_members
add constraint persona_group_members_persona_fkey FOREIGN KEY (tenant_id, persona_id) REFERENCES app.personas(tenant_id, id);

alter table app.persona_groups
add constraint persona_groups_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.personas
add constraint personas_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.pickup_documents
add constraint pickup_documents_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.pickup_documents
add constraint pickup_documents_item_fkey FOREIGN KEY (tenant_id, item_id) REFERENCES app.pickup_items(tenant_id, id);

alter table app.pickup_documents
add constraint pickup_documents_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.pickup_documents
add constraint pickup_documents_upload_fkey FOREIGN KEY (tenant_id, id) REFERENCES app.uploads(tenant_id, id);

alter table app.pickup_items
add constraint pickup_items_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.provider_flags
add constraint provider_flags_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.quiltt_profiles
add constraint quiltt_profiles_persona_fkey FOREIGN KEY (tenant_id, persona_id) REFERENCES app.personas(tenant_id, id);

alter table app.quiltt_sessions
add constraint quiltt_sessions_persona_fkey FOREIGN KEY (tenant_id, persona_id) REFERENCES app.personas(tenant_id, id);

alter table app.quiltt_sessions
add constraint quiltt_sessions_profile_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES app.quiltt_profiles(tenant_id, id);

alter table app.raw_ingestion_data
add constraint raw_ingestion_data_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.raw_ingestion_data
add constraint raw_ingestion_data_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.raw_ingestion_data
add constraint raw_ingestion_data_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.reconciliation_members
add constraint reconciliation_members_group_fkey FOREIGN KEY (tenant_id, reconciliation_id) REFERENCES app.reconciliations(tenant_id, id);

alter table app.reconciliation_members
add constraint reconciliation_members_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.reconciliation_rules
add constraint reconciliation_rules_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.reconciliations
add constraint reconciliations_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.reconciliations
add constraint reconciliations_rule_fkey FOREIGN KEY (tenant_id, rule_version_id) REFERENCES app.reconciliation_rules(tenant_id, id);

alter table app.reconciliations
add constraint reconciliations_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.recurring_items
add constraint recurring_items_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.review_items
add constraint review_items_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES app.accounts(tenant_id, id);

alter table app.review_items
add constraint review_items_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.review_items
add constraint review_items_other_fkey FOREIGN KEY (tenant_id, other_id) REFERENCES app.transactions(tenant_id, id);

alter table app.review_items
add constraint review_items_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.review_items
add constraint review_items_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.statement_profiles
add constraint statement_profiles_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.statements
add constraint statements_mapping_fkey FOREIGN KEY (tenant_id, mapping_id, account_id) REFERENCES app.mapping_accounts(tenant_id, mapping_id, account_id);

alter table app.statements
add constraint statements_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.sync_cursors
add constraint sync_cursors_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.sync_cursors
add constraint sync_cursors_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES app.ingestion_jobs(tenant_id, id);

alter table app.tenant_invitations
add constraint tenant_invitations_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.tenant_members
add constraint tenant_members_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.tenant_members
add constraint tenant_members_user_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

alter table app.transaction_aliases
add constraint transaction_aliases_mapping_fkey FOREIGN KEY (tenant_id, mapping_id) REFERENCES app.account_mappings(tenant_id, id);

alter table app.transaction_aliases
add constraint transaction_aliases_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.transaction_aliases
add constraint transaction_aliases_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.transaction_conflicts
add constraint transaction_conflicts_reconciliation_fkey FOREIGN KEY (tenant_id, reconciliation_id) REFERENCES app.reconciliations(tenant_id, id);

alter table app.transaction_conflicts
add constraint transaction_conflicts_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.transaction_links
add constraint transaction_links_other_fkey FOREIGN KEY (tenant_id, other_id) REFERENCES app.transactions(tenant_id, id);

alter table app.transaction_links
add constraint transaction_links_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.transaction_links
add constraint transaction_links_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.transaction_parts
add constraint transaction_parts_transaction_fkey FOREIGN KEY (tenant_id, transaction_id) REFERENCES app.transactions(tenant_id, id);

alter table app.transactions
add constraint transactions_mapping_fkey FOREIGN KEY (tenant_id, mapping_id, account_id) REFERENCES app.mapping_accounts(tenant_id, mapping_id, account_id);

alter table app.transactions
add constraint transactions_raw_fkey FOREIGN KEY (tenant_id, job_id, raw_id) REFERENCES app.raw_ingestion_data(tenant_id, job_id, id);

alter table app.unindexed_texts
add constraint unindexed_texts_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.unmatched_transactions
add constraint unmatched_transactions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.uploads
add constraint uploads_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table app.webhook_events
add constraint webhook_events_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table app.webhook_events
add constraint webhook_events_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table private.tenant_keys
add constraint tenant_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants(id);

alter table private.webhook_endpoints
add constraint webhook_endpoints_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table private.webhook_inbox
add constraint webhook_inbox_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

alter table private.webhook_routes
add constraint webhook_routes_connection_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES app.connections(tenant_id, id);

-- indexes

CREATE INDEX account_balances_account_idx ON app.account_balances USING btree (tenant_id, account_id, as_of DESC, created_at DESC);
CREATE INDEX account_balances_raw_idx ON app.account_balances USING btree (tenant_id, job_id, raw_id);
CREATE INDEX account_mappings_account_idx ON app.account_mappings USING btree (tenant_id, account_id);
CREATE INDEX account_mappings_connection_idx ON app.account_mappings USING btree (tenant_id, connection_id);
CREATE INDEX account_mappings_number_idx ON app.account_mappings USING btree (tenant_id, number_hash) WHERE (number_hash IS NOT NULL);
CREATE INDEX account_mappings_order_idx ON app.account_mappings USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX accounts_institution_idx ON app.accounts USING btree (tenant_id, institution_id);
CREATE INDEX accounts_order_idx ON app.accounts USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX accounts_primary_idx ON app.accounts USING btree (tenant_id, primary_mapping_id, id);
CREATE INDEX applied_pages_raw_idx ON app.applied_pages USING btree (tenant_id, job_id, raw_id);
CREATE INDEX asset_personas_persona_idx ON app.asset_personas USING btree (tenant_id, persona_id);
CREATE INDEX assets_connection_idx ON app.assets USING btree (tenant_id, connection_id);
CREATE INDEX assets_group_idx ON app.assets USING btree (tenant_id, group_id);
CREATE INDEX assets_order_idx ON app.assets USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX categories_order_idx ON app.categories USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX category_mappings_order_idx ON app.category_mappings USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX category_rules_order_idx ON app.category_rules USING btree (tenant_id, "position", id);
CREATE INDEX connection_credentials_expiry_idx ON app.connection_credentials USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX connection_links_connection_idx ON app.connection_links USING btree (tenant_id, connection_id);
CREATE INDEX connection_links_expiry_idx ON app.connection_links USING btree (expires_at);
CREATE INDEX connections_due_idx ON app.connections USING btree (next_sync_at) WHERE ((next_sync_at IS NOT NULL) AND (status = ANY (ARRAY['active'::text, 'error'::text])));
CREATE UNIQUE INDEX connections_external_key ON app.connections USING btree (tenant_id, provider, external_id) WHERE ((external_id IS NOT NULL) AND (status <> 'disconnected'::text));
CREATE INDEX connections_institution_idx ON app.connections USING btree (tenant_id, institution_id);
CREATE INDEX connections_order_idx ON app.connections USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX connections_persona_idx ON app.connections USING btree (tenant_id, persona_id);
CREATE INDEX connections_profile_idx ON app.connections USING btree (tenant_id, profile_id);
CREATE INDEX corrections_new_print_idx ON app.corrections USING btree (tenant_id, mapping_id, new_print);
CREATE INDEX corrections_old_print_idx ON app.corrections USING btree (tenant_id, mapping_id, old_print);
CREATE INDEX corrections_old_raw_idx ON app.corrections USING btree (tenant_id, old_job_id, old_raw_id);
CREATE INDEX corrections_raw_idx ON app.corrections USING btree (tenant_id, job_id, raw_id);
CREATE INDEX expenses_order_idx ON app.expenses USING btree (tenant_id, spent_on DESC, id DESC);
CREATE INDEX holdings_account_idx ON app.holdings USING btree (tenant_id, account_id, created_at DESC, id DESC);
CREATE INDEX holdings_mapping_idx ON app.holdings USING btree (tenant_id, mapping_id, account_id);
CREATE INDEX holdings_raw_idx ON app.holdings USING btree (tenant_id, job_id, raw_id);
CREATE INDEX ingestion_audit_log_connection_idx ON app.ingestion_audit_log USING btree (tenant_id, connection_id);
CREATE INDEX ingestion_audit_log_job_idx ON app.ingestion_audit_log USING btree (tenant_id, job_id);
CREATE INDEX ingestion_audit_log_order_idx ON app.ingestion_audit_log USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ingestion_jobs_batch_idx ON app.ingestion_jobs USING btree (tenant_id, batch_id) WHERE (batch_id IS NOT NULL);
CREATE INDEX ingestion_jobs_changed_idx ON app.ingestion_jobs USING btree (tenant_id, updated_at);
CREATE INDEX ingestion_jobs_connection_idx ON app.ingestion_jobs USING btree (tenant_id, connection_id, created_at DESC, id DESC);
CREATE INDEX ingestion_jobs_due_idx ON app.ingestion_jobs USING btree (COALESCE(lease_until, next_run_at)) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX ingestion_jobs_finished_idx ON app.ingestion_jobs USING btree (tenant_id, finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX ingestion_jobs_mapping_idx ON app.ingestion_jobs USING btree (tenant_id, mapping_id);
CREATE INDEX ingestion_jobs_order_idx ON app.ingestion_jobs USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ingestion_jobs_profile_idx ON app.ingestion_jobs USING btree (tenant_id, profile_id);
CREATE UNIQUE INDEX ingestion_jobs_queued_categorize_key ON app.ingestion_jobs USING btree (tenant_id, connection_id) WHERE ((kind = 'categorize'::text) AND (state = 'queued'::text));
CREATE UNIQUE INDEX ingestion_jobs_queued_sync_key ON app.ingestion_jobs USING btree (tenant_id, connection_id) WHERE ((kind = 'sync'::text) AND (state = 'queued'::text));
CREATE UNIQUE INDEX ingestion_jobs_running_key ON app.ingestion_jobs USING btree (tenant_id, connection_id) WHERE (state = 'running'::text);
CREATE INDEX ingestion_jobs_started_idx ON app.ingestion_jobs USING btree (tenant_id, started_at);
CREATE INDEX ingestion_jobs_synced_idx ON app.ingestion_jobs USING btree (finished_at) WHERE ((kind = 'sync'::text) AND (finished_at IS NOT NULL));
CREATE INDEX ingestion_jobs_upload_idx ON app.ingestion_jobs USING btree (tenant_id, upload_id);
CREATE INDEX ingestion_previews_corrects_idx ON app.ingestion_previews USING btree (tenant_id, corrects_id);
CREATE INDEX ingestion_previews_mapping_idx ON app.ingestion_previews USING btree (tenant_id, mapping_id);
CREATE INDEX ingestion_previews_outcome_idx ON app.ingestion_previews USING btree (tenant_id, job_id, outcome, "position");
CREATE INDEX mapping_accounts_account_idx ON app.mapping_accounts USING btree (tenant_id, account_id);
CREATE INDEX mapping_aliases_mapping_idx ON app.mapping_aliases USING btree (tenant_id, mapping_id);
CREATE INDEX mapping_numbers_hash_idx ON app.mapping_numbers USING btree (tenant_id, number_hash);
CREATE INDEX mapping_refusals_account_idx ON app.mapping_refusals USING btree (tenant_id, account_id);
CREATE INDEX mapping_waits_job_idx ON app.mapping_waits USING btree (tenant_id, job_id);
CREATE INDEX notification_channel_secrets_previous_idx ON app.notification_channel_secrets USING btree (previous_until) WHERE (sealed_previous IS NOT NULL);
CREATE INDEX notification_channels_order_idx ON app.notification_channels USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX notification_deliveries_channel_idx ON app.notification_deliveries USING btree (tenant_id, channel_id, created_at DESC, id DESC);
CREATE INDEX notification_deliveries_due_idx ON app.notification_deliveries USING btree (next_attempt_at) WHERE (state = 'pending'::text);
CREATE INDEX notification_deliveries_locked_idx ON app.notification_deliveries USING btree (locked_until) WHERE (locked_until IS NOT NULL);
CREATE INDEX notification_deliveries_settled_idx ON app.notification_deliveries USING btree (settled_at) WHERE (settled_at IS NOT NULL);
CREATE INDEX notifications_age_idx ON app.notifications USING btree (created_at);
CREATE INDEX notifications_balances_idx ON app.notifications USING btree (tenant_id) WHERE (key ~~ 'balance:%'::text);
CREATE INDEX notifications_connection_idx ON app.notifications USING btree (tenant_id, connection_id, created_at DESC, id DESC);
CREATE INDEX notifications_job_idx ON app.notifications USING btree (tenant_id, job_id);
CREATE INDEX notifications_order_idx ON app.notifications USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX persona_group_members_persona_idx ON app.persona_group_members USING btree (tenant_id, persona_id);
CREATE INDEX persona_groups_order_idx ON app.persona_groups USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX personas_order_idx ON app.personas USING btree (tenant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX personas_primary_idx ON app.personas USING btree (tenant_id, user_id) WHERE is_primary;
CREATE INDEX pickup_documents_item_idx ON app.pickup_documents USING btree (tenant_id, item_id);
CREATE INDEX pickup_documents_job_idx ON app.pickup_documents USING btree (tenant_id, job_id);
CREATE INDEX pickup_items_order_idx ON app.pickup_items USING btree (tenant_id, connection_id, created_at DESC, id DESC);
CREATE INDEX pickup_items_state_idx ON app.pickup_items USING btree (tenant_id, connection_id, state);
CREATE UNIQUE INDEX quiltt_profiles_external_key ON app.quiltt_profiles USING btree (tenant_id, external_environment, external_id);
CREATE UNIQUE INDEX quiltt_sessions_open_key ON app.quiltt_sessions USING btree (tenant_id, persona_id) WHERE (state = 'open'::text);
CREATE INDEX quiltt_sessions_over_idx ON app.quiltt_sessions USING btree (expires_at) WHERE (sealed IS NOT NULL);
CREATE INDEX quiltt_sessions_persona_idx ON app.quiltt_sessions USING btree (tenant_id, persona_id);
CREATE INDEX quiltt_sessions_profile_idx ON app.quiltt_sessions USING btree (tenant_id, profile_id, issued_at);
CREATE INDEX raw_ingestion_data_connection_idx ON app.raw_ingestion_data USING btree (tenant_id, connection_id, received_at DESC, id DESC);
CREATE INDEX raw_ingestion_data_sha256_idx ON app.raw_ingestion_data USING btree (tenant_id, sha256);
CREATE UNIQUE INDEX reconciliation_members_once_idx ON app.reconciliation_members USING btree (tenant_id, transaction_id) WHERE active;
CREATE INDEX reconciliation_members_transaction_idx ON app.reconciliation_members USING btree (tenant_id, transaction_id);
CREATE UNIQUE INDEX reconciliation_rules_current_idx ON app.reconciliation_rules USING btree (tenant_id, rule_id) WHERE (replaced_at IS NULL);
CREATE INDEX reconciliations_account_idx ON app.reconciliations USING btree (tenant_id, account_id, statement_to DESC);
CREATE INDEX reconciliations_order_idx ON app.reconciliations USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX reconciliations_rule_idx ON app.reconciliations USING btree (tenant_id, rule_version_id);
CREATE INDEX reconciliations_undone_idx ON app.reconciliations USING btree (tenant_id, created_at DESC, id DESC) WHERE ((method = 'rule'::text) AND (undone_by IS NOT NULL));
CREATE INDEX recurring_items_order_idx ON app.recurring_items USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX review_items_account_idx ON app.review_items USING btree (tenant_id, account_id);
CREATE INDEX review_items_job_idx ON app.review_items USING btree (tenant_id, job_id);
CREATE INDEX review_items_open_idx ON app.review_items USING btree (tenant_id, kind, created_at DESC, id DESC) WHERE (state = 'open'::text);
CREATE INDEX review_items_order_idx ON app.review_items USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX review_items_other_idx ON app.review_items USING btree (tenant_id, other_id);
CREATE INDEX review_items_transaction_idx ON app.review_items USING btree (tenant_id, transaction_id);
CREATE INDEX statements_account_idx ON app.statements USING btree (tenant_id, account_id, created_at DESC, ordinal DESC, id DESC);
CREATE INDEX statements_mapping_idx ON app.statements USING btree (tenant_id, mapping_id, account_id);
CREATE INDEX statements_newest_idx ON app.statements USING btree (tenant_id, created_at DESC, ordinal DESC, id DESC);
CREATE INDEX statements_raw_idx ON app.statements USING btree (tenant_id, job_id, raw_id);
CREATE INDEX sync_cursors_job_idx ON app.sync_cursors USING btree (tenant_id, job_id);
CREATE INDEX tenant_invitations_recipient_idx ON app.tenant_invitations USING btree (email);
CREATE INDEX tenant_members_user_idx ON app.tenant_members USING btree (user_id, tenant_id);
CREATE INDEX transaction_aliases_raw_idx ON app.transaction_aliases USING btree (tenant_id, job_id, raw_id);
CREATE INDEX transaction_aliases_transaction_idx ON app.transaction_aliases USING btree (tenant_id, transaction_id);
CREATE INDEX transaction_conflicts_asked_idx ON app.transaction_conflicts USING btree (tenant_id) WHERE (state = ANY (ARRAY['noted'::text, 'asked'::text]));
CREATE INDEX transaction_conflicts_noted_idx ON app.transaction_conflicts USING btree (tenant_id, transaction_id) WHERE (state = 'noted'::text);
CREATE INDEX transaction_conflicts_reconciliation_idx ON app.transaction_conflicts USING btree (tenant_id, reconciliation_id);
CREATE UNIQUE INDEX transaction_links_duplicate_idx ON app.transaction_links USING btree (tenant_id, transaction_id) WHERE ((state = 'active'::text) AND (kind = ANY (ARRAY['duplicate'::text, 'pending_posted'::text])));
CREATE UNIQUE INDEX transaction_links_in_idx ON app.transaction_links USING btree (tenant_id, other_id) WHERE ((state = 'active'::text) AND (kind = 'transfer'::text));
CREATE INDEX transaction_links_other_idx ON app.transaction_links USING btree (tenant_id, other_id);
CREATE UNIQUE INDEX transaction_links_out_idx ON app.transaction_links USING btree (tenant_id, transaction_id) WHERE ((state = 'active'::text) AND (kind = 'transfer'::text));
CREATE UNIQUE INDEX transaction_links_refund_idx ON app.transaction_links USING btree (tenant_id, transaction_id) WHERE ((state = 'active'::text) AND (kind = 'refund'::text));
CREATE INDEX transaction_links_transaction_idx ON app.transaction_links USING btree (tenant_id, transaction_id);
CREATE INDEX transaction_texts_days_idx ON app.transaction_texts USING btree (tenant_id, sort_date, amount_key) INCLUDE (transaction_id, text) WHERE (octet_length(text) <= 2000);
CREATE INDEX transaction_texts_long_idx ON app.transaction_texts USING btree (tenant_id, sort_date) WHERE (octet_length(text) > 2000);
CREATE INDEX transaction_texts_sample_idx ON app.transaction_texts USING btree (tenant_id, sort_date) WHERE (get_byte(uuid_send(transaction_id), 15) < 4);
CREATE INDEX transaction_texts_text_idx ON app.transaction_texts USING gin (tenant_id, text extensions.gin_trgm_ops);
CREATE INDEX transactions_account_amount_idx ON app.transactions USING btree (tenant_id, account_id, amount_key DESC, id DESC);
CREATE INDEX transactions_account_idx ON app.transactions USING btree (tenant_id, account_id, sort_date DESC, id DESC);
CREATE INDEX transactions_amount_idx ON app.transactions USING btree (tenant_id, amount_key DESC, id DESC);
CREATE INDEX transactions_booked_idx ON app.transactions USING btree (tenant_id, account_id, sort_date) WHERE ((status = 'pending'::text) AND (duplicate_of IS NOT NULL));
CREATE INDEX transactions_category_amount_idx ON app.transactions USING btree (tenant_id, ( CASE WHEN (user_category IS NOT NULL) THEN user_category ELSE derived_category END) COLLATE "C", amount_key DESC, id DESC) WHERE ( CASE WHEN (user_category IS NOT NULL) THEN user_category ELSE derived_category END IS NOT NULL);
CREATE INDEX transactions_category_idx ON app.transactions USING btree (tenant_id, ( CASE WHEN (user_category IS NOT NULL) THEN user_category ELSE derived_category END) COLLATE "C", sort_date DESC, id DESC) WHERE ( CASE WHEN (user_category IS NOT NULL) THEN user_category ELSE derived_category END IS NOT NULL);
CREATE INDEX transactions_chosen_idx ON app.transactions USING btree (tenant_id, merchant_key) WHERE (user_category IS NOT NULL);
CREATE INDEX transactions_concluded_idx ON app.transactions USING btree (tenant_id, merchant_key) WHERE (category_origin = 'user'::text);
CREATE INDEX transactions_duplicate_idx ON app.transactions USING btree (tenant_id, duplicate_of) WHERE (duplicate_of IS NOT NULL);
CREATE INDEX transactions_external_id_idx ON app.transactions USING btree (tenant_id, mapping_id, external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX transactions_merchant_amount_idx ON app.transactions USING btree (tenant_id, merchant_key COLLATE "C", amount_key DESC, id DESC) WHERE (merchant_key IS NOT NULL);
CREATE INDEX transactions_merchant_idx ON app.transactions USING btree (tenant_id, merchant_key COLLATE "C", sort_date DESC, id DESC) WHERE (merchant_key IS NOT NULL);
CREATE INDEX transactions_order_idx ON app.transactions USING btree (tenant_id, sort_date DESC, id DESC) WHERE (status <> 'removed'::text);
CREATE INDEX transactions_pending_idx ON app.transactions USING btree (tenant_id, account_id, sort_date) WHERE ((status = 'pending'::text) AND (duplicate_of IS NULL));
CREATE INDEX transactions_raw_idx ON app.transactions USING btree (tenant_id, job_id, raw_id);
CREATE INDEX transactions_reconciled_idx ON app.transactions USING btree (tenant_id, sort_date DESC, id DESC) WHERE reconciled;
CREATE INDEX transactions_summary_idx ON app.transactions USING btree (tenant_id, sort_month, currency, sort_date) INCLUDE (amount) WHERE ((status <> 'removed'::text) AND (duplicate_of IS NULL));
CREATE INDEX transactions_unjudged_amount_idx ON app.transactions USING btree (tenant_id, source_category COLLATE "C", amount_key DESC, id DESC) WHERE ((user_category IS NULL) AND (derived_category IS NULL) AND (octet_length(source_category) <= 2000));
CREATE INDEX transactions_unjudged_category_idx ON app.transactions USING btree (tenant_id, source_category COLLATE "C", sort_date DESC, id DESC) WHERE ((user_category IS NULL) AND (derived_category IS NULL) AND (octet_length(source_category) <= 2000));
CREATE INDEX transactions_unjudged_long_idx ON app.transactions USING btree (tenant_id, sort_date DESC, id DESC) WHERE ((user_category IS NULL) AND (derived_category IS NULL) AND (octet_length(source_category) > 2000));
CREATE INDEX transactions_unkeyed_amount_idx ON app.transactions USING btree (tenant_id, amount_key DESC, id DESC) WHERE ((merchant_key IS NULL) AND (merchant_name IS NOT NULL));
CREATE INDEX transactions_unkeyed_idx ON app.transactions USING btree (tenant_id, sort_date DESC, id DESC) WHERE ((merchant_key IS NULL) AND (merchant_name IS NOT NULL));
CREATE INDEX transactions_unposted_idx ON app.transactions USING btree (tenant_id, status, sort_date DESC, id DESC) WHERE (status <> 'posted'::text);
CREATE INDEX transactions_unreconciled_idx ON app.transactions USING btree (tenant_id, sort_date DESC, id DESC) WHERE (NOT reconciled);
CREATE INDEX uploads_expiry_idx ON app.uploads USING btree (expires_at) WHERE (state = ANY (ARRAY['pending'::text, 'received'::text]));
CREATE INDEX webhook_events_connection_idx ON app.webhook_events USING btree (tenant_id, connection_id, received_at DESC, id DESC);
CREATE INDEX webhook_events_due_idx ON app.webhook_events USING btree (COALESCE(locked_until, next_attempt_at)) WHERE (state = ANY (ARRAY['received'::text, 'processing'::text, 'failed'::text]));
CREATE INDEX webhook_events_id_idx ON app.webhook_events USING btree (id);
CREATE INDEX webhook_events_order_idx ON app.webhook_events USING btree (tenant_id, received_at DESC, id DESC);
CREATE INDEX webhook_events_received_idx ON app.webhook_events USING btree (received_at);
CREATE INDEX webhook_endpoints_connection_idx ON private.webhook_endpoints USING btree (tenant_id, connection_id);
CREATE INDEX webhook_endpoints_previous_idx ON private.webhook_endpoints USING btree (previous_until) WHERE (previous_until IS NOT NULL);
CREATE INDEX webhook_endpoints_sealed_idx ON private.webhook_endpoints USING btree (COALESCE(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid));
CREATE INDEX webhook_inbox_connection_idx ON private.webhook_inbox USING btree (tenant_id, connection_id);
CREATE INDEX webhook_inbox_due_idx ON private.webhook_inbox USING btree (COALESCE(locked_until, next_attempt_at)) WHERE (state = ANY (ARRAY['received'::text, 'processing'::text, 'failed'::text, 'parked'::text]));
CREATE INDEX webhook_inbox_parked_idx ON private.webhook_inbox USING btree (provider, environment, item) WHERE (state = 'parked'::text);
CREATE INDEX webhook_inbox_received_idx ON private.webhook_inbox USING btree (received_at);
CREATE INDEX webhook_routes_connection_idx ON private.webhook_routes USING btree (tenant_id, connection_id);

-- statistics

CREATE STATISTICS app.transactions_merchants ON COALESCE(merchant_key, lower(merchant_name)) FROM app.transactions;

-- triggers

CREATE TRIGGER account_mappings_decision BEFORE UPDATE ON app.account_mappings FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND ((new.account_id IS DISTINCT FROM old.account_id) OR (new.state IS DISTINCT FROM old.state)))) EXECUTE FUNCTION private.sign_mapping_decision();
CREATE TRIGGER account_mappings_remember AFTER INSERT OR UPDATE OF account_id ON app.account_mappings FOR EACH ROW WHEN ((new.account_id IS NOT NULL)) EXECUTE FUNCTION private.remember_mapping_account();
CREATE TRIGGER account_mappings_signature BEFORE UPDATE ON app.account_mappings FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.verified_by IS DISTINCT FROM old.verified_by))) EXECUTE FUNCTION private.sign_own_name('verified_by');
CREATE TRIGGER account_mappings_touch BEFORE UPDATE ON app.account_mappings FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER account_mappings_undecided BEFORE UPDATE ON app.account_mappings FOR EACH ROW WHEN (((new.state = 'pending'::text) AND (old.state <> 'pending'::text))) EXECUTE FUNCTION private.forget_mapping_decision();
CREATE TRIGGER accounts_touch BEFORE UPDATE ON app.accounts FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER asset_personas_limit AFTER INSERT OR UPDATE ON app.asset_personas FOR EACH ROW WHEN ((new.ownership_type = 'owner'::text)) EXECUTE FUNCTION private.limit_ownership();
CREATE TRIGGER assets_touch BEFORE UPDATE ON app.assets FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER categories_touch BEFORE UPDATE ON app.categories FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER category_mappings_touch BEFORE UPDATE ON app.category_mappings FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER category_rule_versions_append_only BEFORE DELETE OR UPDATE ON app.category_rule_versions FOR EACH ROW EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER category_rule_versions_no_truncate BEFORE TRUNCATE ON app.category_rule_versions FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER category_rules_keep AFTER INSERT OR DELETE OR UPDATE ON app.category_rules FOR EACH ROW EXECUTE FUNCTION private.keep_rule_version();
CREATE TRIGGER category_rules_number BEFORE UPDATE ON app.category_rules FOR EACH ROW EXECUTE FUNCTION private.number_rule_version();
CREATE TRIGGER category_rules_touch BEFORE UPDATE ON app.category_rules FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER connection_credentials_touch BEFORE UPDATE ON app.connection_credentials FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER connections_lineage BEFORE INSERT ON app.connections FOR EACH ROW EXECUTE FUNCTION private.start_lineage();
CREATE TRIGGER connections_touch BEFORE UPDATE ON app.connections FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER exchange_rates_touch BEFORE UPDATE ON app.exchange_rates FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER expenses_touch BEFORE UPDATE ON app.expenses FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER holdings_touch BEFORE UPDATE ON app.holdings FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER ingestion_audit_log_append_only BEFORE DELETE OR UPDATE ON app.ingestion_audit_log FOR EACH ROW EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER ingestion_audit_log_no_truncate BEFORE TRUNCATE ON app.ingestion_audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER ingestion_jobs_signature BEFORE UPDATE ON app.ingestion_jobs FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.approved_by IS DISTINCT FROM old.approved_by))) EXECUTE FUNCTION private.sign_own_name('approved_by');
CREATE TRIGGER ingestion_jobs_touch BEFORE UPDATE ON app.ingestion_jobs FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER ingestion_jobs_transition BEFORE UPDATE ON app.ingestion_jobs FOR EACH ROW WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.check_job_transition();
CREATE TRIGGER mapping_refusals_signature BEFORE INSERT ON app.mapping_refusals FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.created_by IS NOT NULL))) EXECUTE FUNCTION private.sign_own_name('created_by');
CREATE TRIGGER notification_channel_secrets_previous BEFORE UPDATE OF sealed_secret ON app.notification_channel_secrets FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (old.sealed_secret IS NOT NULL) AND (new.sealed_secret IS DISTINCT FROM old.sealed_secret))) EXECUTE FUNCTION private.keep_previous_secret();
CREATE TRIGGER notification_channels_touch BEFORE UPDATE ON app.notification_channels FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER persona_groups_touch BEFORE UPDATE ON app.persona_groups FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER personas_tie BEFORE UPDATE ON app.personas FOR EACH ROW WHEN (((new.user_id IS DISTINCT FROM old.user_id) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.check_persona_tie();
CREATE TRIGGER personas_tied BEFORE UPDATE ON app.personas FOR EACH ROW WHEN (((new.user_id IS DISTINCT FROM old.user_id) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.check_persona_user();
CREATE TRIGGER personas_touch BEFORE UPDATE ON app.personas FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER personas_user BEFORE INSERT ON app.personas FOR EACH ROW WHEN (((new.user_id IS NOT NULL) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.check_persona_user();
CREATE TRIGGER pickup_items_touch BEFORE UPDATE ON app.pickup_items FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER provider_flags_touch BEFORE UPDATE ON app.provider_flags FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER quiltt_profiles_touch BEFORE UPDATE ON app.quiltt_profiles FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER quiltt_sessions_touch BEFORE UPDATE ON app.quiltt_sessions FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER raw_ingestion_data_append_only BEFORE DELETE OR UPDATE ON app.raw_ingestion_data FOR EACH ROW EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER raw_ingestion_data_no_truncate BEFORE TRUNCATE ON app.raw_ingestion_data FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change();
CREATE TRIGGER reconciliation_members_joined AFTER INSERT ON app.reconciliation_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION private.follow_with_reconciled();
CREATE TRIGGER reconciliation_members_left AFTER UPDATE ON app.reconciliation_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION private.follow_with_reconciled();
CREATE TRIGGER reconciliation_rules_signature BEFORE INSERT ON app.reconciliation_rules FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.created_by IS NOT NULL))) EXECUTE FUNCTION private.sign_own_name('created_by');
CREATE TRIGGER reconciliations_signature BEFORE INSERT ON app.reconciliations FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.created_by IS NOT NULL))) EXECUTE FUNCTION private.sign_own_name('created_by');
CREATE TRIGGER reconciliations_undone_signature BEFORE UPDATE ON app.reconciliations FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.undone_by IS DISTINCT FROM old.undone_by))) EXECUTE FUNCTION private.sign_own_name('undone_by');
CREATE TRIGGER recurring_items_signature BEFORE UPDATE ON app.recurring_items FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.dismissed_by IS DISTINCT FROM old.dismissed_by))) EXECUTE FUNCTION private.sign_own_name('dismissed_by');
CREATE TRIGGER recurring_items_touch BEFORE UPDATE ON app.recurring_items FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER review_items_asked_again BEFORE UPDATE ON app.review_items FOR EACH ROW WHEN (((new.state <> 'superseded'::text) AND (old.superseded_reason IS NOT NULL))) EXECUTE FUNCTION private.forget_superseded_reason();
CREATE TRIGGER review_items_signature BEFORE UPDATE ON app.review_items FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND ((new.decided_by IS DISTINCT FROM old.decided_by) OR (new.decided_at IS DISTINCT FROM old.decided_at) OR (new.state IS DISTINCT FROM old.state)))) EXECUTE FUNCTION private.sign_own_name('decided_by');
CREATE TRIGGER review_items_touch BEFORE UPDATE ON app.review_items FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER statement_profiles_touch BEFORE UPDATE ON app.statement_profiles FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER sync_cursors_touch BEFORE UPDATE ON app.sync_cursors FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER tenant_members_keep_an_owner_delete BEFORE DELETE ON app.tenant_members FOR EACH ROW WHEN (((old.role = 'owner'::text) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.keep_an_owner();
CREATE TRIGGER tenant_members_keep_an_owner_update BEFORE UPDATE OF role ON app.tenant_members FOR EACH ROW WHEN (((old.role = 'owner'::text) AND (new.role <> 'owner'::text) AND (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION private.keep_an_owner();
CREATE TRIGGER tenant_members_touch BEFORE UPDATE ON app.tenant_members FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER tenants_touch BEFORE UPDATE ON app.tenants FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER transaction_links_again BEFORE UPDATE ON app.transaction_links FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.state = 'active'::text) AND (old.state <> 'active'::text))) EXECUTE FUNCTION private.sign_own_name('created_by');
CREATE TRIGGER transaction_links_author BEFORE UPDATE ON app.transaction_links FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.created_by IS DISTINCT FROM old.created_by))) EXECUTE FUNCTION private.sign_own_name('created_by');
CREATE TRIGGER transaction_links_first_author BEFORE INSERT ON app.transaction_links FOR EACH ROW WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.sign_own_name('created_by');
CREATE TRIGGER transaction_links_gave_way AFTER UPDATE ON app.transaction_links FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (old.method = 'auto'::text) AND (old.state = 'active'::text) AND (new.state = 'undone'::text) AND (new.undone_by IS NULL))) EXECUTE FUNCTION private.note_what_gave_way();
CREATE TRIGGER transaction_links_made_again BEFORE UPDATE ON app.transaction_links FOR EACH ROW WHEN (((new.state = 'active'::text) AND (old.undone_reason IS NOT NULL))) EXECUTE FUNCTION private.forget_undone_reason();
CREATE TRIGGER transaction_links_undoer BEFORE UPDATE ON app.transaction_links FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.undone_by IS DISTINCT FROM old.undone_by))) EXECUTE FUNCTION private.sign_own_name('undone_by');
CREATE TRIGGER transaction_parts_rest AFTER DELETE ON app.transaction_parts REFERENCING OLD TABLE AS touched_parts FOR EACH STATEMENT EXECUTE FUNCTION private.check_parts();
CREATE TRIGGER transaction_parts_sum AFTER INSERT ON app.transaction_parts REFERENCING NEW TABLE AS touched_parts FOR EACH STATEMENT EXECUTE FUNCTION private.check_parts();
CREATE TRIGGER keep_conclusions BEFORE UPDATE OF derived_category, suggested_category, category_code, category_origin, category_confidence, category_reason, category_rule_id ON app.transactions FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (old.category_origin IS DISTINCT FROM 'user'::text))) EXECUTE FUNCTION private.keep_conclusions();
CREATE TRIGGER transactions_category_signature BEFORE UPDATE ON app.transactions FOR EACH ROW WHEN (((CURRENT_USER = 'authenticated'::name) AND (new.user_category_by IS DISTINCT FROM old.user_category_by))) EXECUTE FUNCTION private.sign_own_name('user_category_by');
CREATE TRIGGER transactions_conflict BEFORE UPDATE ON app.transactions FOR EACH ROW WHEN (((old.reconciled OR (old.user_category IS NOT NULL)) AND (CURRENT_USER = 'worker'::name) AND ((old.content_key <> new.content_key) OR (old.status <> new.status) OR ((old.missed_at IS NOT NULL) AND (new.missed_at IS NULL))))) EXECUTE FUNCTION private.note_conflict();
CREATE TRIGGER transactions_expense AFTER UPDATE ON app.transactions REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION private.follow_with_expenses();
CREATE TRIGGER transactions_links AFTER UPDATE ON app.transactions REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION private.follow_with_links();
CREATE TRIGGER transactions_parts AFTER UPDATE ON app.transactions FOR EACH ROW WHEN (((old.amount <> new.amount) OR (old.currency <> new.currency))) EXECUTE FUNCTION private.ask_about_parts();
CREATE TRIGGER transactions_touch BEFORE UPDATE ON app.transactions FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER webhook_events_touch BEFORE UPDATE ON app.webhook_events FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
CREATE TRIGGER webhook_events_transition BEFORE UPDATE ON app.webhook_events FOR EACH ROW WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.check_webhook_replay();
CREATE TRIGGER provider_states_touch BEFORE UPDATE ON private.provider_states FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

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

alter table app.applied_pages enable row level security;
alter table app.applied_pages force row level security;
create policy applied_pages_insert_worker on app.applied_pages for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy applied_pages_select on app.applied_pages for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy applied_pages_select_worker on app.applied_pages for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.asset_personas enable row level security;
alter table app.asset_personas force row level security;
create policy asset_personas_delete on app.asset_personas for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy asset_personas_insert on app.asset_personas for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy asset_personas_insert_worker on app.asset_personas for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy asset_personas_select on app.asset_personas for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy asset_personas_select_worker on app.asset_personas for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.assets enable row level security;
alter table app.assets force row level security;
create policy assets_insert on app.assets for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id)) AND (source = 'manual'::text)));
create policy assets_insert_worker on app.assets for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy assets_select on app.assets for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy assets_select_worker on app.assets for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy assets_update on app.assets for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy assets_update_worker on app.assets for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.categories enable row level security;
alter table app.categories force row level security;
create policy categories_delete on app.categories for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy categories_insert on app.categories for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy categories_select on app.categories for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy categories_select_worker on app.categories for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy categories_update on app.categories for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.category_looks enable row level security;
alter table app.category_looks force row level security;
create policy category_looks_insert_worker on app.category_looks for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy category_looks_select_worker on app.category_looks for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy category_looks_update_worker on app.category_looks for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.category_mappings enable row level security;
alter table app.category_mappings force row level security;
create policy category_mappings_delete on app.category_mappings for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy category_mappings_insert on app.category_mappings for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (updated_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy category_mappings_select on app.category_mappings for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy category_mappings_select_worker on app.category_mappings for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy category_mappings_update on app.category_mappings for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (updated_by = ( SELECT private.current_user_id() AS current_user_id))));

alter table app.category_rule_versions enable row level security;
alter table app.category_rule_versions force row level security;
create policy category_rule_versions_select on app.category_rule_versions for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.category_rules enable row level security;
alter table app.category_rules force row level security;
create policy category_rules_delete on app.category_rules for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy category_rules_insert on app.category_rules for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (updated_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy category_rules_select on app.category_rules for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy category_rules_select_worker on app.category_rules for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy category_rules_update on app.category_rules for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND (updated_by = ( SELECT private.current_user_id() AS current_user_id))));

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

alter table app.connection_links enable row level security;
alter table app.connection_links force row level security;
create policy connection_links_delete_worker on app.connection_links for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connection_links_insert_worker on app.connection_links for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connection_links_select_worker on app.connection_links for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy connection_links_update_worker on app.connection_links for update to worker
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

alter table app.corrections enable row level security;
alter table app.corrections force row level security;
create policy corrections_delete_worker on app.corrections for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy corrections_insert_worker on app.corrections for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy corrections_select on app.corrections for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy corrections_select_worker on app.corrections for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy corrections_update_worker on app.corrections for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.exchange_rates enable row level security;
alter table app.exchange_rates force row level security;
create policy exchange_rates_insert on app.exchange_rates for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy exchange_rates_select on app.exchange_rates for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy exchange_rates_select_worker on app.exchange_rates for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy exchange_rates_update on app.exchange_rates for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.expenses enable row level security;
alter table app.expenses force row level security;
create policy expenses_insert_worker on app.expenses for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy expenses_select on app.expenses for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy expenses_select_worker on app.expenses for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.holdings enable row level security;
alter table app.holdings force row level security;
create policy holdings_delete_worker on app.holdings for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy holdings_insert_worker on app.holdings for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy holdings_select on app.holdings for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy holdings_select_worker on app.holdings for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy holdings_update_worker on app.holdings for update to worker
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

alter table app.mapping_aliases enable row level security;
alter table app.mapping_aliases force row level security;
create policy mapping_aliases_insert_worker on app.mapping_aliases for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy mapping_aliases_select_worker on app.mapping_aliases for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy mapping_aliases_update_worker on app.mapping_aliases for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.mapping_numbers enable row level security;
alter table app.mapping_numbers force row level security;
create policy mapping_numbers_insert_worker on app.mapping_numbers for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy mapping_numbers_select on app.mapping_numbers for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy mapping_numbers_select_worker on app.mapping_numbers for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.mapping_refusals enable row level security;
alter table app.mapping_refusals force row level security;
create policy mapping_refusals_delete on app.mapping_refusals for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy mapping_refusals_insert on app.mapping_refusals for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy mapping_refusals_select on app.mapping_refusals for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy mapping_refusals_select_worker on app.mapping_refusals for select to worker
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
create policy notification_channel_secrets_update_worker on app.notification_channel_secrets for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

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

alter table app.persona_group_members enable row level security;
alter table app.persona_group_members force row level security;
create policy persona_group_members_delete on app.persona_group_members for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy persona_group_members_insert on app.persona_group_members for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy persona_group_members_select on app.persona_group_members for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy persona_group_members_select_worker on app.persona_group_members for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.persona_groups enable row level security;
alter table app.persona_groups force row level security;
create policy persona_groups_insert on app.persona_groups for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy persona_groups_select on app.persona_groups for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy persona_groups_select_worker on app.persona_groups for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy persona_groups_update on app.persona_groups for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.personas enable row level security;
alter table app.personas force row level security;
create policy personas_insert on app.personas for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id)) AND (( SELECT private.has_role('admin'::text) AS has_role) OR (user_id IS NULL) OR (user_id = ( SELECT private.current_user_id() AS current_user_id)))));
create policy personas_select on app.personas for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy personas_select_worker on app.personas for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy personas_update on app.personas for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (( SELECT private.has_role('admin'::text) AS has_role) OR (user_id = ( SELECT private.current_user_id() AS current_user_id)) OR ((user_id IS NULL) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))))))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.pickup_documents enable row level security;
alter table app.pickup_documents force row level security;
create policy pickup_documents_insert_worker on app.pickup_documents for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy pickup_documents_select on app.pickup_documents for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy pickup_documents_select_worker on app.pickup_documents for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.pickup_items enable row level security;
alter table app.pickup_items force row level security;
create policy pickup_items_delete_worker on app.pickup_items for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy pickup_items_insert_worker on app.pickup_items for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy pickup_items_select on app.pickup_items for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy pickup_items_select_worker on app.pickup_items for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy pickup_items_update_worker on app.pickup_items for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.provider_flags enable row level security;
alter table app.provider_flags force row level security;
create policy provider_flags_delete_worker on app.provider_flags for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy provider_flags_insert_worker on app.provider_flags for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy provider_flags_select on app.provider_flags for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy provider_flags_select_worker on app.provider_flags for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy provider_flags_update_worker on app.provider_flags for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.quiltt_profiles enable row level security;
alter table app.quiltt_profiles force row level security;
create policy quiltt_profiles_insert_worker on app.quiltt_profiles for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy quiltt_profiles_select_worker on app.quiltt_profiles for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy quiltt_profiles_update_worker on app.quiltt_profiles for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.quiltt_sessions enable row level security;
alter table app.quiltt_sessions force row level security;
create policy quiltt_sessions_insert_worker on app.quiltt_sessions for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy quiltt_sessions_select_worker on app.quiltt_sessions for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy quiltt_sessions_update_worker on app.quiltt_sessions for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.raw_ingestion_data enable row level security;
alter table app.raw_ingestion_data force row level security;
create policy raw_ingestion_data_insert_worker on app.raw_ingestion_data for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy raw_ingestion_data_select on app.raw_ingestion_data for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy raw_ingestion_data_select_worker on app.raw_ingestion_data for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.reconciliation_members enable row level security;
alter table app.reconciliation_members force row level security;
create policy reconciliation_members_insert on app.reconciliation_members for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy reconciliation_members_insert_worker on app.reconciliation_members for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy reconciliation_members_select on app.reconciliation_members for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy reconciliation_members_select_worker on app.reconciliation_members for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy reconciliation_members_update on app.reconciliation_members for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy reconciliation_members_update_worker on app.reconciliation_members for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.reconciliation_rules enable row level security;
alter table app.reconciliation_rules force row level security;
create policy reconciliation_rules_insert on app.reconciliation_rules for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy reconciliation_rules_select on app.reconciliation_rules for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy reconciliation_rules_select_worker on app.reconciliation_rules for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy reconciliation_rules_update on app.reconciliation_rules for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));

alter table app.reconciliations enable row level security;
alter table app.reconciliations force row level security;
create policy reconciliations_insert on app.reconciliations for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy reconciliations_insert_worker on app.reconciliations for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy reconciliations_select on app.reconciliations for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy reconciliations_select_worker on app.reconciliations for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy reconciliations_update on app.reconciliations for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy reconciliations_update_worker on app.reconciliations for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.recurring_items enable row level security;
alter table app.recurring_items force row level security;
create policy recurring_items_delete_worker on app.recurring_items for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy recurring_items_insert_worker on app.recurring_items for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy recurring_items_select on app.recurring_items for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy recurring_items_select_worker on app.recurring_items for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy recurring_items_update on app.recurring_items for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy recurring_items_update_worker on app.recurring_items for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.review_items enable row level security;
alter table app.review_items force row level security;
create policy review_items_insert_worker on app.review_items for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy review_items_select on app.review_items for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy review_items_select_worker on app.review_items for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy review_items_update on app.review_items for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy review_items_update_worker on app.review_items for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

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

alter table app.statements enable row level security;
alter table app.statements force row level security;
create policy statements_delete_worker on app.statements for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy statements_insert_worker on app.statements for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy statements_select on app.statements for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy statements_select_worker on app.statements for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy statements_update_worker on app.statements for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.sync_cursors enable row level security;
alter table app.sync_cursors force row level security;
create policy sync_cursors_insert_worker on app.sync_cursors for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy sync_cursors_select_worker on app.sync_cursors for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy sync_cursors_update_worker on app.sync_cursors for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

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

alter table app.transaction_aliases enable row level security;
alter table app.transaction_aliases force row level security;
create policy transaction_aliases_insert_worker on app.transaction_aliases for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_aliases_select on app.transaction_aliases for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transaction_aliases_select_worker on app.transaction_aliases for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_aliases_update_worker on app.transaction_aliases for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.transaction_conflicts enable row level security;
alter table app.transaction_conflicts force row level security;
create policy transaction_conflicts_select on app.transaction_conflicts for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transaction_conflicts_select_worker on app.transaction_conflicts for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_conflicts_update on app.transaction_conflicts for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transaction_conflicts_update_worker on app.transaction_conflicts for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.transaction_links enable row level security;
alter table app.transaction_links force row level security;
create policy transaction_links_insert on app.transaction_links for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy transaction_links_insert_worker on app.transaction_links for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_links_select on app.transaction_links for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transaction_links_select_worker on app.transaction_links for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy transaction_links_update on app.transaction_links for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transaction_links_update_worker on app.transaction_links for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.transaction_parts enable row level security;
alter table app.transaction_parts force row level security;
create policy transaction_parts_delete on app.transaction_parts for delete to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)));
create policy transaction_parts_insert on app.transaction_parts for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy transaction_parts_select on app.transaction_parts for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy transaction_parts_select_worker on app.transaction_parts for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

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
create policy transactions_update on app.transactions for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
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

alter table app.unmatched_transactions enable row level security;
alter table app.unmatched_transactions force row level security;
create policy unmatched_transactions_delete_worker on app.unmatched_transactions for delete to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy unmatched_transactions_insert_worker on app.unmatched_transactions for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy unmatched_transactions_select_worker on app.unmatched_transactions for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.uploads enable row level security;
alter table app.uploads force row level security;
create policy uploads_insert on app.uploads for insert to authenticated
with check (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('member'::text) AS has_role) AND (created_by = ( SELECT private.current_user_id() AS current_user_id))));
create policy uploads_insert_worker on app.uploads for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy uploads_select on app.uploads for select to authenticated
using ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy uploads_select_worker on app.uploads for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy uploads_update_worker on app.uploads for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table app.webhook_events enable row level security;
alter table app.webhook_events force row level security;
create policy webhook_events_insert_worker on app.webhook_events for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy webhook_events_select on app.webhook_events for select to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)));
create policy webhook_events_select_worker on app.webhook_events for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy webhook_events_update on app.webhook_events for update to authenticated
using (((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)) AND ( SELECT private.has_role('admin'::text) AS has_role)))
with check ((tenant_id = ( SELECT private.current_tenant_id() AS current_tenant_id)));
create policy webhook_events_update_worker on app.webhook_events for update to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)))
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table private.provider_states enable row level security;
alter table private.provider_states force row level security;

alter table private.tenant_keys enable row level security;
alter table private.tenant_keys force row level security;
create policy tenant_keys_insert_worker on private.tenant_keys for insert to worker
with check ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));
create policy tenant_keys_select_worker on private.tenant_keys for select to worker
using ((tenant_id = ( SELECT private.worker_tenant_id() AS worker_tenant_id)));

alter table private.webhook_endpoints enable row level security;
alter table private.webhook_endpoints force row level security;

alter table private.webhook_inbox enable row level security;
alter table private.webhook_inbox force row level security;

alter table private.webhook_routes enable row level security;
alter table private.webhook_routes force row level security;

-- grants

grant usage on schema app to authenticated;
grant usage on schema app to worker;
grant usage on schema private to authenticated;
grant usage on schema private to webhook;
grant usage on schema private to worker;
grant select on app.account_balances to authenticated;
grant delete, insert, select, update (account_id) on app.account_balances to worker;
grant select, update (account_id, state, verified_at, verified_by) on app.account_mappings to authenticated;
grant insert, select, update (connection_id, lineage_id, account_id, external_account_id, masked_number, external_name, external_type, institution, state, decided_by, match_score, match_reasons, match_rule, beside) on app.account_mappings to worker;
grant insert, select, update (institution_id, name, type, status, primary_mapping_id) on app.accounts to authenticated;
grant insert, select on app.accounts to worker;
grant select on app.applied_pages to authenticated;
grant insert, select on app.applied_pages to worker;
grant delete, insert, select on app.asset_personas to authenticated;
grant insert, select on app.asset_personas to worker;
grant insert, select, update (group_id, account_id, category, name, name_by_user, description, institution_name, institution_by_user, status, currency, value, valued_at) on app.assets to authenticated;
grant insert, select, update (connection_id, name, institution_name) on app.assets to worker;
grant delete, insert (tenant_id, name, code, description, created_by), select, update (name, code, description) on app.categories to authenticated;
grant select on app.categories to worker;
grant insert, select, update on app.category_looks to worker;
grant delete, insert (tenant_id, provider_category, category, updated_by), select, update (category, updated_by) on app.category_mappings to authenticated;
grant select on app.category_mappings to worker;
grant select on app.category_rule_versions to authenticated;
grant delete, insert (tenant_id, "position", name, enabled, conditions, category, updated_by), select, update ("position", name, enabled, conditions, category, updated_by) on app.category_rules to authenticated;
grant select on app.category_rules to worker;
grant delete, insert, select, update on app.connection_credentials to worker;
grant delete, insert, select, update on app.connection_links to worker;
grant insert, select, update (institution_id, profile_id, name, status, delivery, mapping_policy, control_policy, currency, decimals, config, sync_frequency, next_sync_at, closed_at, sync_accounts, sync_transactions, sync_investments, lookback_days, auto_import, auto_reconcile, conflict_policy, import_pending) on app.connections to authenticated;
grant select, update (lineage_id, institution_id, status, config, external_id, last_sync_at, next_sync_at, sync_phase, sync_progress, initial_complete_at, history_complete_at, consent_expires_at, error_code, error_kind, error_message, next_step, error_count, retry_at, attention, persona_id) on app.connections to worker;
grant select on app.corrections to authenticated;
grant delete, insert, select, update on app.corrections to worker;
grant insert (tenant_id, base, quote, day, rate, source), select, update (rate, source) on app.exchange_rates to authenticated;
grant select on app.exchange_rates to worker;
grant select on app.expenses to authenticated;
grant insert, select on app.expenses to worker;
grant select on app.holdings to authenticated;
grant delete, insert, select, update on app.holdings to worker;
grant select on app.ingestion_audit_log to authenticated;
grant select on app.ingestion_findings to authenticated;
grant delete, insert, select on app.ingestion_findings to worker;
grant insert (tenant_id, id, connection_id, upload_id, profile_id, mapping_id, kind, format, review, idempotency_key, created_by, batch_id), select, update (profile_id, state, task, stage, attempts, next_run_at, error_code, error_message, approved_at, approved_by, finished_at, trigger, cancel_requested_at, batch_id) on app.ingestion_jobs to authenticated;
grant insert, select, update on app.ingestion_jobs to worker;
grant select on app.ingestion_previews to authenticated;
grant delete, insert, select on app.ingestion_previews to worker;
grant insert, select, update (name, country) on app.institutions to authenticated;
grant insert, select on app.institutions to worker;
grant select on app.mapping_accounts to authenticated;
grant select on app.mapping_accounts to worker;
grant insert, select, update (lineage_id) on app.mapping_aliases to worker;
grant select on app.mapping_numbers to authenticated;
grant insert, select on app.mapping_numbers to worker;
grant delete, insert (tenant_id, mapping_id, account_id, created_by), select on app.mapping_refusals to authenticated;
grant select on app.mapping_refusals to worker;
grant select on app.mapping_waits to authenticated;
grant delete, insert, select, update on app.mapping_waits to worker;
grant insert (tenant_id, channel_id, sealed_url, sealed_secret), select (tenant_id, channel_id, previous_until), update (sealed_url, sealed_secret) on app.notification_channel_secrets to authenticated;
grant select, update (sealed_url, sealed_secret, sealed_previous) on app.notification_channel_secrets to worker;
grant delete, insert (tenant_id, id, type, name, kinds, host, ending, recipients, recipient_role, created_by), select, update (name, kinds, enabled, disabled_reason, disabled_at, failures, host, ending, recipients, recipient_role) on app.notification_channels to authenticated;
grant select, update (enabled, disabled_reason, disabled_at, failures) on app.notification_channels to worker;
grant insert (tenant_id, id, notification_id, channel_id), select on app.notification_deliveries to authenticated;
grant insert (tenant_id, id, notification_id, channel_id), select, update (state, attempts, next_attempt_at, locked_until, log, settled_at) on app.notification_deliveries to worker;
grant insert (tenant_id, notification_id, user_id), select on app.notification_reads to authenticated;
grant insert (tenant_id, id, kind, connection_id, job_id, data, key), select on app.notifications to authenticated;
grant insert (tenant_id, id, kind, connection_id, job_id, data, key), select on app.notifications to worker;
grant delete, insert, select on app.persona_group_members to authenticated;
grant select on app.persona_group_members to worker;
grant insert, select, update (name, description, status) on app.persona_groups to authenticated;
grant select on app.persona_groups to worker;
grant insert, select, update (user_id, name, given_name, family_name, email, is_primary, status) on app.personas to authenticated;
grant select on app.personas to worker;
grant select on app.pickup_documents to authenticated;
grant insert, select on app.pickup_documents to worker;
grant select on app.pickup_items to authenticated;
grant delete, insert, select, update on app.pickup_items to worker;
grant select on app.provider_flags to authenticated;
grant delete, insert, select, update on app.provider_flags to worker;
grant insert, select, update (external_id, external_environment) on app.quiltt_profiles to worker;
grant insert, select, update (state, sealed, expires_at, used_at, closed_at) on app.quiltt_sessions to worker;
grant select (tenant_id, id, connection_id, job_id, name, media_type, size_bytes, sha256, blob_path, received_at) on app.raw_ingestion_data to authenticated;
grant insert, select on app.raw_ingestion_data to worker;
grant insert (tenant_id, reconciliation_id, transaction_id, side, amount), select, update (active) on app.reconciliation_members to authenticated;
grant insert (tenant_id, reconciliation_id, transaction_id, side, amount), select, update (active) on app.reconciliation_members to worker;
grant insert (tenant_id, id, rule_id, version, "position", name, enabled, mode, shape, signs, left_account_ids, left_account_type, right_account_ids, right_account_type, by_reference, amount_tolerance, tolerance_percent, day_window, text_needed, group_max, score_min, created_by), select, update (replaced_at) on app.reconciliation_rules to authenticated;
grant select on app.reconciliation_rules to worker;
grant insert (tenant_id, id, method, rule, rule_version_id, score, reasons, difference, currency, account_id, statement_to, note, created_by), select, update (undone_at, undone_by) on app.reconciliations to authenticated;
grant insert (tenant_id, id, method, rule, rule_version_id, score, reasons, difference, currency), select, update (undone_at) on app.reconciliations to worker;
grant select, update (dismissed_at, dismissed_by) on app.recurring_items to authenticated;
grant delete, insert, select, update (merchant, period, state, first_on, last_on, next_on, amount_low, amount_high, occurrences, missed, confidence) on app.recurring_items to worker;
grant select, update (state, decided_at, decided_by, superseded_reason) on app.review_items to authenticated;
grant insert (tenant_id, id, kind, key, transaction_id, other_id, account_id, job_id, score, reasons, evidence, rule_version), select, update (state, job_id, score, reasons, evidence, rule_version, superseded_reason) on app.review_items to worker;
grant delete, insert, select, update (name, definition) on app.statement_profiles to authenticated;
grant select on app.statement_profiles to worker;
grant select on app.statements to authenticated;
grant delete, insert, select, update (account_id) on app.statements to worker;
grant insert, select, update on app.sync_cursors to worker;
grant delete, insert, select, update (role, invited_by, expires_at, accepted_at) on app.tenant_invitations to authenticated;
grant delete, select, update (role) on app.tenant_members to authenticated;
grant select, update (name, expenses_from, conflict_policy, rate_tolerance_percent) on app.tenants to authenticated;
grant select on app.tenants to worker;
grant select on app.transaction_aliases to authenticated;
grant insert, select, update on app.transaction_aliases to worker;
grant select, update (state) on app.transaction_conflicts to authenticated;
grant select, update (state) on app.transaction_conflicts to worker;
grant insert (tenant_id, id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_by), select, update (method, state, score, reasons, rule_version, created_at, created_by, undone_at, undone_by) on app.transaction_links to authenticated;
grant insert (tenant_id, id, kind, transaction_id, other_id, method, score, reasons, rule_version, created_by), select, update (method, state, score, reasons, rule_version, created_at, created_by, undone_at, undone_by, undone_reason, undone_rule_version) on app.transaction_links to worker;
grant delete, insert (tenant_id, transaction_id, "position", amount, whole, currency, category, note, created_by), select on app.transaction_parts to authenticated;
grant select on app.transaction_parts to worker;
grant insert, select, update on app.transaction_texts to worker;
grant select, update (user_category, user_category_by, user_category_at, duplicate_of, merchant, merchant_key, derived_category, suggested_category, category_code, category_origin, category_confidence, category_reason, category_rule_id) on app.transactions to authenticated;
grant delete, insert, select, update on app.transactions to worker;
grant delete, insert, select on app.unindexed_texts to worker;
grant delete, insert, select on app.unmatched_transactions to worker;
grant insert (tenant_id, id, file_name, media_type, size_bytes, sha256, blob_path, created_by, expires_at), select on app.uploads to authenticated;
grant insert, select, update on app.uploads to worker;
grant select (tenant_id, id, connection_id, provider, type, state, attempts, next_attempt_at, error_code, event_at, received_at, processed_at), update (state, attempts, next_attempt_at, error_code) on app.webhook_events to authenticated;
grant insert, select, update on app.webhook_events to worker;
grant insert, select on private.tenant_keys to worker;
