/** A bank corrects a row: its preview says so, and the transaction leads to both versions. */

import assert from "node:assert/strict";

import {
  IngestionJobApproveDocument,
  IngestionJobReviewDocument,
  TransactionDocument,
  TransactionsDocument,
} from "../../src/index.js";
import { ofx } from "../files.js";
import { step } from "../report.js";
import { reaches, sent, type Imported } from "./imports.js";

export async function corrections({ ben, shop }: Imported): Promise<void> {
  await step("a row that the bank corrects leads to both of its lines", async () => {
    const input = { connectionId: shop, format: "ofx" };
    await reaches(ben, await sent(ben, "tea.ofx", ofx("T1", "-4.00"), input), "COMPLETED");
    const second = ofx("T2", "-5.00", "T1");
    const jobId = await sent(ben, "corrected.ofx", second, { ...input, review: true });
    await reaches(ben, jobId, "AWAITING_REVIEW");

    const { ingestionJob } = await ben.ask(IngestionJobReviewDocument, {
      jobId,
      rows: 1,
      findings: 1,
    });
    const row = ingestionJob?.preview.edges[0]?.node;
    assert.deepEqual([row?.outcome, row?.correctsExternalId], ["CHANGED", "T1"]);
    await ben.act(IngestionJobApproveDocument, { jobId });
    await reaches(ben, jobId, "COMPLETED");

    const filter = { text: "CORRECTED TEA" };
    const { transactions } = await ben.ask(TransactionsDocument, { first: 1, filter });
    const transactionId = transactions.edges[0]?.node.id ?? "";
    assert.equal(transactionId, row?.corrects?.id);
    const { transaction } = await ben.ask(TransactionDocument, { transactionId });
    assert.equal(transaction?.correctedBy, null);
    assert.equal(transaction?.corrects?.externalId, "T1");
    assert.equal(transaction.corrects.correctedDocument?.name, "tea.ofx");
  });
}
