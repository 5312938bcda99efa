import type { Envelope, MessageId } from "../../protocol/index.ts";
import { MAX_UNOPENED_IDS, UNREADABLE_BEFORE_TOLD } from "../limits.ts";

/** The end of sealed bytes tells two sealings apart: it is their tag, or a part of it. */
const FINGERPRINT_BYTES = 16;

interface Attempts {
  sealings: number;
  last: Uint8Array;
}

/** Messages that could not be opened, and how often their sender has sealed them anew. */
export class Unopened {
  readonly #attempts = new Map<MessageId, Attempts>();

  /** Counts a sealing that cannot be opened. True the one time that the user should hear of it. */
  isTime({ id, sealed }: Envelope): boolean {
    const last = sealed.slice(-FINGERPRINT_BYTES);
    const known = this.#attempts.get(id);
    if (known === undefined) {
      this.#attempts.set(id, { sealings: 1, last });
      for (const oldest of this.#attempts.keys()) {
        if (this.#attempts.size <= MAX_UNOPENED_IDS) break;
        this.#attempts.delete(oldest);
      }
      return false;
    }
    // The same bytes once more are no further sealing.
    if (last.every((byte, at) => byte === known.last[at])) return false;
    known.sealings++;
    known.last = last;
    return known.sealings === UNREADABLE_BEFORE_TOLD;
  }

  forget(id: MessageId): void {
    this.#attempts.delete(id);
  }
}
