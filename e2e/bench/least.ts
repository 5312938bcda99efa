import { randomBytes } from "node:crypto";
import { nodeCrypto } from "../../app/cli/ports/native-crypto.ts";
import { identityKeysOf } from "../../shared/crypto/index.ts";
import type { Figure } from "./figure.ts";
import { median } from "./statistics.ts";

const TIMES = 3000;
/** What is signed of a message of 200 bytes, and what of it is encrypted. */
const SIGNED_BYTES = 700;
const CONTENT_BYTES = 450;
const SENDER_DATA_BYTES = 12;

/** What of a sealed message's costs no program can avoid, by cause, ms for both ends together. */
export interface Least {
  readonly signature: number;
  readonly verification: number;
  readonly derivation: number;
  readonly encryption: number;
}

/**
 * The primitives that one application message needs (RFC 9420 §6.3, §9), by OpenSSL, one after the
 * other and with nothing between them: one signature, one verification; at each end the key, the nonce
 * and the next secret of a generation, and the key and the nonce of the sender data; at each end two
 * AEAD operations.
 */
export function leastOfSealing(): Least {
  const keys = identityKeysOf(Uint8Array.from(randomBytes(32)));
  const [secret, key, nonce] = [randomBytes(64), randomBytes(32), randomBytes(12)];
  const [signed, info] = [new Uint8Array(SIGNED_BYTES), new Uint8Array(30)];
  const plaintexts = [new Uint8Array(CONTENT_BYTES), new Uint8Array(SENDER_DATA_BYTES)];
  const signature = nodeCrypto.sign(keys.secretKey, signed);
  const derive = (count: number): void => {
    const mac = nodeCrypto.mac("sha512", secret);
    for (let index = 0; index < count; index += 1) mac.digest(info);
    mac.destroy();
  };
  const cipher = (plaintext: Uint8Array): void => {
    const sealed = nodeCrypto.encryptAesGcm(key, nonce, info, plaintext);
    nodeCrypto.decryptAesGcm(key, nonce, info, sealed);
  };
  return {
    signature: timed(() => nodeCrypto.sign(keys.secretKey, signed)),
    verification: timed(() => nodeCrypto.verify(keys.publicKey, signed, signature)),
    derivation: 2 * timed(() => [3, 2].forEach(derive)),
    encryption: timed(() => plaintexts.forEach(cipher)),
  };
}

/** The same as figures, each beside the raw channel's round trip. @param raw ms */
export function leastFigures(least: Least, raw: number): Figure[] {
  const names: Record<keyof Least, string> = {
    signature: "the signature (Ed25519, OpenSSL)",
    verification: "its verification",
    derivation: "key derivation at both ends (10 HMAC-SHA-512)",
    encryption: "encryption at both ends (4 AES-256-GCM)",
  };
  const reference = { name: "raw simple-peer channel", value: raw };
  const { derivation, encryption, signature, verification } = least;
  return [
    ...(["signature", "verification", "derivation", "encryption"] as const).map((cause) => ({
      name: `of a sealed round trip, ${names[cause]}`,
      value: least[cause],
      unit: "ms",
      reference,
    })),
    {
      name: "the least that a direct round trip can take: the raw channel's and these",
      value: raw + signature + verification + derivation + encryption,
      unit: "ms",
      reference,
    },
  ];
}

/** The median of single steps, ms: a busy machine interrupts some of them. */
function timed(step: () => unknown): number {
  const times: number[] = [];
  for (let index = 0; index < TIMES; index += 1) {
    const start = performance.now();
    step();
    times.push(performance.now() - start);
  }
  return median(times);
}
