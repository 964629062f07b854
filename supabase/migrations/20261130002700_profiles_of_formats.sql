-- Profiles say how files of several formats are read: CSV by columns, JSON and XML by paths, QIF by
-- what its files leave open.

comment on table app.statement_profiles is
'How one source writes its statement files: what a profile of its format says.';
comment on column app.ingestion_jobs.profile is
'The profile that the document was read with, so that it can be read again the same way.';
