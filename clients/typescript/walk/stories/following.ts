/** Everything that can be followed, over each transport that there is. */

import assert from "node:assert/strict";

import { ApolloClient, HttpLink, InMemoryCache, type OperationVariables } from "@apollo/client";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { createClient } from "graphql-sse";

import {
  AccountsDocument,
  ConnectionUpdatedDocument,
  ConnectionUpdateDocument,
  IngestionJobUpdatedDocument,
  NotificationAddedDocument,
  NotificationChannelTestDocument,
  TransactionsChangedDocument,
} from "../../src/index.js";
import { csv, type Size } from "../files.js";
import { named, type Person } from "../person.js";
import { step, walked } from "../report.js";
import { Stream } from "../stream.js";
import { sent } from "./imports.js";
import type { Told } from "./notifications.js";

type Follow = <Data, Variables extends OperationVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
) => Stream<Data>;

export async function following(told: Told, size: Size): Promise<void> {
  const { anna } = told;
  const transports: Record<string, Follow> = {
    "graphql-ws": (document, variables) => anna.follow(document, variables),
    "server-sent events": eventStream(anna),
    "multipart responses": multipart(anna),
  };
  for (const [name, follow] of Object.entries(transports)) {
    await step(`everything is followed over ${name}`, () => all(told, follow, name, size));
  }
  await step("a lost socket comes back, and its subscriptions with it", () => comesBack(told));
}

async function comesBack({ anna, shop }: Told): Promise<void> {
  const stream = anna.follow(ConnectionUpdatedDocument, { connectionId: shop });
  await stream.until(() => true);

  anna.feeds.socket.terminate();
  await stream.until(() => true); // again the present state
  const name = "Shop after a loss";
  await anna.act(ConnectionUpdateDocument, { connectionId: shop, input: { name } });
  await stream.until((event) => event.connectionUpdated.name === name);

  assert.equal(anna.reconnects, 1);
  stream.close();
}

async function all(
  { anna, shop, channelId }: Told,
  follow: Follow,
  transport: string,
  size: Size,
): Promise<void> {
  const { accounts } = await anna.ask(AccountsDocument, { filter: { connectionId: shop } });
  const accountId = accounts.edges[0]?.node.id ?? ""; // the newest, which SHOP2 feeds
  const since = new Date().toISOString();
  const jobs = follow(IngestionJobUpdatedDocument, { connectionId: shop });
  const connections = follow(ConnectionUpdatedDocument, { connectionId: shop });
  const changes = follow(TransactionsChangedDocument, { accountId });
  const notifications = follow(NotificationAddedDocument, {});
  const known = (await notifications.until(() => true)).notificationAdded.id;
  await jobs.until(() => true);
  await connections.until(() => true);
  await changes.until(() => true);

  const name = `Shop over ${transport}`;
  await anna.act(ConnectionUpdateDocument, { connectionId: shop, input: { name } });
  await connections.until((event) => event.connectionUpdated.name === name);
  const bytes = csv({ ...size, rows: size.rows + transport.length }, "SHOP2");
  const jobId = await sent(anna, `${transport}.csv`, bytes, { connectionId: shop });
  await jobs.until(
    ({ ingestionJobUpdated: job }) => job.id === jobId && job.state === "PARTIAL",
  );
  const { transactionsChanged } = await changes.until(
    (event) => event.transactionsChanged.job?.id === jobId,
  );

  await anna.act(NotificationChannelTestDocument, { channelId });
  const { notificationAdded } = await notifications.until(
    (event) => event.notificationAdded.id !== known,
  );

  assert.equal(notificationAdded.kind, "TEST");
  assert(transactionsChanged.addedCount > 0);
  for (const stream of [jobs, connections, changes, notifications]) stream.close();

  // Who comes back with the time of the last event is told what happened meanwhile.
  const missedJob = follow(IngestionJobUpdatedDocument, { connectionId: shop, since });
  await missedJob.until((event) => event.ingestionJobUpdated.id === jobId);
  const missedChange = follow(TransactionsChangedDocument, { accountId, since });
  await missedChange.until((event) => event.transactionsChanged.job?.id === jobId);
  const missedNotification = follow(NotificationAddedDocument, { since });
  await missedNotification.until((event) => event.notificationAdded.id === notificationAdded.id);
  for (const stream of [missedJob, missedChange, missedNotification]) stream.close();
}

function eventStream(person: Person): Follow {
  const client = createClient({ url: person.url, fetchFn: person.feeds.fetch, retryAttempts: 0 });
  return (document, variables) => {
    walked({ operation: named(document), via: "graphql-sse", variables });
    return new Stream((sink) =>
      client.subscribe<never>(
        { query: print(document), variables },
        {
          next: ({ data, errors }) => {
            if (errors) sink.error(errors[0]);
            else if (data) sink.next(data);
          },
          error: (error) => sink.error(error),
          complete: () => sink.complete(),
        },
      ),
    );
  };
}

function multipart(person: Person): Follow {
  const client = new ApolloClient({
    link: new HttpLink({ uri: person.url, fetch: person.feeds.fetch }),
    cache: new InMemoryCache(),
  });
  return (document, variables) => {
    walked({ operation: named(document), via: "multipart", variables });
    return new Stream((sink) => {
      const events = client.subscribe({ query: document, variables } as never);
      const subscription = events.subscribe({
        next: ({ data, error }) => {
          if (error) sink.error(error);
          else if (data) sink.next(data as never);
        },
        error: (error: unknown) => sink.error(error),
        complete: () => sink.complete(),
      });
      return () => subscription.unsubscribe();
    });
  };
}
