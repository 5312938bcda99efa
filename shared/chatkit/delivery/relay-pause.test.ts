import { expect, test, vi } from "vitest";
import { ProtocolError } from "../../protocol/index.ts";
import { RELAY_PAUSE_MIN_MS } from "../limits.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";

test.each(["rate-limited", "too-many-requests"] as const)(
  "P7: a relay refused as %s is asked for again a moment later, and the mailbox left alone",
  async (refusal) => {
    const network = new SimulatedNetwork([1, 2]);
    await network.start();
    const a = network.device(0);
    const b = network.device(1);
    vi.spyOn(network, "relay").mockImplementationOnce(() => {
      throw new ProtocolError(refusal, "scripted");
    });
    const { id } = await a.delivery.send(a.book.ensure(userIdOf(2)).conversationId, {
      type: "text",
      text: "patience",
    });
    await network.clock.advance(RELAY_PAUSE_MIN_MS - 1);
    expect(b.told).toEqual([]);
    await network.clock.advance(100);
    expect(b.told.map((message) => message.id)).toEqual([id]);
    const states = a.states.get(id) ?? [];
    expect(states).toContainEqual({ state: "queued", waiting: "rate-limited" });
    expect(states.map((state) => ("path" in state ? state.path : undefined))).not.toContain(
      "stored",
    );
  },
);
