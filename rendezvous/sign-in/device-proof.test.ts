import { expect, test } from "vitest";
import {
  deviceIdBytes,
  deviceProofMessage,
  encodeBase64,
  identityKeysOf,
  sign,
} from "../../shared/crypto/index.ts";
import { encodeId, type DeviceHello } from "../../shared/protocol/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { BetweenHalves } from "./between-halves.ts";
import { DeviceProofs } from "./device-proof.ts";

const keys = identityKeysOf(new Uint8Array(32).fill(7));

function helloOf(challenge: string, change: Partial<DeviceHello> = {}): DeviceHello {
  const message = deviceProofMessage(Buffer.from(challenge, "base64"));
  return {
    name: "test",
    publicKey: encodeBase64(keys.publicKey),
    proof: encodeBase64(sign(keys, message)),
    client: { name: "test", version: "1" },
    local: [],
    ...change,
  };
}

test.each([true, false])("A7: the device's own signature proves it (known: %s)", (known) => {
  const proofs = new DeviceProofs(new FakeClock());
  const connection = {};
  const check = (hello: DeviceHello): string => proofs.check(connection, hello, { known });
  const id = encodeId(deviceIdBytes(keys.publicKey));
  const first = proofs.challenge(connection);
  expect(check(helloOf(first))).toBe(id);
  expect(() => check(helloOf(first))).toThrow("did not prove");
  const other = proofs.challenge(connection);
  expect(other).not.toBe(first);
  expect(() => check(helloOf(first))).toThrow("did not prove");
  const stranger = identityKeysOf(new Uint8Array(32).fill(8));
  const third = proofs.challenge(connection);
  const publicKey = encodeBase64(stranger.publicKey);
  expect(() => check(helloOf(third, { publicKey }))).toThrow("did not prove");
});

test("A7: a key of small order proves nothing, though every signature fits it", () => {
  const proofs = new DeviceProofs(new FakeClock());
  const connection = {};
  proofs.challenge(connection);
  // The neutral element (RFC 8032 §5.1.2): y = 1; with R the same and S = 0 any message fits.
  const neutral = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0));
  const proof = new Uint8Array(64);
  proof.set(neutral);
  const hello = helloOf("", { publicKey: encodeBase64(neutral), proof: encodeBase64(proof) });
  expect(() => proofs.check(connection, hello, { known: false })).toThrow("did not prove");
});

test("A4: what waits between two halves waits for a minute, once, and is replaced by the next", () => {
  const clock = new FakeClock();
  const halves = new BetweenHalves<string>(clock);
  const [one, other] = [{}, {}];
  halves.keep(one, "first");
  halves.keep(one, "second");
  expect(halves.take(other)).toBeUndefined();
  expect(halves.take(one)).toBe("second");
  expect(halves.take(one)).toBeUndefined();
  halves.keep(one, "third");
  clock.advance(59_000);
  expect(halves.take(one)).toBe("third");
  halves.keep(one, "fourth");
  clock.advance(60_000);
  expect(halves.take(one)).toBeUndefined();
});
