import { signal, type ReadonlySignal } from "@preact/signals";
import type { Notice, SignedOutReason } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { accountKey, type RememberedAccount } from "./account-list.ts";
import { AccountModel } from "./account-model.ts";
import type { WindowLock, WindowLocks } from "./window-lock.ts";

export type SlotState =
  | { readonly kind: "starting" }
  | { readonly kind: "open"; readonly account: AccountModel }
  /** Open in another window of this browser. */
  | { readonly kind: "elsewhere" }
  /** Its session is over; the password brings it back. */
  | { readonly kind: "signed-out"; readonly reason?: SignedOutReason };

export interface SlotOptions {
  readonly locks: WindowLocks;
  readonly createKit: (account: RememberedAccount) => ChatKitApi;
  readonly onNotice: (notice: Notice) => void;
  /** What failed and is no reason to stop. */
  readonly onFailure: (error: unknown) => void;
}

/** One account in this window: its engine, its store and its lock, from sign-in to sign-out. */
export class AccountSlot {
  /** Tells it from the other accounts. */
  readonly key: string;
  readonly #options: SlotOptions;
  readonly #state = signal<SlotState>({ kind: "starting" });
  #remembered: RememberedAccount;
  #lock: WindowLock | undefined;
  /** Being opened; a second thing waits for it. */
  #starting: Promise<void> = Promise.resolve();

  constructor(account: RememberedAccount, options: SlotOptions) {
    this.key = accountKey(account);
    this.#remembered = account;
    this.#options = options;
  }

  get state(): ReadonlySignal<SlotState> {
    return this.#state;
  }
  get remembered(): RememberedAccount {
    return this.#remembered;
  }
  /** The open account; undefined in every other state. */
  get account(): AccountModel | undefined {
    const state = this.#state.value;
    return state.kind === "open" ? state.account : undefined;
  }

  /** Under which its texts that are not sent are kept; undefined where that is not known. */
  get draftPrefix(): string | undefined {
    const { userId } = this.#remembered;
    return this.account?.draftKey("") ?? (userId === undefined ? undefined : `${userId}/`);
  }

  /** Takes up the saved session, unless another window has the account. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  /** Continues in this window; the other one pauses. */
  useHere(): Promise<void> {
    this.#starting = this.#useHere();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const lock = await this.#options.locks.claim(this.key, () => this.#pause());
    if (lock === undefined) {
      this.#state.value = { kind: "elsewhere" };
      return;
    }
    this.#lock = lock;
    await this.#restore();
  }

  async #useHere(): Promise<void> {
    this.#state.value = { kind: "starting" };
    await this.#takeOver();
    await this.#restore();
  }

  /**
   * Signs in or registers, with a password. Where that is refused, what was open before is again.
   * Rejects with `ChatKitError`.
   */
  async enter(
    account: RememberedAccount,
    begin: (kit: ChatKitApi) => Promise<unknown>,
  ): Promise<void> {
    const before = this.#state.peek();
    const kit = this.#options.createKit(account);
    if (before.kind === "open") await before.account.close();
    this.#release();
    // Whoever types a password wants it here.
    const lock = await this.#takeOver();
    try {
      await begin(kit);
    } catch (error) {
      this.#release();
      await kit.close();
      if (before.kind === "open") await this.start();
      throw error;
    }
    const profile = kit.self?.profile;
    this.#remembered = {
      ...account,
      userName: profile?.userName ?? account.userName,
      ...(profile === undefined ? {} : { userId: profile.userId }),
    };
    await this.#openUnlessLost(kit, lock);
  }

  /**
   * Ends the session at the server and here. To forget the device deletes what is here also where the
   * session is over, or cannot be ended in order. Rejects with `ChatKitError`.
   */
  async signOut(forgetDevice: boolean): Promise<void> {
    await this.#starting;
    const state = this.#state.peek();
    if (state.kind === "open") {
      try {
        await state.account.kit.signOut({ forgetDevice });
        return await this.end("by-user");
      } catch (error) {
        if (!forgetDevice) throw error;
        await this.end("by-user");
      }
    }
    if (forgetDevice) await this.#erase();
  }

  /** The session is over; what is on disk stays. */
  async end(reason: SignedOutReason): Promise<void> {
    await this.close();
    this.#state.value = { kind: "signed-out", reason };
  }

  /** Ends the engine and lets other windows have the account. */
  async close(): Promise<void> {
    const state = this.#state.peek();
    if (state.kind === "open") await state.account.close();
    this.#release();
  }

  async #erase(): Promise<void> {
    await this.#takeOver();
    const kit = this.#options.createKit(this.#remembered);
    try {
      await kit.erase(this.#remembered.userName);
    } finally {
      await kit.close();
      this.#release();
      this.#state.value = { kind: "signed-out" };
    }
  }

  async #takeOver(): Promise<WindowLock> {
    const lock = await this.#options.locks.takeOver(this.key, () => this.#pause());
    this.#lock = lock;
    return lock;
  }

  async #restore(): Promise<void> {
    const lock = this.#lock;
    try {
      const kit = this.#options.createKit(this.#remembered);
      if (await kit.restore(this.#remembered.userName)) {
        await this.#openUnlessLost(kit, lock);
        return;
      }
      await kit.close();
    } catch (error) {
      this.#options.onFailure(error);
    }
    if (this.#lock !== lock) return;
    this.#release();
    this.#state.value = { kind: "signed-out" };
  }

  /** Another window may have taken the account while it was being opened here. */
  async #openUnlessLost(kit: ChatKitApi, lock: WindowLock | undefined): Promise<void> {
    if (this.#lock !== lock) {
      await kit.close();
      return;
    }
    const account = new AccountModel(kit, this.#remembered, this.#options.onNotice);
    this.#state.value = { kind: "open", account };
  }

  /** Another window took the account. */
  async #pause(): Promise<void> {
    const state = this.#state.peek();
    this.#state.value = { kind: "elsewhere" };
    this.#lock = undefined;
    if (state.kind === "open") await state.account.close();
    // What is being opened is closed again before the other window has it; its failure is told there.
    else await Promise.allSettled([this.#starting]);
  }

  #release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }
}
