-- Corrections are shown: each has an id, and a preview says which transaction a row would correct.

alter table app.corrections
add column id uuid not null default gen_random_uuid(),
add constraint corrections_id_key unique (tenant_id, id);
create index corrections_new_print_idx on app.corrections (tenant_id, mapping_id, new_print);

alter table app.ingestion_previews
add column corrects_external_id text,
add column corrects_id uuid,
add constraint ingestion_previews_corrects_fkey
foreign key (tenant_id, corrects_id) references app.transactions (tenant_id, id),
add constraint ingestion_previews_corrects_external_id_check
check (length(corrects_external_id) between 1 and 500),
add constraint ingestion_previews_corrects_check
check (corrects_id is null or corrects_external_id is not null);
comment on column app.ingestion_previews.corrects_external_id is
  'The source''s id of the row that this one corrects; null: it corrects none.';
comment on column app.ingestion_previews.corrects_id is
  'The transaction that has that id, and would go on as this row; null: none has it yet.';
create index ingestion_previews_corrects_idx
on app.ingestion_previews (tenant_id, corrects_id);
