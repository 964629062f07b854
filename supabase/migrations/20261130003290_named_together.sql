-- External accounts that one document tells apart, and that feed one account all the same: what
-- they deliver is of one source, so that no row of the one is the other's again.

alter table app.account_mappings
add column beside uuid[] not null default '{}';
comment on column app.account_mappings.beside is
  'Mappings of the same account that some document has named together with this one. No foreign
keys, as of all ids in arrays: mappings are never deleted while their rows stand.';

grant update (beside) on app.account_mappings to worker;
