import { encodeEnvelopeHeader, type DeviceId, type EnvelopeHeader } from "../../protocol/index.ts";
import { openFromPair, pairKey, sealForPair, type IdentityKeys } from "../../crypto/index.ts";
import { MAX_PAIR_KEYS } from "../limits.ts";
import type { Random } from "../ports.ts";
import { Nonces } from "./nonces.ts";

interface Shared {
  readonly publicKey: Uint8Array;
  /** Absent where the other device's key is no usable one. */
  readonly key: Uint8Array | undefined;
}

/** Seals for one device and opens what it sealed for this one: for what needs no group and no state. */
export class PairSealer {
  readonly #identity: IdentityKeys;
  readonly #nonces: Nonces;
  /** Used last comes last. */
  readonly #shared = new Map<DeviceId, Shared>();

  constructor(identity: IdentityKeys, random: Random) {
    this.#identity = identity;
    this.#nonces = new Nonces(random);
  }

  /** @returns undefined where the recipient's key is no usable one */
  seal(
    header: EnvelopeHeader,
    recipientKey: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array | undefined {
    const key = this.#keyOf(header.to, recipientKey);
    return key && sealForPair(key, this.#nonces.next(), encodeEnvelopeHeader(header), plaintext);
  }

  /** @returns undefined where that device did not seal this for this one */
  open(header: EnvelopeHeader, senderKey: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const key = this.#keyOf(header.from, senderKey);
    return key && openFromPair(key, encodeEnvelopeHeader(header), sealed);
  }

  #keyOf(device: DeviceId, publicKey: Uint8Array): Uint8Array | undefined {
    const known = this.#shared.get(device);
    this.#shared.delete(device);
    const shared =
      known !== undefined && known.publicKey.every((byte, at) => byte === publicKey[at])
        ? known
        : { publicKey: Uint8Array.from(publicKey), key: pairKey(this.#identity, publicKey) };
    this.#shared.set(device, shared);
    for (const longest of this.#shared.keys()) {
      if (this.#shared.size <= MAX_PAIR_KEYS) break;
      this.#shared.delete(longest);
    }
    return shared.key;
  }
}
