"""What members do about reconciliation."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from core import models, reconciliation
from resolvers import account_proofs, conflicts, reconciliation_rules, reconciliations
from resolvers.refusal import Refused
from schema.connections import Connection
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of
from schema.payload import Payload, user_errors
from schema.reconciliation_rules import ReconciliationRule, ReconciliationRuleInput
from schema.reconciliations import Reconciliation
from schema.tenants import Tenant

Rule = Annotated[strawberry.ID, strawberry.argument(description="The rule.")]
Terms = Annotated[ReconciliationRuleInput, strawberry.argument(description="What it asks.")]


@strawberry.input(description="Transactions that vouch for each other.")
class ReconciliationCreateInput:
    left_ids: list[strawberry.ID] = strawberry.field(
        description="The left side, such as invoices; 500 at most."
    )
    right_ids: list[strawberry.ID] = strawberry.field(
        description="The right side, such as the bank's; 500 at most, or none with a note."
    )
    note: str | None = strawberry.field(
        default=None, description="Why it is right; needed where the sides differ."
    )


@strawberry.input(description="Who wins where a source contradicts what is stored.")
class ConflictPolicyInput:
    policy: reconciliation.ConflictPolicy | None = strawberry.field(
        description="Who wins; null: of a connection as the tenant says, of a tenant ASK about "
        "what is reconciled and else PROVIDER_WINS."
    )


@strawberry.type(description="What a change of a reconciliation answers.")
class ReconciliationPayload(Payload):
    reconciliation: Reconciliation | None = strawberry.field(
        description="The reconciliation as it is now; null where it was refused."
    )


@strawberry.type(description="What reconciliationCreate answers.")
class ReconciliationCreatePayload(ReconciliationPayload):
    pass


@strawberry.type(description="What reconciliationUndo answers.")
class ReconciliationUndoPayload(ReconciliationPayload):
    pass


@strawberry.type(description="What statementReconcile answers.")
class StatementReconcilePayload(ReconciliationPayload):
    pass


@strawberry.type(description="What a change of a rule answers.")
class ReconciliationRulePayload(Payload):
    rule: ReconciliationRule | None = strawberry.field(
        description="The rule as it is now; null where it was refused."
    )


@strawberry.type(description="What reconciliationRuleCreate answers.")
class ReconciliationRuleCreatePayload(ReconciliationRulePayload):
    pass


@strawberry.type(description="What reconciliationRuleUpdate answers.")
class ReconciliationRuleUpdatePayload(ReconciliationRulePayload):
    pass


@strawberry.type(description="What reconciliationRuleRemove answers.")
class ReconciliationRuleRemovePayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(
        description="The id that is gone; null where it was refused."
    )


@strawberry.type(description="What tenantChooseConflictPolicy answers.")
class TenantChooseConflictPolicyPayload(Payload):
    tenant: Tenant | None = strawberry.field(description="The tenant; null where it was refused.")


@strawberry.type(description="What connectionChooseConflictPolicy answers.")
class ConnectionChooseConflictPolicyPayload(Payload):
    connection: Connection | None = strawberry.field(
        description="The connection; null where it was refused."
    )


@strawberry.type(description="What members do about reconciliation.")
class ReconciliationMutations:
    @mutation(description="Says that transactions vouch for each other; for members.")
    async def reconciliation_create(
        self,
        info: Info,
        input: Annotated[ReconciliationCreateInput, strawberry.argument(description="Which.")],
    ) -> ReconciliationCreatePayload | None:
        """Says that transactions vouch for each other."""
        answer = await reconciliations.create(
            info.context,
            left_ids=[key_of("Transaction", one) for one in input.left_ids],
            right_ids=[key_of("Transaction", one) for one in input.right_ids],
            note=input.note,
        )
        return ReconciliationCreatePayload(
            reconciliation=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(description="Undoes a reconciliation: its transactions are free; for members.")
    async def reconciliation_undo(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The reconciliation.")],
    ) -> ReconciliationUndoPayload | None:
        """Undoes a reconciliation."""
        answer = await reconciliations.undo(
            info.context, reconciliation_id=key_of("Reconciliation", id)
        )
        return ReconciliationUndoPayload(
            reconciliation=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(
        description="Lets the balance that is stated of a day vouch for all transactions of the "
        "account up to it; refused where it does not add up. For members."
    )
    async def statement_reconcile(
        self,
        info: Info,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        to: Annotated[date, strawberry.argument(description="The statement's last day.")],
    ) -> StatementReconcilePayload | None:
        """Lets a statement vouch for an account's transactions."""
        answer = await account_proofs.reconcile_statement(
            info.context, account_id=key_of("Account", account_id), day=to
        )
        return StatementReconcilePayload(
            reconciliation=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(
        description="Makes a rule of reconciliation; from the first on the tenant's own ones "
        "count alone. For admins."
    )
    async def reconciliation_rule_create(
        self, info: Info, input: Terms
    ) -> ReconciliationRuleCreatePayload | None:
        """Makes a rule."""
        answer = await reconciliation_rules.create(info.context, terms=input.terms())
        return ReconciliationRuleCreatePayload(rule=_rule(answer), user_errors=user_errors(answer))

    @mutation(
        description="Changes a rule, as a new version with all of the input; for admins. What "
        "older versions reconciled stays."
    )
    async def reconciliation_rule_update(
        self, info: Info, id: Rule, input: Terms
    ) -> ReconciliationRuleUpdatePayload | None:
        """Changes a rule."""
        answer = await reconciliation_rules.update(
            info.context, rule_id=key_of("ReconciliationRule", id), terms=input.terms()
        )
        return ReconciliationRuleUpdatePayload(rule=_rule(answer), user_errors=user_errors(answer))

    @mutation(description="Removes a rule; what it reconciled stays. For admins.")
    async def reconciliation_rule_remove(
        self, info: Info, id: Rule
    ) -> ReconciliationRuleRemovePayload | None:
        """Removes a rule."""
        answer = await reconciliation_rules.remove(
            info.context, rule_id=key_of("ReconciliationRule", id)
        )
        return ReconciliationRuleRemovePayload(
            removed_id=None
            if isinstance(answer, Refused)
            else encode("ReconciliationRule", answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Says who wins where sources contradict; for admins.")
    async def tenant_choose_conflict_policy(
        self,
        info: Info,
        input: Annotated[ConflictPolicyInput, strawberry.argument(description="Who.")],
    ) -> TenantChooseConflictPolicyPayload | None:
        """Says who wins in the tenant."""
        answer = await conflicts.choose_policy(info.context, policy=input.policy)
        return TenantChooseConflictPolicyPayload(
            tenant=None if isinstance(answer, Refused) else Tenant.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Says who wins where one source contradicts; for admins.")
    async def connection_choose_conflict_policy(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The connection.")],
        input: Annotated[ConflictPolicyInput, strawberry.argument(description="Who.")],
    ) -> ConnectionChooseConflictPolicyPayload | None:
        """Says who wins at a connection."""
        answer = await conflicts.choose_connection_policy(
            info.context, connection_id=key_of("Connection", id), policy=input.policy
        )
        return ConnectionChooseConflictPolicyPayload(
            connection=_connection(answer), user_errors=user_errors(answer)
        )


def _shown(answer: reconciliation.Reconciliation | Refused) -> Reconciliation | None:
    return None if isinstance(answer, Refused) else Reconciliation.of(answer)


def _rule(answer: reconciliation.ReconciliationRule | Refused) -> ReconciliationRule | None:
    return None if isinstance(answer, Refused) else ReconciliationRule.of(answer)


def _connection(answer: models.Connection | Refused) -> Connection | None:
    return None if isinstance(answer, Refused) else Connection.of(answer)
