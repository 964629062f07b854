/** What the tenant should hear of: a webhook of its own, who has read what, and how it went. */

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import {
  NotificationChannelCreateDocument,
  NotificationChannelRemoveDocument,
  NotificationChannelsDocument,
  NotificationChannelTestDocument,
  NotificationChannelUpdateDocument,
  NotificationCountDocument,
  NotificationDeliveryDocument,
  NotificationsDocument,
  NotificationsMarkReadDocument,
  type NotificationDeliveryFieldsFragment,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export interface Told extends Imported {
  /** A channel of Anna's that is on. */
  channelId: string;
}

interface Heard {
  headers: IncomingMessage["headers"];
  body: string;
}

const EVERYTHING = { kinds: null, recipients: null, recipientRole: null };

export async function notifications(imported: Imported): Promise<Told> {
  const { anna, ben } = imported;
  const heard: Heard[] = [];
  const server = await listening(heard);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  let channelId = "";
  await step("an admin makes a webhook, and others do not", async () => {
    channelId = await made(anna, url);
    const input = { type: "WEBHOOK", name: "Mine", url, secret: secret(), ...EVERYTHING } as const;
    const refused = await ben.refused(NotificationChannelCreateDocument, { input });
    assert.deepEqual(refused, ["NOT_ALLOWED"]);
  });
  await step("a test arrives signed by both secrets, and tells how it went", async () => {
    const before = secret();
    await anna.act(NotificationChannelUpdateDocument, { channelId, input: { secret: before } });
    const now = secret();
    await anna.act(NotificationChannelUpdateDocument, { channelId, input: { secret: now } });
    const delivery = await tested(anna, channelId);
    assert.equal(delivery.state, "DELIVERED");
    assert.deepEqual(
      delivery.attempts.map(({ number, statusCode }) => [number, statusCode]),
      [[1, 200]],
    );
    const [message] = heard;
    assert(message);
    assert.equal((JSON.parse(message.body) as { type: string }).type, "test");
    for (const one of [now, before]) assert(isSigned(message, one));
  });
  await step("a channel is changed, turned off, and removed", () => changes(anna, url));
  await step("each member has read what they have read", () => reads(anna, ben));
  await step("channels and deliveries are listed, for admins", () => lists(anna, ben));
  server.close();
  return { ...imported, channelId };
}

async function made(anna: Person, url: string): Promise<string> {
  const input = { type: "WEBHOOK", name: "Alarms", url, secret: secret(), ...EVERYTHING } as const;
  const { notificationChannelCreate } = await anna.act(NotificationChannelCreateDocument, {
    input,
  });
  const { channel } = notificationChannelCreate;
  assert.equal(channel?.host, "127.0.0.1");
  assert.equal(channel.ending, input.secret.slice(-4));
  return channel.id;
}

async function tested(
  anna: Person,
  channelId: string,
): Promise<NotificationDeliveryFieldsFragment> {
  const answer = await anna.act(NotificationChannelTestDocument, { channelId });
  const deliveryId = answer.notificationChannelTest.delivery?.id ?? "";
  for (;;) {
    const { node } = await anna.ask(NotificationDeliveryDocument, { deliveryId });
    assert(node && "attempts" in node);
    if (node.state !== "PENDING" || node.attempts.length > 0) return node;
    await pause(100);
  }
}

async function changes(anna: Person, url: string): Promise<void> {
  const channelId = await made(anna, url);
  const input = {
    name: "Old alarms",
    kinds: ["DATA_ANOMALY" as const],
    enabled: false,
    url: `${url}/other`,
    recipients: null,
    recipientRole: null,
  };
  const { notificationChannelUpdate } = await anna.act(NotificationChannelUpdateDocument, {
    channelId,
    input,
  });
  assert.deepEqual(notificationChannelUpdate.channel?.kinds, ["DATA_ANOMALY"]);
  assert.equal(notificationChannelUpdate.channel.enabled, false);
  const off = await anna.refused(NotificationChannelTestDocument, { channelId });
  assert.deepEqual(off, ["CONFLICT"]);
  const { notificationChannelRemove } = await anna.act(NotificationChannelRemoveDocument, {
    channelId,
  });
  assert.equal(notificationChannelRemove.removedId, channelId);
}

async function reads(anna: Person, ben: Person): Promise<void> {
  const unread = { unread: true, kinds: ["TEST" as const], connectionId: null };
  const page = await anna.ask(NotificationsDocument, { first: 1, filter: unread });
  const id = page.notifications.edges[0]?.node.id ?? "";
  const after = page.notifications.pageInfo.endCursor;
  const rest = await anna.ask(NotificationsDocument, { after, filter: unread });
  assert.deepEqual(rest.notifications.edges, []);
  const one = { ids: [id], all: false };
  const { notificationsMarkRead } = await anna.act(NotificationsMarkReadDocument, { input: one });
  assert.equal(notificationsMarkRead.markedCount, 1);
  assert.equal((await anna.ask(NotificationCountDocument, { filter: unread })).notificationCount, 0);
  assert.equal((await ben.ask(NotificationCountDocument, { filter: unread })).notificationCount, 1);
  await ben.act(NotificationsMarkReadDocument, { input: { all: true } });
  assert.equal((await ben.ask(NotificationCountDocument, { filter: unread })).notificationCount, 0);
}

async function lists(anna: Person, ben: Person): Promise<void> {
  const seen = await anna.ask(NotificationChannelsDocument, { first: 1, firstDelivery: 1 });
  const channel = seen.notificationChannels.edges[0]?.node;
  assert.equal(channel?.createdBy?.email, anna.identity.email);
  assert.equal(channel.deliveries.edges[0]?.node.notification.kind, "TEST");
  const rest = await anna.ask(NotificationChannelsDocument, {
    after: seen.notificationChannels.pageInfo.endCursor,
    afterDelivery: channel.deliveries.pageInfo.endCursor,
  });
  assert.deepEqual(rest.notificationChannels.edges, []);
  const hidden = await ben.ask(NotificationChannelsDocument, {});
  assert.deepEqual(hidden.notificationChannels.edges, []);
}

function secret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** As https://www.standardwebhooks.com has it. */
function isSigned({ headers, body }: Heard, by: string): boolean {
  const key = Buffer.from(by.slice("whsec_".length), "base64");
  const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
  const signature = createHmac("sha256", key).update(signed).digest("base64");
  return String(headers["webhook-signature"]).split(" ").includes(`v1,${signature}`);
}

async function listening(heard: Heard[]): Promise<Server> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      heard.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
