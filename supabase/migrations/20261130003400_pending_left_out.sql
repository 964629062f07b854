-- Connections that leave out what their source has not booked yet.

alter table app.connections
add column import_pending boolean not null default true;
comment on column app.connections.import_pending is
  'False: transactions that the source has not booked yet are left out.';
grant update (import_pending) on app.connections to authenticated;
