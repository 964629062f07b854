/** Where data comes from: column mappings and connections. */

import assert from "node:assert/strict";

import {
  ConnectionCreateDocument,
  ConnectionDocument,
  ConnectionPauseDocument,
  ConnectionResumeDocument,
  ConnectionsDocument,
  ConnectionUpdateDocument,
  StatementFormatsDocument,
  StatementProfileCreateDocument,
  StatementProfileDeleteDocument,
  StatementProfileProposalDocument,
  StatementProfilesDocument,
  StatementProfileUpdateDocument,
  uploadStatement,
  type StatementProfileFilter,
} from "../../src/index.js";
import { csv, profile, type Size } from "../files.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Companies } from "./companies.js";

export interface Sources extends Companies {
  /** Asks before an account is made. */
  bank: string;
  /** Makes accounts by itself. */
  shop: string;
  /** Reads the dates of the shop's files. */
  profileId: string;
  /** Does not. */
  wrongProfileId: string;
}

export async function sources(companies: Companies, size: Size): Promise<Sources> {
  const { anna, ben } = companies;
  const ids = { bank: "", shop: "", profileId: "", wrongProfileId: "" };
  await step("formats are listed", () => formats(ben));
  await step("a file proposes how it is read", () => proposes(ben, size));
  await step("column mappings are saved, changed and deleted", async () => {
    Object.assign(ids, await profiles(ben));
  });
  await step("connections are made", async () => {
    ids.bank = await made(anna, "Northbank", "ASK", null);
    ids.shop = await made(anna, "Shop", "CREATE", ids.profileId);
  });
  await step("a connection is changed, paused and resumed", () => changes(anna, ids));
  await step("connections are listed", () => lists(ben, ids));
  return { ...companies, ...ids };
}

async function proposes(ben: Person, size: Size): Promise<void> {
  const bytes = csv(size, "SHOP1");
  const uploadId = await uploadStatement(ben.feeds, "shop.csv", bytes, "text/csv");
  const answer = await ben.ask(StatementProfileProposalDocument, { uploadId });
  assert(answer.statementProfileProposal);
  assert.equal(answer.statementProfileProposal.problem, null);
}

async function formats(ben: Person): Promise<void> {
  const { statementFormats } = await ben.ask(StatementFormatsDocument, {});
  const csv = statementFormats.find(({ name }) => name === "csv");
  assert(csv?.needsProfile);
  const date = csv.options.find(({ name }) => name === "dateFormat");
  assert.equal(date?.required, true);
  const camt = statementFormats.find(({ name }) => name === "camt");
  assert.deepEqual([camt?.needsProfile, camt?.provesBalances, camt?.options], [false, true, []]);
}

async function profiles(ben: Person): Promise<{ profileId: string; wrongProfileId: string }> {
  const ids = [];
  for (const [name, dateFormat] of [
    ["Right", "DMY"],
    ["Wrong", "DMY"],
    ["Idle", "MDY"],
  ] as const) {
    const input = { name, definition: profile(dateFormat) };
    const { statementProfileCreate } = await ben.act(StatementProfileCreateDocument, { input });
    ids.push(statementProfileCreate.profile?.id ?? "");
  }
  const [profileId = "", wrongProfileId = "", idle = ""] = ids;
  const { statementProfileUpdate } = await ben.act(StatementProfileUpdateDocument, {
    profileId,
    input: { name: "Shop", definition: profile("YMD") },
  });
  assert.equal(statementProfileUpdate.profile?.name, "Shop");
  const gone = await ben.act(StatementProfileDeleteDocument, { profileId: idle });
  assert.equal(gone.statementProfileDelete.deletedId, idle);

  const one = (await ben.ask(StatementProfilesDocument, { first: 1 })).statementProfiles;
  const after = one.pageInfo.endCursor;
  const rest = (await ben.ask(StatementProfilesDocument, { after })).statementProfiles;
  assert.deepEqual(
    [...one.edges, ...rest.edges].map(({ node }) => node.id),
    [wrongProfileId, profileId],
  );
  const filter: StatementProfileFilter = { format: ["csv"], text: "SHOP" };
  const shop = (await ben.ask(StatementProfilesDocument, { filter })).statementProfiles;
  assert.ok(shop.edges.some(({ node }) => node.id === profileId));
  return { profileId, wrongProfileId };
}

async function made(
  anna: Person,
  name: string,
  mappingPolicy: "ASK" | "CREATE",
  profileId: string | null,
): Promise<string> {
  const { connectionCreate } = await anna.act(ConnectionCreateDocument, {
    input: {
      name,
      provider: "file",
      currency: "EUR",
      delivery: "CUMULATIVE",
      mappingPolicy,
      controlPolicy: "WARN",
      profileId,
      decimals: [{ currency: "JPY", decimals: 2 }],
      institutionName: `${name} plc`,
    },
  });
  assert.equal(connectionCreate.connection?.institution?.name, `${name} plc`);
  return connectionCreate.connection.id;
}

async function changes(anna: Person, { bank }: { bank: string }): Promise<void> {
  const connectionId = bank;
  const { connectionUpdate } = await anna.act(ConnectionUpdateDocument, {
    connectionId,
    input: {
      name: "Northbank London",
      currency: "EUR",
      delivery: "CUMULATIVE",
      mappingPolicy: "ASK",
      controlPolicy: "WARN",
      profileId: null,
      decimals: [],
      institutionName: "Northbank Limited",
      syncFrequency: "DAILY",
      syncAccounts: true,
      syncTransactions: true,
      syncInvestments: false,
      lookbackDays: 90,
    },
  });
  assert.equal(connectionUpdate.connection?.institution?.name, "Northbank Limited");
  const { connectionPause } = await anna.act(ConnectionPauseDocument, { connectionId });
  assert.equal(connectionPause.connection?.status, "PAUSED");
  const again = await anna.refused(ConnectionPauseDocument, { connectionId });
  assert.deepEqual(again, ["CONFLICT"]);
  const { connectionResume } = await anna.act(ConnectionResumeDocument, { connectionId });
  assert.notEqual(connectionResume.connection?.status, "PAUSED");
}

async function lists(ben: Person, { bank, shop }: { bank: string; shop: string }): Promise<void> {
  const filter = { provider: "file", status: ["ACTIVE", "PENDING"] as ("ACTIVE" | "PENDING")[] };
  const one = (await ben.ask(ConnectionsDocument, { first: 1, filter })).connections;
  const after = one.pageInfo.endCursor;
  const rest = (await ben.ask(ConnectionsDocument, { after, filter })).connections;
  assert.deepEqual(
    [...one.edges, ...rest.edges].map(({ node }) => node.id),
    [shop, bank],
  );
  const named = (await ben.ask(ConnectionsDocument, { filter: { text: "NORTHB" } })).connections;
  assert.deepEqual(
    named.edges.map(({ node }) => node.id),
    [bank],
  );
  const { connection } = await ben.ask(ConnectionDocument, { connectionId: shop });
  assert.equal(connection?.profile?.name, "Shop");
}
