/** The same documents with Apollo Client: a normalised cache, and pages that grow. */

import assert from "node:assert/strict";

import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";

import {
  AccountUpdateDocument,
  AccountsDocument,
  AccountDocument,
  TransactionsDocument,
  ViewerDocument,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";
import { accountOf } from "./reading.js";

export async function apollo({ ben }: Imported): Promise<void> {
  const client = new ApolloClient({
    link: new HttpLink({ uri: ben.url, fetch: ben.feeds.fetch }),
    cache: new InMemoryCache({
      typePolicies: {
        Query: { fields: { transactions: relayStylePagination(["filter", "orderBy"]) } },
      },
    }),
  });
  await step("Apollo Client asks who one is", async () => {
    const { data } = await client.query({ query: ViewerDocument });
    assert.equal(data?.viewer.role, "MEMBER");
  });
  await step("Apollo Client appends pages", () => appends(client));
  await step("Apollo Client knows things by their ids", () => normalises(client, ben));
  client.stop();
}

async function appends(client: ApolloClient): Promise<void> {
  const variables = { first: 2, orderBy: "AMOUNT_ASC" } as const;
  const first = await client.query({ query: TransactionsDocument, variables });
  const after = first.data?.transactions.pageInfo.endCursor ?? null;
  const watched = client.watchQuery({ query: TransactionsDocument, variables });
  const subscription = watched.subscribe(() => undefined);
  await watched.fetchMore({ variables: { after } });
  subscription.unsubscribe();

  const cached = client.readQuery({ query: TransactionsDocument, variables });
  const ids = cached?.transactions.edges.map(({ node }) => node.id);
  assert.equal(new Set(ids).size, 4);
}

async function normalises(client: ApolloClient, ben: Person): Promise<void> {
  const accountId = await accountOf(ben, "Current account");
  await client.query({ query: AccountsDocument, variables: {} });
  await client.query({ query: AccountDocument, variables: { accountId } });

  const variables = { accountId, input: { name: "Main account" } };
  await client.mutate({ mutation: AccountUpdateDocument, variables });

  const all = client.readQuery({ query: AccountsDocument, variables: {} });
  const one = client.readQuery({ query: AccountDocument, variables: { accountId } });
  assert.equal(one?.account?.name, "Main account");
  assert(all?.accounts.edges.some(({ node }) => node.name === "Main account"));
}
