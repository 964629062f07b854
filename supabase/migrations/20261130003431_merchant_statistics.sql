-- How many merchants there are, which no column tells: without it summaries by merchant and month
-- expected a tenth of all rows, and sorted these by text instead of adding up in memory.
create statistics app.transactions_merchants
on (coalesce(merchant_key, lower(merchant_name)))
from app.transactions;
analyze app.transactions;
