// Quiltt's own client asks a simulated Quiltt: a session that is valid, one that is not, and an
// operation of its GraphQL client. What it was told goes to the standard output as JSON.
//
//   QUILTT_API_INSECURE=true QUILTT_API_DOMAIN=localhost:PORT node audits/quiltt.mjs TOKEN

import dns from "node:dns";

// The client asks auth.localhost and api.localhost, names that few systems resolve.
dns.lookup = (_name, options, done) => {
  const callback = typeof options === "function" ? options : done;
  if (options?.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};

const { AuthAPI } = await import("@quiltt/core/api/rest");
const { QuilttClient, createVersionLink } = await import("@quiltt/core/api/graphql");
const { JsonWebTokenParse } = await import("@quiltt/core/auth");
const { GlobalStorage } = await import("@quiltt/core/storage");
const { gql, InMemoryCache } = await import("@apollo/client/core");

const token = process.argv[2];
const auth = new AuthAPI();
const told = { claims: JsonWebTokenParse(token).claims };

const status = async (call) => (await call).status;
told.ping = await status(auth.ping(token));
told.pingWrong = await status(auth.ping("a.b.c"));

GlobalStorage.set("session", token);
const client = new QuilttClient({
  cache: new InMemoryCache(),
  versionLink: createVersionLink("audit"),
});
const query = gql`
  query Sync {
    profile { id }
    transactions(first: 2, sort: DATE_DESC) {
      count
      nodes { id amount entryType status }
    }
  }
`;
told.graphql = (await client.query({ query })).data;

told.revoke = await status(auth.revoke(token));
told.pingRevoked = await status(auth.ping(token));
console.log(JSON.stringify(told));
