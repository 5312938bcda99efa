import type { LoginItem } from "./login-item.ts";
import type { Policy } from "./policy.ts";

/** The page asked to change what the administrator has set. */
export class LoginItemIsFixed extends Error {
  override readonly name = "LoginItemIsFixed";
}

/** The login item as far as the policy leaves it to the person. */
export class FixedLoginItem implements LoginItem {
  readonly #item: LoginItem;
  readonly #policy: Pick<Policy, "autoStart" | "leaves">;

  constructor(item: LoginItem, policy: Pick<Policy, "autoStart" | "leaves">) {
    this.#item = item;
    this.#policy = policy;
  }

  /** Sets what the policy says; nothing where it says nothing. */
  async obey(): Promise<void> {
    const { autoStart } = this.#policy;
    if (autoStart !== undefined && (await this.#item.get()) !== autoStart) {
      await this.#item.set(autoStart);
    }
  }

  get(): Promise<boolean> {
    return this.#item.get();
  }

  /** @throws LoginItemIsFixed */
  async set(open: boolean): Promise<void> {
    if (!this.#policy.leaves("autoStart")) {
      throw new LoginItemIsFixed("The administrator has set whether the app opens at login");
    }
    await this.#item.set(open);
  }
}
