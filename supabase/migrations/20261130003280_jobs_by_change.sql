-- Every listener asks every two seconds which jobs of the tenant changed, however many it ever had.

create index ingestion_jobs_changed_idx on app.ingestion_jobs (tenant_id, updated_at);
