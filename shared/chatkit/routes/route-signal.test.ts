import { expect, test } from "vitest";
import { encodeBase64, sign } from "../../crypto/index.ts";
import { testIdentity } from "../testing/device-logs.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { isGenuineRoute, routeSignal } from "./route-signal.ts";

const keys = testIdentity(1, 1);
const ends = { from: deviceIdOf(1), to: deviceIdOf(2) };
const chosen = { policy: "direct-only", at: 1_767_225_600_000 } as const;

test("R2: what a device signed counts as it is, from it, to that recipient", () => {
  const signal = routeSignal(keys, ends, chosen);
  expect(signal).toMatchObject({ type: "route", ...chosen });
  expect(signal).not.toHaveProperty("about");
  expect(isGenuineRoute(keys.publicKey, ends, signal)).toBe(true);
  const about = userIdOf(3);
  for (const other of [
    { ...signal, policy: "lan-only" as const },
    { ...signal, at: chosen.at + 1 },
    { ...signal, about },
    { ...signal, signature: "AAAA" },
    // Its last bits are not zero: no signature is written so.
    { ...signal, signature: `${"A".repeat(85)}B==` },
  ]) {
    expect(isGenuineRoute(keys.publicKey, ends, other)).toBe(false);
  }
  expect(isGenuineRoute(testIdentity(1, 2).publicKey, ends, signal)).toBe(false);
  expect(isGenuineRoute(keys.publicKey, { ...ends, from: deviceIdOf(3) }, signal)).toBe(false);
  expect(isGenuineRoute(keys.publicKey, { ...ends, to: deviceIdOf(3) }, signal)).toBe(false);
});

test("R2: what is about one person says nothing about another, nor about the recipient", () => {
  const signal = routeSignal(keys, ends, chosen, userIdOf(3));
  expect(isGenuineRoute(keys.publicKey, ends, signal)).toBe(true);
  expect(isGenuineRoute(keys.publicKey, ends, { ...signal, about: userIdOf(4) })).toBe(false);
  const { about: _, ...plain } = signal;
  expect(isGenuineRoute(keys.publicKey, ends, plain)).toBe(false);
});

test("R2: a signature over something else is none", () => {
  const signature = encodeBase64(sign(keys, new Uint8Array(60)));
  expect(isGenuineRoute(keys.publicKey, ends, { type: "route", ...chosen, signature })).toBe(false);
});
