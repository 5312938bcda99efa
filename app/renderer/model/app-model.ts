import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import { ChatKitError, type Notice, type SignedOutReason } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { ServerInfo } from "../../../shared/protocol/index.ts";
import type { I18n } from "../i18n/i18n.ts";
import { logWarning } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import { accountKey, MAX_ACCOUNTS, type RememberedAccount } from "./account-list.ts";
import type { AccountModel } from "./account-model.ts";
import { AccountSlot } from "./account-slot.ts";
import { mayUseServer } from "./allowed-server.ts";
import type { AppLock } from "./app-lock.ts";
import { Commands } from "./commands.ts";
import { errorText } from "./errors.ts";
import { LinkDesk } from "./link-desk.ts";
import type { Settings } from "./settings.ts";
import { Toasts } from "./toasts.ts";
import type { WindowLocks } from "./window-lock.ts";

export type Phase =
  | { readonly kind: "starting" }
  /** Nothing of any account is shown until the passphrase is given. */
  | { readonly kind: "locked" }
  | {
      readonly kind: "sign-in";
      readonly reason?: SignedOutReason;
      /** Whose session is over; absent for another account. */
      readonly account?: RememberedAccount;
    }
  | { readonly kind: "main"; readonly account: AccountModel }
  /** Open in another window of this browser. */
  | { readonly kind: "elsewhere"; readonly account: RememberedAccount };

/** A server, and the certificate that it must have where that is known. */
export interface ServerChoice {
  readonly server: string;
  readonly pin?: string;
}

export interface Credentials extends ServerChoice {
  readonly userName: string;
  readonly password: string;
}

export interface Registration extends Credentials {
  readonly displayName?: string;
  readonly invite?: string;
}

export interface AppOptions {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly i18n: I18n;
  readonly locks: WindowLocks;
  readonly lock: AppLock;
  readonly createKit: (server: ServerChoice) => ChatKitApi;
}

/** Which accounts are open, which of them is shown, and how they came to be. */
export class AppModel {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly i18n: I18n;
  readonly lock: AppLock;
  readonly toasts = new Toasts();
  readonly commands = new Commands();
  readonly links: LinkDesk;
  readonly #locks: WindowLocks;
  readonly #createKit: (server: ServerChoice) => ChatKitApi;
  readonly #slots = signal<readonly AccountSlot[]>([]);
  /** Key of the account that is shown; undefined: the form for another one. */
  readonly #shown = signal<string | undefined>(undefined);
  readonly #started = signal(false);

  /** What the window shows. */
  readonly phase: ReadonlySignal<Phase> = computed(() => {
    if (this.lock.locked.value) return { kind: "locked" };
    const slot = this.shownSlot.value;
    if (slot === undefined) return { kind: this.#started.value ? "sign-in" : "starting" };
    const state = slot.state.value;
    switch (state.kind) {
      case "starting":
        return { kind: "starting" };
      case "open":
        return { kind: "main", account: state.account };
      case "elsewhere":
        return { kind: "elsewhere", account: slot.remembered };
      case "signed-out":
        return { ...state, kind: "sign-in", account: slot.remembered };
    }
  });

  /** Whose screen is shown; undefined where somebody is about to be added. */
  readonly shownSlot: ReadonlySignal<AccountSlot | undefined> = computed(() =>
    this.#slots.value.find(({ key }) => key === this.#shown.value),
  );

  /** All that are signed in and open in this window: each receives, whichever is shown. */
  readonly opened: ReadonlySignal<readonly AccountModel[]> = computed(() =>
    this.#slots.value.flatMap(({ account }) => (account === undefined ? [] : [account])),
  );

  /** Unread messages of all accounts together. */
  readonly unread: ReadonlySignal<number> = computed(() =>
    this.opened.value.reduce((sum, { unread }) => sum + unread.value, 0),
  );

  constructor({ platform, settings, i18n, locks, lock, createKit }: AppOptions) {
    this.platform = platform;
    this.settings = settings;
    this.i18n = i18n;
    this.lock = lock;
    this.#locks = locks;
    this.#createKit = createKit;
    this.links = new LinkDesk(this);
  }

  /** All accounts of this device, in the order in which they were added. */
  get slots(): ReadonlySignal<readonly AccountSlot[]> {
    return this.#slots;
  }

  get mayAdd(): boolean {
    return this.#slots.value.length < MAX_ACCOUNTS;
  }

  /** Takes up the accounts that are signed in here, or asks for one. */
  async start(): Promise<void> {
    const { list, shown } = this.settings.accounts.known.peek();
    // Those of other servers than the administrator's stay remembered, and closed.
    this.#slots.value = list
      .filter(({ server }) => mayUseServer(this.platform, server))
      .map((account) => this.#slot(account));
    const first = this.#slots.peek().find(({ key }) => key === shown) ?? this.#slots.peek()[0];
    this.#shown.value = first?.key;
    this.#started.value = true;
    // The one that is looked at does not wait for the others.
    await first?.start();
    const others = this.#slots.peek().filter((slot) => slot !== first);
    await Promise.all(others.map((slot) => slot.start()));
  }

  /** Shows an account; the others go on receiving. */
  show(key: string): void {
    if (this.#shown.peek() === key || !this.#slots.peek().some((slot) => slot.key === key)) return;
    this.#shown.value = key;
    void this.settings.accounts.show(key);
  }

  /** Asks for another account; the ones that are open stay so. */
  addAccount(): void {
    if (this.mayAdd) this.#shown.value = undefined;
  }

  /** Which of the accounts is this? */
  slotOf(account: AccountModel): AccountSlot | undefined {
    return this.#slots.peek().find((slot) => slot.account === account);
  }

  /** Continues in this window; the other one pauses. */
  async useHere(account: RememberedAccount): Promise<void> {
    const key = accountKey(account);
    await this.#slots
      .peek()
      .find((slot) => slot.key === key)
      ?.useHere();
  }

  /** What a server says of itself, without signing in. Rejects with `ChatKitError`. */
  async probe(server: ServerChoice): Promise<ServerInfo> {
    const kit = this.#createKit(server);
    try {
      return await kit.serverInfo();
    } finally {
      await kit.close();
    }
  }

  /** Rejects with `ChatKitError`. */
  async signIn({ password, ...account }: Credentials): Promise<void> {
    const { userName } = account;
    await this.#enter(account, (kit) => kit.signIn({ userName, password }));
  }

  /** Creates the account and signs in. Rejects with `ChatKitError`. */
  async register({ server, pin, ...account }: Registration): Promise<void> {
    const { userName } = account;
    await this.#enter({ server, userName, ...(pin === undefined ? {} : { pin }) }, (kit) =>
      kit.register(account),
    );
  }

  /**
   * Signs an account out, the shown one if left out, and takes it off the list.
   * @param forgetDevice deletes what is here of it, also where its session is over
   * Rejects with `ChatKitError`.
   */
  async signOut(forgetDevice: boolean, slot = this.shownSlot.peek()): Promise<void> {
    if (slot === undefined) return;
    const { draftPrefix } = slot;
    await slot.signOut(forgetDevice);
    if (forgetDevice && draftPrefix !== undefined) this.platform.clearDrafts(draftPrefix);
    await this.#forget(slot);
  }

  /**
   * Signs every account out and deletes what they have on this device: those of other windows too,
   * those whose session is over, and those that the administrator keeps closed. Goes on where one
   * fails, so that nobody is left over.
   */
  async signOutEverything(): Promise<void> {
    const open = this.#slots.peek();
    const closed = this.settings.accounts.known
      .peek()
      .list.filter((account) => !open.some(({ key }) => key === accountKey(account)))
      .map((account) => this.#slot(account));
    for (const slot of [...open, ...closed]) {
      try {
        if (slot.state.peek().kind === "elsewhere") await slot.useHere();
        await slot.signOut(true);
      } catch (error) {
        this.fail(error);
        await slot.close();
      }
      await this.#forget(slot);
    }
    this.platform.clearDrafts("");
  }

  /** The session has ended at the server: back to the form, with the name filled in. */
  async signInAgain(reason: SignedOutReason): Promise<void> {
    await this.shownSlot.peek()?.end(reason);
  }

  /** Runs something a person asked for; what fails is told in their language. */
  attempt(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => this.fail(error));
  }

  fail(error: unknown): void {
    this.toasts.show("error", errorText(this.i18n.text.peek(), error));
  }

  async #enter(
    account: RememberedAccount,
    begin: (kit: ChatKitApi) => Promise<unknown>,
  ): Promise<void> {
    if (!mayUseServer(this.platform, account.server)) {
      throw new ChatKitError("invalid-server", "The administrator allows another server only");
    }
    const key = accountKey(account);
    const known = this.#slots.peek().find((slot) => slot.key === key);
    const slot = known ?? this.#slot(account);
    await slot.enter(account, begin);
    this.settings.server.value = account.server;
    if (known === undefined) this.#slots.value = [...this.#slots.peek(), slot];
    this.#shown.value = key;
    this.links.signedIn();
    await this.settings.accounts.put(slot.remembered);
  }

  #slot(account: RememberedAccount): AccountSlot {
    return new AccountSlot(account, {
      locks: this.#locks,
      createKit: this.#createKit,
      onNotice: (notice) => this.#tell(notice),
      onFailure: (error) => this.fail(error),
    });
  }

  /** Out of the list; the next one takes its place on the screen. */
  async #forget(slot: AccountSlot): Promise<void> {
    const all = this.#slots.peek();
    if (this.#shown.peek() === slot.key) {
      this.#shown.value = all.find((other) => other !== slot)?.key;
    }
    this.#slots.value = all.filter((other) => other !== slot);
    await this.settings.accounts.remove(slot.key);
  }

  #tell(notice: Notice): void {
    logWarning(`${notice.kind}: ${notice.detail}`, notice.error);
    const t = this.i18n.text.peek();
    switch (notice.kind) {
      case "unreadable-message":
        return this.toasts.show("error", t.notices.unreadable);
      case "store-failed":
        return this.toasts.show("error", t.notices.storeFailed);
      case "protocol-error":
        return this.toasts.show("error", t.notices.protocolError);
      case "handler-failed":
        return this.toasts.show("error", t.notices.handlerFailed);
      case "own-devices-changed":
        return this.toasts.show("info", t.notices.ownDevicesChanged);
      case "server-untrusted":
        return this.toasts.show("error", t.notices.serverUntrusted);
      case "clock-differs":
        return undefined;
      default:
        return assertNever(notice.kind);
    }
  }
}
