/** A statement of the bank: sent, previewed, approved, and followed until it waits for accounts. */

import assert from "node:assert/strict";

import {
  followJob,
  IngestionJobApproveDocument,
  IngestionJobReviewDocument,
  IngestionJobUpdatedDocument,
  StatementImportDocument,
  uploadStatement,
  type IngestionJobState,
  type StatementImportInput,
} from "../../src/index.js";
import { bai2, type Size } from "../files.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Sources } from "./sources.js";

export interface Imported extends Sources {
  /** The import that waits for accounts. */
  jobId: string;
}

export async function imports(sources: Sources, size: Size): Promise<Imported> {
  const { ben, bank } = sources;
  let jobId = "";
  await step("a file is imported up to its preview, once for each key", async () => {
    const uploadId = await uploadStatement(ben.feeds, "march.bai", bai2(size, "03"));
    const input = { format: "bai2", review: true, idempotencyKey: "march" };
    jobId = await started(ben, { uploadId, connectionId: bank, ...input });
    const again = await started(ben, { uploadId, connectionId: bank, ...input });
    assert.equal(again, jobId);
    await reaches(ben, jobId, "AWAITING_REVIEW");
  });
  await step("the preview is read in pages", () => previews(ben, jobId, size));
  await step("it is approved, and waits for accounts", async () => {
    const { ingestionJobApprove } = await ben.act(IngestionJobApproveDocument, { jobId });
    assert.notEqual(ingestionJobApprove.job?.approvedAt, null);
    await reaches(ben, jobId, "AWAITING_MAPPING");
  });
  return { ...sources, jobId };
}

/** Sends a file, starts its import, and returns the job. */
export async function sent(
  person: Person,
  fileName: string,
  bytes: Uint8Array<ArrayBuffer>,
  input: Omit<StatementImportInput, "uploadId">,
): Promise<string> {
  const uploadId = await uploadStatement(person.feeds, fileName, bytes);
  return await started(person, { uploadId, ...input });
}

/** Follows a job with the client's own helper until it is in this state. */
export async function reaches(
  person: Person,
  jobId: string,
  state: IngestionJobState,
): Promise<void> {
  const seen: string[] = [];
  for await (const job of followJob(person.feeds, jobId)) {
    seen.push(job.state);
    if (job.state === state) return;
  }
  assert.fail(`the job went through ${seen.join(", ")} and never to ${state}`);
}

/** Follows a job over graphql-ws until it is in this state. */
export async function watched(
  person: Person,
  jobId: string,
  state: IngestionJobState,
): Promise<void> {
  const stream = person.follow(IngestionJobUpdatedDocument, { jobId });
  await stream.until((event) => event.ingestionJobUpdated.state === state);
  stream.close();
}

async function started(person: Person, input: StatementImportInput): Promise<string> {
  const { statementImport } = await person.act(StatementImportDocument, { input });
  assert(statementImport.job);
  return statementImport.job.id;
}

async function previews(ben: Person, jobId: string, size: Size): Promise<void> {
  const all = size.accounts * size.rows;
  const first = (await ben.ask(IngestionJobReviewDocument, { jobId, rows: 2, findings: 1 }))
    .ingestionJob;
  assert.equal(first?.preview.edges.length, 2);
  const rest = (
    await ben.ask(IngestionJobReviewDocument, {
      jobId,
      rows: 100,
      rowsAfter: first.preview.pageInfo.endCursor,
      outcome: "WAITING",
      findings: 100,
      findingsAfter: first.findings.pageInfo.endCursor,
      severity: "WARNING",
    })
  ).ingestionJob;
  assert.equal(rest?.preview.edges.length, Math.min(100, all - 2));
}
