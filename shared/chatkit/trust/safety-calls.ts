import type { UserId } from "../../protocol/index.ts";
import type { Safety } from "../api.ts";
import { calling } from "../calling.ts";
import type { SafetyApi } from "../chatkit.ts";
import type { SafetyNumbers } from "./safety-numbers.ts";
import type { TrustBook } from "./trust-book.ts";

interface Open {
  readonly trust: TrustBook;
  readonly safety: SafetyNumbers;
}

/** Safety numbers and verified marks as hosts use them. */
export class SafetyCalls implements SafetyApi {
  readonly #open: () => Open;

  /** @param open throws ChatKitError not-open where no account is */
  constructor(open: () => Open) {
    this.#open = open;
  }

  of(userId: UserId): Promise<Safety> {
    return this.#ready(userId, ({ safety }) => safety.of(userId));
  }

  setVerified(userId: UserId, verified: boolean): Promise<Safety> {
    return this.#ready(userId, ({ safety, trust }) => {
      trust.setVerified(userId, verified);
      return safety.of(userId);
    });
  }

  matches(userId: UserId, code: string): Promise<boolean> {
    return this.#ready(userId, ({ safety }) => safety.matches(userId, code));
  }

  acknowledgeChange(userId: UserId): Promise<void> {
    return this.#ready(userId, ({ trust }) => trust.acknowledgeChange(userId));
  }

  #ready<T>(userId: UserId, use: (open: Open) => T): Promise<T> {
    return calling(async () => {
      const open = this.#open();
      await open.safety.ready(userId);
      return use(open);
    });
  }
}
