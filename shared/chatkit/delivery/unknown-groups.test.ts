import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  encodeEnvelope,
  encodeId,
  GROUP_SEALED,
  ID_BYTES,
  MessageId,
} from "../../protocol/index.ts";
import { UNKNOWN_GROUPS_AT_ONCE, UNKNOWN_GROUP_EVERY_MS } from "../limits.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";

function idBytesOf(kind: number, n: number): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES).fill(kind);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

test("messages of ever other groups make no flood of questions to the server", async () => {
  const net = new SimulatedNetwork([1, 2]);
  await net.start();
  const [a, b] = [net.device(0), net.device(1)];
  net.openDirect(b, a);
  const link = b.links.direct(a.self.deviceId);
  for (let n = 0; n < 3_000; n++) {
    const header = {
      sequence: 1,
      after: 0,
      id: v.parse(MessageId, encodeId(idBytesOf(1, n))),
      conversationId: v.parse(ConversationId, encodeId(idBytesOf(2, n))),
      from: b.self.deviceId,
      to: a.self.deviceId,
    };
    link?.send(encodeEnvelope({ ...header, sealed: Uint8Array.of(GROUP_SEALED, 1, 2, 3) }));
  }
  await net.clock.advance(UNKNOWN_GROUP_EVERY_MS);
  expect(net.groupWorld.looks).toBeGreaterThan(0);
  expect(net.groupWorld.looks).toBeLessThanOrEqual(UNKNOWN_GROUPS_AT_ONCE + 2);
  // What is between two goes on.
  const { conversationId } = b.book.ensure(userIdOf(1));
  await b.delivery.send(conversationId, { type: "text", text: "hello" });
  await net.clock.advance(1_000);
  expect(a.told).toMatchObject([{ body: { text: "hello" } }]);
});
