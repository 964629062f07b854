/** Syncs and links, as far as a company without a provider gets. */

import assert from "node:assert/strict";

import {
  ConnectionLinkBeginDocument,
  ConnectionLinkCompleteDocument,
  ConnectionRenewAllDocument,
  ConnectionSyncAllDocument,
  ConnectionSyncDocument,
  ConnectionTestDocument,
  IngestionJobsDocument,
  ProvidersDocument,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export async function syncing({ anna, ben, bank }: Imported): Promise<void> {
  await step("statement files are not asked for news", async () => {
    const connectionId = bank;
    assert.deepEqual(await ben.refused(ConnectionSyncDocument, { connectionId }), ["CONFLICT"]);
    assert.deepEqual(await anna.refused(ConnectionTestDocument, { connectionId }), ["CONFLICT"]);
    const { connectionSyncAll } = await ben.act(ConnectionSyncAllDocument, {});
    assert.deepEqual(connectionSyncAll.jobs.edges, []);
    assert.equal(connectionSyncAll.count, 0);
    const filter = { batchId: connectionSyncAll.batchId };
    const { ingestionJobs } = await ben.ask(IngestionJobsDocument, { filter });
    assert.deepEqual(ingestionJobs.edges, []);
    assert.deepEqual(await ben.refused(ConnectionRenewAllDocument, {}), ["NOT_ALLOWED"]);
    const { connectionRenewAll } = await anna.act(ConnectionRenewAllDocument, {});
    assert.equal(connectionRenewAll.count, 0);
  });
  await step("what is not offered is not linked", async () => {
    const { providers } = await anna.ask(ProvidersDocument, {});
    assert.equal(providers[0]?.slug, "file");
    const begin = {
      provider: "file",
      connectionId: bank,
      callbackUrl: "http://127.0.0.1/back",
      selectAccounts: false,
      personaId: null,
    };
    const unknown = await anna.refused(ConnectionLinkBeginDocument, { input: begin });
    assert.deepEqual(unknown, ["NOT_FOUND"]);
    const answers = [{ name: "code", value: "none" }];
    const input = { linkId: bank, state: "none", answers, name: "Northbank" };
    const refused = await anna.refused(ConnectionLinkCompleteDocument, { input });
    assert.deepEqual(refused, ["CONFLICT"]);
  });
}
