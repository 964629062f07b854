import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { WebSocket } from "ws";

import {
  ConnectionsDocument,
  createBankfeeds,
  followJob,
  StatementImportDocument,
  uploadStatement,
} from "../src/index.js";

const { BANKFEEDS_URL = "", BANKFEEDS_TOKEN = "" } = process.env;
const path = process.argv[2] ?? "statement.bai";

const feeds = createBankfeeds({
  url: BANKFEEDS_URL,
  token: () => BANKFEEDS_TOKEN,
  webSocket: WebSocket, // browsers and Node 22 bring their own
});

const { data } = await feeds.client.query(ConnectionsDocument, { first: 1 }).toPromise();
const connectionId = data?.connections.edges[0]?.node.id;
if (connectionId === undefined) throw new Error("make a connection first");

const uploadId = await uploadStatement(feeds, basename(path), await readFile(path));
const started = await feeds.client
  .mutation(StatementImportDocument, { input: { uploadId, connectionId } })
  .toPromise();
const jobId = started.data?.statementImport?.job?.id;
if (jobId === undefined) throw new Error(JSON.stringify(started.error ?? started.data));

for await (const job of followJob(feeds, jobId)) {
  console.log(`${job.state}: ${job.counts.imported} new rows`);
  if (job.state.startsWith("AWAITING")) break;
}
await feeds.close();
