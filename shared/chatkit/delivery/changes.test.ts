import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as v from "valibot";
import { MessageId } from "../../protocol/index.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import { CHANGE_WINDOW_MS } from "../limits.ts";
import type { MessageRecord } from "../store.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { changed, type Change } from "./changes.ts";
import { encodeOrder } from "./order.ts";

const ada = userIdOf(1);
const ben = userIdOf(2);

const messageId = (n: number): MessageId => v.parse(MessageId, userIdOf(n));

async function network(owners = [1, 2]) {
  const network = new SimulatedNetwork(owners);
  await network.start();
  return { network, a: network.device(0), b: network.device(1) };
}

const say = (device: SimulatedDevice, text: string, to = ben) =>
  device.delivery.send(device.book.ensure(to).conversationId, { type: "text", text });

async function seen(device: SimulatedDevice, id: MessageId): Promise<unknown> {
  const other = device.self.userId === ada ? ben : ada;
  const history = await device.delivery.history(device.book.idWith(other), { limit: 100 });
  const found = history.find((message) => message.id === id);
  return found && shown(found);
}

function shown({ body, reactions = [] }: MessageRecord): unknown {
  const emojis = reactions.flatMap(({ emoji }) => (emoji === undefined ? [] : [emoji]));
  return [body.type === "text" && "text" in body ? body.text : body.type, ...emojis];
}

describe("E: changes to messages", () => {
  test("E2, E5: an edit, reactions and a recall come to everybody, own devices included", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    const { id } = await say(a, "helo");
    await net.clock.advance(500);
    await a.delivery.change({ type: "edit", of: id, text: "hello" });
    expect(await seen(a, id)).toEqual(["hello"]);
    await b.delivery.change({ type: "reaction", of: id, emoji: "👍🏽" });
    await net.clock.advance(500);
    for (const device of [a, b, phone]) expect(await seen(device, id)).toEqual(["hello", "👍🏽"]);
    await b.delivery.change({ type: "reaction", of: id, emoji: "🎉" });
    await a.delivery.change({ type: "reaction", of: id, emoji: "❤️" });
    await net.clock.advance(500);
    for (const device of [a, b, phone]) {
      expect(await seen(device, id)).toEqual(expect.arrayContaining(["hello", "🎉", "❤️"]));
    }
    await b.delivery.change({ type: "reaction", of: id });
    await net.clock.advance(500);
    expect(await seen(phone, id)).toEqual(["hello", "❤️"]);
    await a.delivery.change({ type: "recall", of: id });
    await net.clock.advance(500);
    for (const device of [a, b, phone]) {
      expect(await seen(device, id)).toEqual(["recalled"]);
      expect(JSON.stringify(await device.store.message(id))).not.toContain("hello");
    }
    expect(b.told.map(({ body }) => body.type)).toEqual(["text"]);
  });

  test("E1: others' messages cannot be edited or taken back, nor what is too old", async () => {
    const { network: net, a, b } = await network();
    const { id } = await say(a, "mine");
    await net.clock.advance(500);
    await expect(b.delivery.change({ type: "edit", of: id, text: "x" })).rejects.toMatchObject({
      reason: "not-permitted",
    });
    await expect(b.delivery.change({ type: "recall", of: id })).rejects.toMatchObject({
      reason: "not-permitted",
    });
    await net.clock.advance(CHANGE_WINDOW_MS);
    await expect(a.delivery.change({ type: "recall", of: id })).rejects.toMatchObject({
      reason: "not-permitted",
    });
    await a.delivery.change({ type: "reaction", of: id, emoji: "👀" });
    expect(await seen(a, id)).toEqual(["mine", "👀"]);
  });

  test("E2: two devices edit at once; all show the same", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    const { id } = await say(a, "first");
    await net.clock.advance(500);
    await Promise.all([
      a.delivery.change({ type: "edit", of: id, text: "by laptop" }),
      phone.delivery.change({ type: "edit", of: id, text: "by phone" }),
    ]);
    await net.clock.advance(500);
    const texts = await Promise.all([a, b, phone].map((device) => seen(device, id)));
    expect(new Set(texts.map((text) => JSON.stringify(text))).size).toBe(1);
  });

  test("E5: somebody who was away gets the message with its change", async () => {
    const { network: net, a, b } = await network();
    net.disconnect(b);
    const { id } = await say(a, "see yuo");
    await net.clock.advance(300);
    await a.delivery.change({ type: "edit", of: id, text: "see you" });
    const gone = await say(a, "wrong window");
    await a.delivery.change({ type: "recall", of: gone.id });
    await net.clock.advance(300);
    net.connect(b);
    await net.clock.advance(2_000);
    expect(await seen(b, id)).toEqual(["see you"]);
    expect(await seen(b, gone.id)).toEqual(["recalled"]);
    expect(a.delivery.pending).toBe(0);
  });

  test("E4: a change that overtakes its message waits for it, also across a crash", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    net.openDirect(a, phone);
    net.swallow(a, phone);
    const { id } = await say(phone, "sent by the phone");
    await net.clock.advance(100);
    await b.delivery.change({ type: "reaction", of: id, emoji: "🐝" });
    await net.clock.advance(100);
    expect(await seen(a, id)).toBeUndefined();
    expect(b.delivery.pending).toBe(0);
    await a.crash();
    net.disconnect(a);
    await a.start();
    net.connect(a);
    await net.clock.advance(60_000);
    expect(await seen(a, id)).toEqual(["sent by the phone", "🐝"]);
    expect([...(await a.store.values("early-change/"))]).toEqual([]);
  });

  test("E4: a message that is here when a crash comes between it and its change is changed at the next start", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    net.openDirect(a, phone);
    net.swallow(a, phone);
    const { id } = await say(phone, "sent by the phone");
    await net.clock.advance(100);
    await b.delivery.change({ type: "reaction", of: id, emoji: "🐝" });
    await net.clock.advance(100);
    // The commit with the message works, and no later one.
    const { store } = a;
    const onCommit = store.commit.bind(store);
    store.commit = async (writes) => {
      await onCommit(writes);
      if (writes.some((write) => write.type === "put-message")) store.failures = 1_000;
    };
    await net.clock.advance(10_000);
    expect(await store.message(id)).toBeDefined();
    await a.crash();
    net.disconnect(a);
    await a.start();
    net.connect(a);
    await net.clock.advance(60_000);
    expect(await seen(a, id)).toEqual(["sent by the phone", "🐝"]);
    expect([...(await a.store.values("early-change/"))]).toEqual([]);
  });

  test("E4: where the store fails when the message comes, its change is taken in later", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    net.openDirect(a, phone);
    net.swallow(a, phone);
    const { id } = await say(phone, "sent by the phone");
    await net.clock.advance(100);
    await b.delivery.change({ type: "reaction", of: id, emoji: "🐝" });
    await net.clock.advance(100);
    const { store } = a;
    const onCommit = store.commit.bind(store);
    let isHere = false;
    store.commit = async (writes) => {
      await onCommit(writes);
      if (isHere || !writes.some((write) => write.type === "put-message")) return;
      isHere = true;
      store.failures = 1;
    };
    await net.clock.advance(60_000);
    expect(isHere).toBe(true);
    expect(await seen(a, id)).toEqual(["sent by the phone", "🐝"]);
    expect(a.told.find((message) => message.id === id)?.reactions).toHaveLength(1);
    expect([...(await store.values("early-change/"))]).toEqual([]);
  });

  for (const when of ["early", "in time"] as const) {
    test(`E5: a change (${when}) is acknowledged after it is on disk, also where the store failed before`, async () => {
      const { network: net, a, b } = await network([1, 2, 1]);
      const phone = net.device(2);
      if (when === "early") {
        net.openDirect(a, phone);
        net.swallow(a, phone);
      }
      const { id } = await say(phone, "sent by the phone");
      await net.clock.advance(100);
      // It keeps the message until it is back.
      if (when === "early") net.disconnect(phone);
      const { store } = a;
      const onCommit = store.commit.bind(store);
      let refusals = 2;
      store.commit = async (writes) => {
        const isChange = writes.some(
          (write) =>
            write.type === "put-message" ||
            (write.type === "put-value" && write.key.startsWith("early-change/")),
        );
        if (isChange && refusals-- > 0) store.failures = 1;
        await onCommit(writes);
      };
      await b.delivery.change({ type: "reaction", of: id, emoji: "🐝" });
      await net.clock.advance(100_000);
      expect(refusals).toBeLessThan(1);
      await a.crash();
      net.disconnect(a);
      await a.start();
      net.connect(a);
      net.connect(phone);
      await net.clock.advance(60_000);
      expect(await seen(a, id)).toEqual(["sent by the phone", "🐝"]);
    });
  }

  test("E5: so is one of a message that is still on its way", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    net.disconnect(b);
    const { id } = await say(a, "helo");
    await net.clock.advance(500);
    const { store } = a;
    const onCommit = store.commit.bind(store);
    let refusals = 1;
    store.commit = async (writes) => {
      const isEdit = JSON.stringify(writes).includes("hello");
      if (isEdit && refusals-- > 0) store.failures = 1;
      await onCommit(writes);
    };
    await phone.delivery.change({ type: "edit", of: id, text: "hello" });
    await net.clock.advance(30_000);
    expect(refusals).toBeLessThan(1);
    expect(a.delivery.pending).toBe(1);
    await a.crash();
    net.disconnect(a);
    await a.start();
    expect(await seen(a, id)).toEqual(["hello"]);
  });

  test("D7, E5: a message that is delivered while it is edited stays so", async () => {
    const { network: net, a, b } = await network();
    const { id } = await say(a, "helo");
    await net.clock.advance(1);
    const { sealing } = a;
    const seal = sealing.seal.bind(sealing);
    const gate = Promise.withResolvers<void>();
    sealing.seal = async (request) => {
      await gate.promise;
      return await seal(request);
    };
    const editing = a.delivery.change({ type: "edit", of: id, text: "hello" });
    await net.clock.advance(1_000);
    gate.resolve();
    expect((await editing).delivery.state).toBe("delivered");
    await net.clock.advance(1_000);
    expect(a.states.get(id)?.at(-1)?.state).toBe("delivered");
    expect((await a.store.message(id))?.delivery.state).toBe("delivered");
    for (const device of [a, b]) expect(await seen(device, id)).toEqual(["hello"]);
  });

  test("E5: whoever is told of a message late is told how it is by then", async () => {
    const { network: net, a, b } = await network([1, 2, 1]);
    const phone = net.device(2);
    // The first of two of the laptop's messages is lost on the way to Ben: the second is held back.
    net.openDirect(a, b);
    net.weather = { lossPercent: 100, doublingPercent: 0, delayPercent: 0 };
    await say(a, "lost");
    await net.clock.advance(6);
    net.weather = { lossPercent: 0, doublingPercent: 0, delayPercent: 0 };
    const { id } = await say(a, "a secret, in the wrong window");
    await net.clock.advance(50);
    expect(b.told).toEqual([]);
    expect(await seen(phone, id)).toBeDefined();
    await phone.delivery.change({ type: "recall", of: id });
    await net.clock.advance(30_000);
    expect(await seen(b, id)).toEqual(["recalled"]);
    expect(b.told.filter((message) => message.id === id).map(shown)).toEqual([["recalled"]]);
  });

  test("E5: where the store fails, nothing is changed and nothing leaves", async () => {
    const { network: net, a, b } = await network();
    const { id } = await say(a, "as it was");
    await net.clock.advance(500);
    await a.journal.idle();
    // The look for the message takes the first commit.
    a.failures = 2;
    await expect(a.delivery.change({ type: "edit", of: id, text: "x" })).rejects.toMatchObject({
      reason: "store-failed",
    });
    a.failures = 0;
    await net.clock.advance(500);
    expect(await seen(a, id)).toEqual(["as it was"]);
    expect(await seen(b, id)).toEqual(["as it was"]);
  });

  test("E2, E3: the order in which changes come makes no difference", () => {
    const place = (ms: number): string => encodeOrder({ ms, counter: 0 }, deviceIdOf(1));
    const target: MessageRecord = {
      id: messageId(1),
      conversationId: directConversationId(ada, ben),
      from: { userId: ada, deviceId: deviceIdOf(1) },
      own: true,
      order: place(1000),
      sentAt: 1000,
      receivedAt: 1000,
      body: { type: "text", text: "first" },
      delivery: { state: "received", path: "direct" },
    };
    const bodies = fc.oneof(
      fc.constantFrom("one", "two").map((text) => ({ type: "edit" as const, of: target.id, text })),
      fc.constantFrom("🐝", "🎉").map((emoji) => ({
        type: "reaction" as const,
        of: target.id,
        emoji,
      })),
      fc.constant({ type: "reaction" as const, of: target.id }),
      fc.constant({ type: "recall" as const, of: target.id }),
    );
    const changes = fc
      .uniqueArray(fc.integer({ min: 900, max: 2000 }), { minLength: 1, maxLength: 8 })
      .chain((times) =>
        fc.tuple(
          ...times.map((ms) =>
            fc.record({
              id: fc.constant(messageId(ms)),
              conversationId: fc.constant(target.conversationId),
              by: fc.constantFrom(ada, ben),
              order: fc.constant(place(ms)),
              at: fc.constant(ms),
              body: bodies,
            }),
          ),
        ),
      );
    const result = (all: readonly Change[]): unknown => {
      const { reactions = [], ...rest } = all.reduce(changed, target);
      return { ...rest, reactions: reactions.toSorted((x, y) => (x.userId < y.userId ? -1 : 1)) };
    };
    fc.assert(
      fc.property(
        changes.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          expect(result(shuffled)).toEqual(result(all));
        },
      ),
    );
  });
});
