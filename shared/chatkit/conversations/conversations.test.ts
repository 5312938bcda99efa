import { describe, expect, test } from "vitest";
import * as v from "valibot";
import { MessageId, type KeptBody, type Mention, type UserId } from "../../protocol/index.ts";
import { MAX_PINS, TYPING_AT_ONCE, TYPING_ENDS_MS, TYPING_EVERY_MS } from "../limits.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { TypingTalk } from "../delivery/typing.ts";
import { EVERYBODY, mentions, validMentions } from "./mentions.ts";
import { PinBook } from "./pin-book.ts";
import { changedSettings, isMuted } from "./settings-change.ts";

const ada = userIdOf(1);
const ben = userIdOf(2);

async function network(owners = [1, 2]) {
  const net = new SimulatedNetwork(owners);
  await net.start();
  return { net, a: net.device(0), b: net.device(1) };
}

const say = (device: SimulatedDevice, text: string, to = ben) =>
  device.delivery.send(device.book.ensure(to).conversationId, { type: "text", text });

const record = (device: SimulatedDevice, peer = ada) =>
  device.book.get(device.book.idWith(peer))?.record;

async function configure(
  device: SimulatedDevice,
  change: Parameters<SimulatedDevice["book"]["configure"]>[1],
): Promise<void> {
  const write = device.book.configure(device.book.idWith(ada), change);
  if (write === undefined) throw new Error("there is no such conversation");
  await device.journal.commit([write]);
}

describe("V: what people do with conversations", () => {
  test("V1: pinned conversations come first, and settings survive the end of the program", async () => {
    const { net, a, b } = await network([1, 2, 3]);
    await say(a, "old");
    await net.clock.advance(1_000);
    await say(net.device(2), "new");
    await net.clock.advance(1_000);
    expect(b.book.list().map(({ record: { peer } }) => peer)).toEqual([userIdOf(3), ada]);
    await configure(b, { pinned: true, mutedUntil: 5 });
    expect(b.book.list().map(({ record: { peer } }) => peer)).toEqual([ada, userIdOf(3)]);
    await b.crash();
    await b.start();
    expect(record(b)?.settings).toEqual({ pinned: true, mutedUntil: 5 });
    await configure(b, { mutedUntil: 0, pinned: false });
    expect(record(b)?.settings).toEqual({});
  });

  test("V2: an archived conversation comes back with a message, unless it is muted", async () => {
    const { net, a, b } = await network();
    await say(a, "first");
    await net.clock.advance(500);
    await configure(b, { archived: true, mutedUntil: net.clock.now() + 60_000 });
    await say(a, "while muted");
    await net.clock.advance(500);
    expect(record(b)).toMatchObject({ unread: 2, settings: { archived: true } });
    await net.clock.advance(60_000);
    await say(a, "afterwards");
    await net.clock.advance(500);
    expect(record(b)?.settings?.archived).toBeUndefined();
  });

  test("V3: muted until a time, and not after it", () => {
    const settings = changedSettings({ pinned: true }, { mutedUntil: 100 });
    expect(settings).toEqual({ pinned: true, mutedUntil: 100 });
    expect([isMuted(settings, 99), isMuted(settings, 100)]).toEqual([true, false]);
    expect(changedSettings(settings, { mutedUntil: Number.NaN })).toEqual({ pinned: true });
  });

  test("V4: unread from a message on: kept over a restart, and read again by reading", async () => {
    const { net, a, b } = await network();
    const ids = [];
    for (const text of ["one", "two", "three"]) ids.push((await say(a, text)).id);
    await net.clock.advance(500);
    await b.delivery.markRead(b.book.idWith(ada));
    await net.clock.advance(500);
    expect(a.states.get(ids[2] ?? v.parse(MessageId, ada))?.at(-1)?.state).toBe("read");
    await b.delivery.markUnread(ids[1] ?? v.parse(MessageId, ada));
    expect(record(b)?.unread).toBe(2);
    await b.crash();
    await b.start();
    expect(record(b)?.unread).toBe(2);
    net.connect(b);
    await say(a, "four");
    await net.clock.advance(500);
    expect(record(b)?.unread).toBe(3);
    await b.delivery.markRead(b.book.idWith(ada));
    expect(record(b)?.unread).toBe(0);
    await expect(b.delivery.markUnread(v.parse(MessageId, userIdOf(99)))).rejects.toMatchObject({
      reason: "no-such-message",
    });
  });

  test("V4: a conversation marked as unread is no more once it is read, with nothing new in it", async () => {
    const { net, a, b } = await network();
    await say(a, "one");
    await net.clock.advance(500);
    await b.delivery.markRead(b.book.idWith(ada));
    await configure(b, { markedUnread: true });
    await b.delivery.markRead(b.book.idWith(ada));
    expect(record(b)?.settings?.markedUnread).toBeUndefined();
  });

  test("V6: mentions outside of the text, overlapping ones and those of strangers name nobody", () => {
    const at = (start: number, length: number, userId = ada): Mention => ({
      userId,
      start,
      length,
    });
    const text = "@Ada and @Ben";
    expect(validMentions(text, [at(9, 4, ben), at(0, 4)])).toEqual([at(0, 4), at(9, 4, ben)]);
    expect(validMentions(text, [at(9, 5)])).toEqual([]);
    expect(validMentions(text, [at(0, 13), at(9, 4)])).toEqual([at(0, 13)]);
    expect(validMentions(text, [at(5, 3), at(0, 1)])).toEqual([]);
    expect(validMentions(text, [at(0, 4), at(9, 4, ben)], (id) => id === ben)).toEqual([
      at(9, 4, ben),
    ]);
  });

  test("V6: whoever mentions everybody mentions each of a group, and nobody of two", () => {
    const body = (userId: UserId): KeptBody => ({
      type: "text",
      text: "@all come",
      mentions: [{ userId, start: 0, length: 4 }],
    });
    expect(mentions(body(EVERYBODY), ada, true)).toBe(true);
    expect(mentions(body(EVERYBODY), ada, false)).toBe(false);
    expect(mentions(body(ada), ada, false)).toBe(true);
    expect(mentions(body(ben), ada, true)).toBe(false);
    expect(mentions({ type: "recalled" }, ada, true)).toBe(false);
  });

  test("V7: a pin is everybody's; whoever pins last decides, also about what was pinned before", async () => {
    const { net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    const one = await say(a, "one");
    const two = await say(a, "two");
    await net.clock.advance(500);
    await b.delivery.change({ type: "pin", of: one.id, pinned: true });
    await net.clock.advance(500);
    await a.delivery.change({ type: "pin", of: two.id, pinned: true });
    await net.clock.advance(500);
    for (const device of [a, b, phone]) {
      const peer = device === b ? ada : ben;
      expect(device.delivery.pins(device.book.idWith(peer))).toEqual([two.id, one.id]);
    }
    await phone.crash();
    await phone.start();
    expect(phone.delivery.pins(phone.book.idWith(ben))).toEqual([two.id, one.id]);
    await b.delivery.change({ type: "pin", of: two.id, pinned: false });
    await a.delivery.change({ type: "recall", of: one.id });
    await net.clock.advance(500);
    expect(a.delivery.pins(a.book.idWith(ben))).toEqual([]);
    expect(b.delivery.pins(b.book.idWith(ada))).toEqual([]);
  });

  test("V7: a pin that could not be saved is none", async () => {
    const { a } = await network();
    const { id } = await say(a, "one");
    a.failures = 1;
    await expect(a.delivery.change({ type: "pin", of: id, pinned: true })).rejects.toMatchObject({
      reason: "store-failed",
    });
    expect(a.delivery.pins(a.book.idWith(ben))).toEqual([]);
  });

  test("V7: so many pins are listed and no more, the newest", async () => {
    const { a } = await network();
    const message = await say(a, "one");
    const pins = new PinBook();
    for (let n = 0; n < MAX_PINS + 5; n++) {
      const order = String(n).padStart(4, "0");
      const id = v.parse(MessageId, userIdOf(n + 10));
      pins.changed({ ...message, id, pin: { at: n, order, pinned: true } });
    }
    const listed = pins.list(message.conversationId);
    expect(listed).toHaveLength(MAX_PINS);
    expect(listed[0]).toBe(userIdOf(MAX_PINS + 14));
  });
});

describe("V8: typing", () => {
  test("is told over an open link seldom, and ends by itself, by a word or with the message", async () => {
    const { net, a, b } = await network();
    const withBen = a.book.ensure(ben).conversationId;
    a.delivery.typing(withBen, true);
    await net.clock.advance(100);
    // No link is opened for it, and no mailbox keeps it.
    expect(b.typing).toEqual([]);
    net.openDirect(a, b);
    await net.clock.advance(TYPING_EVERY_MS);
    for (let key = 0; key < 20; key++) {
      a.delivery.typing(withBen, true);
      await net.clock.advance(100);
    }
    const typing = { conversationId: b.book.idWith(ada), userId: ada };
    expect(b.typing).toEqual([{ ...typing, active: true }]);
    await net.clock.advance(TYPING_ENDS_MS);
    expect(b.typing).toEqual([
      { ...typing, active: true },
      { ...typing, active: false },
    ]);
    a.delivery.typing(withBen, true);
    await net.clock.advance(100);
    await say(a, "done");
    await net.clock.advance(100);
    expect(b.typing.map(({ active }) => active)).toEqual([true, false, true, false]);
    await net.clock.advance(TYPING_EVERY_MS);
    a.delivery.typing(withBen, true);
    await net.clock.advance(10);
    a.delivery.typing(withBen, false);
    await net.clock.advance(10);
    expect(b.typing.at(-1)?.active).toBe(false);
    expect(b.problems).toEqual([]);
  });

  test("is not told where it is off, by whoever appears offline, nor shown where it is off", async () => {
    const { net, a, b } = await network();
    net.openDirect(a, b);
    const withBen = a.book.ensure(ben).conversationId;
    a.privacy = { ...a.privacy, typing: false };
    a.delivery.typing(withBen, true);
    a.privacy = { ...a.privacy, typing: true };
    a.isVisible = false;
    a.delivery.typing(withBen, true);
    a.isVisible = true;
    b.privacy = { ...b.privacy, typing: false };
    a.delivery.typing(withBen, true);
    await net.clock.advance(100);
    expect(b.typing).toEqual([]);
  });

  test("switched off while somebody types, it is over", async () => {
    const { net, a, b } = await network();
    net.openDirect(a, b);
    a.delivery.typing(a.book.ensure(ben).conversationId, true);
    await net.clock.advance(100);
    b.privacy = { ...b.privacy, typing: false };
    b.delivery.privacyChanged();
    expect(b.typing.map(({ active }) => active)).toEqual([true, false]);
  });

  test("a flood of it is heard so often and no more, and none of it from a mailbox", async () => {
    const { net, a, b } = await network();
    net.openDirect(a, b);
    const told: boolean[] = [];
    using typing = new TypingTalk({
      links: b.links,
      directory: net.directoryOf(b.self),
      sealer: { seal: () => undefined },
      clock: net.clock,
      random: seededRandom(1),
      audience: b.delivery.audience,
      placeOf: (conversationId, peer) =>
        b.book.idWith(peer) === conversationId ? { conversationId, peer } : undefined,
      isOn: () => true,
      isVisible: () => true,
      onTyping: ({ active }) => told.push(active),
    });
    const from = { from: a.self.deviceId, conversationId: b.book.idWith(ada) };
    const link = b.links.direct(a.self.deviceId);
    typing.take(from, undefined, { kind: "typing", active: true });
    typing.take({ ...from, conversationId: a.book.idWith(userIdOf(3)) }, link, {
      kind: "typing",
      active: true,
    });
    expect(told).toEqual([]);
    for (let n = 0; n < 1_000; n++) {
      typing.take(from, link, { kind: "typing", active: n % 2 === 0 });
    }
    expect(told).toHaveLength(TYPING_AT_ONCE);
  });
});

describe("V11: read receipts", () => {
  test("switched off, nobody is told, and nothing is shown; one's own devices stay in step", async () => {
    const { net, a, b } = await network([1, 2, 2]);
    const phone = net.device(2);
    b.privacy = { ...b.privacy, readReceipts: false };
    const { id } = await say(a, "hello");
    await net.clock.advance(500);
    expect(record(phone)?.unread).toBe(1);
    await b.delivery.markRead(b.book.idWith(ada));
    await net.clock.advance(500);
    expect(record(phone)?.unread).toBe(0);
    expect(a.states.get(id)?.at(-1)?.state).toBe("delivered");

    const answer = await say(b, "hi", ada);
    await net.clock.advance(500);
    await a.delivery.markRead(a.book.idWith(ben));
    await net.clock.advance(500);
    expect(b.states.get(answer.id)?.at(-1)?.state).toBe("delivered");
    b.privacy = { ...b.privacy, readReceipts: true };
    await say(a, "again");
    await net.clock.advance(500);
    await b.delivery.markRead(b.book.idWith(ada));
    await net.clock.advance(500);
    expect(a.states.get(id)?.at(-1)?.state).toBe("read");
  });
});

describe("V9: details", () => {
  test("each device has its times, also after a restart", async () => {
    const { net, a } = await network([1, 2, 2, 1]);
    net.disconnect(net.device(2));
    const { id } = await say(a, "to three devices");
    await net.clock.advance(500);
    const trail = (await a.delivery.find(id))?.trail ?? [];
    expect(trail).toHaveLength(3);
    expect(trail.filter(({ deliveredAt }) => deliveredAt !== undefined)).toHaveLength(2);
    expect(trail.filter(({ storedAt }) => storedAt !== undefined)).toHaveLength(1);
    net.connect(net.device(2));
    await net.clock.advance(5_000);
    await a.crash();
    await a.start();
    const after = (await a.delivery.find(id))?.trail ?? [];
    expect(after.every(({ deliveredAt }) => deliveredAt !== undefined)).toBe(true);
    expect(a.delivery.underWay(id)).toBeUndefined();
  });
});
