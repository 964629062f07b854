/** The other company sees and changes nothing of the first. */

import assert from "node:assert/strict";

import {
  AccountMappingsDocument,
  AccountsDocument,
  AssetArchiveDocument,
  AssetDocument,
  AssetsDocument,
  ConnectionPauseDocument,
  ConnectionsDocument,
  ConnectionWithListsDocument,
  IngestionJobDocument,
  IngestionJobRevertDocument,
  IngestionJobsDocument,
  IngestionJobUpdatedDocument,
  MembersDocument,
  NodeDocument,
  NotificationChannelsDocument,
  NotificationsDocument,
  PersonaGroupsDocument,
  PersonasDocument,
  StatementProfilesDocument,
  TransactionCountDocument,
  TransactionDocument,
  TransactionsDocument,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export async function strangers(imported: Imported): Promise<void> {
  await step("a stranger's lists are empty", () => listsNothing(imported.olga));
  await step("a stranger finds nothing by its id", () => findsNothing(imported));
  await step("a stranger changes and follows nothing", () => changesNothing(imported));
  await step("a stranger cannot choose the tenant", async () => {
    const intruder = imported.olga.in(imported.anna.tenant ?? "");
    assert.match(await intruder.failure(AccountsDocument, {}), /X-Tenant|403|Forbidden/);
  });
}

async function listsNothing(olga: Person): Promise<void> {
  const lists = [
    (await olga.ask(AccountsDocument, {})).accounts.edges,
    (await olga.ask(AccountMappingsDocument, {})).accountMappings.edges,
    (await olga.ask(AssetsDocument, {})).assets.edges,
    (await olga.ask(ConnectionsDocument, {})).connections.edges,
    (await olga.ask(IngestionJobsDocument, {})).ingestionJobs.edges,
    (await olga.ask(NotificationChannelsDocument, {})).notificationChannels.edges,
    (await olga.ask(NotificationsDocument, {})).notifications.edges,
    (await olga.ask(PersonasDocument, {})).personas.edges,
    (await olga.ask(PersonaGroupsDocument, {})).personaGroups.edges,
    (await olga.ask(StatementProfilesDocument, {})).statementProfiles.edges,
    (await olga.ask(TransactionsDocument, {})).transactions.edges,
  ];
  assert.deepEqual(lists.flat(), []);
  assert.equal((await olga.ask(TransactionCountDocument, {})).transactionCount, 0);
  assert.equal((await olga.ask(MembersDocument, {})).members.edges.length, 1);
}

async function findsNothing({ anna, olga, bank, jobId, profileId }: Imported): Promise<void> {
  const { transactions } = await anna.ask(TransactionsDocument, { first: 1 });
  const transactionId = transactions.edges[0]?.node.id ?? "";
  const { assets } = await anna.ask(AssetsDocument, { first: 1 });
  const assetId = assets.edges[0]?.node.id ?? "";
  for (const nodeId of [bank, jobId, profileId, transactionId, assetId, anna.tenant ?? ""]) {
    assert.equal((await olga.ask(NodeDocument, { nodeId })).node, null);
  }
  assert.equal((await olga.ask(TransactionDocument, { transactionId })).transaction, null);
  assert.equal((await olga.ask(IngestionJobDocument, { jobId })).ingestionJob, null);
  assert.equal((await olga.ask(AssetDocument, { assetId })).asset, null);
  const lists = await olga.ask(ConnectionWithListsDocument, { connectionId: bank });
  assert.equal(lists.connection, null);
  const filter = { connectionId: bank };
  assert.equal((await olga.ask(TransactionCountDocument, { filter })).transactionCount, 0);
}

async function changesNothing({ anna, olga, bank, jobId }: Imported): Promise<void> {
  const { assets } = await anna.ask(AssetsDocument, { first: 1 });
  const assetId = assets.edges[0]?.node.id ?? "";
  const archived = await olga.refused(AssetArchiveDocument, { assetId });
  const paused = await olga.refused(ConnectionPauseDocument, { connectionId: bank });
  const reverted = await olga.refused(IngestionJobRevertDocument, { jobId });
  assert.deepEqual([...archived, ...paused, ...reverted], Array(3).fill("NOT_FOUND"));
  const stream = olga.follow(IngestionJobUpdatedDocument, { jobId });
  assert.match(await stream.end(), /not found/i);
}
