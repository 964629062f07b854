/** The end: a member leaves, and a connection is closed. */

import assert from "node:assert/strict";

import {
  ConnectionDisconnectDocument,
  MemberRemoveDocument,
  TransactionCountDocument,
} from "../../src/index.js";
import { step } from "../report.js";
import type { Imported } from "./imports.js";

export async function leaving({ anna, ben, benIsMember, bank }: Imported): Promise<void> {
  await step("a connection is closed, and what it brought stays", async () => {
    const filter = { connectionId: bank };
    const before = await anna.ask(TransactionCountDocument, { filter });
    const closed = await anna.act(ConnectionDisconnectDocument, { connectionId: bank });
    assert.equal(closed.connectionDisconnect.connection?.status, "DISCONNECTED");
    assert.deepEqual(await anna.ask(TransactionCountDocument, { filter }), before);
  });
  await step("a member who is removed sees nothing from then on", async () => {
    const { memberRemove } = await anna.act(MemberRemoveDocument, { memberId: benIsMember });
    assert.equal(memberRemove.removedId, benIsMember);
    // For a moment they are still taken for a member, who then sees nothing.
    const seen = await ben.ask(TransactionCountDocument, {}).catch(() => null);
    assert.equal(seen?.transactionCount ?? 0, 0);
  });
}
