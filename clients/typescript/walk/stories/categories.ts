/** What transactions were for: categories, rules, parts, and payments that come again. */

import assert from "node:assert/strict";

import {
  CategoriesDocument,
  CategoryCreateDocument,
  CategoryDeleteDocument,
  CategoryMappingSetDocument,
  CategoryMappingsDocument,
  CategoryOfTransactionDocument,
  CategoryRuleCreateDocument,
  CategoryRuleDeleteDocument,
  CategoryRuleUpdateDocument,
  CategoryRulesApplyDocument,
  CategoryRulesDocument,
  CategoryRulesDryRunDocument,
  CategoryRulesReorderDocument,
  CategoryTaxonomyDocument,
  CategoryUpdateDocument,
  RecurringTransactionDismissDocument,
  RecurringTransactionsDocument,
  TransactionSplitDocument,
  TransactionUnsplitDocument,
  TransactionsDocument,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

const conditions = { direction: "OUT", amountFrom: "0.01" } as const;

export async function categories({ ben }: Imported): Promise<void> {
  await step("a member names categories of their own below the taxonomy", async () => {
    const { categoryTaxonomy } = await ben.ask(CategoryTaxonomyDocument, {});
    const code = categoryTaxonomy[0]?.detailed ?? "";
    const made = await ben.act(CategoryCreateDocument, { input: { name: "Own", code } });
    const categoryId = made.categoryCreate.category?.id ?? "";
    const input = { description: "Ours" };
    const changed = await ben.act(CategoryUpdateDocument, { categoryId, input });
    assert.equal(changed.categoryUpdate.category?.description, "Ours");
    const page = await ben.ask(CategoriesDocument, { first: 1, after: null });
    assert.equal(page.categories.edges[0]?.node.name, "Own");
    await ben.act(CategoryMappingSetDocument, {
      input: { providerCategory: code, category: "Own" },
    });
    const mapped = await ben.ask(CategoryMappingsDocument, { first: 1, after: null });
    assert.equal(mapped.categoryMappings.edges[0]?.node.category, "Own");
    const gone = await ben.act(CategoryDeleteDocument, { categoryId });
    assert.equal(gone.categoryDelete.deletedId, categoryId);
  });
  await step("a member tries a rule, keeps it, and applies it", async () => {
    const rule = { name: "Out", conditions, category: "Spent" };
    const tried = await ben.ask(CategoryRulesDryRunDocument, { input: { ...rule, first: 1 } });
    assert.equal(tried.categoryRulesDryRun.result?.changes[0]?.after, "Spent");
    const made = await ben.act(CategoryRuleCreateDocument, { input: rule });
    const ruleId = made.categoryRuleCreate.rule?.id ?? "";
    const input = { category: "Spent well" };
    const changed = await ben.act(CategoryRuleUpdateDocument, { ruleId, input });
    assert.equal(changed.categoryRuleUpdate.rule?.version, 2);
    await ben.act(CategoryRulesReorderDocument, { input: { ids: [ruleId] } });
    const page = await ben.ask(CategoryRulesDocument, { first: 1, after: null });
    assert.equal(page.categoryRules.edges[0]?.node.versions.length, 2);
    const applied = await ben.act(CategoryRulesApplyDocument, {});
    assert.ok(applied.categoryRulesApply.jobs.every((job) => job.kind === "CATEGORIZE"));
    const gone = await ben.act(CategoryRuleDeleteDocument, { ruleId });
    assert.equal(gone.categoryRuleDelete.deletedId, ruleId);
  });
  await step("a member splits a transaction, and makes it whole again", async () => {
    const filter = { amountTo: "-1" };
    const { transactions } = await ben.ask(TransactionsDocument, { first: 1, filter });
    const node = transactions.edges[0]?.node;
    const transactionId = node?.id ?? "";
    const [whole = "", decimals = ""] = (node?.amount.amount ?? "").split(".");
    const rest = `-0${decimals === "" ? "" : `.${decimals}`}`;
    const amounts = /[1-9]/.test(decimals) ? [whole, rest] : [String(BigInt(whole) + 1n), "-1"];
    const parts = amounts.map((amount, place) => ({ amount, category: `Part ${place}` }));
    if (parts.every(({ amount }) => Number(amount) !== 0)) {
      const split = await ben.act(TransactionSplitDocument, { transactionId, input: { parts } });
      assert.equal(split.transactionSplit.transaction?.parts.length, 2);
      const shown = await ben.ask(CategoryOfTransactionDocument, { transactionId });
      assert.ok(shown.transaction?.parts.every((part) => part.current));
      const back = await ben.act(TransactionUnsplitDocument, { transactionId });
      assert.deepEqual(back.transactionUnsplit.transaction?.parts, []);
    }
  });
  await step("a member looks at what recurs", async () => {
    const filter = { state: ["ACTIVE", "ENDED"] as const };
    const page = { first: 1, after: null, filter: { state: [...filter.state] } };
    const { recurringTransactions } = await ben.ask(RecurringTransactionsDocument, page);
    const recurringId = recurringTransactions.edges[0]?.node.id ?? "none";
    const answer = await ben.ask(RecurringTransactionDismissDocument, {
      recurringId,
      input: { dismissed: true },
    });
    const { userErrors = [] } = answer.recurringTransactionDismiss ?? {};
    assert.equal(userErrors.length, recurringId === "none" ? 1 : 0);
  });
}
