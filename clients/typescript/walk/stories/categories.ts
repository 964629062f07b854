/** What transactions were for: categories, rules, parts, and payments that come again. */

import assert from "node:assert/strict";

import {
  AccountsDocument,
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
  type CategoryMappingFilter,
  type CategoryRuleConditionsInput,
  type CategoryRuleFilter,
  type RecurringTransactionFilter,
  type TenantCategoryFilter,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

const spent: CategoryRuleConditionsInput = {
  direction: "OUT",
  amountFrom: "0.01",
  amountTo: "1000000",
  currency: "EUR",
};

export async function categories({ ben }: Imported): Promise<void> {
  await step("a member names categories of their own below the taxonomy", async () => {
    const { categoryTaxonomy } = await ben.ask(CategoryTaxonomyDocument, {});
    const [first = "", code = ""] = categoryTaxonomy.map(({ detailed }) => detailed);
    const own = { name: "Mine", code: first, description: "My own" };
    const made = await ben.act(CategoryCreateDocument, { input: own });
    const { category } = made.categoryCreate;
    assert.deepEqual(category, { ...category, ...own });
    const categoryId = category?.id ?? "";
    const input = { name: "Own", code, description: "Ours" };
    const changed = await ben.act(CategoryUpdateDocument, { categoryId, input });
    const now = changed.categoryUpdate.category;
    assert.deepEqual(now, { ...now, ...input });
    const filter: TenantCategoryFilter = { code: [code], text: "OWN" };
    const page = await ben.ask(CategoriesDocument, { first: 1, after: null, filter });
    assert.equal(page.categories.edges[0]?.node.name, "Own");
    await ben.act(CategoryMappingSetDocument, {
      input: { providerCategory: code, category: "Own" },
    });
    const said: CategoryMappingFilter = { category: ["Own"], text: code.toLowerCase() };
    const mapped = await ben.ask(CategoryMappingsDocument, { first: 1, after: null, filter: said });
    assert.equal(mapped.categoryMappings.edges[0]?.node.category, "Own");
    const gone = await ben.act(CategoryDeleteDocument, { categoryId });
    assert.equal(gone.categoryDelete.deletedId, categoryId);
  });
  await step("a member tries a rule, keeps it, and applies it", async () => {
    const rule = { name: "Out", conditions: spent, category: "Spent" };
    const draft = { ...rule, isFirst: true, first: 1 };
    const tried = await ben.ask(CategoryRulesDryRunDocument, { input: draft });
    const { changes = [], endCursor } = tried.categoryRulesDryRun.result ?? {};
    assert.equal(changes[0]?.after, "Spent");
    const input = { ...draft, after: endCursor ?? null };
    const older = await ben.ask(CategoryRulesDryRunDocument, { input });
    const next = older.categoryRulesDryRun.result?.changes[0]?.transaction.id;
    assert.notEqual(next, changes[0].transaction.id);
    const made = await ben.act(CategoryRuleCreateDocument, { input: { ...rule, enabled: true } });
    const ruleId = made.categoryRuleCreate.rule?.id ?? "";
    await narrowed(ben, ruleId);
    await ben.act(CategoryRulesReorderDocument, { input: { ids: [ruleId] } });
    const filter: CategoryRuleFilter = { enabled: false, category: ["Spent well"], text: "off" };
    const page = await ben.ask(CategoryRulesDocument, { first: 1, after: null, filter });
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
    const parts = amounts.map((amount, place) => ({ amount, category: `Part ${place}`, note: "Halved" }));
    if (parts.every(({ amount }) => Number(amount) !== 0)) {
      const split = await ben.act(TransactionSplitDocument, { transactionId, input: { parts } });
      const notes = split.transactionSplit.transaction?.parts.map(({ note }) => note);
      assert.deepEqual(notes, ["Halved", "Halved"]);
      const shown = await ben.ask(CategoryOfTransactionDocument, { transactionId });
      assert.ok(shown.transaction?.parts.every((part) => part.current));
      const back = await ben.act(TransactionUnsplitDocument, { transactionId });
      assert.deepEqual(back.transactionUnsplit.transaction?.parts, []);
    }
  });
  await step("a member looks at what recurs", async () => {
    const filter: RecurringTransactionFilter = { state: ["ACTIVE", "ENDED"], dismissed: false };
    const page = { first: 1, after: null };
    const { recurringTransactions } = await ben.ask(RecurringTransactionsDocument, {
      ...page,
      filter,
    });
    const { accounts } = await ben.ask(AccountsDocument, { first: 1 });
    const expected = { expectedFrom: "2000-01-01", expectedTo: "2000-01-31" };
    const { recurringTransactions: past } = await ben.ask(RecurringTransactionsDocument, {
      ...page,
      filter: { accountId: accounts.edges[0]?.node.id ?? "", period: ["MONTHLY"], ...expected },
    });
    assert.deepEqual(past.edges, []); // all that is known is of later years
    const recurringId = recurringTransactions.edges[0]?.node.id ?? "none";
    const unknown = btoa("RecurringTransaction:00000000-0000-0000-0000-000000000000");
    const { transactions: found } = await ben.ask(TransactionsDocument, {
      first: 3,
      filter: { recurringId: recurringId === "none" ? unknown : recurringId },
    });
    assert.equal(found.edges.length > 0, recurringId !== "none"); // it was found in some
    const answer = await ben.ask(RecurringTransactionDismissDocument, {
      recurringId,
      input: { dismissed: true },
    });
    const { userErrors = [] } = answer.recurringTransactionDismiss ?? {};
    assert.equal(userErrors.length, recurringId === "none" ? 1 : 0);
  });
}

/** The rule is tried about one transaction in place of what it was, changed, and switched off. */
async function narrowed(ben: Person, ruleId: string): Promise<void> {
  const filter = { amountTo: "-0.01" };
  const { transactions } = await ben.ask(TransactionsDocument, { first: 1, filter });
  const node = transactions.edges[0]?.node;
  assert.ok(node);
  const conditions = {
    ...spent,
    accountIds: [node.account.id],
    text: { equals: node.description },
  };
  const category = "Spent well";
  const tried = await ben.ask(CategoryRulesDryRunDocument, {
    input: { ruleId, name: "Narrow", conditions, category },
  });
  const { result } = tried.categoryRulesDryRun;
  assert.ok(result && result.fittingCount >= 1);
  assert.ok(result.changes.some((change) => change.transaction.id === node.id));
  const nobody = {
    merchant: { contains: "nobody" },
    text: { matches: "no?ody*" },
    providerCategories: ["NONE"],
  };
  const off = { name: "Off", conditions: nobody, category, enabled: false };
  const changed = await ben.act(CategoryRuleUpdateDocument, { ruleId, input: off });
  const { rule } = changed.categoryRuleUpdate;
  assert.equal(rule?.version, 2);
  assert.deepEqual([rule.name, rule.category, rule.enabled], ["Off", category, false]);
}
