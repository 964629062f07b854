-- Review items: what the system is not sure enough of, for a person to say.

create table app.review_items (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  state text not null default 'open',
  key text not null,
  transaction_id uuid,
  other_id uuid,
  account_id uuid,
  job_id uuid,
  score smallint not null,
  reasons jsonb not null default '[]',
  evidence jsonb not null default '{}',
  rule_version text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid,
  constraint review_items_pkey primary key (tenant_id, id),
  constraint review_items_tenant_fkey foreign key (tenant_id) references app.tenants (id),
  constraint review_items_transaction_fkey
  foreign key (tenant_id, transaction_id) references app.transactions (tenant_id, id),
  constraint review_items_other_fkey
  foreign key (tenant_id, other_id) references app.transactions (tenant_id, id),
  constraint review_items_account_fkey
  foreign key (tenant_id, account_id) references app.accounts (tenant_id, id),
  constraint review_items_job_fkey
  foreign key (tenant_id, job_id) references app.ingestion_jobs (tenant_id, id),
  constraint review_items_key_key unique (tenant_id, key),
  constraint review_items_kind_check
  check (kind in (
    'duplicate', 'pending_posted', 'transfer', 'refund', 'reconciliation', 'conflict', 'category'
  )),
  constraint review_items_state_check
  check (state in ('open', 'confirmed', 'rejected', 'superseded')),
  constraint review_items_decided_check
  check (
    (state in ('confirmed', 'rejected')) = (decided_at is not null)
    and (decided_at is null) = (decided_by is null)
  ),
  constraint review_items_key_check check (length(key) between 1 and 300),
  constraint review_items_score_check check (score between 0 and 100),
  constraint review_items_reasons_check
  check (jsonb_typeof(reasons) = 'array' and pg_column_size(reasons) < 8192),
  constraint review_items_evidence_check
  check (jsonb_typeof(evidence) = 'object' and pg_column_size(evidence) < 32768),
  constraint review_items_rule_version_check check (length(rule_version) between 1 and 50)
);
comment on table app.review_items is
  'Questions to a person: both sides as they were seen, the score and its reasons. An answer is
final: whoever finds the same again under the same key asks nothing.';
comment on column app.review_items.key is
  'Names the question by what it is about, so that a replay asks it once.';
comment on column app.review_items.state is
  'superseded: what it asked about is gone or was settled otherwise.';
comment on column app.review_items.reasons is
  'Why the score is what it is: objects with code, text and points.';
comment on column app.review_items.evidence is
  'Both sides as they were when it was asked, and what would be done.';
create index review_items_order_idx on app.review_items (tenant_id, created_at desc, id desc);
create index review_items_open_idx
on app.review_items (tenant_id, kind, created_at desc, id desc) where state = 'open';
create index review_items_transaction_idx on app.review_items (tenant_id, transaction_id);
create index review_items_other_idx on app.review_items (tenant_id, other_id);
create index review_items_account_idx on app.review_items (tenant_id, account_id);
create index review_items_job_idx on app.review_items (tenant_id, job_id);

create trigger review_items_touch before update on app.review_items
for each row execute function private.touch_updated_at();
create trigger review_items_signature before update on app.review_items
for each row
when (current_user = 'authenticated' and new.decided_by is distinct from old.decided_by)
execute function private.sign_own_name('decided_by');

grant select on app.review_items to authenticated, worker;
grant update (state, decided_at, decided_by) on app.review_items to authenticated;
grant insert (
  tenant_id, id, kind, key, transaction_id, other_id, account_id, job_id, score, reasons, evidence,
  rule_version
), update (state, score, reasons, evidence, rule_version, job_id) on app.review_items to worker;

alter table app.review_items enable row level security, force row level security;

create policy review_items_select on app.review_items
for select to authenticated
using (tenant_id = (select private.current_tenant_id()));

create policy review_items_update on app.review_items
for update to authenticated
using (
  tenant_id = (select private.current_tenant_id())
  and (select private.has_role('member'))
)
with check (tenant_id = (select private.current_tenant_id()));

create policy review_items_select_worker on app.review_items
for select to worker
using (tenant_id = (select private.worker_tenant_id()));

create policy review_items_insert_worker on app.review_items
for insert to worker
with check (tenant_id = (select private.worker_tenant_id()));

create policy review_items_update_worker on app.review_items
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
