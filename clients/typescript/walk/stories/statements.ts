/** Reads statements with their proofs: all of them, of an account, and of a job. */

import assert from "node:assert/strict";

import {
  AccountWithListsDocument,
  IngestionJobStatementsDocument,
  NodeDocument,
  StatementsDocument,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export async function statements(imported: Imported): Promise<void> {
  await step("statements are told with their proofs", () => proofs(imported));
}

async function proofs({ ben, bank, jobId }: Imported): Promise<void> {
  const one = (await ben.ask(StatementsDocument, { first: 1 })).statements;
  const [newest] = one.edges;
  assert(newest, "there is no statement");
  const accountId = newest.node.account.id;
  const ever = { endsFrom: "2000-01-01", endsTo: "2999-12-31" };
  const rest = await ben.ask(StatementsDocument, {
    after: one.pageInfo.endCursor,
    filter: { accountId, connectionId: bank, jobId, proof: ["HOLDS", "FAILS"], ...ever },
  });
  assert.deepEqual(rest.statements.edges, []); // the files state no opening balance
  const { account } = await ben.ask(AccountWithListsDocument, { accountId, statements: 1 });
  const [first] = account?.statements.edges ?? [];
  assert.equal(first?.node.proof, "UNPROVEN");
  const { ingestionJob } = await ben.ask(IngestionJobStatementsDocument, { jobId, first: 1 });
  const more = await ben.ask(IngestionJobStatementsDocument, {
    jobId,
    after: ingestionJob?.statements.pageInfo.endCursor ?? null,
  });
  const found = [ingestionJob, more.ingestionJob].flatMap((job) => job?.statements.edges ?? []);
  assert(found.every(({ node }) => node.proof === "UNPROVEN" && node.difference === null));
  const { node } = await ben.ask(NodeDocument, { nodeId: newest.node.id });
  assert.equal(node?.__typename, "Statement");
  const later = { accountId, statements: 5, statementsAfter: account?.statements.pageInfo.endCursor };
  assert.equal((await ben.ask(AccountWithListsDocument, later)).account?.id, accountId);
}
