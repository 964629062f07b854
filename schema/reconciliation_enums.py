"""Enumerations of reconciliation, every value described."""

from __future__ import annotations

from core import continuity, reconciliation
from schema.described import register as _register

_register(
    reconciliation.RuleMode,
    "What becomes of what a rule finds.",
    {
        reconciliation.RuleMode.AUTO: "It is reconciled where it is unique and above the bar.",
        reconciliation.RuleMode.SUGGEST: "A review item asks.",
    },
    name="ReconciliationRuleMode",
)
_register(
    reconciliation.RuleShape,
    "How many rows of each side are one group.",
    {
        reconciliation.RuleShape.ONE_TO_ONE: "One of each.",
        reconciliation.RuleShape.ONE_TO_MANY: "One of the left, several of the right.",
        reconciliation.RuleShape.MANY_TO_ONE: "Several of the left, one of the right.",
        reconciliation.RuleShape.PAYOUT: "A processor's charges less fees, and one deposit.",
    },
    name="ReconciliationRuleShape",
)
_register(
    reconciliation.RuleSigns,
    "Whether both sides are one movement, or the two ends of one.",
    {
        reconciliation.RuleSigns.EQUAL: "The same movement: equal signs.",
        reconciliation.RuleSigns.OPPOSITE: "Two ends: opposite signs.",
        reconciliation.RuleSigns.EITHER: "Either.",
    },
    name="ReconciliationRuleSigns",
)
_register(
    reconciliation.ReconciliationMethod,
    "Who or what reconciled.",
    {
        reconciliation.ReconciliationMethod.RULE: "A rule.",
        reconciliation.ReconciliationMethod.USER: "A member.",
        reconciliation.ReconciliationMethod.STATEMENT: "A statement that adds up.",
    },
)
_register(
    reconciliation.ReconciliationSide,
    "The side of a group that a row is on.",
    {
        reconciliation.ReconciliationSide.LEFT: "The left one: books, invoices, charges.",
        reconciliation.ReconciliationSide.RIGHT: "The right one: mostly the bank's.",
    },
)
_register(
    reconciliation.ConflictPolicy,
    "Who wins where a source contradicts what is stored.",
    {
        reconciliation.ConflictPolicy.PROVIDER_WINS: "The source.",
        reconciliation.ConflictPolicy.USER_WINS: "What is stored.",
        reconciliation.ConflictPolicy.ASK: "A review item asks; until then what is stored.",
    },
)
_register(
    reconciliation.ConflictKind,
    "What a source says against a row.",
    {
        reconciliation.ConflictKind.CHANGED: "That it is another: amount, day or text.",
        reconciliation.ConflictKind.REMOVED: "That it is no more.",
    },
)
_register(
    reconciliation.ConflictState,
    "How far a contradiction is settled.",
    {
        reconciliation.ConflictState.NOTED: "It was noted and not looked at yet.",
        reconciliation.ConflictState.ASKED: "A review item asks.",
        reconciliation.ConflictState.KEPT: "What was stored counts.",
        reconciliation.ConflictState.TAKEN: "What the source says counts.",
    },
)
_register(
    continuity.DayState,
    "Whether balances add up.",
    {
        continuity.DayState.PROVED: "They do.",
        continuity.DayState.DIFFERS: "They do not.",
        continuity.DayState.UNSTATED: "No source states the balance at the end.",
        continuity.DayState.UNPROVED: "Nothing states the balance at the beginning.",
    },
    name="BalanceProofState",
)
_register(
    continuity.Cause,
    "What may be the matter where a balance differs.",
    {
        continuity.Cause.MISSING: "Rows are missing.",
        continuity.Cause.EXTRA: "A row is in no statement.",
        continuity.Cause.DUPLICATE: "A row is there twice.",
        continuity.Cause.SIGN: "A row has the wrong sign.",
        continuity.Cause.PENDING: "Pending rows are in the stated balance.",
        continuity.Cause.REMOVED: "A row was taken back.",
        continuity.Cause.REJECTED: "Rows of a document could not be read.",
        continuity.Cause.CONFLICT: "A source contradicts what is stored, and it stands as it was.",
        continuity.Cause.CONTRADICTION: "Documents state different balances.",
        continuity.Cause.SOURCE: "A statement does not add up by itself.",
    },
    name="BalanceDifferenceCause",
)
