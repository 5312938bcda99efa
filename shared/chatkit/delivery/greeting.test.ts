import { expect, test } from "vitest";
import * as v from "valibot";
import { ConversationId, encodeId, ID_BYTES } from "../../protocol/index.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";

const id = v.parse(ConversationId, encodeId(new Uint8Array(ID_BYTES).fill(7)));
const [ada, ben, cleo] = [userIdOf(1), userIdOf(2), userIdOf(3)];

test("G5: a greeting has left when everybody has it or the mailbox keeps it, and not before", async () => {
  const net = new SimulatedNetwork([1, 2, 3]);
  net.groupWorld.found(id, [ada, ben, cleo]);
  await net.start();
  const [a, , c] = net.devices;
  if (a === undefined || c === undefined) throw new Error("nobody");
  net.disconnect(a);
  net.disconnect(c);
  let hasLeft = false;
  const greeting = a.delivery.greet(id, [ben, cleo]).then(() => (hasLeft = true));
  await net.clock.advance(1_000);
  expect(hasLeft).toBe(false);
  net.connect(a);
  await net.clock.advance(10_000);
  await greeting;
  expect(hasLeft).toBe(true);
  // Cleo has not come for it.
  expect(a.delivery.pending).toBe(1);
  // Nobody to greet is no reason to wait.
  await a.delivery.greet(id, []);
});
