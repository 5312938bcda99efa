import { expect, test } from "vitest";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { withStep } from "./trail.ts";

const peer = { userId: userIdOf(2), deviceId: deviceIdOf(2) };
const other = { userId: userIdOf(1), deviceId: deviceIdOf(3) };

test("V9: each device has one entry, which ends with its delivery", () => {
  const sent = withStep(undefined, peer, { path: "relayed", reason: "link-failed", sentAt: 1 });
  const stored = withStep(sent, other, { path: "stored", reason: "offline", storedAt: 2 });
  const delivered = withStep(stored, peer, { path: "direct", deliveredAt: 3 });
  expect(delivered).toEqual([
    { ...other, path: "stored", reason: "offline", storedAt: 2 },
    { ...peer, path: "direct", reason: "link-failed", sentAt: 1, deliveredAt: 3 },
  ]);
  expect(withStep(delivered, peer, { path: "stored", storedAt: 9 })).toBe(delivered);
});
