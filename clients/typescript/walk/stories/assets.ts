/** A family with a business: who they are, what they own, and which of it are accounts. */

import assert from "node:assert/strict";

import {
  AccountsDocument,
  AssetArchiveDocument,
  AssetAttachAccountDocument,
  AssetCreateDocument,
  AssetDocument,
  AssetOwnersSetDocument,
  AssetRestoreDocument,
  AssetsDocument,
  AssetUpdateDocument,
  PersonaCreateDocument,
  PersonaDocument,
  PersonaGroupAddMemberDocument,
  PersonaGroupCreateDocument,
  PersonaGroupRemoveMemberDocument,
  PersonaGroupsDocument,
  PersonaGroupUpdateDocument,
  PersonaMakePrimaryDocument,
  PersonasDocument,
  PersonaUpdateDocument,
  ViewerDocument,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

interface Family {
  ben: string;
  kim: string;
  trade: string;
  groupId: string;
}

export async function assets({ anna, ben, bank }: Imported): Promise<void> {
  const family: Family = { ben: "", kim: "", trade: "", groupId: "" };
  await step("personas are entered, and one is the primary one", () => personas(ben, family));
  await step("an admin makes a family of them", () => group(anna, family));
  let houseId = "";
  await step("a house is entered and changed", async () => {
    houseId = await house(ben, family);
  });
  await step("its owners are set, and never have more than all of it", () =>
    owners(ben, houseId, family),
  );
  await step("an asset that was entered is an account", () => account(ben, bank));
  await step("what personas and groups own is listed", () => lists(anna, houseId, family));
}

async function personas(ben: Person, family: Family): Promise<void> {
  const { viewer } = await ben.ask(ViewerDocument, {});
  const userId = viewer.user.id;
  family.kim = await entered(ben, { givenName: "Kim", familyName: "Roe" });
  family.trade = await entered(ben, { kind: "BUSINESS", name: "Roe Trading", userId });
  family.ben = await entered(ben, { givenName: "Ben", email: ben.identity.email, userId });
  const made = await ben.act(PersonaMakePrimaryDocument, { personaId: family.ben });
  assert.equal(made.personaMakePrimary.persona?.isPrimary, true);
  const { personaUpdate } = await ben.act(PersonaUpdateDocument, {
    personaId: family.ben,
    input: { givenName: "Benjamin", familyName: "Roe", email: null, status: "ACTIVE" },
  });
  assert.equal(personaUpdate.persona?.name, "Benjamin Roe");
  const renamed = { personaId: family.trade, input: { name: "Roe & Child" } };
  await ben.act(PersonaUpdateDocument, renamed);
  const filter = { kind: ["PERSON" as const], status: ["ACTIVE" as const], isPrimary: true, userId };
  const found = (await ben.ask(PersonasDocument, { filter })).personas;
  assert.deepEqual(
    found.edges.map(({ node }) => node.id),
    [family.ben],
  );
  const one = (await ben.ask(PersonasDocument, { first: 1 })).personas;
  const rest = (await ben.ask(PersonasDocument, { after: one.pageInfo.endCursor })).personas;
  assert.equal(rest.edges.length, 2);
}

async function entered(
  ben: Person,
  input: {
    kind?: "PERSON" | "BUSINESS";
    name?: string;
    givenName?: string;
    familyName?: string;
    email?: string;
    userId?: string;
  },
): Promise<string> {
  const { personaCreate } = await ben.act(PersonaCreateDocument, { input });
  assert(personaCreate.persona);
  return personaCreate.persona.id;
}

async function group(anna: Person, family: Family): Promise<void> {
  const { personaGroupCreate } = await anna.act(PersonaGroupCreateDocument, {
    input: { name: "Family", description: "All of us" },
  });
  const { viewer } = await anna.ask(ViewerDocument, {});
  const taken = { personaId: family.trade, input: { userId: viewer.user.id } };
  assert.deepEqual(await anna.refused(PersonaUpdateDocument, taken), ["CONFLICT"]); // it is Ben's
  const groupId = personaGroupCreate.group?.id ?? "";
  family.groupId = groupId;
  await anna.act(PersonaGroupUpdateDocument, {
    groupId,
    input: { name: "The Roes", description: null, status: "ACTIVE" },
  });
  for (const personaId of [family.ben, family.kim, family.trade]) {
    await anna.act(PersonaGroupAddMemberDocument, { groupId, input: { personaId } });
  }
  const input = { personaId: family.trade };
  await anna.act(PersonaGroupRemoveMemberDocument, { groupId, input });
  const filter = { groupId };
  const found = (await anna.ask(PersonasDocument, { filter })).personas;
  assert.equal(found.edges.length, 2);
}

async function house(ben: Person, { ben: persona, groupId }: Family): Promise<string> {
  const { assetCreate } = await ben.act(AssetCreateDocument, {
    input: {
      category: "OTHER",
      name: "Cottage",
      currency: "EUR",
      value: "250000.00",
      valuedAt: "2026-03-01",
      description: "By the lake",
      institutionName: "Land registry",
      groupId,
      owners: [{ personaId: persona, ownershipType: "OWNER", percentage: "100.00" }],
    },
  });
  assert.deepEqual(assetCreate.asset?.value, { amount: "250000.00", currency: "EUR" });
  const assetId = assetCreate.asset.id;
  const { assetUpdate } = await ben.act(AssetUpdateDocument, {
    assetId,
    input: {
      category: "REAL_ESTATE",
      name: "House",
      currency: "USD",
      value: "300000.00",
      valuedAt: "2026-03-02",
      description: null,
      institutionName: null,
      groupId,
    },
  });
  assert.equal(assetUpdate.asset?.valuedAt, "2026-03-02");
  const { assetArchive } = await ben.act(AssetArchiveDocument, { assetId });
  assert.equal(assetArchive.asset?.status, "ARCHIVED");
  const { assetRestore } = await ben.act(AssetRestoreDocument, { assetId });
  assert.equal(assetRestore.asset?.status, "ACTIVE");
  return assetId;
}

async function owners(ben: Person, assetId: string, family: Family): Promise<void> {
  const shares = [
    { personaId: family.ben, percentage: "33.33" },
    { personaId: family.kim, percentage: "66.67" },
    { personaId: family.trade, ownershipType: "TRUSTEE" as const },
  ];
  const { assetOwnersSet } = await ben.act(AssetOwnersSetDocument, {
    input: { assetId, owners: shares },
  });
  assert.deepEqual(
    assetOwnersSet.asset?.owners.edges.map(({ node }) => [node.persona.name, node.percentage]),
    [
      ["Kim Roe", "66.67"],
      ["Benjamin Roe", "33.33"],
      ["Roe & Child", null],
    ],
  );
  const tooMuch = [...shares, { personaId: family.trade, percentage: "0.01" }];
  const refused = await ben.ask(AssetOwnersSetDocument, { input: { assetId, owners: tooMuch } });
  assert.match(refused.assetOwnersSet?.userErrors[0]?.message ?? "", /100\.01 %/);
  const first = (await ben.ask(AssetDocument, { assetId, owners: 1 })).asset?.owners;
  const ownersAfter = first?.pageInfo.endCursor ?? null;
  const { asset } = await ben.ask(AssetDocument, { assetId, ownersAfter });
  assert.equal(asset?.owners.edges.length, 2);
}

async function account(ben: Person, connectionId: string): Promise<void> {
  const { accounts } = await ben.ask(AccountsDocument, {
    filter: { connectionId, type: ["CHECKING"] },
  });
  const accountId = accounts.edges[0]?.node.id ?? "";
  const { assetCreate } = await ben.act(AssetCreateDocument, {
    input: { category: "FINANCIAL_ACCOUNT", name: "Current account", currency: "EUR" },
  });
  const assetId = assetCreate.asset?.id ?? "";
  assert.equal(assetCreate.asset?.value, null);
  const { assetAttachAccount } = await ben.act(AssetAttachAccountDocument, {
    assetId,
    input: { accountId },
  });
  assert.equal(assetAttachAccount.asset?.account?.id, accountId);
  assert.equal(assetAttachAccount.asset.value?.amount, "1000.00");
}

async function lists(anna: Person, houseId: string, family: Family): Promise<void> {
  const one = (await anna.ask(AssetsDocument, { first: 1 })).assets;
  const rest = (await anna.ask(AssetsDocument, { after: one.pageInfo.endCursor })).assets;
  assert.equal(one.edges.length + rest.edges.length, 2);
  const asked = [
    { personaId: family.kim, groupId: family.groupId, category: ["REAL_ESTATE" as const] },
    { accountId: one.edges[0]?.node.account?.id ?? "", status: ["ACTIVE" as const] },
    { connectionId: "none" },
  ];
  const found = [];
  for (const filter of asked) {
    found.push((await anna.ask(AssetsDocument, { filter })).assets.edges.map(({ node }) => node.id));
  }
  assert.deepEqual(found, [[houseId], [one.edges[0]?.node.id], []]);
  const { persona } = await anna.ask(PersonaDocument, {
    personaId: family.kim,
    groups: 1,
    assets: 1,
  });
  const groupsAfter = persona?.groups.pageInfo.endCursor ?? null;
  const assetsAfter = persona?.assets.pageInfo.endCursor ?? null;
  const next = await anna.ask(PersonaDocument, { personaId: family.kim, groupsAfter, assetsAfter });
  assert.deepEqual([next.persona?.groups.edges, next.persona?.assets.edges], [[], []]);
  const groups = (await anna.ask(PersonaGroupsDocument, { first: 1, members: 1, assets: 1 }))
    .personaGroups;
  const node = groups.edges[0]?.node;
  assert.equal(node?.assets.edges[0]?.node.id, houseId);
  const { personaGroups } = await anna.ask(PersonaGroupsDocument, {
    after: groups.pageInfo.endCursor,
    membersAfter: node.members.pageInfo.endCursor,
    assetsAfter: node.assets.pageInfo.endCursor,
  });
  assert.deepEqual(personaGroups.edges, []);
}
