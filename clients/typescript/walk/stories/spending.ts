/** What was spent: expenses, and categories that a member chooses. */

import assert from "node:assert/strict";

import {
  ExpensesDocument,
  TenantChooseExpensesDocument,
  TransactionCategorizeDocument,
  TransactionsDocument,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export async function spending({ anna, ben }: Imported): Promise<void> {
  await step("a member says what a transaction was for, and takes it back", async () => {
    const { transactions } = await ben.ask(TransactionsDocument, { first: 1 });
    const transactionId = transactions.edges[0]?.node.id ?? "";
    const input = { category: "Rent", applyToMerchant: true };
    const said = await ben.act(TransactionCategorizeDocument, { transactionId, input });
    const { category } = said.transactionCategorize.transaction ?? {};
    assert.deepEqual([category?.name, category?.source], ["Rent", "USER"]);
    const undone = { transactionId, input: { category: null, applyToMerchant: true } };
    const back = await ben.act(TransactionCategorizeDocument, undone);
    assert.notEqual(back.transactionCategorize.transaction?.category?.source, "USER");
    assert.equal(back.transactionCategorize.changedCount, said.transactionCategorize.changedCount);
  });
  await step("an admin chooses what makes expenses", async () => {
    const chosen = await anna.act(TenantChooseExpensesDocument, { input: { source: "DEBITS" } });
    assert.ok(chosen.tenantChooseExpenses.tenant);
    const { transactions } = await ben.ask(TransactionsDocument, { first: 1 });
    const accountId = transactions.edges[0]?.node.account.id ?? "";
    const spent = { spentFrom: "2000-01-01", spentTo: "2100-01-01" };
    const filter = { status: "ACTIVE", accountId, ...spent } as const;
    const page = { first: 1, after: null, filter };
    const { expenses } = await ben.ask(ExpensesDocument, page);
    assert.equal(expenses.edges.length, 0); // from now on: what came before makes none
  });
}
