/** The walk: every operation of the client, in a story of three people, against a real server. */

import { companies } from "./stories/companies.js";
import { sources } from "./stories/sources.js";
import { imports } from "./stories/imports.js";
import { mapping } from "./stories/mapping.js";
import { assets } from "./stories/assets.js";
import { jobs } from "./stories/jobs.js";
import { reading } from "./stories/reading.js";
import { statements } from "./stories/statements.js";
import { notifications } from "./stories/notifications.js";
import { following } from "./stories/following.js";
import { apollo } from "./stories/apollo.js";
import { strangers } from "./stories/strangers.js";
import { pickups } from "./stories/pickups.js";
import { syncing } from "./stories/syncing.js";
import { webhooks } from "./stories/webhooks.js";
import { categories } from "./stories/categories.js";
import { reconciling } from "./stories/reconciling.js";
import { spending } from "./stories/spending.js";
import { matching } from "./stories/matching.js";
import { corrections } from "./stories/corrections.js";
import { leaving } from "./stories/leaving.js";
import type { Size } from "./files.js";
import type { Identity } from "./person.js";
import { Person } from "./person.js";

export interface Setting {
  url: string;
  people: { anna: Identity; ben: Identity; olga: Identity };
  /** The process that runs jobs, which the walk holds where a job must wait. */
  worker: number;
  size: Size;
}

const { url, people, worker, size } = JSON.parse(process.argv[2] ?? "{}") as Setting;
const tenants = await companies({
  anna: new Person(url, people.anna),
  ben: new Person(url, people.ben),
  olga: new Person(url, people.olga),
});
const sourced = await sources(tenants, size);
const imported = await imports(sourced, size);
await mapping(imported, size);
await assets(imported);
await jobs(imported, { worker, size });
await reading(imported, size);
await statements(imported);
await following(await notifications(imported), size);
await apollo(imported);
await strangers(imported);
await syncing(imported);
await pickups(imported);
await webhooks(imported);
await matching(imported);
await spending(imported);
await categories(imported);
await reconciling(imported);
await corrections(imported);
await leaving(imported);
for (const { feeds } of [tenants.anna, tenants.ben, tenants.olga]) await feeds.close();
