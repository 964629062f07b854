-- A connection that stopped for want of a folder, or of settings, has not lost its access.

alter table app.notifications drop constraint notifications_kind_check;
alter table app.notifications add constraint notifications_kind_check
check (kind in (
  'initial_sync_complete', 'historical_sync_complete', 'reauthentication_required',
  'failing_repeatedly', 'token_expiring', 'webhook_dead', 'new_accounts_available',
  'connection_revoked', 'connection_stopped', 'data_anomaly', 'channel_disabled', 'test'
));
