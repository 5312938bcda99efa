import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  encodeId,
  ID_BYTES,
  type MembershipNote,
  type MessageId,
} from "../../protocol/index.ts";
import type { GroupNews } from "../groups/group-directory.ts";
import { OUTBOX_MAX_AGE_MS, STORED_RESEND_MAX_MS } from "../limits.ts";
import type { FakeGroup } from "../testing/fake-group-directory.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";

const id = v.parse(ConversationId, encodeId(new Uint8Array(ID_BYTES).fill(7)));
const [ada, ben, cleo] = [userIdOf(1), userIdOf(2), userIdOf(3)];

interface Scene {
  readonly net: SimulatedNetwork;
  readonly group: FakeGroup;
  /** In the order of their owners. */
  readonly devices: readonly SimulatedDevice[];
}

/** One device for each person unless told otherwise, all in one group. */
async function scene(owners: readonly number[] = [1, 2, 3]): Promise<Scene> {
  const net = new SimulatedNetwork(owners);
  const members = [...new Set(owners)].map((owner) => userIdOf(owner));
  const group = net.groupWorld.found(id, members);
  await net.start();
  return { net, group, devices: net.devices };
}

async function say(device: SimulatedDevice, text: string): Promise<MessageId> {
  return (await device.delivery.send(id, { type: "text", text })).id;
}

function texts(device: SimulatedDevice): unknown[] {
  return device.told.map(({ body }) => ("text" in body ? body.text : body));
}

async function stateOf(device: SimulatedDevice, message: MessageId): Promise<string | undefined> {
  return (await device.delivery.find(message))?.delivery.state;
}

test("G8: to those who are no buddies a message goes in one request, by mailbox, and says why", async () => {
  const { net, devices } = await scene([1, 2, 2, 3, 3, 4]);
  const [a, ...others] = devices;
  if (a === undefined) throw new Error("nobody");
  for (const person of [ben, cleo, userIdOf(4)]) net.strangers.add(`${ada} ${person}`);
  const message = await say(a, "to all");
  await net.clock.advance(1_000);
  for (const other of others) expect(texts(other)).toEqual(["to all"]);
  expect(net.server.posts).toEqual([5]);
  const trail = (await a.delivery.find(message))?.trail ?? [];
  expect(new Set(trail.map(({ path, reason }) => `${path} ${reason}`))).toEqual(
    new Set(["stored no-buddy"]),
  );
  expect(await stateOf(a, message)).toBe("delivered");
  expect(a.delivery.pending).toBe(0);
  expect(a.sealing.seals).toBe(1);
});

test("G9: delivered is told when everybody has it on one device, and read when all have read it", async () => {
  const { net, devices } = await scene([1, 2, 2, 3]);
  const [a, b, , c] = devices;
  if (a === undefined || b === undefined || c === undefined) throw new Error("nobody");
  net.disconnect(c);
  const message = await say(a, "everybody?");
  await net.clock.advance(1_000);
  expect(await stateOf(a, message)).toBe("sent");
  await b.delivery.markRead(id);
  await net.clock.advance(1_000);
  expect(await stateOf(a, message)).toBe("sent");
  const told = await a.delivery.find(message);
  expect(told && a.delivery.readersOf(told)).toEqual([ben]);
  net.connect(c);
  await net.clock.advance(1_000);
  expect(await stateOf(a, message)).toBe("delivered");
  await c.delivery.markRead(id);
  await net.clock.advance(1_000);
  expect(await stateOf(a, message)).toBe("read");
  // Both marks outlive a restart.
  await a.crash();
  await a.start();
  const kept = await a.delivery.find(message);
  expect(kept && a.delivery.readersOf(kept)).toEqual([ben, cleo]);
});

test("G9: what was read is told to those alone who wrote it", async () => {
  const { net, devices } = await scene([1, 2, 3]);
  const [a, b, c] = devices;
  if (a === undefined || b === undefined || c === undefined) throw new Error("nobody");
  await say(a, "from ada");
  await net.clock.advance(1_000);
  const before = c.sealing.opens;
  await b.delivery.markRead(id);
  await net.clock.advance(1_000);
  expect(c.sealing.opens).toBe(before);
  // The next message is not taken for one that overtook another there.
  await say(b, "from ben");
  await net.clock.advance(100);
  expect(texts(c)).toEqual(["from ada", "from ben"]);
});

test("G9: a message that one member never gets fails for that member alone", async () => {
  const { net, devices } = await scene([1, 2, 3]);
  const [a, , c] = devices;
  if (a === undefined || c === undefined) throw new Error("nobody");
  net.disconnect(c);
  const message = await say(a, "in time?");
  await net.clock.advance(OUTBOX_MAX_AGE_MS + 2 * 60 * 60 * 1000);
  expect(await stateOf(a, message)).toBe("delivered");
  expect(a.delivery.pending).toBe(0);
});

test("G9: one that nobody gets fails", async () => {
  const { net, devices } = await scene([1, 2, 3]);
  const [a, b, c] = devices;
  if (a === undefined || b === undefined || c === undefined) throw new Error("nobody");
  net.disconnect(b);
  net.disconnect(c);
  const message = await say(a, "anybody?");
  await net.clock.advance(OUTBOX_MAX_AGE_MS + 2 * 60 * 60 * 1000);
  const found = await a.delivery.find(message);
  expect(found?.delivery).toEqual({ state: "failed", reason: "expired" });
});

test("G6: who is in the group no more gets nothing that waits, and the others get theirs", async () => {
  const { net, devices } = await scene([1, 2, 3]);
  const [a, b, c] = devices;
  if (a === undefined || b === undefined || c === undefined) throw new Error("nobody");
  a.sealing.makeNotReady();
  const message = await say(a, "not for ben");
  net.groupWorld.remove(id, ben);
  net.groupChanged();
  a.sealing.makeReady();
  await net.clock.advance(5_000);
  expect(texts(b)).toEqual([]);
  expect(texts(c)).toEqual(["not for ben"]);
  expect(await stateOf(a, message)).toBe("delivered");
  await expect(say(b, "and me?")).rejects.toMatchObject({ reason: "not-permitted" });
});

test("G6: what waits in a group that one is in no more fails", async () => {
  const { net, devices } = await scene([1, 2, 3]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  b.sealing.makeNotReady();
  const message = await say(b, "too late");
  net.groupWorld.remove(id, ben);
  net.groupChanged();
  const found = await b.delivery.find(message);
  expect(found?.delivery).toEqual({ state: "failed", reason: "not-member" });
  expect(texts(a)).toEqual([]);
});

test("G6: what somebody wrote before they left counts, whenever it comes; what they write then does not", async () => {
  const { net, devices, group } = await scene([1, 2, 3]);
  const [, b, c] = devices;
  if (b === undefined || c === undefined) throw new Error("nobody");
  net.disconnect(c);
  await say(b, "while in it");
  await net.clock.advance(1_000);
  net.groupWorld.remove(id, ben);
  net.connect(c);
  await net.clock.advance(1_000);
  expect(texts(c)).toEqual(["while in it"]);
  // A program that does not keep to it: it goes on as if he were in, and says how far he has read.
  group.members = [...group.members, ben];
  const sent = say(b, "afterwards");
  group.members = group.members.filter((one) => one !== ben);
  await sent;
  await net.clock.advance(1_000);
  expect(texts(c)).toEqual(["while in it"]);
});

test("a message of a group that is not known yet waits until its log was read", async () => {
  const { net, devices } = await scene([1, 2]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  net.groupWorld.untold.add(`${ben} ${id}`);
  net.groupWorld.isUp = false;
  net.openDirect(a, b);
  await say(a, "by a link");
  await net.clock.advance(2_000);
  net.closeDirect(a, b);
  net.disconnect(b);
  await say(a, "by mailbox");
  await net.clock.advance(1_000);
  net.connect(b);
  await net.clock.advance(1_000);
  expect(texts(b)).toEqual([]);
  net.groupWorld.isUp = true;
  await net.settle();
  expect(texts(b)).toEqual(["by a link", "by mailbox"]);
  expect(b.problems).toEqual([]);
});

test("W8: whoever is not in a group writes nothing there", async () => {
  const { net, devices, group } = await scene([1, 2, 3]);
  const [a, b, c] = devices;
  if (a === undefined || b === undefined || c === undefined) throw new Error("nobody");
  const honest = group.members;
  group.members = [ben, cleo, ada];
  const sent = say(a, "as if I were in it");
  group.members = [ben, cleo];
  await sent;
  net.groupChanged();
  await net.clock.advance(1_000);
  expect([...texts(b), ...texts(c)]).toEqual([]);
  expect(b.sealing.opens + c.sealing.opens).toBe(0);
  group.members = honest;
});

test("G2: what somebody writes where others write is dropped, and told", async () => {
  const { net, devices, group } = await scene([1, 2]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  const sent = say(b, "may I?");
  group.writers = [ada];
  await sent;
  await net.clock.advance(1_000);
  expect(texts(a)).toEqual([]);
  expect(a.problems).toEqual([expect.stringContaining("may not write")]);
  await expect(say(b, "please")).rejects.toMatchObject({ reason: "not-permitted" });
  const news = await say(a, "no");
  await net.clock.advance(1_000);
  await b.delivery.change({ type: "reaction", of: news, emoji: "👍" });
  await net.clock.advance(1_000);
  expect((await a.delivery.find(news))?.reactions).toMatchObject([{ userId: ben, emoji: "👍" }]);
});

test("G11: whom somebody has blocked they hear in a group, and nowhere else", async () => {
  const { net, devices } = await scene([1, 2]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  net.blocked.add(`${ben} ${ada}`);
  await a.delivery.send(a.book.ensure(ben).conversationId, { type: "text", text: "between us" });
  await say(a, "to the group");
  await net.clock.advance(1_000);
  expect(texts(b)).toEqual(["to the group"]);
});

test("G11: what they wrote in a group that is not known here yet is not lost", async () => {
  const { net, devices } = await scene([1, 2]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  net.blocked.add(`${ben} ${ada}`);
  net.groupWorld.untold.add(`${ben} ${id}`);
  net.disconnect(b);
  await say(a, "to the group");
  await net.clock.advance(1_000);
  net.connect(b);
  await net.clock.advance(1_000);
  expect(texts(b)).toEqual(["to the group"]);
  expect(b.problems).toEqual([]);
});

test("what is stored for somebody whose presence nobody tells is sent again, seldom", async () => {
  const { net, devices } = await scene([1, 2]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  net.strangers.add(`${ada} ${ben}`);
  net.disconnect(b);
  await say(a, "lost on the way");
  await net.clock.advance(1_000);
  net.server.mailboxes.clear();
  net.connect(b);
  await net.clock.advance(STORED_RESEND_MAX_MS / 2);
  expect(texts(b)).toEqual([]);
  await net.clock.advance(2 * STORED_RESEND_MAX_MS);
  expect(texts(b)).toEqual(["lost on the way"]);
  expect(a.delivery.pending).toBe(0);
});

test("V8: typing in a group is told to its buddies over open links, by conversation", async () => {
  const { net, devices } = await scene([1, 2, 3]);
  const [a, b, c] = devices;
  if (a === undefined || b === undefined || c === undefined) throw new Error("nobody");
  await say(a, "hm");
  await net.clock.advance(1_000);
  net.openDirect(a, b);
  a.delivery.typing(id, true);
  await net.clock.advance(100);
  expect(b.typing).toEqual([{ conversationId: id, userId: ada, active: true }]);
  expect(c.typing).toEqual([]);
});

function news(n: number, note: Partial<MembershipNote> = {}): GroupNews {
  const bytes = new Uint8Array(ID_BYTES).fill(n);
  const all: MembershipNote = { type: "membership", change: "about", by: ben, ...note };
  return { conversationId: id, id: encodeId(bytes), at: 1_000 * n, note: all };
}

test("G10: what happened is in the history once, in its place, the same everywhere, and seen", async () => {
  const { net, devices } = await scene([1, 2]);
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("nobody");
  const told = [news(1, { change: "found" }), news(2)];
  for (const device of [a, b]) await device.delivery.takeNews(told);
  await a.delivery.takeNews([...told, news(3)]);
  await b.delivery.takeNews([news(3)]);
  expect(a.told.map((one) => one.id)).toEqual([...told.map((one) => one.id), news(3).id]);
  const message = await say(b, "after all that");
  await net.clock.advance(1_000);
  const histories = await Promise.all([a, b].map((one) => one.delivery.history(id, { limit: 9 })));
  const [first, second] = histories.map((page) => page.map((one) => [one.id, one.order]));
  expect(first).toEqual(second);
  expect(first?.map(([one]) => one)).toEqual([...told.map((one) => one.id), news(3).id, message]);
  expect(a.book.get(id)?.record).toMatchObject({ unread: 1 });
  // Nothing can be done with it.
  const [found] = histories[1] ?? [];
  if (found === undefined) throw new Error("no history");
  await expect(b.delivery.change({ type: "recall", of: found.id })).rejects.toMatchObject({
    reason: "not-permitted",
  });
});
