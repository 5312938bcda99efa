import { expect, test } from "vitest";
import * as v from "valibot";
import {
  decodeEnvelope,
  encodeEnvelope,
  GROUP_SEALED,
  MessageId,
  type EnvelopeHeader,
} from "../../protocol/index.ts";
import { PAIR_SEALED } from "../../crypto/index.ts";
import {
  LAZY_RETRY_MS,
  MAX_IN_FLIGHT,
  SECURING_RETRY_MS,
  UNREADABLE_BEFORE_TOLD,
  UNREADABLE_RETRY_MIN_MS,
} from "../limits.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { PairSealer } from "./pair-sealer.ts";

const [ada, ben, cleo] = [userIdOf(1), userIdOf(2), userIdOf(3)];

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

/** Over the direct link between the two, whatever the content. */
function sendPairSealed(
  from: SimulatedDevice,
  to: SimulatedDevice,
  { conversationId }: Pick<EnvelopeHeader, "conversationId">,
  content: unknown,
): void {
  const header: EnvelopeHeader = {
    sequence: 0,
    after: 0,
    id: v.parse(MessageId, userIdOf(100)),
    conversationId,
    from: from.self.deviceId,
    to: to.self.deviceId,
  };
  const sealer = new PairSealer(from.identity, seededRandom(5));
  const plaintext = new TextEncoder().encode(JSON.stringify(content));
  const sealed = sealer.seal(header, to.identity.publicKey, plaintext);
  const link = from.links.direct(to.self.deviceId);
  if (sealed === undefined || link === undefined) throw new Error("it cannot be sent");
  link.send(encodeEnvelope({ ...header, sealed }));
}

function openPairSealed(to: SimulatedDevice, from: SimulatedDevice, bytes: Uint8Array): unknown {
  const envelope = decodeEnvelope(bytes);
  const sealer = new PairSealer(to.identity, seededRandom(6));
  const plaintext = sealer.open(envelope, from.identity.publicKey, envelope.sealed);
  return plaintext && JSON.parse(new TextDecoder().decode(plaintext));
}

const lastState = (device: SimulatedDevice, id: MessageId) => device.states.get(id)?.at(-1);

test("S1: a message is sealed once, however many devices it is for and ways it takes", async () => {
  const { network: net, a } = await network([1, 1, 2, 2]);
  net.disconnect(net.device(3));
  net.openDirect(a, net.device(2));
  net.swallow(a, net.device(2));
  await say(a, "to all");
  await net.clock.advance(5_000);
  net.connect(net.device(3));
  await net.clock.advance(1_000);
  for (const n of [1, 2, 3]) expect(texts(net.device(n))).toEqual(["to all"]);
  expect(a.sealing.seals).toBe(1);
});

test("S4: what sealing changed is in the commit that saves the message", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  const before = a.store.commits;
  await say(a, "one");
  expect(a.store.commits - before).toBe(1);
  // And so a crash right after it leads to no second use of the key.
  await a.crash();
  await a.start();
  net.connect(a);
  await say(a, "two");
  await net.clock.advance(1_000);
  expect(texts(b)).toEqual(["one", "two"]);
  expect(net.groups.reused).toEqual([]);
});

test("S4: where a commit fails, what was sealed by then is void and sealed anew", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  a.failures = 1;
  // One commit for both fails; the third is sealed while it is under way.
  const lost = [say(a, "lost"), say(a, "lost too")];
  await Promise.resolve();
  const kept = say(a, "kept", ben);
  const outcomes = await Promise.allSettled([...lost, kept]);
  expect(outcomes.map(({ status }) => status)).toContain("rejected");
  await say(a, "last");
  await net.clock.advance(1_000);
  expect(texts(b).at(-1)).toBe("last");
  expect(net.groups.reused).toEqual([]);
});

test("S4: a message that is sealed later leaves only after its commit", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  a.sealing.makeNotReady();
  await say(a, "later");
  await net.clock.advance(100);
  a.failures = 1;
  a.sealing.makeReady();
  await net.clock.advance(LAZY_RETRY_MS - 200);
  expect(texts(b)).toEqual([]);
  await net.clock.advance(400);
  expect(texts(b)).toEqual(["later"]);
  expect(net.groups.reused).toEqual([]);
});

test("S5: a message whose group is not ready is saved, says so, and leaves as soon as it is", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  a.sealing.makeNotReady();
  const first = await say(a, "first");
  expect(first.delivery).toEqual({ state: "queued", waiting: "securing" });
  expect(await a.store.outbox()).toHaveLength(1);
  const second = await say(a, "second");
  await net.clock.advance(1_000);
  expect(lastState(a, second.id)).toEqual({ state: "queued", waiting: "securing" });
  expect(texts(b)).toEqual([]);
  a.sealing.makeReady();
  await net.clock.advance(50);
  expect(texts(b)).toEqual(["first", "second"]);
  expect(lastState(a, second.id)).toMatchObject({ state: "delivered", path: "direct" });
});

test("S5: without a server it waits for that, and is tried again when the server is back", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  net.setServer(false);
  a.sealing.makeNotReady();
  const { delivery } = await say(a, "patience");
  expect(delivery).toEqual({ state: "queued", waiting: "server-unreachable" });
  a.sealing.makeReady(false);
  await net.clock.advance(SECURING_RETRY_MS / 2);
  expect(texts(b)).toEqual([]);
  net.setServer(true);
  await net.clock.advance(50);
  expect(texts(b)).toEqual(["patience"]);
});

test("S5: a conversation that waits for its group holds up no other, not even to the same device", async () => {
  const { network: net, a } = await network([1, 1, 2, 3]);
  const [own, b, c] = [net.device(1), net.device(2), net.device(3)];
  a.sealing.makeNotReady(a.book.idWith(ben));
  await say(a, "to ben");
  await say(a, "to cleo", cleo);
  await net.clock.advance(500);
  expect([texts(own), texts(b), texts(c)]).toEqual([["to cleo"], [], ["to cleo"]]);
  a.sealing.makeReady();
  await net.clock.advance(500);
  expect([texts(own), texts(b)]).toEqual([["to cleo", "to ben"], ["to ben"]]);
});

test("S5: however many messages wait for their group, others pass them", async () => {
  const { network: net, a } = await network([1, 1, 2, 3]);
  const own = net.device(1);
  a.sealing.makeNotReady(a.book.idWith(ben));
  const count = 2 * MAX_IN_FLIGHT + 10;
  const said = Array.from({ length: count }, (_, n) => `${n}`);
  await Promise.all(said.map((text) => say(a, text)));
  await say(a, "to cleo", cleo);
  await net.clock.advance(500);
  expect(texts(own)).toEqual(["to cleo"]);
  a.sealing.makeReady();
  for (let n = 0; n < 100; n++) await net.clock.advance(10);
  expect(texts(own)).toEqual(["to cleo", ...said]);
  expect(texts(net.device(2))).toEqual(said);
  expect(a.sealing.seals).toBe(count + 1);
});

test("S5: what waited at a crash is sealed after the restart", async () => {
  const { network: net, a, b } = await network();
  a.sealing.makeNotReady();
  await say(a, "survives");
  await a.crash();
  await a.start();
  net.connect(a);
  await net.clock.advance(100);
  expect(texts(b)).toEqual(["survives"]);
});

test("S6: what comes again is acknowledged without being opened", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  net.weather = { lossPercent: 0, doublingPercent: 100, delayPercent: 0 };
  await say(a, "once");
  await net.clock.advance(100);
  expect(b.sealing.opens).toBe(1);
  expect(a.sealing.unreadableTold).toEqual([]);
  expect(texts(b)).toEqual(["once"]);
});

test("S7: a message from a link whose group is behind waits, and with it only its own conversation", async () => {
  const { network: net, a, b } = await network([1, 2, 3]);
  const c = net.device(2);
  net.openDirect(b, a);
  net.openDirect(c, a);
  a.sealing.fallBehind(a.book.idWith(ben));
  await say(b, "one", ada);
  await net.clock.advance(20);
  await say(b, "two", ada);
  await say(c, "other", ada);
  await net.clock.advance(100);
  expect(texts(a)).toEqual(["other"]);
  // What comes behind one that waits is not tried.
  expect(a.sealing.opens).toBe(2);
  a.sealing.catchUp();
  await net.clock.advance(100);
  expect(texts(a)).toEqual(["other", "one", "two"]);
  expect(b.delivery.pending).toBe(0);
});

test("S7: what is in the mailbox stays there meanwhile, and keeps nothing else back", async () => {
  const { network: net, a, b } = await network([1, 2, 3]);
  const c = net.device(2);
  net.disconnect(a);
  const said = Array.from({ length: 10 }, (_, n) => `${n}`);
  for (const text of said) await say(b, text, ada);
  await net.clock.advance(300);
  await say(c, "other", ada);
  await net.clock.advance(300);
  a.sealing.fallBehind(a.book.idWith(ben));
  net.connect(a);
  await net.clock.advance(500);
  expect(texts(a)).toEqual(["other"]);
  expect(net.server.mailboxes.get(a.self.deviceId)).toHaveLength(10);
  a.sealing.catchUp();
  await net.clock.advance(500);
  expect(texts(a)).toEqual(["other", ...said]);
  expect(net.server.mailboxes.get(a.self.deviceId)).toEqual([]);
});

test("S7: where the server was not reached, it is tried again when the server is back", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(b, a);
  a.sealing.fallBehind();
  await say(b, "patience", ada);
  await net.clock.advance(20);
  net.setServer(false);
  a.sealing.catchUp(false);
  await net.clock.advance(20);
  expect(texts(a)).toEqual([]);
  net.setServer(true);
  await net.clock.advance(20);
  expect(texts(a)).toEqual(["patience"]);
});

test("S8: what cannot be opened is sealed anew at once, and nobody notices", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  b.sealing.loseKeys(1);
  const { id } = await say(a, "healed");
  await net.clock.advance(50);
  expect(texts(b)).toEqual(["healed"]);
  expect(a.sealing.unreadableTold).toEqual([id]);
  expect(a.sealing.seals).toBe(2);
  expect(b.problems).toEqual([]);
  expect(lastState(a, id)).toMatchObject({ state: "delivered" });
});

test("S8: the devices that could open it get nothing anew", async () => {
  const { network: net, a } = await network([1, 2, 2]);
  const [b1, b2] = [net.device(1), net.device(2)];
  b1.sealing.loseKeys(1);
  await say(a, "healed");
  await net.clock.advance(500);
  expect([texts(b1), texts(b2)]).toEqual([["healed"], ["healed"]]);
  expect([b1.sealing.opens, b2.sealing.opens]).toEqual([2, 1]);
});

test("S8: what comes from the mailbox and cannot be opened is sealed anew, too", async () => {
  const { network: net, a, b } = await network();
  net.disconnect(b);
  await say(a, "healed");
  await net.clock.advance(300);
  b.sealing.loseKeys(1);
  net.connect(b);
  await net.clock.advance(500);
  expect(texts(b)).toEqual(["healed"]);
  expect(net.server.mailboxes.get(b.self.deviceId)).toEqual([]);
});

test("S8: where it does not help, it is tried after growing pauses, told once, and never fails", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  b.sealing.loseKeys(7);
  const { id } = await say(a, "stubborn");
  await net.clock.advance(100);
  expect(a.sealing.seals).toBe(2);
  expect(b.problems).toEqual([]);
  await net.clock.advance(UNREADABLE_RETRY_MIN_MS);
  expect(a.sealing.seals).toBe(UNREADABLE_BEFORE_TOLD);
  expect(b.problems).toHaveLength(1);
  await net.clock.advance(4 * UNREADABLE_RETRY_MIN_MS);
  expect(a.sealing.seals).toBe(4);
  await net.clock.advance(60 * 60 * 1000);
  expect(texts(b)).toEqual(["stubborn"]);
  expect(b.problems).toHaveLength(1);
  expect(lastState(a, id)).toMatchObject({ state: "delivered" });
});

test("S8: the pauses end when the device comes back", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(a, b);
  b.sealing.loseKeys(5);
  await say(a, "stubborn");
  await net.clock.advance(10_000);
  expect(texts(b)).toEqual([]);
  net.disconnect(b);
  await net.clock.advance(10);
  net.connect(b);
  await net.clock.advance(100);
  expect(texts(b)).toEqual(["stubborn"]);
});

test("S8: nobody but a recipient that waits for it has a message sealed anew", async () => {
  const { network: net, a, b } = await network([1, 2, 3]);
  const eve = net.device(2);
  b.failures = 1_000;
  net.openDirect(b, a);
  net.openDirect(eve, a);
  const { id, conversationId } = await say(a, "for ben");
  await net.clock.advance(20);
  const receipt = { kind: "receipt", unreadable: [id] };
  sendPairSealed(eve, a, { conversationId }, receipt);
  sendPairSealed(b, a, { conversationId: b.book.idWith(cleo) }, receipt);
  await net.clock.advance(20);
  expect(a.sealing.unreadableTold).toEqual([]);
  expect(a.sealing.seals).toBe(1);
  sendPairSealed(b, a, { conversationId }, receipt);
  await net.clock.advance(20);
  expect(a.sealing.unreadableTold).toEqual([id]);
});

test("S6: a message that is known and comes under a sequence that nobody vouches for is acknowledged", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(b, a);
  const frames: Uint8Array[] = [];
  a.links.onFrame((_, bytes) => frames.push(bytes));
  await say(b, "message", ada);
  await net.clock.advance(50);
  const [frame] = frames;
  if (frame === undefined) throw new Error("nothing came");
  const receipts: unknown[] = [];
  b.links.onFrame((_, bytes) => receipts.push(openPairSealed(b, a, bytes)));
  const envelope = decodeEnvelope(frame);
  const moved = encodeEnvelope({ ...envelope, sequence: 5 });
  b.links.direct(a.self.deviceId)?.send(moved);
  await net.clock.advance(50);
  expect(receipts).toEqual([{ kind: "receipt", delivered: [envelope.id] }]);
  expect(texts(a)).toEqual(["message"]);
});

test("S3: what is sealed in one way and says it is of the other is dropped with a notice", async () => {
  const { network: net, a, b } = await network();
  net.openDirect(b, a);
  const link = b.links.direct(a.self.deviceId);
  if (link === undefined) throw new Error("no link");
  const frames: Uint8Array[] = [];
  const onFrame = a.links.onFrame((_, bytes) => frames.push(Uint8Array.from(bytes)));
  await say(b, "message", ada);
  await net.clock.advance(50);
  onFrame();
  const [frame] = frames;
  if (frame === undefined) throw new Error("nothing came");
  const { sealed, ...header } = decodeEnvelope(frame);
  expect(sealed[0]).toBe(GROUP_SEALED);
  for (const kind of [PAIR_SEALED, 0, 3, 255]) {
    const changed = Uint8Array.from(sealed);
    changed[0] = kind;
    link.send(encodeEnvelope({ ...header, sealed: changed }));
  }
  const content = { kind: "message", peer: ada, at: { ms: 1, counter: 0 }, body: { type: "x" } };
  sendPairSealed(b, a, { conversationId: header.conversationId }, content);
  await net.clock.advance(50);
  expect(a.problems).toHaveLength(5);
  expect(texts(a)).toEqual(["message"]);
});
