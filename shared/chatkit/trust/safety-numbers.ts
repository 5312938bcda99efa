import type { UserId } from "../../protocol/index.ts";
import {
  sameBytes,
  accountFingerprint,
  isSafetyCode,
  safetyCode,
  safetyNumber,
  type AccountFingerprint,
} from "../../crypto/index.ts";
import { ChatKitError, type Safety } from "../api.ts";
import type { Clock, Timer } from "../ports.ts";
import type { TrustBook } from "./trust-book.ts";

/** Fingerprints kept, for each takes some ten milliseconds: one's own and those looked at last. */
const MAX_FINGERPRINTS = 64;

interface Kept {
  readonly head: Uint8Array;
  readonly fingerprint: AccountFingerprint;
}

export interface SafetyNumbersOptions {
  readonly trust: TrustBook;
  readonly self: () => UserId;
  readonly clock: Clock;
  readonly onSafety: (safety: Safety) => void;
}

/** The safety numbers of this account with others, made of the verified lists of both. */
export class SafetyNumbers {
  readonly #options: SafetyNumbersOptions;
  readonly #kept = new Map<UserId, Kept>();
  readonly #toTell = new Set<UserId>();
  #timer: Timer | undefined;

  constructor(options: SafetyNumbersOptions) {
    this.#options = options;
  }

  /** Asks the server once more where a list is not known. */
  async ready(userId: UserId): Promise<void> {
    const { self, trust } = this.#options;
    for (const one of [self(), userId]) if (!this.#isKnown(one)) await trust.ready(one);
  }

  /** @throws ChatKitError no-such-user where one of the two lists is not known */
  of(userId: UserId): Safety {
    const both = this.#both(userId);
    const record = this.#options.trust.record(userId);
    return {
      userId,
      number: safetyNumber(...both),
      code: safetyCode(...both),
      verified: record?.verified === true,
      ...(record?.change === undefined ? {} : { change: record.change }),
    };
  }

  /** @throws ChatKitError no-such-user where one of the two lists is not known */
  matches(userId: UserId, code: string): boolean {
    return isSafetyCode(code.trim(), ...this.#both(userId));
  }

  /** Tells in a moment, one at a time, so that many changes at once hold nothing up. */
  tell(userId: UserId): void {
    this.#toTell.add(userId);
    this.#tellNext();
  }

  close(): void {
    this.#toTell.clear();
    this.#timer?.cancel();
  }

  #tellNext(): void {
    this.#timer ??= this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      const [userId] = this.#toTell;
      if (userId === undefined) return;
      this.#toTell.delete(userId);
      if (this.#toTell.size > 0) this.#tellNext();
      const isKnown = this.#isKnown(this.#options.self()) && this.#isKnown(userId);
      if (isKnown) this.#options.onSafety(this.of(userId));
    }, 0);
  }

  #isKnown(userId: UserId): boolean {
    return (this.#options.trust.list(userId)?.length ?? 0) > 0;
  }

  #both(userId: UserId): [AccountFingerprint, AccountFingerprint] {
    return [this.#fingerprint(this.#options.self()), this.#fingerprint(userId)];
  }

  #fingerprint(userId: UserId): AccountFingerprint {
    const list = this.#options.trust.list(userId);
    if (list === undefined || list.length === 0) {
      throw new ChatKitError("no-such-user", "The devices of this account are not known yet.");
    }
    const known = this.#kept.get(userId);
    this.#kept.delete(userId);
    const isSame = known !== undefined && sameBytes(known.head, list.head);
    const fingerprint = isSame ? known.fingerprint : accountFingerprint(list);
    this.#kept.set(userId, { head: list.head, fingerprint });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_FINGERPRINTS) break;
      this.#kept.delete(oldest);
    }
    return fingerprint;
  }
}
