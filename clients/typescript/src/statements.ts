/** Files: sent to where the server wants their bytes, and their import followed to its end. */

import { print } from "graphql";

import type { Bankfeeds } from "./client.js";
import {
  IngestionJobUpdatedDocument,
  StatementUploadDocument,
  type IngestionJobFieldsFragment,
  type IngestionJobUpdatedSubscription,
} from "./generated.js";

/** A file that was refused, or that did not arrive. */
export class UploadFailed extends Error {
  override name = "UploadFailed";
}

/** Announces a file, sends its bytes, and returns the id that `StatementImport` takes. */
export async function uploadStatement(
  { client }: Bankfeeds,
  fileName: string,
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string | null = null,
): Promise<string> {
  const input = { fileName, size: bytes.byteLength, sha256: await sha256(bytes), mediaType };
  const { data, error } = await client.mutation(StatementUploadDocument, { input }).toPromise();
  const ticket = data?.statementUpload;
  if (!ticket?.uploadId || !ticket.url || !ticket.method) {
    throw new UploadFailed(ticket?.userErrors[0]?.message ?? error?.message ?? "no answer");
  }
  const headers = ticket.headers.map(({ name, value }): [string, string] => [name, value]);
  // The address is the permission: no token goes with it.
  const sent = await fetch(ticket.url, { method: ticket.method, headers, body: bytes });
  if (!sent.ok) throw new UploadFailed(`HTTP ${sent.status}: ${await sent.text()}`);
  return ticket.uploadId;
}

/**
 * The states of a job as they come. It ends with the job; one that waits for a review or for
 * mappings goes on, so leave the loop there. Throws what went wrong.
 */
export async function* followJob(
  { socket }: Bankfeeds,
  jobId: string,
): AsyncGenerator<IngestionJobFieldsFragment> {
  const query = print(IngestionJobUpdatedDocument);
  const events = socket.iterate<IngestionJobUpdatedSubscription>({ query, variables: { jobId } });
  for await (const { data, errors } of events) {
    if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
    if (data) yield data.ingestionJobUpdated;
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
