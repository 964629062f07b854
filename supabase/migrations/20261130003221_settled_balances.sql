-- What was told of balances that do not add up is settled once they do: if they differ in the same
-- way again, it is told again.
create index notifications_balances_idx
on app.notifications (tenant_id) where key like 'balance:%';

grant update (key, data) on app.notifications to worker;

create policy notifications_update_worker on app.notifications
for update to worker
using (tenant_id = (select private.worker_tenant_id()))
with check (tenant_id = (select private.worker_tenant_id()));
