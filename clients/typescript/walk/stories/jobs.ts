/** What can be decided about a job: discard, cancel, retry, revert. */

import assert from "node:assert/strict";

import {
  IngestionJobCancelDocument,
  IngestionJobDiscardDocument,
  IngestionJobDocument,
  IngestionJobRetryDocument,
  IngestionJobRevertDocument,
  IngestionJobsDocument,
} from "../../src/index.js";
import { bai2, csv, type Size } from "../files.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import { reaches, sent, type Imported } from "./imports.js";

export async function jobs(
  imported: Imported,
  { worker, size }: { worker: number; size: Size },
): Promise<void> {
  const { ben, bank, shop } = imported;
  await step("a reviewed job is discarded", async () => {
    const input = { connectionId: bank, review: true };
    const jobId = await sent(ben, "april.bai", bai2(size, "04"), input);
    await reaches(ben, jobId, "AWAITING_REVIEW");
    const { ingestionJobDiscard } = await ben.act(IngestionJobDiscardDocument, { jobId });
    assert.equal(ingestionJobDiscard.job?.state, "DISCARDED");
  });
  await step("a queued job is cancelled, retried and reverted", async () => {
    const jobId = await held(worker, async () => {
      const queued = await sent(ben, "shop.csv", csv(size, "SHOP1"), { connectionId: shop });
      const answer = await ben.act(IngestionJobCancelDocument, { jobId: queued });
      assert.equal(answer.ingestionJobCancel.job?.state, "CANCELLED");
      return queued;
    });
    await ben.act(IngestionJobRetryDocument, { jobId, input: null });
    await reaches(ben, jobId, "PARTIAL");
    await ben.act(IngestionJobRevertDocument, { jobId });
    await reaches(ben, jobId, "REVERTED");
  });
  await step("a failed job is retried with another column mapping", () => failing(imported, size));
  await step("jobs are listed", () => lists(ben, shop));
}

/** Does something while no job runs. */
async function held<Result>(worker: number, work: () => Promise<Result>): Promise<Result> {
  process.kill(worker, "SIGSTOP");
  try {
    return await work();
  } finally {
    process.kill(worker, "SIGCONT");
  }
}

async function failing(
  { ben, shop, profileId, wrongProfileId }: Imported,
  size: Size,
): Promise<void> {
  const jobId = await sent(ben, "more.csv", csv(size, "SHOP2"), {
    connectionId: shop,
    profileId: wrongProfileId,
  });
  await reaches(ben, jobId, "FAILED");
  const { ingestionJob } = await ben.ask(IngestionJobDocument, { jobId });
  assert.equal(ingestionJob?.retryable, true);
  assert(ingestionJob.error);
  await ben.act(IngestionJobRetryDocument, { jobId, input: { profileId } });
  await reaches(ben, jobId, "PARTIAL");
}

async function lists(ben: Person, connectionId: string): Promise<void> {
  const filter = { connectionId, kind: ["IMPORT" as const] };
  const one = (await ben.ask(IngestionJobsDocument, { first: 1, filter })).ingestionJobs;
  const after = one.pageInfo.endCursor;
  const rest = (await ben.ask(IngestionJobsDocument, { after, filter })).ingestionJobs;
  assert.deepEqual(
    [...one.edges, ...rest.edges].map(({ node }) => node.state),
    ["PARTIAL", "REVERTED"],
  );
  const ever = { createdFrom: "2000-01-01T00:00:00Z", createdTo: "2999-12-31T00:00:00Z" };
  const partial = { ...filter, ...ever, state: ["PARTIAL" as const] };
  const found = (await ben.ask(IngestionJobsDocument, { filter: partial })).ingestionJobs;
  assert.equal(found.edges.length, 1);
}
