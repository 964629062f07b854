/** External accounts of the bank get the accounts that they are. */

import assert from "node:assert/strict";

import {
  AccountCreateDocument,
  AccountDocument,
  AccountMappingCreateAccountDocument,
  AccountMappingIgnoreDocument,
  AccountMappingRefusalUndoDocument,
  AccountMappingRefuseDocument,
  AccountMappingSetDocument,
  AccountMappingsDocument,
  AccountMappingUnsetDocument,
  AccountMappingVerifyDocument,
  AccountRefreshDocument,
  AccountUpdateDocument,
  ConnectionDocument,
  TransactionsChangedDocument,
  type AccountMappingsQuery,
} from "../../src/index.js";
import { number, type Size } from "../files.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import { reaches, watched, type Imported } from "./imports.js";

export async function mapping(imported: Imported, size: Size): Promise<void> {
  const { ben, bank, jobId } = imported;
  let accountId = "";
  await step("an account is made and changed", async () => {
    accountId = await account(ben, bank);
  });
  await step("a suggestion is refused, and that is taken back", async () => {
    await refuses(ben, bank, accountId);
  });
  await step("an external account is mapped, and its rows come in", async () => {
    await maps(ben, of(await pending(ben, bank), 0), accountId);
  });
  await step("the source of an account is believed first", async () => {
    await prefers(ben, bank, accountId);
  });
  await step("an account is made for an external one, and its rows come in", async () => {
    await makes(ben, of(await pending(ben, bank), 1).id);
  });
  await step("a mapping is taken away", async () => {
    // The last account of the file is only named there.
    await unmaps(ben, of(await pending(ben, bank), size.accounts).id, accountId);
  });
  await step("what is not wanted is ignored, and the import ends", async () => {
    for (const { node } of await pending(ben, bank)) {
      const { accountMappingIgnore } = await ben.act(AccountMappingIgnoreDocument, {
        mappingId: node.id,
      });
      assert.equal(accountMappingIgnore.mapping?.state, "IGNORED");
      if (accountMappingIgnore.job) await reaches(ben, accountMappingIgnore.job.id, "COMPLETED");
    }
    await reaches(ben, jobId, "COMPLETED");
  });
}

type Mappings = AccountMappingsQuery["accountMappings"]["edges"];

async function account(ben: Person, bank: string): Promise<string> {
  const { connection } = await ben.ask(ConnectionDocument, { connectionId: bank });
  const institutionId = connection?.institution?.id ?? null;
  const { accountCreate } = await ben.act(AccountCreateDocument, {
    input: {
      name: "Till",
      currency: "EUR",
      type: "CASH",
      maskedNumber: "12340000",
      institutionId,
    },
  });
  const accountId = accountCreate.account?.id ?? "";
  const { accountUpdate } = await ben.act(AccountUpdateDocument, {
    accountId,
    input: { name: "Current account", type: "CHECKING", status: "ACTIVE", institutionId },
  });
  assert.equal(accountUpdate.account?.type, "CHECKING");
  assert.deepEqual(await ben.refused(AccountRefreshDocument, { accountId }), ["CONFLICT"]);
  return accountId;
}

async function pending(ben: Person, connectionId: string): Promise<Mappings> {
  const filter = { connectionId, state: ["PENDING" as const] };
  const one = (await ben.ask(AccountMappingsDocument, { first: 1, filter })).accountMappings;
  const after = one.pageInfo.endCursor;
  const rest = (await ben.ask(AccountMappingsDocument, { after, filter })).accountMappings;
  return [...one.edges, ...rest.edges];
}

function of(mappings: Mappings, account: number): Mappings[number]["node"] {
  const end = number(account).slice(-4);
  const found = mappings.find(({ node }) => node.externalAccount.maskedNumber?.endsWith(end));
  assert(found, `account ${account} of the file waits`);
  return found.node;
}

async function refuses(ben: Person, bank: string, accountId: string): Promise<void> {
  const mappingId = of(await pending(ben, bank), 0).id;
  const input = { accountId };
  await ben.act(AccountMappingRefuseDocument, { mappingId, input });
  const refused = of(await pending(ben, bank), 0);
  assert(!refused.suggestions.some((one) => one.account.id === accountId));
  assert.equal(refused.refusals[0]?.account.id, accountId);
  assert.equal(refused.refusals[0]?.refusedBy?.email, ben.identity.email);
  await ben.act(AccountMappingRefusalUndoDocument, { mappingId, input });
  assert.deepEqual(of(await pending(ben, bank), 0).refusals, []);
}

async function maps(
  ben: Person,
  mapping: Mappings[number]["node"],
  accountId: string,
): Promise<void> {
  const suggestion = mapping.suggestions.find((one) => one.account.id === accountId);
  assert(suggestion?.reasons.some(({ code }) => code === "SAME_MASK"), "its number ends alike");
  assert(suggestion?.automatic === false, "the end of a number is no proof");
  assert(mapping.waitingCount > 0);
  const changes = ben.follow(TransactionsChangedDocument, { accountId });
  await changes.until(({ transactionsChanged }) => transactionsChanged.job === null);

  const { accountMappingSet } = await ben.act(AccountMappingSetDocument, {
    mappingId: mapping.id,
    input: { accountId },
  });

  assert.equal(accountMappingSet.mapping?.state, "MAPPED");
  assert(accountMappingSet.job);
  await watched(ben, accountMappingSet.job.id, "COMPLETED");
  const { transactionsChanged } = await changes.until(
    (event) => event.transactionsChanged.addedCount > 0,
  );
  assert.equal(transactionsChanged.account?.id, accountId);
  changes.close();
  const { accountMappingVerify } = await ben.act(AccountMappingVerifyDocument, {
    mappingId: mapping.id,
  });
  assert.equal(accountMappingVerify.mapping?.verifiedBy?.email, ben.identity.email);
}

async function prefers(ben: Person, connectionId: string, accountId: string): Promise<void> {
  const { accountMappings } = await ben.ask(AccountMappingsDocument, {
    filter: { connectionId, accountId, suggested: false },
  });
  const primaryMappingId = accountMappings.edges[0]?.node.id ?? "";
  assert.equal(accountMappings.edges[0]?.node.decision?.method, "USER");
  await ben.act(AccountUpdateDocument, { accountId, input: { primaryMappingId } });
  const { account } = await ben.ask(AccountDocument, { accountId });
  assert.equal(account?.primarySource?.id, primaryMappingId);
}

async function makes(ben: Person, mappingId: string): Promise<void> {
  const { accountMappingCreateAccount } = await ben.act(AccountMappingCreateAccountDocument, {
    mappingId,
    input: { name: "Savings", currency: "EUR", type: "SAVINGS" },
  });
  assert.equal(accountMappingCreateAccount.mapping?.account?.name, "Savings");
  assert(accountMappingCreateAccount.job);
  await reaches(ben, accountMappingCreateAccount.job.id, "COMPLETED");
}

async function unmaps(ben: Person, mappingId: string, accountId: string): Promise<void> {
  const { accountMappingSet } = await ben.act(AccountMappingSetDocument, {
    mappingId,
    input: { accountId },
  });
  if (accountMappingSet.job) await reaches(ben, accountMappingSet.job.id, "COMPLETED");
  const { accountMappingUnset } = await ben.act(AccountMappingUnsetDocument, { mappingId });
  assert.equal(accountMappingUnset.mapping?.state, "PENDING");
  if (accountMappingUnset.job) await reaches(ben, accountMappingUnset.job.id, "COMPLETED");
}
