/** A client of one person in one tenant: operations over HTTP, subscriptions over a WebSocket. */

import { Client, fetchExchange, subscriptionExchange, type Exchange } from "@urql/core";
import { createClient, type Client as SocketClient } from "graphql-ws";

export interface BankfeedsOptions {
  /** The endpoint, such as `https://feeds.example.com/graphql`. */
  url: string;
  /** An access token. Asked for with each request, and anew when a socket comes back. */
  token: () => string | Promise<string>;
  /** The `id` or UUID of a tenant; may be left out by a member of only one. */
  tenant?: string;
  /** What makes requests; by default what is there globally. */
  fetch?: typeof globalThis.fetch;
  /** The class of WebSockets where none is there globally, as in Node before 22: `ws`. */
  webSocket?: unknown;
  /** Called when a lost socket is back. Events may be missing: fetch again what was followed. */
  onReconnect?: () => void;
  /** What goes before the network, such as `cacheExchange` of `@urql/core`; by default nothing. */
  exchanges?: Exchange[];
}

export interface Bankfeeds {
  /** Takes the typed documents of this package. */
  client: Client;
  /** The socket below the subscriptions; it opens with the first and closes after the last. */
  socket: SocketClient;
  /** What it sends requests with: `fetch` with the headers of the caller. */
  fetch: typeof globalThis.fetch;
  /** Ends all subscriptions. */
  close: () => Promise<void>;
}

const PING_EVERY_MS = 20_000;

/** Makes a client. Nothing is sent before the first operation. */
export function createBankfeeds(options: BankfeedsOptions): Bankfeeds {
  const authorized = withCaller(options);
  const socket = openSocket(options);
  const client = new Client({
    url: options.url,
    fetch: authorized,
    preferGetMethod: false, // the server takes operations by POST only
    exchanges: [...(options.exchanges ?? []), fetchExchange, overSocket(socket)],
  });
  return { client, socket, fetch: authorized, close: async () => await socket.dispose() };
}

function withCaller(options: BankfeedsOptions): typeof globalThis.fetch {
  const send = options.fetch ?? globalThis.fetch;
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${await options.token()}`);
    if (options.tenant !== undefined) headers.set("x-tenant", options.tenant);
    return await send(input, { ...init, headers });
  };
}

function openSocket(options: BankfeedsOptions): SocketClient {
  return createClient({
    url: options.url.replace(/^http/, "ws"),
    webSocketImpl: options.webSocket ?? globalThis.WebSocket,
    connectionParams: async () => ({
      authorization: `Bearer ${await options.token()}`,
      ...(options.tenant === undefined ? {} : { "x-tenant": options.tenant }),
    }),
    keepAlive: PING_EVERY_MS,
    // For ever, with growing pauses. It gives up where the server says that trying is of no use.
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    on: {
      connected: (_socket, _payload, wasRetry) => {
        if (wasRetry) options.onReconnect?.();
      },
    },
  });
}

function overSocket(socket: SocketClient): Exchange {
  return subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink),
      }),
    }),
  });
}
