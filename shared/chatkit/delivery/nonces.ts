import { NONCE_BYTES } from "../../crypto/index.ts";
import type { Random } from "../ports.ts";

/** Nonces drawn at once: asking the host for bytes costs more than the bytes. */
const DRAWN = 64;

/** Fresh random nonces, each given out once. */
export class Nonces {
  readonly #random: Random;
  #pool = new Uint8Array(0);
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Uint8Array {
    if (this.#used === this.#pool.length) {
      this.#pool = Uint8Array.from(this.#random.bytes(DRAWN * NONCE_BYTES));
      this.#used = 0;
    }
    const nonce = this.#pool.subarray(this.#used, this.#used + NONCE_BYTES);
    this.#used += NONCE_BYTES;
    return nonce;
  }
}
