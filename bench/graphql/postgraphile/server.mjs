// PostGraphile 5 as a careful engineer would serve it: the amber preset, production settings,
// role and claims by pgSettings. It verifies no token: what ours reads from a verified JWT comes
// in plain headers here, which favours it.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PgAggregatesPreset } from "@graphile/pg-aggregates";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

const pool = new pg.Pool({
  host: process.env.PEER_SOCKET_DIR,
  user: process.env.PEER_USER,
  password: process.env.PEER_PASSWORD,
  database: process.env.PEER_DATABASE,
  max: Number(process.env.PEER_POOL),
  min: Number(process.env.PEER_POOL),
  idleTimeoutMillis: 0,
  application_name: "postgraphile",
});
pool.on("error", (error) => console.error(error.message));

// The aggregates plugin truncates timestamps to hours and days, and counts distinct values alone;
// through its own lists of specifications it also takes months, and a plain count.
const MonthAndCount = {
  name: "MonthAndCount",
  version: "0.0.0",
  after: ["PgAggregatesSpecsPlugin"],
  schema: {
    hooks: {
      build(build) {
        const { dataplanPg, sql } = build;
        const month = {
          id: "truncated-to-month",
          isSuitableType: (codec) => codec === dataplanPg.TYPES.date,
          sqlWrap: (day) => sql.fragment`date_trunc('month', ${day})`,
          sqlWrapCodec: () => dataplanPg.TYPES.timestamptz,
        };
        const count = {
          id: "count",
          humanLabel: "count",
          HumanLabel: "Count",
          isSuitableType: (codec) => codec === dataplanPg.TYPES.numeric,
          sqlAggregateWrap: (value) => sql.fragment`count(${value})`,
          pgTypeCodecModifier: () => dataplanPg.TYPES.bigint,
          isNonNull: true,
        };
        build.pgAggregateGroupBySpecs = [...build.pgAggregateGroupBySpecs, month];
        build.pgAggregateSpecs = [...build.pgAggregateSpecs, count];
        return build;
      },
    },
  },
};

const preset = {
  plugins: [MonthAndCount],
  extends: [PostGraphileAmberPreset, PgAggregatesPreset, PostGraphileConnectionFilterPreset],
  pgServices: [
    makePgService({
      pool,
      schemas: ["app"],
      pubsub: false,
      pgSettingsForIntrospection: { role: "authenticated" },
    }),
  ],
  gather: { pgStrictFunctions: true },
  grafserv: { graphiql: false, watch: false, websockets: false, graphqlPath: "/graphql" },
  grafast: {
    explain: false,
    context(request) {
      const headers = request.node.req.headers;
      return {
        pgSettings: {
          role: "authenticated",
          "request.jwt.claims": headers["x-claims"],
          statement_timeout: "8s",
        },
      };
    },
  },
};

const instance = postgraphile(preset);
const server = createServer();
server.keepAliveTimeout = 600_000;
await instance.createServ(grafserv).addTo(server);
await instance.getSchemaResult(); // so that whoever connects finds the schema made
server.listen(Number(process.env.PEER_PORT), "127.0.0.1");
