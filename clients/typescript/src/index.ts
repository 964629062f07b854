/** Everything that users of the client import. */

export * from "./client.js";
export * from "./generated.js";
export * from "./statements.js";
