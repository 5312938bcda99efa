import { createPublicKey, randomBytes, verify as verifyNatively } from "node:crypto";
import * as v from "valibot";
import { deviceIdBytes, deviceProofMessage, verify } from "../../shared/crypto/index.ts";
import {
  DeviceId,
  encodeId,
  ProtocolError,
  type DeviceHello,
} from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import { BetweenHalves } from "./between-halves.ts";

const CHALLENGE_BYTES = 32;
/** The head of a SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4), before the key's 32 bytes. */
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");

/** Lets devices prove that they hold their keys: each challenge once, on its own connection. */
export class DeviceProofs {
  readonly #challenges: BetweenHalves<Buffer>;

  constructor(clock: Clock) {
    this.#challenges = new BetweenHalves(clock);
  }

  /** A new challenge, base64; the one before is void. */
  challenge(connection: object): string {
    const challenge = randomBytes(CHALLENGE_BYTES);
    this.#challenges.keep(connection, challenge);
    return challenge.toString("base64");
  }

  /**
   * Uses up the connection's challenge. @returns the id of the device, which is made of its key
   * @param known a key that needs no careful check: it had one before, and is on the curve and not of
   * small order; or nothing comes of it anyway
   * @throws ProtocolError wrong-device-key
   */
  check(connection: object, hello: DeviceHello, { known }: { known: boolean }): DeviceId {
    const challenge = this.#challenges.take(connection);
    const publicKey = Buffer.from(hello.publicKey, "base64");
    const proof = Buffer.from(hello.proof, "base64");
    const message = challenge && deviceProofMessage(challenge);
    if (
      message === undefined ||
      // Strangers who prove nothing cost the server no more than those who do.
      !verifyFast(publicKey, message, proof) ||
      !(known || verify(publicKey, message, proof))
    ) {
      throw new ProtocolError("wrong-device-key", "The device did not prove its key.");
    }
    return deviceIdOf(publicKey);
  }
}

/** @param publicKey 32 bytes */
export function deviceIdOf(publicKey: Uint8Array): DeviceId {
  return v.parse(DeviceId, encodeId(deviceIdBytes(publicKey)));
}

/** As `verify`, twenty times as fast; for the rest of what makes a key sound see there. */
function verifyFast(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({
    key: Buffer.concat([SPKI_HEAD, publicKey]),
    format: "der",
    type: "spki",
  });
  return verifyNatively(null, message, key, signature);
}
