// Servers that files are fetched from: made, tested, confirmed, closed. None answers here.

import assert from "node:assert/strict";

import {
  ConnectionCreateDocument,
  ConnectionDisconnectDocument,
  ConnectionSyncDocument,
  ConnectionTestDocument,
  ConnectionUpdateDocument,
  ConnectionWithListsDocument,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

const NOWHERE = { host: "127.0.0.1", port: 9, username: "acme", password: "walk in" };
const HOST_KEY = `SHA256:${"A".repeat(43)}`;

export async function pickups({ anna, ben }: Imported): Promise<void> {
  await step("a server of files waits for its key to be confirmed", async () => {
    const sftp = {
      ...NOWHERE,
      privateKey: null,
      passphrase: null,
      path: "/out",
      pattern: "*.bai",
      settleSeconds: 30,
      archivePath: "/done",
    };
    const { connectionCreate } = await anna.act(ConnectionCreateDocument, {
      input: { name: "Files of a bank", provider: "sftp", sftp },
    });
    assert.equal(connectionCreate.connection?.status, "PENDING");
    const connectionId = connectionCreate.connection.id;
    assert.deepEqual(await ben.refused(ConnectionSyncDocument, { connectionId }), ["CONFLICT"]);
    const { connectionTest } = await anna.act(ConnectionTestDocument, { connectionId });
    assert.equal(connectionTest.works, false);
    assert.equal(connectionTest.filesMatching, null);
    const input = { sftp: { hostKeys: [HOST_KEY] }, processing: { autoImport: false } };
    const { connectionUpdate } = await anna.act(ConnectionUpdateDocument, { connectionId, input });
    assert.equal(connectionUpdate.connection?.status, "ACTIVE");
    assert.equal(connectionUpdate.connection.processing.autoImport, false);
    const page = { connectionId, pickupFiles: 1, pickupFilesAfter: null };
    const { connection } = await ben.ask(ConnectionWithListsDocument, page);
    assert.deepEqual(connection?.sftp?.hostKeys, [HOST_KEY]);
    assert.deepEqual(connection.pickupFiles.edges, []);
    const closed = await anna.act(ConnectionDisconnectDocument, { connectionId });
    assert.equal(closed.connectionDisconnect.connection?.status, "DISCONNECTED");
  });
  await step("a mailbox is ready at once", async () => {
    const mailbox = {
      ...NOWHERE,
      folder: "INBOX",
      pattern: "*.xml",
      senders: ["@bank.example"],
      authenticationResults: "mx.acme.example",
      archiveFolder: "Imported",
    };
    const processing = {
      autoImport: true,
      autoReconcile: false,
      importPending: false,
      defaultCurrency: "EUR",
    };
    const { connectionCreate } = await anna.act(ConnectionCreateDocument, {
      input: { name: "Mails of a bank", provider: "mailbox", mailbox, processing },
    });
    assert.equal(connectionCreate.connection?.status, "ACTIVE");
    assert.equal(connectionCreate.connection.processing.defaultCurrency, "EUR");
    assert.equal(connectionCreate.connection.processing.importPending, false);
    const connectionId = connectionCreate.connection.id;
    const input = { mailbox: { archiveFolder: null } };
    await anna.act(ConnectionUpdateDocument, { connectionId, input });
    const { connection } = await ben.ask(ConnectionWithListsDocument, { connectionId });
    assert.deepEqual(connection?.mailbox?.senders, ["@bank.example"]);
    await anna.act(ConnectionDisconnectDocument, { connectionId });
  });
}
