-- Accounts as sources call them, matched with the tenant's own: by what, how surely, and what a
-- person has refused.

-- ---------------------------------------------------------------------------------------------
-- How numbers are written: equal accounts meet, however their sources spell them.
-- ---------------------------------------------------------------------------------------------
create table app.mapping_numbers (
  tenant_id uuid not null,
  mapping_id uuid not null,
  kind text not null,
  number_hash bytea not null,
  created_at timestamptz not null default now(),
  constraint mapping_numbers_pkey primary key (tenant_id, mapping_id, kind, number_hash),
  constraint mapping_numbers_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint mapping_numbers_kind_check check (kind in ('iban', 'routed', 'number')),
  constraint mapping_numbers_number_hash_check check (length(number_hash) = 32)
);
comment on table app.mapping_numbers is
  'Keyed hashes of an external account''s number as an IBAN, with its bank''s code, and bare.';
create index mapping_numbers_hash_idx on app.mapping_numbers (tenant_id, number_hash);

insert into app.mapping_numbers (tenant_id, mapping_id, kind, number_hash)
select m.tenant_id, m.id, 'number', m.number_hash
from app.account_mappings as m
where m.number_hash is not null;

grant select on app.mapping_numbers to authenticated, worker;
grant insert on app.mapping_numbers to worker;

-- ---------------------------------------------------------------------------------------------
-- What a person has refused: the machine does not say it again.
-- ---------------------------------------------------------------------------------------------
create table app.mapping_refusals (
  tenant_id uuid not null,
  mapping_id uuid not null,
  account_id uuid not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint mapping_refusals_pkey primary key (tenant_id, mapping_id, account_id),
  constraint mapping_refusals_mapping_fkey
  foreign key (tenant_id, mapping_id) references app.account_mappings (tenant_id, id),
  constraint mapping_refusals_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id)
);
comment on table app.mapping_refusals is
  'Accounts that a person took away from an external account; gone once a person gives it back.';
create index mapping_refusals_account_idx on app.mapping_refusals (tenant_id, account_id);

grant select on app.mapping_refusals to authenticated, worker;

-- ---------------------------------------------------------------------------------------------
-- How a mapping came to its account.
-- ---------------------------------------------------------------------------------------------
alter table app.account_mappings
add column decided_by text,
add column match_score integer,
add column match_reasons jsonb,
add column match_rule integer,
add constraint account_mappings_decided_by_check
check (decided_by in ('opened', 'matched', 'user')),
add constraint account_mappings_pending_check check (state <> 'pending' or decided_by is null),
add constraint account_mappings_match_score_check check (match_score between 0 and 100),
add constraint account_mappings_match_reasons_check
check (jsonb_typeof(match_reasons) = 'array' and pg_column_size(match_reasons) < 4096),
add constraint account_mappings_match_rule_check check (match_rule > 0),
add constraint account_mappings_matched_check check (
  (decided_by = 'matched') is true = (match_reasons is not null)
  and (match_reasons is null or (match_score is not null and match_rule is not null))
);
comment on column app.account_mappings.decided_by is
  'opened: an account was made for it; matched: by rule; user: by a person; null: nobody has yet.';
comment on column app.account_mappings.match_score is
  'How likely its account is, in percent; while pending, the likeliest account when last met.';
comment on column app.account_mappings.match_rule is 'The version of the rule that scored.';

update app.account_mappings as m
set decided_by = case when m.verified_by is null then 'opened' else 'user' end
where m.state <> 'pending';

grant update (decided_by, match_score, match_reasons, match_rule)
on app.account_mappings to worker;

create function private.forget_mapping_decision()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.decided_by := null;
  new.match_score := null;
  new.match_reasons := null;
  new.match_rule := null;
  return new;
end
$$;
comment on function private.forget_mapping_decision() is
  'A mapping that waits again is nobody''s decision.';
revoke all on function private.forget_mapping_decision() from public;

create function private.sign_mapping_decision()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
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
$$;
comment on function private.sign_mapping_decision() is
  'A person''s decision about a mapping is a person''s; the account that it leaves is refused.';
revoke all on function private.sign_mapping_decision() from public;

create trigger account_mappings_decision before update on app.account_mappings
for each row
when (
  current_user = 'authenticated'
  and (
    new.account_id is distinct from old.account_id
    or new.state is distinct from old.state
  )
)
execute function private.sign_mapping_decision();

create trigger account_mappings_undecided before update on app.account_mappings
for each row when (new.state = 'pending' and old.state <> 'pending')
execute function private.forget_mapping_decision();

-- ---------------------------------------------------------------------------------------------
-- Row-level security.
-- ---------------------------------------------------------------------------------------------
alter table app.mapping_numbers enable row level security;
alter table app.mapping_numbers force row level security;
alter table app.mapping_refusals enable row level security;
alter table app.mapping_refusals force row level security;

create policy mapping_numbers_select on app.mapping_numbers
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy mapping_numbers_select_worker on app.mapping_numbers
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy mapping_numbers_insert_worker on app.mapping_numbers
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy mapping_refusals_select on app.mapping_refusals
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy mapping_refusals_select_worker on app.mapping_refusals
for select to worker
using (tenant_id = (select private.worker_tenant_id()));
