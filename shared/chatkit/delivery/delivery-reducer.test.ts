import { expect, test } from "vitest";
import fc from "fast-check";
import { reduceDelivery } from "./delivery-reducer.ts";
import type { DeliveryEvent, DeliveryState } from "./delivery-state.ts";

const way = fc.record({
  path: fc.constantFrom("direct" as const, "relayed" as const, "stored" as const),
  reason: fc.constantFrom("link-open" as const, "link-lost" as const, "offline" as const),
});
const at = fc.nat(1000);

const event: fc.Arbitrary<DeliveryEvent> = fc.oneof(
  fc.record({
    type: fc.constant("waiting" as const),
    reason: fc.constantFrom("sending" as const, "mailbox-full" as const),
  }),
  way.map((one) => ({ type: "sent" as const, ...one })),
  fc.tuple(way, at).map(([{ path }, at]) => ({ type: "delivered" as const, path, at })),
  at.map((at) => ({ type: "read" as const, at })),
  fc.constantFrom({ type: "failed" as const, reason: "expired" as const }),
);

const rank = { received: 0, queued: 0, sent: 1, delivered: 2, read: 3, failed: 4 } as const;
const queued: DeliveryState = { state: "queued", waiting: "sending" };

test("D7: states never move backwards, whatever the events", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      let state = reduceDelivery(queued, { type: "waiting", reason: "rate-limited" });
      for (const one of events) {
        const next = reduceDelivery(state, one);
        expect(rank[next.state]).toBeGreaterThanOrEqual(rank[state.state]);
        state = next;
      }
    }),
  );
});

test("D7: an event twice changes nothing the second time", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), event, (events, last) => {
      const once = [...events, last].reduce<DeliveryState>(reduceDelivery, queued);
      expect(reduceDelivery(once, last)).toBe(once);
    }),
  );
});

test("D7: what was delivered or read does not fail, and what failed is not delivered", () => {
  const delivered = reduceDelivery(queued, { type: "delivered", path: "direct", at: 1 });
  expect(delivered).toEqual({ state: "delivered", path: "direct", reason: "link-open", at: 1 });
  expect(reduceDelivery(delivered, { type: "failed", reason: "expired" })).toBe(delivered);
  const failed = reduceDelivery(queued, { type: "failed", reason: "expired" });
  expect(reduceDelivery(failed, { type: "delivered", path: "direct", at: 1 })).toBe(failed);
  const received: DeliveryState = { state: "received", path: "direct" };
  expect(reduceDelivery(received, { type: "read", at: 1 })).toBe(received);
});

test("P8: a delivered message keeps the path and the reason by which it was sent", () => {
  const sent = reduceDelivery(queued, { type: "sent", path: "relayed", reason: "link-failed" });
  expect(reduceDelivery(sent, { type: "delivered", path: "relayed", at: 5 })).toEqual({
    state: "delivered",
    path: "relayed",
    reason: "link-failed",
    at: 5,
  });
});
