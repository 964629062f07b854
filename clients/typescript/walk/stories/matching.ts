/** Transactions that belong together: links, questions, and rates between currencies. */

import assert from "node:assert/strict";

import {
  ExchangeRatesDocument,
  ExchangeRatesPutDocument,
  ExchangeRateToleranceDocument,
  ExchangeRateToleranceSetDocument,
  MatchConfirmDocument,
  MatchRejectDocument,
  ReviewItemsDecideDocument,
  ReviewItemsDocument,
  TransactionLinkDocument,
  TransactionLinkUndoDocument,
  TransactionMatchesDocument,
  TransactionsDocument,
  type ReviewItemFilter,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

const NOTHING = Buffer.from("ReviewItem:00000000-0000-0000-0000-000000000000").toString("base64");

export async function matching({ anna, ben, jobId }: Imported): Promise<void> {
  await step("a member says that two transactions are one, and takes it back", async () => {
    const one = await ben.ask(TransactionsDocument, {
      first: 1,
      filter: { amountTo: "-0.01", duplicates: "EXCLUDE" },
    });
    const kept = one.transactions.edges[0]?.node;
    assert.ok(kept);
    const accountIds = [kept.account.id];
    const filter = { accountIds, amountTo: "-0.01" };
    const { transactions } = await ben.ask(TransactionsDocument, { first: 2, filter });
    const other = transactions.edges.find(({ node }) => node.id !== kept.id)?.node;
    assert.ok(other);
    const input = { transactionId: other.id, otherId: kept.id, kind: "DUPLICATE" } as const;
    const { transactionLink } = await ben.act(TransactionLinkDocument, { input });
    assert.equal(transactionLink.link?.state, "ACTIVE");
    const hidden = await ben.ask(TransactionMatchesDocument, { transactionId: other.id });
    assert.equal(hidden.transaction?.duplicateOf?.id, kept.id);
    const linkId = transactionLink.link?.id ?? "";
    const { transactionLinkUndo } = await ben.act(TransactionLinkUndoDocument, { linkId });
    assert.equal(transactionLinkUndo.link?.state, "UNDONE");
    const after = await ben.ask(TransactionMatchesDocument, { transactionId: other.id });
    const past = after.transaction?.pastLinks.find((link) => link.id === linkId);
    assert.equal(past?.undoneReason, null);
  });
  await step("questions are listed, and what is no question is not answered", async () => {
    const filter: ReviewItemFilter = { kind: ["DUPLICATE"], state: ["OPEN"], scoreFrom: 0 };
    const { reviewItems, reviewItemCount } = await ben.ask(ReviewItemsDocument, {
      first: 1,
      after: null,
      filter,
    });
    assert.ok(reviewItems.edges.length <= reviewItemCount);
    const { transactions } = await ben.ask(TransactionsDocument, { first: 1 });
    const node = transactions.edges[0]?.node;
    assert.ok(node);
    const about = { ...filter, accountId: node.account.id, transactionId: node.id, jobId };
    const narrow = await ben.ask(ReviewItemsDocument, { first: 1, after: null, filter: about });
    assert.ok(narrow.reviewItemCount <= reviewItemCount);
    assert.ok(narrow.reviewItems.edges.every((edge) => edge.node.job?.id === jobId));
    const input = { ids: [NOTHING], decision: "OPEN" as const };
    assert.deepEqual(await ben.refused(MatchConfirmDocument, { itemId: NOTHING }), ["NOT_FOUND"]);
    assert.deepEqual(await ben.refused(MatchRejectDocument, { itemId: NOTHING }), ["NOT_FOUND"]);
    assert.deepEqual(await ben.refused(ReviewItemsDecideDocument, { input }), ["NOT_FOUND"]);
  });
  await step("a member says what currencies were worth", async () => {
    const rate = { base: "EUR", quote: "USD", day: "2026-03-02", rate: "1.1", source: "ECB" };
    await ben.act(ExchangeRatesPutDocument, { rates: [rate] });
    const filter = { base: "EUR", quote: "USD", dayFrom: "2026-03-01", dayTo: "2026-03-02" };
    const { exchangeRates } = await ben.ask(ExchangeRatesDocument, { filter });
    assert.deepEqual(exchangeRates, [rate]);
    const before = { ...filter, dayTo: "2026-03-01" };
    assert.deepEqual((await ben.ask(ExchangeRatesDocument, { filter: before })).exchangeRates, []);
  });
  await step("an admin says how far transfers may be from rates", async () => {
    const { percent } = (await anna.act(ExchangeRateToleranceSetDocument, { percent: "2.5" }))
      .exchangeRateToleranceSet;
    assert.equal(percent, "2.5");
    const { exchangeRateTolerance } = await ben.ask(ExchangeRateToleranceDocument, {});
    assert.equal(exchangeRateTolerance, "2.5");
    await anna.act(ExchangeRateToleranceSetDocument, { percent: "2" });
  });
}
