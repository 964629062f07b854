/** Reconciliation: an account against its balances, rows that vouch for each other, rules. */

import assert from "node:assert/strict";

import {
  AccountsDocument,
  ConnectionChooseConflictPolicyDocument,
  ConnectionsDocument,
  ReconciledTransactionDocument,
  ReconciliationCreateDocument,
  ReconciliationDocument,
  ReconciliationRuleCreateDocument,
  ReconciliationRuleRemoveDocument,
  ReconciliationRulesDocument,
  ReconciliationRulesDryRunDocument,
  ReconciliationRuleUpdateDocument,
  ReconciliationsDocument,
  ReconciliationUndoDocument,
  StatementReconcileDocument,
  TenantChooseConflictPolicyDocument,
  TransactionsDocument,
  type ReconciliationRuleInput,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

const period = { from: "2026-01-01", to: "2026-12-31" };
const terms = {
  name: "Invoices",
  position: 3,
  enabled: true,
  mode: "SUGGEST",
  shape: "ONE_TO_MANY",
  signs: "OPPOSITE",
  rightAccountType: "OTHER",
  byReference: false,
  amountTolerance: "0.05",
  tolerancePercent: "0.5",
  dayWindow: 30,
  textNeeded: true,
  groupMax: 4,
  scoreMin: 90,
} as const;

export async function reconciling({ anna, ben }: Imported): Promise<void> {
  await step("an account is held against what its bank states", async () => {
    const { accounts } = await ben.ask(AccountsDocument, { first: 1 });
    const accountId = accounts.edges[0]?.node.id ?? "";
    const { reconciliation } = await ben.ask(ReconciliationDocument, { accountId, period });
    assert.equal(reconciliation?.account.id, accountId);
    const variables = { accountId, to: "2026-12-31" };
    const refused = await ben.refused(StatementReconcileDocument, variables);
    assert.deepEqual(refused, ["CONFLICT"]);
  });
  await step("a member vouches for a transaction, and takes that back", async () => {
    const filter = { reconciled: false };
    const { transactions } = await ben.ask(TransactionsDocument, { first: 1, filter });
    const transactionId = transactions.edges[0]?.node.id ?? "";
    const accountId = transactions.edges[0]?.node.account.id ?? "";
    const input = { leftIds: [transactionId], rightIds: [], note: "seen on paper" };
    const made = await ben.act(ReconciliationCreateDocument, { input });
    const id = made.reconciliationCreate.reconciliation?.id ?? "";
    const { transaction } = await ben.ask(ReconciledTransactionDocument, { transactionId });
    assert.equal(transaction?.reconciledIn?.id, id);
    const wanted = { method: ["USER"], undone: false, accountId, transactionId } as const;
    const ever = { createdFrom: "2000-01-01T00:00:00Z", createdTo: "2999-12-31T00:00:00Z" };
    const page = { first: 1, after: null, filter: { ...wanted, ...ever, method: [...wanted.method] } };
    const { reconciliations } = await ben.ask(ReconciliationsDocument, page);
    assert.equal(reconciliations.edges[0]?.node.members[0]?.transaction.id, transactionId);
    const undone = await ben.act(ReconciliationUndoDocument, { reconciliationId: id });
    assert.ok(undone.reconciliationUndo.reconciliation?.undoneAt);
  });
  await step("an admin tries a rule, keeps it, changes it and removes it", async () => {
    const { accounts } = await anna.ask(AccountsDocument, { first: 2 });
    const [left = "", right = ""] = accounts.edges.map(({ node }) => node.id);
    const rule: ReconciliationRuleInput = { ...terms, leftAccountIds: [left] };
    const tried = await anna.ask(ReconciliationRulesDryRunDocument, { period, rule });
    assert.ok(tried.reconciliationRulesDryRun.transactionCount >= 0);
    const made = await anna.act(ReconciliationRuleCreateDocument, { input: rule });
    const ruleId = made.reconciliationRuleCreate.rule?.id ?? "";
    assert.deepEqual(made.reconciliationRuleCreate.rule?.leftAccounts, [{ id: left }]);
    const input: ReconciliationRuleInput = {
      ...terms,
      leftAccountType: "OTHER",
      rightAccountIds: [right],
      rightAccountType: null,
    };
    const changed = await anna.act(ReconciliationRuleUpdateDocument, { ruleId, input });
    assert.equal(changed.reconciliationRuleUpdate.rule?.version, 2);
    const { reconciliationRules } = await ben.ask(ReconciliationRulesDocument, {});
    const [kept, ...others] = reconciliationRules;
    assert.deepEqual(others, []);
    assert.deepEqual(kept?.rightAccounts, [{ id: right }]);
    assert.deepEqual(kept, { ...kept, ...terms, rightAccountType: null });
    const removed = await anna.act(ReconciliationRuleRemoveDocument, { ruleId });
    assert.equal(removed.reconciliationRuleRemove.removedId, ruleId);
  });
  await step("an admin says who wins where a source contradicts", async () => {
    const { connections } = await anna.ask(ConnectionsDocument, { first: 1 });
    const connectionId = connections.edges[0]?.node.id ?? "";
    const input = { policy: "ASK" } as const;
    const one = await anna.act(ConnectionChooseConflictPolicyDocument, { connectionId, input });
    assert.equal(one.connectionChooseConflictPolicy.connection?.id, connectionId);
    const all = await anna.act(TenantChooseConflictPolicyDocument, { input: { policy: null } });
    assert.ok(all.tenantChooseConflictPolicy.tenant);
  });
}
