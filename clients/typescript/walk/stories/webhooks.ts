/** Webhooks: an endpoint, events that come to it and fail, and an admin who replays them. */

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import {
  NodeDocument,
  WebhookEndpointCreateDocument,
  WebhookEndpointDisableDocument,
  WebhookEndpointRotateDocument,
  WebhookEndpointsDocument,
  WebhookEventReplayDocument,
  WebhookEventsDocument,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

const TYPE = "transactions.changed";
const LOOKS_MOST = 200;
const LOOKS_EVERY_MS = 100;

interface Endpoint {
  id: string;
  url: string;
  secret: string;
}

export async function webhooks({ anna, ben, bank }: Imported): Promise<void> {
  const endpoint = { id: "", url: "", secret: "" };
  await step("an endpoint is made, and shows its address and secret once", async () => {
    Object.assign(endpoint, await made(anna, bank));
  });
  let eventIds: string[] = [];
  await step("signed events come in, forged ones do not", async () => {
    assert.equal(await delivered(endpoint, endpoint.secret), 200);
    assert.equal(await delivered(endpoint, "whsec_Zm9yZ2Vk"), 401);
    eventIds = await failed(anna, bank);
  });
  await step("an admin replays them, a member does not", async () => {
    const input = { ids: eventIds };
    assert.deepEqual(await ben.refused(WebhookEventReplayDocument, { input }), ["NOT_ALLOWED"]);
    const { webhookEventReplay } = await anna.act(WebhookEventReplayDocument, { input });
    assert.equal(webhookEventReplay.events?.length, eventIds.length);
    assert.deepEqual((await failed(anna, bank)).sort(), [...eventIds].sort());
  });
  await step("events and endpoints are found by their ids", async () => {
    for (const [type, nodeId = ""] of [
      ["WebhookEvent", eventIds[0]],
      ["WebhookEndpoint", endpoint.id],
    ] as const) {
      const { node } = await anna.ask(NodeDocument, { nodeId });
      assert.deepEqual([node?.__typename, node?.id], [type, nodeId]);
    }
  });
  await step("its secret is changed, and in the end it takes no more events", () =>
    ends(anna, endpoint),
  );
}

async function made(anna: Person, connectionId: string): Promise<Endpoint> {
  const input = { connectionId, secret: null };
  const { webhookEndpointCreate } = await anna.act(WebhookEndpointCreateDocument, { input });
  const { endpoint, url, secret } = webhookEndpointCreate;
  assert(endpoint && url && secret);
  const filter = { connectionId };
  const one = (await anna.ask(WebhookEndpointsDocument, { first: 1, filter })).webhookEndpoints;
  assert.equal(one.edges[0]?.node.id, endpoint.id);
  const after = one.pageInfo.endCursor;
  const rest = (await anna.ask(WebhookEndpointsDocument, { first: 1, after })).webhookEndpoints;
  assert.deepEqual(rest.edges, []);
  return { id: endpoint.id, url, secret };
}

/** The status of a request of two events, signed as Standard Webhooks are. */
async function delivered({ url }: Endpoint, secret: string): Promise<number> {
  const events = [1, 2].map(() => ({ id: randomUUID(), type: TYPE }));
  const body = JSON.stringify({ events });
  const [id, at] = [randomUUID(), Math.floor(Date.now() / 1000)];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,${signature}`,
    },
  });
  assert.equal(await response.text(), "");
  return response.status;
}

/** The ids of both events, once a worker has failed with them: it does not know the provider. */
async function failed(anna: Person, connectionId: string): Promise<string[]> {
  const filter = { connectionId, provider: "file", type: TYPE, state: ["FAILED" as const] };
  for (let look = 0; look < LOOKS_MOST; look += 1) {
    const one = (await anna.ask(WebhookEventsDocument, { first: 1, filter })).webhookEvents;
    const after = one.pageInfo.endCursor;
    const rest = (await anna.ask(WebhookEventsDocument, { first: 5, after, filter })).webhookEvents;
    const ids = [...one.edges, ...rest.edges].map(({ node }) => node.id);
    if (ids.length === 2) return ids;
    await pause(LOOKS_EVERY_MS);
  }
  throw new Error("no worker has tried the events");
}

async function ends(anna: Person, endpoint: Endpoint): Promise<void> {
  const endpointId = endpoint.id;
  const input = { secret: null, keepHours: 1 };
  const rotated = await anna.act(WebhookEndpointRotateDocument, { endpointId, input });
  const { secret } = rotated.webhookEndpointRotate;
  assert(secret && secret !== endpoint.secret);
  assert.equal(await delivered(endpoint, endpoint.secret), 200);
  const { webhookEndpointDisable } = await anna.act(WebhookEndpointDisableDocument, { endpointId });
  assert.notEqual(webhookEndpointDisable.endpoint?.disabledAt, null);
}
