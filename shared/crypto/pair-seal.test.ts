import fc from "fast-check";
import { expect, test } from "vitest";
import { NONCE_BYTES } from "./content-seal.ts";
import { identityKeysOf, pairKey } from "./identity.ts";
import { openFromPair, PAIR_SEAL_OVERHEAD_BYTES, PAIR_SEALED, sealForPair } from "./pair-seal.ts";

const filled = (value: number, length = 32) => new Uint8Array(length).fill(value);
const ada = identityKeysOf(filled(1));
const ben = identityKeysOf(filled(2));
const eve = identityKeysOf(filled(3));

function keyOf(own: typeof ada, other: typeof ada): Uint8Array {
  const key = pairKey(own, other.publicKey);
  if (key === undefined) throw new Error("no key");
  return key;
}

test("S2: what one device seals for another opens there, as it was, and nowhere else", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: NONCE_BYTES, maxLength: NONCE_BYTES }),
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 500 }),
      fc.nat(),
      (nonce, additional, plaintext, at) => {
        const sealed = sealForPair(keyOf(ada, ben), nonce, additional, plaintext);
        expect(sealed).toHaveLength(plaintext.length + PAIR_SEAL_OVERHEAD_BYTES);
        expect(sealed[0]).toBe(PAIR_SEALED);
        const key = keyOf(ben, ada);
        expect(openFromPair(key, additional, sealed)).toEqual(plaintext);
        expect(openFromPair(keyOf(eve, ada), additional, sealed)).toBeUndefined();
        expect(openFromPair(key, Uint8Array.of(...additional, 0), sealed)).toBeUndefined();
        expect(openFromPair(key, additional, sealed.subarray(0, at % sealed.length))).toBe(
          undefined,
        );
        const changed = Uint8Array.from(sealed);
        changed[at % sealed.length] = (sealed[at % sealed.length] ?? 0) ^ 1;
        expect(openFromPair(key, additional, changed)).toBeUndefined();
      },
    ),
    { numRuns: 50 },
  );
});
