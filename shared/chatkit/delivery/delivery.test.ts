import { expect, test } from "vitest";
import * as v from "valibot";
import {
  encodeEnvelope,
  GROUP_SEALED,
  MAX_RECEIPT_IDS,
  MessageId,
  type Content,
  type ConversationId,
  type EnvelopeHeader,
} from "../../protocol/index.ts";
import {
  DIRECT_GRACE_MS,
  HOLD_BACK_MS,
  MAX_LINK_TRIES,
  MAILBOX_RETRY_MIN_MS,
  OUTBOX_MAX_AGE_MS,
  STORED_RESEND_MS,
} from "../limits.ts";
import { FakeSealing } from "../testing/fake-sealing.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { PairSealer } from "./pair-sealer.ts";

const ben = userIdOf(2);
const ada = userIdOf(1);

async function network(owners = [1, 2]) {
  const network = new SimulatedNetwork(owners);
  await network.start();
  return { network, a: network.device(0), b: network.device(1) };
}

const say = (device: SimulatedDevice, text: string, to = ben) =>
  device.delivery.send(device.book.ensure(to).conversationId, { type: "text", text });

function texts(device: SimulatedDevice): unknown[] {
  return device.told.map(({ body }) => ("text" in body ? body.text : body));
}

function statesOf(device: SimulatedDevice, id: MessageId) {
  return device.states
    .get(id)
    ?.map((state) => ("path" in state ? `${state.state} ${state.path}` : state.state));
}

/** Sends what a device could send that does not keep the rules. */
class Forger {
  readonly #network: SimulatedNetwork;
  readonly #from: SimulatedDevice;
  readonly #to: SimulatedDevice;
  readonly #sealing: FakeSealing;
  readonly #pairSealer: PairSealer;
  #sequence = 0;

  constructor(network: SimulatedNetwork, from: SimulatedDevice, to: SimulatedDevice) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    const { deviceId } = from.self;
    this.#sealing = new FakeSealing(network.groups, deviceId, new MemoryStore(), 1_000_000);
    this.#pairSealer = new PairSealer(from.identity, seededRandom(77));
  }

  async envelope(content: unknown, change: Partial<EnvelopeHeader> = {}): Promise<Uint8Array> {
    const sequence = ++this.#sequence;
    const header: EnvelopeHeader = {
      sequence,
      after: sequence - 1,
      id: v.parse(MessageId, userIdOf(100 + sequence)),
      conversationId: this.#from.book.idWith(this.#to.self.userId),
      from: this.#from.self.deviceId,
      to: this.#to.self.deviceId,
      ...change,
    };
    const plaintext = new TextEncoder().encode(JSON.stringify(content));
    const sealed = isReceipt(content)
      ? this.#pairSealer.seal(header, this.#to.identity.publicKey, plaintext)
      : await this.#sealForGroup(header, plaintext);
    if (sealed === undefined) throw new Error("nothing can be sealed for that device");
    return encodeEnvelope({ ...header, sealed });
  }

  async #sealForGroup(header: EnvelopeHeader, plaintext: Uint8Array): Promise<Uint8Array> {
    const recipients = [this.#to.self];
    const peer = this.#to.self.userId;
    const sealed = await this.#sealing.seal({ ...header, peer, recipients, plaintext });
    if (sealed.kind === "not-ready") throw new Error("the fake is always ready");
    return Uint8Array.of(GROUP_SEALED, ...sealed.bytes);
  }

  /** Over a direct link that the receiver has with this device. */
  async deliver(bytes: Uint8Array): Promise<void> {
    const link = this.#from.links.direct(this.#to.self.deviceId);
    if (link === undefined) throw new Error("open a direct link first");
    link.send(bytes);
    await this.#network.clock.advance(50);
  }
}

function isReceipt(content: unknown): boolean {
  return v.is(v.object({ kind: v.literal("receipt") }), content);
}

function textContent(text: string, peer = ada): Content {
  return { kind: "message", peer, at: { ms: 1, counter: 0 }, body: { type: "text", text } };
}

test("P1: an open direct link is taken, and the message is delivered by it", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  const { id } = await say(a, "hello");
  await net.clock.advance(50);
  expect(texts(b)).toEqual(["hello"]);
  expect(b.told[0]?.delivery).toEqual({ state: "received", path: "direct" });
  expect(statesOf(a, id)).toEqual(["sent direct", "delivered direct"]);
  expect(a.delivery.pending).toBe(0);
});

test("P2: a link that is being opened is waited for, for a moment", async () => {
  const { network: net, a, b } = await network();
  a.links.pending.add(b.self.deviceId);
  const first = await say(a, "first");
  await net.clock.advance(DIRECT_GRACE_MS - 1);
  expect(statesOf(a, first.id)).toBeUndefined();
  net.openDirect(a, b);
  await net.clock.advance(50);
  expect(statesOf(a, first.id)).toEqual(["sent direct", "delivered direct"]);
});

test("P2, P3: after that moment it goes by relay, later ones at once, and move when it opens", async () => {
  const { network: net, a, b } = await network();
  a.links.pending.add(b.self.deviceId);
  const first = await say(a, "first");
  await net.clock.advance(DIRECT_GRACE_MS + 50);
  expect(statesOf(a, first.id)).toEqual(["sent relayed", "delivered relayed"]);
  const second = await say(a, "second");
  await net.clock.advance(50);
  expect(statesOf(a, second.id)).toEqual(["sent relayed", "delivered relayed"]);
  net.openDirect(a, b);
  const third = await say(a, "third");
  await net.clock.advance(50);
  expect(statesOf(a, third.id)).toEqual(["sent direct", "delivered direct"]);
  expect(texts(b)).toEqual(["first", "second", "third"]);
});

test("P4: what is for an offline device is stored, and delivered when it comes", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  const sent = [];
  for (let n = 0; n < 20; n++) sent.push(await say(a, `${n}`));
  await net.clock.advance(300);
  for (const { id } of sent) expect(statesOf(a, id)).toEqual(["sent stored"]);
  const record = (await a.store.outbox())[0];
  expect(record?.recipients[0]?.state).toBe("stored");
  net.connect(b);
  await net.clock.advance(1000);
  expect(texts(b)).toEqual(sent.map((_, n) => `${n}`));
  expect(a.delivery.pending).toBe(0);
  expect(net.server.mailboxes.get(b.self.deviceId)).toEqual([]);
});

test("P5: without a server a link that is being opened is waited for as long as it is", async () => {
  const { network: net, a, b } = await network();
  net.setServer(false);
  a.links.pending.add(b.self.deviceId);
  const { id } = await say(a, "hello");
  await net.clock.advance(4 * DIRECT_GRACE_MS);
  expect(a.states.get(id)).toEqual([{ state: "queued", waiting: "sending" }]);
  a.links.pending.clear();
  await net.clock.advance(DIRECT_GRACE_MS);
  expect(a.states.get(id)?.at(-1)).toEqual({ state: "queued", waiting: "server-unreachable" });
  net.openDirect(a, b);
  await net.clock.advance(50);
  expect(texts(b)).toEqual(["hello"]);
});

test("P5: without a server links are tried on, for there is no mailbox to leave it to", async () => {
  const { network: net, a, b } = await network();
  net.setServer(false);
  net.weather = { lossPercent: 100, doublingPercent: 0, delayPercent: 0 };
  const { id } = await say(a, "hello");
  for (let n = 0; n < MAX_LINK_TRIES + 3; n++) {
    net.openDirect(a, b);
    await net.clock.advance(5_000);
  }
  net.weather = { lossPercent: 0, doublingPercent: 0, delayPercent: 0 };
  net.openDirect(a, b);
  await net.clock.advance(1_000);
  expect(texts(b)).toEqual(["hello"]);
  expect(statesOf(a, id)?.at(-1)).toBe("delivered direct");
});

test("P5: without a server messages go by the direct links that are open, and wait otherwise", async () => {
  const { network: net, a, b } = await network([1, 2, 3]);
  const c = net.device(2);
  net.openDirect(a, b);
  net.setServer(false);
  await say(a, "to ben");
  const waiting = await say(a, "to cleo", userIdOf(3));
  expect(waiting.delivery).toEqual({ state: "queued", waiting: "server-unreachable" });
  await net.clock.advance(100);
  expect(texts(b)).toEqual(["to ben"]);
  expect(texts(c)).toEqual([]);
  net.setServer(true);
  await net.clock.advance(100);
  expect(texts(c)).toEqual(["to cleo"]);
});

test("P6: a link that swallows messages is given up within seconds; they go by relay", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  await say(a, "before");
  await net.clock.advance(50);
  net.swallow(a, b);
  const { id } = await say(a, "swallowed");
  await net.clock.advance(1_500);
  expect(a.links.suspected).toHaveLength(1);
  expect(statesOf(a, id)).toEqual(["sent direct", "sent relayed", "delivered relayed"]);
  expect(texts(b)).toEqual(["before", "swallowed"]);
});

test("P6: what was in flight when a link closed goes by the next path at once", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  net.weather = { lossPercent: 100, doublingPercent: 0, delayPercent: 0 };
  const { id } = await say(a, "lost on the way");
  await net.clock.advance(50);
  net.weather = { lossPercent: 0, doublingPercent: 0, delayPercent: 0 };
  net.closeDirect(a, b);
  await net.clock.advance(100);
  expect(statesOf(a, id)).toEqual(["sent direct", "sent relayed", "delivered relayed"]);
});

test("P7: a device that answers by no link gets it by mailbox", async () => {
  const { network: net, a, b } = await network();
  await say(a, "opens the relay");
  await net.clock.advance(50);
  net.swallow(a, b);
  const { id } = await say(a, "swallowed");
  await net.clock.advance(3_000);
  expect(a.states.get(id)).toContainEqual({ state: "sent", path: "stored", reason: "unreachable" });
  expect(texts(b)).toEqual(["opens the relay", "swallowed"]);
});

test("D5, D6: a receipt that is lost is asked for again, and nothing is shown twice", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  await say(a, "stored");
  await net.clock.advance(100);
  net.connect(b);
  // Every frame is lost, and with them the receipt; the mailbox works.
  net.weather = { lossPercent: 0, doublingPercent: 0, delayPercent: 0 };
  net.swallow(a, b);
  await net.clock.advance(STORED_RESEND_MS * 3);
  expect(a.delivery.pending).toBe(0);
  expect(texts(b)).toEqual(["stored"]);
});

test("D2: a send is durable before it is told; after a crash it goes on", async () => {
  const { network: net, a, b } = await network();
  net.setServer(false);
  await say(a, "survives");
  await a.crash();
  await a.start();
  net.setServer(true);
  await net.clock.advance(100);
  expect(texts(b)).toEqual(["survives"]);
});

test("D2: where the disk is full, send rejects and nothing is sent", async () => {
  const { network: net, a, b } = await network();
  a.failures = 1;
  await expect(say(a, "lost")).rejects.toMatchObject({ reason: "store-failed", retryable: true });
  await say(a, "kept");
  // And it leaves no gap that the next one would wait for.
  await net.clock.advance(100);
  expect(texts(b)).toEqual(["kept"]);
  expect(await a.history(ben)).toHaveLength(1);
  expect(a.book.list()[0]?.record.last?.body).toEqual({ type: "text", text: "kept" });
});

test("D4: nothing is acknowledged that the receiver could not save; it comes again", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  b.failures = 1;
  await say(a, "again");
  await net.clock.advance(100);
  expect(texts(b)).toEqual([]);
  expect(a.delivery.pending).toBe(1);
  await net.clock.advance(3_000);
  expect(texts(b)).toEqual(["again"]);
  expect(b.book.list()[0]?.record.unread).toBe(1);
});

test("P4: what the receiver could not save stays in its mailbox until it could", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  await say(a, "stored");
  await net.clock.advance(300);
  b.failures = 1;
  net.connect(b);
  await net.clock.advance(100);
  expect(texts(b)).toEqual([]);
  expect(net.server.mailboxes.get(b.self.deviceId)).toHaveLength(1);
  await net.clock.advance(5_000);
  expect(texts(b)).toEqual(["stored"]);
  expect(net.server.mailboxes.get(b.self.deviceId)).toEqual([]);
});

test("P4: what came before the roster knew its sender is opened as soon as it does", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  await say(a, "early");
  await net.clock.advance(300);
  net.unknown.add(a.self.deviceId);
  net.connect(b);
  await net.clock.advance(100);
  expect(texts(b)).toEqual([]);
  net.unknown.clear();
  b.delivery.directoryChanged();
  await net.clock.advance(100);
  expect(texts(b)).toEqual(["early"]);
  expect(net.server.mailboxes.get(b.self.deviceId)).toEqual([]);
});

test("a mailbox that answers after the end starts no timer any more", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  await say(a, "late");
  // The answer is on its way.
  await net.clock.advance(7);
  await a.delivery.close();
  await net.clock.advance(5);
  await a.journal.idle();
  const timers = net.clock.pendingTimers;
  await b.delivery.close();
  expect(timers - net.clock.pendingTimers).toBe(1);
  expect(net.clock.pendingTimers).toBe(0);
});

test("D13: messages of one tick share a commit, sent or received", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(b, a);
  const link = a.links.direct(b.self.deviceId);
  if (link === undefined) throw new Error("there is no link");
  let before = b.store.commits;
  await Promise.all(Array.from({ length: 50 }, (_, n) => say(b, `${n}`, ada)));
  expect(b.store.commits - before).toBe(1);
  await net.clock.advance(200);
  expect(a.told).toHaveLength(50);

  const forger = new Forger(net, b, a);
  const frames: Uint8Array[] = [];
  for (let n = 0; n < 50; n++) frames.push(await forger.envelope(textContent(`again ${n}`)));
  before = a.store.commits;
  for (const frame of frames) a.links.frame(link, frame);
  for (let n = 0; n < 20; n++) await net.clock.advance(1);
  expect(a.told).toHaveLength(100);
  expect(a.store.commits - before).toBe(1);
});

test("D8: every device of both people has the message, and counts as unread only what others wrote", async () => {
  const { network: net, a } = await network([1, 1, 2, 2]);
  const [a2, b1, b2] = [net.device(1), net.device(2), net.device(3)];
  await say(a, "to all");
  await net.clock.advance(200);
  for (const device of [a2, b1, b2]) expect(texts(device)).toEqual(["to all"]);
  expect(a2.told[0]).toMatchObject({ own: true, delivery: { state: "received" } });
  expect(a2.book.list()[0]?.record).toMatchObject({ peer: ben, unread: 0 });
  expect(b1.book.list()[0]?.record).toMatchObject({ peer: ada, unread: 1 });
});

test("D8: delivered means one device of the peer; it stays until all have it", async () => {
  const { network: net, a } = await network([1, 1, 2, 2]);
  net.disconnect(net.device(2));
  const { id } = await say(a, "hello");
  await net.clock.advance(200);
  expect(a.states.get(id)?.at(-1)).toMatchObject({ state: "delivered" });
  expect(a.delivery.pending).toBe(1);
  net.connect(net.device(2));
  await net.clock.advance(200);
  expect(a.delivery.pending).toBe(0);
});

test("D8: one's own other device alone does not make it delivered", async () => {
  const { network: net, a } = await network([1, 1, 2]);
  net.disconnect(net.device(2));
  const { id } = await say(a, "hello");
  await net.clock.advance(200);
  expect(statesOf(a, id)).toEqual(["sent stored"]);
  expect(texts(net.device(1))).toEqual(["hello"]);
});

test("D9, D10: reading tells the sender, and the reader's other devices", async () => {
  const { network: net, a } = await network([1, 2, 2]);
  const [b1, b2] = [net.device(1), net.device(2)];
  const first = await say(a, "one");
  const second = await say(a, "two");
  await net.clock.advance(200);
  expect(b2.book.list()[0]?.record.unread).toBe(2);
  await b1.delivery.markRead(b1.book.idWith(ada));
  await net.clock.advance(200);
  for (const { id } of [first, second]) {
    expect(a.states.get(id)?.at(-1)).toMatchObject({ state: "read" });
    expect(await a.store.message(id)).toMatchObject({ delivery: { state: "read" } });
  }
  expect(b1.book.list()[0]?.record.unread).toBe(0);
  expect(b2.book.list()[0]?.record.unread).toBe(0);
  // One's own messages are told; marks are no messages.
  expect(a.told.map(({ id }) => id)).toEqual([first.id, second.id]);
  expect(await a.history(ben)).toHaveLength(2);
  await say(a, "three");
  await net.clock.advance(200);
  expect(b2.book.list()[0]?.record.unread).toBe(1);
});

test("D11: a message that was delivered to nobody expires", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  net.server.quota = 0;
  const { id } = await say(a, "old");
  await net.clock.advance(1000);
  expect(a.states.get(id)?.at(-1)).toEqual({ state: "queued", waiting: "mailbox-full" });
  a.clockOffset = OUTBOX_MAX_AGE_MS + 1;
  await net.clock.advance(60 * 60 * 1000);
  expect(a.states.get(id)?.at(-1)).toEqual({ state: "failed", reason: "expired" });
  expect(await a.store.outbox()).toEqual([]);
});

test("D11: a failed message can be sent again under its id, in its old place", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  net.server.quota = 0;
  const failed = await say(a, "old");
  a.clockOffset = OUTBOX_MAX_AGE_MS + 1;
  await net.clock.advance(60 * 60 * 1000);
  a.clockOffset = 0;
  net.connect(b);
  expect(await a.delivery.resend(failed.id)).toMatchObject({ id: failed.id, order: failed.order });
  // Its first sending left no gap in the sequence.
  await net.clock.advance(200);
  expect(texts(b)).toEqual(["old"]);
  expect(a.states.get(failed.id)?.at(-1)).toMatchObject({ state: "delivered" });
  await expect(a.delivery.resend(failed.id)).rejects.toMatchObject({
    reason: "no-such-conversation",
  });
});

test("D11: what a device has already and gets again holds nothing up", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  const failed = await say(a, "old");
  await net.clock.advance(1_000);
  a.clockOffset = OUTBOX_MAX_AGE_MS + 1;
  await net.clock.advance(60 * 60 * 1000);
  a.clockOffset = 0;
  net.connect(b);
  await net.clock.advance(200);
  expect(texts(b)).toEqual(["old"]);
  await a.delivery.resend(failed.id);
  await say(a, "new");
  await net.clock.advance(200);
  expect(texts(b)).toEqual(["old", "new"]);
});

test("D12: a full mailbox is tried again, and at once when the device comes online", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  net.server.quota = 1;
  await say(a, "one");
  const second = await say(a, "two");
  await net.clock.advance(10_000);
  expect(a.states.get(second.id)?.at(-1)).toEqual({ state: "queued", waiting: "mailbox-full" });
  net.connect(b);
  await net.clock.advance(200);
  expect(texts(b)).toEqual(["one", "two"]);
});

test("D12: a refused batch is one step of the back-off, however many messages it holds", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  net.server.quota = 0;
  const said = [];
  for (let number = 0; number < 40; number++) said.push(await say(a, `number ${number}`));
  await net.clock.advance(1000);
  net.server.quota = Infinity;
  await net.clock.advance(2 * MAILBOX_RETRY_MIN_MS);
  for (const { id } of said) expect(a.states.get(id)?.at(-1)).toMatchObject({ path: "stored" });
});

test("W7: receipts that are forged, replayed or for somebody else's message change nothing", async () => {
  const { network: net, a } = await network([1, 2, 3]);
  const [b, eve] = [net.device(1), net.device(2)];
  net.disconnect(b);
  const { id, conversationId } = await say(a, "for ben");
  await net.clock.advance(100);
  net.openDirect(eve, a);
  const forger = new Forger(net, eve, a);
  const receipt: Content = { kind: "receipt", delivered: [id] };
  const outside = { sequence: 0, after: 0 };
  const forgeries: ConversationId[] = [conversationId, eve.book.idWith(ada)];
  for (const forgery of forgeries) {
    await forger.deliver(await forger.envelope(receipt, { ...outside, conversationId: forgery }));
  }
  // One that names ben's device as its sender comes over eve's link.
  await forger.deliver(
    await forger.envelope(receipt, { ...outside, conversationId, from: b.self.deviceId }),
  );
  expect(statesOf(a, id)).toEqual(["sent stored"]);
  expect(a.delivery.pending).toBe(1);
  expect(a.problems).toHaveLength(1);
});

test("W7: a receipt in another conversation changes nothing, though its sender is the recipient", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(b, a);
  b.failures = 100;
  const { id } = await say(a, "not saved");
  const forger = new Forger(net, b, a);
  const outside = { sequence: 0, after: 0, conversationId: b.book.idWith(userIdOf(3)) };
  const receipt: Content = { kind: "receipt", delivered: [id] };
  await forger.deliver(await forger.envelope(receipt, outside));
  expect(a.delivery.pending).toBe(1);
  expect(statesOf(a, id)).toEqual(["sent direct"]);
});

test("W7: a receipt that comes twice is one", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  net.weather = { lossPercent: 0, doublingPercent: 100, delayPercent: 0 };
  const { id } = await say(a, "once");
  await net.clock.advance(100);
  expect(statesOf(a, id)).toEqual(["sent direct", "delivered direct"]);
  expect(texts(b)).toEqual(["once"]);
  expect(b.book.list()[0]?.record.unread).toBe(1);
});

test("W8: envelopes that are malformed, altered, replayed or for others are dropped, and cost nothing else", async () => {
  const { network: net, a, b } = await network([1, 2, 3]);
  const eve = net.device(2);
  net.openDirect(b, a);
  net.openDirect(eve, a);
  const forger = new Forger(net, b, a);
  const good = await forger.envelope(textContent("good"));
  const altered = Uint8Array.from(await forger.envelope(textContent("altered")));
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  await forger.deliver(new Uint8Array(0));
  await forger.deliver(new Uint8Array(200).fill(7));
  await forger.deliver(altered);
  await forger.deliver(good);
  await forger.deliver(good);
  // Ben's envelope over eve's link; one for another device; one in a foreign conversation.
  await new Forger(net, eve, a).deliver(good);
  const misdirected = { to: eve.self.deviceId };
  await forger.deliver(await forger.envelope(textContent("misdirected"), misdirected));
  const conversationId = b.book.idWith(eve.self.userId);
  await forger.deliver(await forger.envelope(textContent("elsewhere"), { conversationId }));
  await forger.deliver(await forger.envelope(textContent("for eve", eve.self.userId)));
  expect(texts(a)).toEqual(["good"]);
  // The altered one is no notice yet: its sender is asked to seal it anew.
  expect(a.problems).toHaveLength(6);
  // The engine goes on.
  await say(b, "still here", ada);
  await net.clock.advance(HOLD_BACK_MS);
  expect(texts(a)).toEqual(["good", "still here"]);
});

test("W9: nobody can replace another's message by using its id", async () => {
  const { network: net, a } = await network([1, 2, 3]);
  const [b, eve] = [net.device(1), net.device(2)];
  await say(b, "from ben", ada);
  await net.clock.advance(100);
  const id = a.told[0]?.id;
  if (id === undefined) throw new Error("nothing came");
  net.openDirect(eve, a);
  const forger = new Forger(net, eve, a);
  await forger.deliver(await forger.envelope(textContent("from eve"), { id }));
  expect(await a.store.message(id)).toMatchObject({ body: { text: "from ben" } });
  expect(texts(a)).toEqual(["from ben"]);
  expect(a.problems).toHaveLength(1);
});

test("W5: content that is malformed is dropped; a kind of message that is unknown is kept", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(b, a);
  const forger = new Forger(net, b, a);
  const bad: unknown[] = [
    "text",
    null,
    { kind: "message" },
    { ...textContent("x"), body: { type: "text", text: "" } },
    { ...textContent("x"), body: { type: "text", text: "x".repeat(10_001) } },
    { ...textContent("x"), body: { type: "read", upTo: "nonsense" } },
    { ...textContent("x"), at: { ms: -1, counter: 0 } },
    { kind: "receipt", delivered: [] },
    { kind: "receipt", delivered: Array.from({ length: MAX_RECEIPT_IDS + 1 }, () => userIdOf(1)) },
  ];
  for (const content of bad) await forger.deliver(await forger.envelope(content));
  expect(a.told).toEqual([]);
  expect(a.problems).toHaveLength(bad.length);
  // It is not asked for, and not opened again.
  let answers = 0;
  b.links.onFrame(() => answers++);
  const [first] = bad;
  const frame = await forger.envelope(first);
  await forger.deliver(frame);
  await forger.deliver(frame);
  expect(a.problems).toHaveLength(bad.length + 1);
  expect(answers).toBe(0);
  const poll = { type: "poll", question: "tea?", options: ["yes", { maybe: 1 }] };
  await forger.deliver(await forger.envelope({ ...textContent("x"), body: poll }));
  await net.clock.advance(HOLD_BACK_MS);
  expect(a.told.map(({ body }) => body)).toEqual([poll]);
});

test("W10: text of any language and length arrives as it was written", async () => {
  const { network: net, a, b } = await network();
  const written = [
    "مرحبا بالعالم",
    "你好，世界",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "‮right to left",
    "<script>alert(1)</script> https://example.org/?a=b&c",
    "é e\u0301 \u0000 \u2028",
    "字".repeat(10_000),
  ];
  for (const text of written) await say(a, text);
  await net.clock.advance(200);
  expect(texts(b)).toEqual(written);
});

test("P9: what a device cannot open by any link ends in its mailbox, not in endless resending", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  await say(a, "before");
  await net.clock.advance(50);
  // A device whose store always fails acknowledges nothing.
  b.failures = 1_000;
  const { id } = await say(a, "stubborn");
  let sent = 0;
  for (let n = 0; n < 20; n++) {
    await net.clock.advance(6_000);
    if (!net.server.mailboxes.get(b.self.deviceId)?.length) net.openDirect(a, b);
    sent = a.states.get(id)?.length ?? 0;
  }
  expect(sent).toBeLessThan(MAX_LINK_TRIES * 4);
  b.failures = 0;
  await net.settle();
  expect(texts(b)).toEqual(["before", "stubborn"]);
});
