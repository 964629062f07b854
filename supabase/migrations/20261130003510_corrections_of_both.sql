-- Where both rows of a correction stand already, the one that people decided about goes on as the
-- one that takes its place. Which row that displaced is kept, so that a revert can undo it.

alter table app.corrections
add column displaced_print bytea,
add column displaced_occurrence integer,
add constraint corrections_displaced_print_check check (length(displaced_print) = 16),
add constraint corrections_displaced_check check (
  (displaced_print is null) = (displaced_occurrence is null)
  and (displaced_print is null or state <> 'open')
);
comment on column app.corrections.displaced_print is
  'The fingerprint of the row that stood already where the corrected one goes on; else null.';
