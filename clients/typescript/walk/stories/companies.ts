/** Two companies: Anna's, which Ben joins, and Olga's. */

import assert from "node:assert/strict";

import {
  InvitationAcceptDocument,
  InvitationRevokeDocument,
  InvitationsDocument,
  MemberInviteDocument,
  MemberSetRoleDocument,
  MembersDocument,
  ProvidersDocument,
  TenantCreateDocument,
  TenantUpdateDocument,
  ViewerDocument,
} from "../../src/index.js";
import type { Person } from "../person.js";
import { step } from "../report.js";

export interface Companies {
  /** Owns the company. */
  anna: Person;
  /** A member of it. */
  ben: Person;
  benIsMember: string;
  /** Owns the other company. */
  olga: Person;
}

export async function companies(
  people: Record<"anna" | "ben" | "olga", Person>,
): Promise<Companies> {
  const anna = await owner(people.anna, "Harbor Tea");
  const olga = await owner(people.olga, "Lighthouse Coffee");
  await step("an owner sees themselves and renames their tenant", () => renames(anna));
  await step("somebody who is invited joins", () => joins(anna, people.ben));
  await step("an invitation is taken back", () => takesBack(anna));
  const ben = people.ben.in(anna.tenant ?? "");
  return { anna, ben, benIsMember: await memberOf(anna, ben), olga };
}

async function owner(person: Person, name: string): Promise<Person> {
  let tenant = "";
  await step(`${name} is founded`, async () => {
    const { viewer } = await person.ask(ViewerDocument, {});
    assert.equal(viewer.tenant, null);
    const { tenantCreate } = await person.act(TenantCreateDocument, { input: { name } });
    assert.equal(tenantCreate.tenant?.role, "OWNER");
    tenant = tenantCreate.tenant.id;
  });
  return person.in(tenant);
}

async function renames(anna: Person): Promise<void> {
  const input = { name: "Harbor Tea Company" };
  const { tenantUpdate } = await anna.act(TenantUpdateDocument, { input });
  assert.equal(tenantUpdate.tenant?.name, input.name);

  const { viewer } = await anna.ask(ViewerDocument, {});
  const { providers } = await anna.ask(ProvidersDocument, {});

  assert.equal(viewer.tenant?.name, input.name);
  assert.deepEqual([viewer.role, viewer.tenants.length], ["OWNER", 1]);
  assert(providers.some(({ slug }) => slug === "file"));
}

async function joins(anna: Person, ben: Person): Promise<void> {
  const input = { email: ben.identity.email, role: "VIEWER" } as const;
  await anna.act(MemberInviteDocument, { input });
  const { viewer } = await ben.ask(ViewerDocument, {});
  const invitation = viewer.invitations[0];
  assert.equal(invitation?.tenantName, "Harbor Tea Company");
  const { invitationAccept } = await ben.act(InvitationAcceptDocument, {
    invitationId: invitation.id,
  });
  assert.equal(invitationAccept.tenant?.id, anna.tenant);

  const memberId = await memberOf(anna, ben);
  const { memberSetRole } = await anna.act(MemberSetRoleDocument, {
    memberId,
    input: { role: "MEMBER" },
  });
  assert.equal(memberSetRole.member?.role, "MEMBER");
}

async function memberOf(anna: Person, ben: Person): Promise<string> {
  const one = (await anna.ask(MembersDocument, { first: 1 })).members;
  assert.equal(one.pageInfo.hasNextPage, true);
  const rest = (await anna.ask(MembersDocument, { first: 50, after: one.pageInfo.endCursor }))
    .members;
  const found = rest.edges.find(({ node }) => node.user.email === ben.identity.email);
  assert(found);
  return found.node.id;
}

async function takesBack(anna: Person): Promise<void> {
  for (const email of ["cleo@example.com", "dora@example.com"]) {
    await anna.act(MemberInviteDocument, { input: { email, role: "VIEWER" } });
  }
  const one = (await anna.ask(InvitationsDocument, { first: 1 })).invitations;
  const rest = (await anna.ask(InvitationsDocument, { after: one.pageInfo.endCursor })).invitations;
  for (const { node } of [...one.edges, ...rest.edges]) {
    const revoked = await anna.act(InvitationRevokeDocument, { invitationId: node.id });
    assert.equal(revoked.invitationRevoke.revokedId, node.id);
  }
  assert.deepEqual((await anna.ask(InvitationsDocument, {})).invitations.edges, []);
}
