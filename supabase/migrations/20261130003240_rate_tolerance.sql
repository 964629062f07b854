-- How far transfers between currencies may be from the rate of the day: each tenant says so itself.

alter table app.tenants
add column rate_tolerance_percent numeric not null default 2,
add constraint tenants_rate_tolerance_check
check (
  rate_tolerance_percent >= 0.1
  and abs(rate_tolerance_percent) <= 10
  and scale(rate_tolerance_percent) <= 4
);
comment on column app.tenants.rate_tolerance_percent is
  'How far, in percent, a transfer between currencies may be from the rate of its day.';
grant update (rate_tolerance_percent) on app.tenants to authenticated;
