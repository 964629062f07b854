/** Reads what is there: pages, filters, orders, things by id, and the way back to the file. */

import assert from "node:assert/strict";

import {
  AccountBalancesByDayDocument,
  AccountDocument,
  AccountMappingsDocument,
  AccountsDocument,
  AccountWithListsDocument,
  AssetsDocument,
  AuditLogDocument,
  ConnectionWithListsDocument,
  NodeDocument,
  PersonaGroupsDocument,
  PersonasDocument,
  TransactionCountDocument,
  TransactionDocument,
  TransactionsDocument,
  TransactionSummaryDocument,
  TwoNodesDocument,
  ViewerDocument,
  type TransactionFilter,
  type TransactionGrouping,
  type TransactionOrder,
  type TransactionsQuery,
  type TransactionsQueryVariables,
} from "../../src/index.js";
import type { Size } from "../files.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export async function reading(imported: Imported, size: Size): Promise<void> {
  const { anna, ben } = imported;
  await step("accounts are listed", () => accounts(imported));
  await step("the lists of an account are read", () => ofAccount(ben, size));
  await step("the lists of a connection are read", () => ofConnection(imported));
  await step("balances are told for each day", () => balances(ben));
  await step("transactions are summed up", () => summary(imported, size));
  await step("transactions come in pages, in every order", () => pages(ben));
  await step("transactions are filtered and counted", () => filters(imported));
  await step("a transaction leads back to its lines", () => origin(ben));
  await step("everything with an id is a node", () => nodes(imported));
  await step("an owner reads who did what", () => audit(anna, imported));
}

async function accounts({ ben, bank }: Imported): Promise<void> {
  const one = (await ben.ask(AccountsDocument, { first: 1 })).accounts;
  const rest = (await ben.ask(AccountsDocument, { after: one.pageInfo.endCursor })).accounts;
  const names = [...one.edges, ...rest.edges].map(({ node }) => node.name);
  assert(names.includes("Current account") && names.length === 4, names.join(", "));
  const { accounts } = await ben.ask(AccountsDocument, {
    filter: { connectionId: bank, status: ["ACTIVE"], type: ["CHECKING"], currency: "EUR" },
  });
  assert.deepEqual(
    accounts.edges.map(({ node }) => node.institution?.name),
    ["Northbank Limited"],
  );
  const named = (await ben.ask(AccountsDocument, { filter: { text: "CURRENT acc" } })).accounts;
  assert.deepEqual(
    named.edges.map(({ node }) => node.name),
    ["Current account"],
  );
}

async function ofAccount(ben: Person, size: Size): Promise<void> {
  const accountId = await accountOf(ben, "Current account");
  const { account } = await ben.ask(AccountDocument, { accountId });
  assert.equal(account?.balances[0]?.amount.amount, "1000.00");

  const first = (await ben.ask(AccountWithListsDocument, { accountId, transactions: 1 })).account;
  const page = first?.transactions;
  assert.equal(page?.edges.length, 1);
  const filter: TransactionFilter = { text: "coffee" };
  const rest = await ben.ask(AccountWithListsDocument, {
    accountId,
    transactions: 100,
    transactionsAfter: page.pageInfo.endCursor,
    transactionFilter: filter,
    transactionOrder: "POSTED_DATE_DESC",
    balances: 5,
    balancesAfter: first?.balanceHistory.pageInfo.endCursor ?? null,
    mappings: 5,
    mappingsAfter: first?.mappings.pageInfo.endCursor ?? null,
    holdings: 5,
    holdingsAfter: first?.holdings.pageInfo.endCursor ?? null,
  });
  assert.deepEqual(rest.account?.holdings.edges, []); // statement files tell of none
  assert.equal(rest.account?.transactions.edges.length, Math.min(100, size.rows - 1));
  const mappings = (await ben.ask(AccountMappingsDocument, { filter: { accountId } }))
    .accountMappings;
  assert.deepEqual(
    mappings.edges.map(({ node }) => node.state),
    ["MAPPED"],
  );
}

async function ofConnection({ ben, bank }: Imported): Promise<void> {
  const connectionId = bank;
  const size = { accounts: 1, mappings: 1, jobs: 1 };
  const first = (await ben.ask(ConnectionWithListsDocument, { connectionId, ...size })).connection;
  assert.equal(first?.jobs.edges.length, 1);
  const rest = await ben.ask(ConnectionWithListsDocument, {
    connectionId,
    accountsAfter: first.accounts.pageInfo.endCursor,
    mappingsAfter: first.mappings.pageInfo.endCursor,
    jobFilter: { kind: ["IMPORT"] },
  });
  const states = rest.connection?.jobs.edges.map(({ node }) => node.state);
  assert(states?.includes("COMPLETED"));
  const { edges } = first.jobs;
  const next = await ben.ask(ConnectionWithListsDocument, {
    connectionId,
    jobs: 1,
    jobsAfter: first.jobs.pageInfo.endCursor,
  });
  assert.notEqual(next.connection?.jobs.edges[0]?.node.id, edges[0]?.node.id);
  assert.equal(next.connection?.health.consecutiveFailures, 0);
}

async function balances(ben: Person): Promise<void> {
  const accountId = await accountOf(ben, "Current account");
  const { account } = await ben.ask(AccountBalancesByDayDocument, {
    accountId,
    from: "2026-03-01",
    to: "2026-03-03",
    kind: "CLOSING_LEDGER",
  });
  assert.deepEqual(
    account?.balancesByDay.map(({ day, amount }) => [day, amount.amount]),
    ["2026-03-01", "2026-03-02", "2026-03-03"].map((day) => [day, "1000.00"]),
  );
}

async function summary({ ben, bank }: Imported, size: Size): Promise<void> {
  const filter: TransactionFilter = { connectionId: bank, currency: "EUR" };
  const groupBy: TransactionGrouping[] = ["MONTH", "ACCOUNT", "CURRENCY"];
  const { transactionSummary } = await ben.ask(TransactionSummaryDocument, { groupBy, filter });
  assert.equal(transactionSummary.length, 2);
  assert(transactionSummary.every(({ count }) => count === size.rows));
}

async function pages(ben: Person): Promise<void> {
  const orders: TransactionOrder[] = [
    "POSTED_DATE_DESC",
    "POSTED_DATE_ASC",
    "AMOUNT_DESC",
    "AMOUNT_ASC",
  ];
  const seen = new Set<string>();
  for (const orderBy of orders) {
    const ids: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 3; page++) {
      const variables: TransactionsQueryVariables = { first: 1, after, orderBy };
      const { transactions }: TransactionsQuery = await ben.ask(TransactionsDocument, variables);
      ids.push(...transactions.edges.map(({ node }) => node.id));
      after = transactions.pageInfo.endCursor;
    }
    assert.equal(new Set(ids).size, 3, "pages repeat nothing");
    seen.add(ids.join());
  }
  assert.equal(seen.size, orders.length, "every order is another one");
}

async function filters({ ben, bank, jobId }: Imported): Promise<void> {
  const accountId = await accountOf(ben, "Current account");
  const filter: TransactionFilter = {
    accountIds: [accountId],
    connectionId: bank,
    postedFrom: "2026-03-01",
    postedTo: "2026-03-31",
    amountFrom: "-3.51",
    amountTo: "-3.51",
    status: ["POSTED", "PENDING"],
    text: "coffee 1",
    reconciled: false,
  };
  const { transactions } = await ben.ask(TransactionsDocument, { filter });
  const { transactionCount } = await ben.ask(TransactionCountDocument, { filter });
  assert.equal(transactions.edges[0]?.node.amount.amount, "-3.51");
  assert.equal(transactionCount, 1);
  // The job that derived the rows wrote them last.
  const ofImport = await ben.ask(TransactionCountDocument, { filter: { jobId } });
  assert(ofImport.transactionCount >= 0);
  const others: TransactionFilter[] = [
    { reconciled: true },
    { currency: "USD" },
    { category: ["Travel"] },
    { merchantName: "Nobody" },
  ];
  for (const other of others) {
    const none = await ben.ask(TransactionCountDocument, { filter: { ...filter, ...other } });
    assert.equal(none.transactionCount, 0);
  }
}

async function origin(ben: Person): Promise<void> {
  const { transactions } = await ben.ask(TransactionsDocument, { first: 1 });
  const transactionId = transactions.edges[0]?.node.id ?? "";
  const { transaction } = await ben.ask(TransactionDocument, { transactionId });
  const line = transaction?.source.lines?.[0]?.text ?? "";
  assert(transaction && line.includes(transaction.description), line);
}

async function nodes({ anna, bank, jobId, profileId, benIsMember }: Imported): Promise<void> {
  const accountId = await accountOf(anna, "Current account");
  const { transactions } = await anna.ask(TransactionsDocument, { first: 1 });
  const transactionId = transactions.edges[0]?.node.id ?? "";
  const { transaction } = await anna.ask(TransactionDocument, { transactionId });
  const { accountMappings } = await anna.ask(AccountMappingsDocument, { first: 1 });
  const { auditLog } = await anna.ask(AuditLogDocument, { first: 1 });
  const { assets } = await anna.ask(AssetsDocument, { first: 1 });
  const { personas } = await anna.ask(PersonasDocument, { first: 1 });
  const { personaGroups } = await anna.ask(PersonaGroupsDocument, { first: 1 });
  const { viewer } = await anna.ask(ViewerDocument, {});
  const { account } = await anna.ask(AccountDocument, { accountId });
  const ids: Record<string, string | undefined> = {
    Account: accountId,
    AccountMapping: accountMappings.edges[0]?.node.id,
    Asset: assets.edges[0]?.node.id,
    AuditLog: auditLog.edges[0]?.node.id,
    Connection: bank,
    IngestionJob: jobId,
    Institution: account?.institution?.id,
    Member: benIsMember,
    Persona: personas.edges[0]?.node.id,
    PersonaGroup: personaGroups.edges[0]?.node.id,
    RawDocument: transaction?.source.rawDocument.id,
    StatementProfile: profileId,
    Tenant: viewer.tenant?.id,
    Transaction: transactionId,
  };
  for (const [type, nodeId = ""] of Object.entries(ids)) {
    const { node } = await anna.ask(NodeDocument, { nodeId });
    assert.deepEqual([node?.__typename, node?.id], [type, nodeId]);
  }
  const both = await anna.ask(TwoNodesDocument, { nodeId: bank, otherId: jobId });
  assert.deepEqual([both.one?.id, both.other?.id], [bank, jobId]);
}

async function audit(anna: Person, { bank, jobId }: Imported): Promise<void> {
  const one = (await anna.ask(AuditLogDocument, { first: 1 })).auditLog;
  const after = one.pageInfo.endCursor;
  const rest = (await anna.ask(AuditLogDocument, { first: 100, after })).auditLog;
  assert(rest.edges.length > 10);
  const { viewer } = await anna.ask(ViewerDocument, {});
  const filter = { event: "connection.created", connectionId: bank, userId: viewer.user.id };
  const made = (await anna.ask(AuditLogDocument, { filter })).auditLog;
  assert.equal(made.edges.length, 1);
  const ever = { createdFrom: "2000-01-01T00:00:00Z", createdTo: "2999-12-31T00:00:00Z" };
  const ofJob = (await anna.ask(AuditLogDocument, { filter: { jobId, ...ever } })).auditLog;
  assert(ofJob.edges.length > 0);
}

/** The id of an account. */
export async function accountOf(person: Person, name: string): Promise<string> {
  const { accounts } = await person.ask(AccountsDocument, {});
  const found = accounts.edges.find(({ node }) => node.name === name);
  assert(found, `there is no account ${name}`);
  return found.node.id;
}
