"""Questions that an owner asks beside the plain ones, of rows that are in another state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tests.isolation.graphql_actors import Actor, invited, victim
from tests.isolation.graphql_attempt import SECOND, UNRECONCILED, balanced
from tests.isolation.graphql_bank import SLUG

_UNDECIDED: Final = (
    "delete from app.expenses; delete from app.transaction_aliases;"
    " delete from app.review_items; delete from app.reconciliation_members;"
    " delete from app.transaction_conflicts; delete from app.transaction_links;"
    " delete from app.transaction_parts; delete from app.ingestion_previews;"
    " delete from app.transactions; delete from app.account_balances;"
    " delete from app.statements;"
    " delete from app.mapping_refusals;"
    " update app.account_mappings set state = 'pending', account_id = null, decided_by = null,"
    " match_reasons = null, external_type = 'savings';"
    " update app.accounts set type = 'checking';"
    " update app.ingestion_jobs set state = 'completed'"
)
_FAILED: Final = (
    "update app.ingestion_jobs set state = 'failed', lease_until = null, finished_at = now()"
)
_SETTLED: Final = (
    "update app.notification_deliveries set state = 'delivered', next_attempt_at = null,"
    " settled_at = created_at; update app.notification_channels set enabled = false,"
    " disabled_reason = 'gone', disabled_at = created_at, kinds = '{test}'"
)
_LOGGED_OUT: Final = "delete from app.connection_credentials"
_AWAY: Final = (
    "insert into private.provider_states (provider, failures, open_until)"
    f" values ('{SLUG}', 5, '2030-01-02')"
)
_PRIMARY: Final = (
    "update app.accounts as a set primary_mapping_id = m.id from app.account_mappings as m"
    " where m.tenant_id = a.tenant_id and m.account_id = a.id"
)
_UNSURE: Final = "update app.transactions set derived_category = null, source_category = null"
_DISABLED: Final = "update private.webhook_endpoints set disabled_at = created_at"
_UNBALANCED: Final = "update app.statements set proof = 'fails', difference = closing_balance"
# Settings of servers, of the connection's own text and number.
_OF_SERVER: Final = (
    "update app.connections as c set provider = 'sftp', config = jsonb_build_object("
    "'host', c.name, 'port', c.error_count, 'username', c.name, 'path', c.name, 'pattern', c.name,"
    " 'settle_seconds', c.error_count, 'archive_path', c.name, 'host_keys', array[c.name])"
)
_OF_MAILBOX: Final = (
    "update app.connections as c set provider = 'mailbox', config = jsonb_build_object("
    "'host', c.name, 'port', c.error_count, 'username', c.name, 'folder', c.name,"
    " 'pattern', c.name, 'senders', array[c.name], 'authentication_results', c.name,"
    " 'archive_folder', c.name)"
)
_HELD: Final = (
    "update app.holdings as h set removed_on = null, quantity = abs(t.amount)"
    " from app.transactions as t where t.tenant_id = h.tenant_id"
)
# What is written after an asset or a transaction touches it, so that triggers are off here.
_UNTOUCHED: Final = (
    "set local session_replication_role = replica;"
    " update app.assets set updated_at = created_at;"
    " update app.transactions set updated_at = created_at;"
    " update app.expenses set updated_at = created_at;"
    " set local session_replication_role = origin"
)
_MAILED: Final = "update app.notification_channels set type = 'email', host = null, ending = null, "
_TOLD: Final = (
    f"{SECOND}; update app.transactions set duplicate_of ="
    " case when id = md5(tenant_id::text)::uuid then ("
    " select r.transaction_id from app.review_items as r"
    " where r.tenant_id = app.transactions.tenant_id) else md5(tenant_id::text)::uuid end"
)
_DECIDED: Final = (
    "update app.review_items as r set state = 'confirmed', decided_at = r.created_at, decided_by ="
    " (select m.user_id from app.tenant_members as m where m.tenant_id = r.tenant_id"
    " and m.role = 'owner' limit 1)"
)
_SUPERSEDED: Final = (
    "update app.review_items set state = 'superseded', superseded_reason = 'compared_anew',"
    " decided_at = null, decided_by = null"
)
_UNLINKED: Final = (
    "update app.transaction_links set undone_by = created_by, undone_at = created_at,"
    " state = 'undone', undone_reason = 'better_pair', undone_rule_version = tenant_id::text"
)
# The row's sign is wrong, and the day begins with another balance than the day before ended with.
_DIFFERING: Final = "; ".join(
    (
        balanced("closing_ledger", "b.amount - 1", days_before=1),
        balanced("opening_ledger", "b.amount + t.amount", days_before=0),
    )
)
# The source took the row back, which is asked about.
_CONTRADICTED: Final = (
    f"{_DIFFERING}; update app.transaction_conflicts set kind = 'removed', state = 'asked',"
    ' incoming = \'{"status": "removed"}\';'
    " update app.review_items as r set kind = 'conflict', state = 'open', decided_at = null,"
    " decided_by = null, transaction_id = c.transaction_id"
    " from app.transaction_conflicts as c where c.tenant_id = r.tenant_id"
)
# Another account of the tenant, with a row as the one that there is.
_OPPOSITE: Final = (
    f"{UNRECONCILED};"
    " create temporary table other on commit drop as select m.tenant_id, m.account_id as one,"
    " m.id as mapping, gen_random_uuid() as account_id, gen_random_uuid() as id"
    " from app.account_mappings as m;"
    " insert into app.accounts (tenant_id, id, name, type, currency)"
    " select a.tenant_id, o.account_id, a.name, 'checking', a.currency"
    " from app.accounts as a join other as o on o.tenant_id = a.tenant_id;"
    " insert into app.account_mappings (tenant_id, id, connection_id, lineage_id, account_id,"
    " external_account_id, state, currency)"
    " select m.tenant_id, o.id, m.connection_id, m.lineage_id, o.account_id, o.id::text,"
    " 'mapped', m.currency"
    " from app.account_mappings as m join other as o on o.mapping = m.id;"
    " insert into app.transactions (tenant_id, id, account_id, mapping_id, job_id, raw_id,"
    " raw_line, raw_line_end, fingerprint, occurrence, content_key, status, amount, currency,"
    " sort_date, description, description_raw)"
    " select t.tenant_id, gen_random_uuid(), o.account_id, o.id, t.job_id, t.raw_id, t.raw_line,"
    " t.raw_line_end, t.fingerprint, t.occurrence, t.content_key, t.status, t.amount, t.currency,"
    " b.as_of, t.description, t.description_raw"
    " from app.transactions as t join other as o on o.tenant_id = t.tenant_id"
    " join app.account_balances as b on b.tenant_id = t.tenant_id;"
    " update app.transactions as t set sort_date = b.as_of from app.account_balances as b"
    " where b.tenant_id = t.tenant_id;"
    " update app.reconciliation_rules set right_account_ids = null, right_account_type = null"
)
_CODED: Final = """update app.transactions set extra = '{"mcc": "5411"}'"""
_UNDONE: Final = "update app.reconciliations set undone_at = created_at, undone_by = created_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One more question than there are operations, where one is not enough to see everything."""

    operation: str
    actor: Actor = field(default_factory=victim)
    statement: str = "select 1"


MORE: Final = (
    Run(operation="viewer", actor=invited()),
    Run(operation="invitationAccept", actor=invited()),
    Run(operation="accountMappings", statement=_UNDECIDED),
    Run(operation="accountMappingSet", statement=_UNDECIDED),
    Run(operation="accountMappingRefuse", statement=_UNDECIDED),
    Run(operation="connections", statement=_FAILED),
    Run(operation="connections", statement=_OF_SERVER),
    Run(operation="connections", statement=_OF_MAILBOX),
    Run(operation="connectionTest", statement=_LOGGED_OUT),
    Run(
        operation="ingestionJobs", statement="update app.ingestion_jobs set sync_phase = 'initial'"
    ),
    Run(operation="providers", statement=_AWAY),
    Run(operation="notificationChannels", statement=_SETTLED),
    Run(
        operation="notificationChannels",
        statement=f"{_MAILED} recipients = array[host], recipient_role = null",
    ),
    Run(operation="notificationChannels", statement=f"{_MAILED} recipient_role = 'admin'"),
    Run(operation="webhookEndpoints", statement=_DISABLED),
    *(
        Run(operation=operation, statement=_UNTOUCHED)
        for operation in ("assets", "expenses", "transactions")
    ),
    Run(operation="reconciliation", statement=_DIFFERING),
    Run(operation="reconciliation", statement=_CONTRADICTED),
    Run(operation="reconciliations", statement=_UNDONE),
    Run(operation="reviewItems", statement=_SUPERSEDED),
    Run(operation="reconciliationRulesDryRun", statement=_OPPOSITE),
    Run(operation="transactions", statement=_UNSURE),
    Run(operation="transactions", statement=_CODED),
    Run(operation="accounts", statement=_HELD),
    Run(operation="accounts", statement=_PRIMARY),
    Run(operation="assets", statement=_HELD),
    Run(operation="statements", statement=_UNBALANCED),
    Run(operation="transaction", statement=_TOLD),
    Run(operation="reviewItems", statement=_DECIDED),
    Run(operation="node", statement=_UNLINKED),
    Run(operation="connectionPause", actor=victim("viewer")),
    Run(
        operation="statementProfileProposal",
        statement="update app.uploads set state = 'expired'",
    ),
)
