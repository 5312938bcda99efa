import { expect, test } from "vitest";
import * as v from "valibot";
import { decodeEnvelope, MessageId, ProtocolError, type DeviceId } from "../../protocol/index.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import { flushMicrotasks } from "../testing/fake-clock.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { Receipts } from "./receipts.ts";

test("D5: a device for which nothing can be sealed keeps no other from its receipt", async () => {
  const network = new SimulatedNetwork([1, 2, 3]);
  await network.start();
  const a = network.device(0);
  const put: DeviceId[] = [];
  const problems: unknown[] = [];
  const receipts = new Receipts({
    links: a.links,
    directory: { ...network.directoryOf(a.self), isOnline: () => false },
    mailbox: {
      put: (_, envelope) => {
        put.push(decodeEnvelope(envelope).to);
        return Promise.resolve({ outcome: "stored" });
      },
    },
    sealer: { seal: ({ to }) => (to === deviceIdOf(2) ? undefined : new Uint8Array(64)) },
    random: seededRandom(1),
    serverOnline: () => true,
    onProblem: (error) => problems.push(error),
  });
  for (const n of [2, 3]) {
    const id = v.parse(MessageId, userIdOf(50 + n));
    const conversationId = directConversationId(userIdOf(1), userIdOf(n));
    receipts.add("delivered", { conversationId, from: deviceIdOf(n), id }, undefined);
  }
  receipts.flush();
  await flushMicrotasks();
  expect(put).toEqual([deviceIdOf(3)]);
  expect(problems).toHaveLength(1);
});

test("P10: a link that opens while another way is tried gets the receipt", async () => {
  const network = new SimulatedNetwork([1, 2]);
  await network.start();
  const [a, b] = [network.device(0), network.device(1)];
  const refused = Promise.withResolvers<never>();
  const receipts = new Receipts({
    links: a.links,
    directory: { ...network.directoryOf(a.self), isOnline: () => false },
    mailbox: { put: () => refused.promise },
    sealer: { seal: () => new Uint8Array(64) },
    random: seededRandom(1),
    serverOnline: () => true,
    onProblem: () => {},
  });
  const got: Uint8Array[] = [];
  b.links.onFrame((_, frame) => got.push(frame));
  const id = v.parse(MessageId, userIdOf(50));
  const conversationId = directConversationId(userIdOf(1), userIdOf(2));
  receipts.add("delivered", { conversationId, from: b.self.deviceId, id }, undefined);
  receipts.flush();
  await flushMicrotasks();
  network.openDirect(a, b);
  receipts.flush();
  refused.reject(new ProtocolError("mailbox-full", "simulated"));
  await network.clock.advance(100);
  expect(got).toHaveLength(1);
});
