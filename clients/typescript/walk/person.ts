/** Somebody who walks: asks and acts through the client as users of it do. */

import assert from "node:assert/strict";

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { AnyVariables } from "@urql/core";
import { Kind } from "graphql";
import { WebSocket } from "ws";

import { createBankfeeds, type Bankfeeds, type UserErrorFieldsFragment } from "../src/index.js";
import { walked } from "./report.js";
import { Stream } from "./stream.js";

export interface Identity {
  email: string;
  token: string;
}

/** Answers of mutations: one payload each. */
type Payloads = Record<string, { userErrors: UserErrorFieldsFragment[] } | null>;
/** A payload of a mutation that was not refused. */
type Done<Data> = { [Field in keyof Data]: NonNullable<Data[Field]> };

export class Person {
  readonly feeds: Bankfeeds;
  readonly url: string;
  readonly identity: Identity;
  readonly tenant: string | undefined;
  /** How often a lost socket came back. */
  reconnects = 0;

  constructor(url: string, identity: Identity, tenant?: string) {
    this.url = url;
    this.identity = identity;
    this.tenant = tenant;
    this.feeds = createBankfeeds({
      url,
      token: () => identity.token,
      ...(tenant === undefined ? {} : { tenant }),
      fetch: numbered,
      webSocket: WebSocket,
      onReconnect: () => {
        this.reconnects += 1;
      },
    });
  }

  /** The same person in a tenant. */
  in(tenant: string): Person {
    return new Person(this.url, this.identity, tenant);
  }

  /** The answer of a query. Throws where there are errors. */
  async ask<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const result = await this.#run(document, variables);
    if (result.error) throw result.error;
    assert(result.data);
    return result.data;
  }

  /** What a mutation answers. Throws where it is refused. */
  async act<Data extends Payloads, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Done<Data>> {
    const data = await this.ask(document, variables);
    for (const [field, payload] of Object.entries(data)) {
      assert(payload, `${field} answers with nothing`);
      assert.deepEqual(payload.userErrors, [], `${field} is refused`);
    }
    return data as Done<Data>;
  }

  /** The codes with which a mutation is refused. */
  async refused<Data extends Payloads, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<string[]> {
    const data = await this.ask(document, variables);
    return Object.values(data).flatMap((payload) => payload?.userErrors.map((e) => e.code) ?? []);
  }

  /** The message of an operation that is answered with errors alone. */
  async failure<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<string> {
    const { error } = await this.#run(document, variables);
    assert(error, "it should have failed");
    return error.message;
  }

  /** The events of a subscription over graphql-ws. */
  follow<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Stream<Data> {
    walked({ operation: named(document), via: "graphql-ws", variables });
    return new Stream((sink) => {
      const results = this.feeds.client.subscription(document, variables);
      const { unsubscribe } = results.subscribe(({ data, error }) => {
        if (error) sink.error(error);
        else if (data) sink.next(data);
      });
      return unsubscribe;
    });
  }

  async #run<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ) {
    const { client } = this.feeds;
    return await (isMutation(document)
      ? client.mutation(document, variables).toPromise()
      : client.query(document, variables, { requestPolicy: "network-only" }).toPromise());
  }
}

/** The name of a document's operation. */
export function named(document: TypedDocumentNode<unknown, never>): string {
  const name = operation(document).name?.value;
  assert(name, "every operation has a name");
  return name;
}

function isMutation(document: TypedDocumentNode<unknown, never>): boolean {
  return operation(document).operation === "mutation";
}

function operation(document: TypedDocumentNode<unknown, never>) {
  const found = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  assert(found);
  return found;
}

let requests = 0;

/** Tells what is sent, under an id with its number and its operation, which the server takes on. */
async function numbered(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  assert(typeof init?.body === "string");
  const { query, variables } = JSON.parse(init.body) as { query: string; variables?: object };
  const [, type, name = "unnamed"] = /\b(query|mutation|subscription) (\w+)/.exec(query) ?? [];
  if (type !== "subscription") walked({ operation: name, via: "http", variables });
  const headers = new Headers(init.headers);
  headers.set("x-request-id", `${String(++requests).padStart(5, "0")}.${name}`);
  return await fetch(input, { ...init, headers });
}
