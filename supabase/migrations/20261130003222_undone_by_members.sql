-- What a member undid is no rule's to make again: found without reading all that was made.
create index reconciliations_undone_idx
on app.reconciliations (tenant_id, created_at desc, id desc)
where method = 'rule' and undone_by is not null;
