import type { Account } from "../account.ts";
import { calling } from "../calling.ts";
import type { PrivacyApi } from "../chatkit.ts";
import type { Privacy } from "./privacy-book.ts";

/** The person's choices of what others learn, as hosts use them. */
export class PrivacyCalls implements PrivacyApi {
  readonly #current: () => Account | undefined;
  readonly #open: () => Account;

  /**
   * @param current the account, if one is open
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => Account | undefined, open: () => Account) {
    this.#current = current;
    this.#open = open;
  }

  get current(): Privacy {
    return this.#current()?.privacy.current ?? { readReceipts: true, typing: true };
  }

  change(change: Partial<Privacy>): Promise<void> {
    return calling(async () => {
      const account = this.#open();
      await account.privacy.change(change);
      account.delivery.privacyChanged();
    });
  }
}
