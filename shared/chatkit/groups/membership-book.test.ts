import { expect, test } from "vitest";
import type { ConversationId, UserId } from "../../protocol/index.ts";
import {
  encodeBase64,
  groupLinkKeys,
  membershipStatement,
  type MembershipChange,
} from "../../crypto/index.ts";
import { UNKNOWN_GROUP_EVERY_MS, UNKNOWN_GROUPS_AT_ONCE } from "../limits.ts";
import { MembershipWorld, type MembershipNode } from "../testing/membership-world.ts";
import { conversationIdOf } from "../testing/test-ids.ts";
import { idBytes } from "../trust/device-id.ts";
import { formatGroupLink, parseGroupLink } from "./group-link.ts";

const SETTINGS = { announcements: false, membersInvite: false };

interface Scene extends AsyncDisposable {
  readonly world: MembershipWorld;
  readonly ada: MembershipNode;
  readonly ben: MembershipNode;
  readonly cleo: MembershipNode;
  /** A group of the three, founded by Ada. */
  readonly id: ConversationId;
}

async function scene(): Promise<Scene> {
  const world = new MembershipWorld();
  const [ada, ben, cleo] = [await world.add(1), await world.add(2), await world.add(3)];
  const about = { name: "Team" };
  const id = await world.run(ada.changes.found(about, SETTINGS, [ben.userId, cleo.userId]));
  await world.settle();
  return { world, ada, ben, cleo, id, [Symbol.asyncDispose]: () => world.close() };
}

const invite =
  (...people: UserId[]) =>
  (): { change: MembershipChange } => ({
    change: { type: "invite", members: people.map(idBytes) },
  });
const remove =
  (...people: UserId[]) =>
  (): { change: MembershipChange } => ({
    change: { type: "remove", members: people.map(idBytes) },
  });

/** A statement that the server takes, as it is, from whoever signed it. */
function sneakIn({ world, id }: Scene, signer: MembershipNode, change: MembershipChange): void {
  const log = world.logs.get(id);
  if (log === undefined) throw new Error("no such group");
  const { membership } = log;
  const actor = signer.userId;
  const bytes = membershipStatement(membership, signer.identity, idBytes(actor), change, 1);
  world.logs.append(actor, { conversationId: id, statement: encodeBase64(bytes) });
}

function membersAt(node: MembershipNode, id: ConversationId): readonly UserId[] {
  return node.book.get(id)?.members ?? [];
}

test("G1, G5: who is invited finds the group, and its name with the first message", async () => {
  await using all = await scene();
  const { ada, ben, id } = all;
  expect(membersAt(ben, id)).toHaveLength(3);
  expect(ben.book.get(id)?.standing).toBe("member");
  expect(ben.book.known(id)?.about).toBeUndefined();
  const note = ada.book.get(id)?.note;
  expect(note?.key).toBeDefined();
  if (note !== undefined) ben.book.heard(id, ada.userId, note);
  await all.world.settle();
  expect(ben.book.known(id)?.about).toEqual({ name: "Team" });
  await ben.restart();
  expect(ben.book.known(id)?.about).toEqual({ name: "Team" });
  expect(ben.book.get(id)?.note).toEqual(note);
  expect(ben.notices).toEqual([]);
});

test("G5: a group whose founding got no answer has its name all the same", async () => {
  await using world = new MembershipWorld();
  const ada = await world.add(1);
  const ben = await world.add(2);
  world.fate = (method) => (method === "conversation.found" ? "answer-lost" : undefined);
  const founding = ada.changes.found({ name: "Team" }, SETTINGS, [ben.userId]);
  await expect(world.run(founding)).rejects.toMatchObject({ reason: "server-unreachable" });
  await world.settle();
  const [id] = ada.book.ids();
  expect(id === undefined ? undefined : ada.book.known(id)?.about).toEqual({ name: "Team" });
});

test("G5: once somebody who knows it has left, another name is sealed with another key", async () => {
  await using all = await scene();
  const { ada, ben, cleo, id, world } = all;
  const first = ada.book.get(id)?.note;
  expect(await world.run(ada.changes.setAbout(id, { name: "Harbour" }))).toBe(false);
  expect(ada.book.get(id)?.note.key).toBe(first?.key);
  await world.run(ada.changes.change(id, remove(ben.userId)));
  expect(await world.run(ada.changes.setAbout(id, { name: "Pier" }))).toBe(true);
  await world.settle();
  const note = ada.book.get(id)?.note;
  expect(note?.key).not.toBe(first?.key);
  if (first === undefined || note === undefined) throw new Error("no note");
  // With the old key nothing new is read.
  cleo.book.heard(id, ada.userId, first);
  await world.settle();
  expect(cleo.book.known(id)?.about).toBeUndefined();
  cleo.book.heard(id, ada.userId, note);
  await world.settle();
  expect(cleo.book.known(id)?.about).toEqual({ name: "Pier" });
});

test("G5: a wrong key of a member's takes no name away", async () => {
  await using all = await scene();
  const { ada, ben, cleo, id, world } = all;
  const note = ada.book.get(id)?.note;
  if (note === undefined) throw new Error("no note");
  ben.book.heard(id, cleo.userId, { ...note, key: encodeBase64(new Uint8Array(32)) });
  await world.settle();
  expect(ben.book.get(id)?.note.key).toBeUndefined();
  ben.book.heard(id, ada.userId, note);
  ben.book.heard(id, cleo.userId, { ...note, key: encodeBase64(new Uint8Array(32)) });
  await world.settle();
  expect(ben.book.known(id)?.about?.name).toBe("Team");
});

test("G2: what a member may not do is refused before it is sent", async () => {
  await using all = await scene();
  const { ben, cleo, id, world } = all;
  await expect(world.run(ben.changes.change(id, remove(cleo.userId)))).rejects.toMatchObject({
    reason: "not-permitted",
  });
  const dora = await world.add(4);
  await expect(world.run(ben.changes.change(id, invite(dora.userId)))).rejects.toMatchObject({
    reason: "not-permitted",
  });
});

test("G3: two changes at the same moment are both made, one after the other", async () => {
  await using all = await scene();
  const { ada, ben, cleo, id, world } = all;
  await world.run(
    ada.changes.change(id, () => ({
      change: { type: "role", member: idBytes(ben.userId), role: "admin" },
    })),
  );
  await world.settle();
  const dora = await world.add(4);
  const emil = await world.add(5);
  await world.run(
    Promise.all([
      ada.changes.change(id, invite(dora.userId)),
      ben.changes.change(id, invite(emil.userId)),
      cleo.changes.change(id, () => ({ change: { type: "leave" } })),
    ]),
  );
  await world.settle();
  const people = [ada, ben, dora, emil].map(({ userId }) => userId).toSorted();
  for (const node of [ada, ben, dora, emil]) {
    expect(membersAt(node, id).toSorted()).toEqual(people);
    expect(node.book.get(id)?.note.head).toBe(ada.book.get(id)?.note.head);
  }
  expect(cleo.book.get(id)?.standing).toBe("left");
});

test("G6, G10: whoever is removed is told, and reads the log no further", async () => {
  await using all = await scene();
  const { ada, ben, id, world } = all;
  ben.setOnline(false);
  await world.run(ada.changes.change(id, remove(ben.userId)));
  await world.run(
    ada.changes.change(id, () => ({
      change: { type: "settings", settings: { announcements: true, membersInvite: false } },
    })),
  );
  ben.setOnline(true);
  await world.settle();
  expect(ben.book.get(id)?.standing).toBe("removed");
  expect(ben.book.known(id)?.membership.settings.announcements).toBe(false);
  expect(ben.news.map(({ note }) => note.change)).toEqual(["found", "remove"]);
  // What was sent before counts, whenever it comes; nothing later does.
  const facts = ada.book.get(id);
  expect(facts?.has(ben.userId, 1)).toBe(true);
  expect(facts?.has(ben.userId, 2)).toBe(false);
});

test("G10: who comes in sees what happened from then on, each once and in order", async () => {
  await using all = await scene();
  const { ada, id, world } = all;
  const dora = await world.add(4);
  await world.run(ada.changes.change(id, invite(dora.userId)));
  await world.settle();
  await dora.restart();
  await world.run(ada.changes.change(id, remove(dora.userId)));
  await world.settle();
  await world.run(ada.changes.change(id, () => ({ change: { type: "link" } })));
  await world.run(ada.changes.change(id, invite(dora.userId)));
  await world.settle();
  expect(dora.news.map(({ note }) => note.change)).toEqual(["invite", "remove", "invite"]);
  expect(new Set(dora.news.map(({ id: news }) => news)).size).toBe(3);
  expect(dora.news[0]?.note.people).toEqual([dora.userId]);
});

test("G7: a link shows the group and lets in; ended, it does neither", async () => {
  await using all = await scene();
  const { ada, id, world } = all;
  const dora = await world.add(4);
  const secret = new Uint8Array(32).fill(7);
  const { publicKey } = groupLinkKeys(secret);
  const expiresAt = world.clock.now() + 60_000;
  await world.run(
    ada.changes.change(id, () => ({
      change: { type: "link", link: { publicKey, expiresAt } },
      kept: { linkSecret: secret },
    })),
  );
  const key = ada.book.known(id)?.key;
  if (key === undefined) throw new Error("no key");
  const text = formatGroupLink({ server: "https://host:1", conversationId: id, secret, key });
  const link = parseGroupLink(text);
  if (link === undefined) throw new Error("no link");
  expect((await world.run(dora.changes.linked(link))).about).toEqual({ name: "Team" });
  await world.run(dora.changes.join(link));
  expect(dora.book.known(id)?.about).toEqual({ name: "Team" });
  expect(membersAt(dora, id)).toHaveLength(4);
  await world.run(ada.changes.change(id, () => ({ change: { type: "link" } })));
  expect(ada.book.known(id)?.linkSecret).toBeUndefined();
  const emil = await world.add(5);
  await expect(world.run(emil.changes.join(link))).rejects.toMatchObject({
    errorName: "group-link-invalid",
  });
});

test("G4: a statement that somebody else signed for a member is not believed", async () => {
  await using all = await scene();
  const { ada, ben, cleo, id, world } = all;
  const { membership } = world.logs.get(id) ?? {};
  if (membership === undefined) throw new Error("no log");
  // The server signs with a key of its own, as Ada.
  const change = { type: "remove" as const, members: [idBytes(cleo.userId)] };
  const other = await world.add(9);
  const bytes = membershipStatement(membership, other.identity, idBytes(ada.userId), change, 1);
  world.logs.append(ada.userId, { conversationId: id, statement: encodeBase64(bytes) });
  await world.settle();
  for (const node of [ben, cleo]) {
    expect(membersAt(node, id)).toContain(cleo.userId);
    expect(node.notices.map(({ kind }) => kind)).toEqual(["server-untrusted"]);
  }
});

test("G4: a device that left its account signs nothing more; what it signed before counts", async () => {
  await using all = await scene();
  const { ben, cleo, id, world } = all;
  const second = await world.add(1);
  const settings = { announcements: false, membersInvite: true };
  await world.settle();
  cleo.setOnline(false);
  await world.run(second.changes.change(id, () => ({ change: { type: "settings", settings } })));
  await world.settle();
  world.unlist(second);
  cleo.setOnline(true);
  await world.settle();
  expect(cleo.book.known(id)?.membership.settings).toEqual(settings);
  expect(cleo.notices).toEqual([]);
  // A new session reads every log to its end, and knows who had left by then.
  for (const node of [ben, cleo]) await node.restart();
  await world.settle();
  sneakIn(all, second, { type: "settings", settings: SETTINGS });
  await world.settle();
  for (const node of [ben, cleo]) {
    expect(node.book.known(id)?.membership.settings).toEqual(settings);
    expect(node.notices.map(({ kind }) => kind)).toEqual(["server-untrusted"]);
  }
});

test("G4: two logs of one group are noticed, by the next statement and by the next message", async () => {
  await using all = await scene();
  const { ada, ben, cleo, id, world } = all;
  const common = world.logs.get(id);
  if (common === undefined) throw new Error("no log");
  ben.setOnline(false);
  await world.run(ada.changes.change(id, () => ({ change: { type: "link" } })));
  await world.settle();
  const atAda = world.logs.get(id);
  // To Ben the server shows another one.
  world.logs.put(id, common);
  sneakIn(all, ada, { type: "settings", settings: { announcements: false, membersInvite: true } });
  const note = ada.book.get(id)?.note;
  ben.setOnline(true);
  cleo.setOnline(false);
  await world.settle();
  expect(ben.book.get(id)?.note.length).toBe(2);
  if (note !== undefined) ben.book.heard(id, ada.userId, note);
  await world.settle();
  expect(ben.notices.map(({ kind }) => kind)).toEqual(["server-untrusted"]);
  if (atAda !== undefined) world.logs.put(id, atAda);
  await ben.restart();
  await world.run(ben.book.look(id));
  expect(ben.notices).toHaveLength(2);
});

test("G4: an old state of a log changes nothing", async () => {
  await using all = await scene();
  const { ada, ben, id, world } = all;
  const old = world.logs.get(id);
  await world.run(ada.changes.change(id, remove(ben.userId)));
  await world.settle();
  if (old !== undefined) world.logs.put(id, old);
  await ada.restart();
  await world.run(ada.book.look(id));
  expect(membersAt(ada, id)).not.toContain(ben.userId);
  expect(ada.notices.map(({ kind }) => kind)).toEqual(["server-untrusted"]);
});

test("a log that names a length which the server does not show is asked for once", async () => {
  await using all = await scene();
  const { ada, ben, id, world } = all;
  const note = ada.book.get(id)?.note;
  if (note === undefined) throw new Error("no note");
  let asked = 0;
  world.fate = (method) => {
    if (method === "conversation.log") asked++;
    return undefined;
  };
  for (let time = 0; time < 20; time++) {
    ben.book.heard(id, ada.userId, { ...note, length: 99 });
    await world.settle();
  }
  expect(asked).toBe(1);
});

test("a member who names ever longer logs makes no flood of questions to the server", async () => {
  await using all = await scene();
  const { ada, ben, id, world } = all;
  const note = ada.book.get(id)?.note;
  if (note === undefined) throw new Error("no note");
  let asked = 0;
  world.fate = (method) => {
    if (method === "conversation.log") asked++;
    return undefined;
  };
  const since = world.clock.monotonic();
  for (let length = 50; length < 250; length++) {
    ben.book.heard(id, ada.userId, { ...note, length });
    await world.clock.advance(50);
  }
  const later = (world.clock.monotonic() - since) / UNKNOWN_GROUP_EVERY_MS;
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(UNKNOWN_GROUPS_AT_ONCE + later);
});

test("a look for what is no group asks the server once in a while", async () => {
  await using all = await scene();
  const { ben, world } = all;
  let asked = 0;
  world.fate = () => {
    asked++;
    return undefined;
  };
  for (let time = 0; time < 5; time++) {
    expect(await world.run(ben.book.look(conversationIdOf(9)))).toBe("none");
  }
  expect(asked).toBe(1);
  ben.setOnline(false);
  await world.clock.advance(10_000);
  expect(await world.run(ben.book.look(conversationIdOf(9)))).toBe("unreached");
});

test("G10: where the store fails, what happened is read and told again", async () => {
  await using all = await scene();
  const { ada, ben, id, world } = all;
  ben.failures = 1;
  await world.run(ada.changes.change(id, () => ({ change: { type: "link" } })));
  await world.clock.advance(5_000);
  expect(ben.book.get(id)?.note.length).toBe(2);
  expect(ben.news.map(({ note }) => note.change)).toEqual(["found", "link", "link"]);
  expect(ben.news[1]?.id).toBe(ben.news[2]?.id);
});
