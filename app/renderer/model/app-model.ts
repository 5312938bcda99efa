import { signal, type ReadonlySignal } from "@preact/signals";
import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { Notice, SignedOutReason } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { canonicalUserName, type ServerInfo } from "../../../shared/protocol/index.ts";
import type { I18n } from "../i18n/i18n.ts";
import { logWarning } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import { AccountModel } from "./account-model.ts";
import { errorText } from "./errors.ts";
import type { RememberedAccount, Settings } from "./settings.ts";
import { Toasts } from "./toasts.ts";
import type { WindowLock, WindowLocks } from "./window-lock.ts";

export type Phase =
  | { readonly kind: "starting" }
  | { readonly kind: "sign-in"; readonly reason?: SignedOutReason }
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
  readonly createKit: (server: ServerChoice) => ChatKitApi;
}

/** Which account is open, and how it came to be: sign-in, restoring, signing out, other windows. */
export class AppModel {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly i18n: I18n;
  readonly toasts = new Toasts();
  readonly #phase = signal<Phase>({ kind: "starting" });
  readonly #locks: WindowLocks;
  readonly #createKit: (server: ServerChoice) => ChatKitApi;
  #lock: WindowLock | undefined;

  constructor({ platform, settings, i18n, locks, createKit }: AppOptions) {
    this.platform = platform;
    this.settings = settings;
    this.i18n = i18n;
    this.#locks = locks;
    this.#createKit = createKit;
  }

  get phase(): ReadonlySignal<Phase> {
    return this.#phase;
  }

  /** Takes up the account that was open last, or asks for one. */
  async start(): Promise<void> {
    const account = this.settings.account.peek();
    if (account === undefined) {
      this.#phase.value = { kind: "sign-in" };
      return;
    }
    const lock = await this.#locks.claim(lockName(account), () => this.#pause(account));
    if (lock === undefined) {
      this.#phase.value = { kind: "elsewhere", account };
      return;
    }
    this.#lock = lock;
    await this.#restore(account);
  }

  /** Continues in this window; the other one pauses. */
  async useHere(account: RememberedAccount): Promise<void> {
    this.#phase.value = { kind: "starting" };
    this.#lock = await this.#locks.takeOver(lockName(account), () => this.#pause(account));
    await this.#restore(account);
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

  async signOut(forgetDevice: boolean): Promise<void> {
    const phase = this.#phase.peek();
    if (phase.kind !== "main") return;
    await phase.account.kit.signOut({ forgetDevice });
    await this.#leave(phase.account);
    if (forgetDevice) this.platform.clearDrafts();
    this.settings.account.value = undefined;
    this.#phase.value = { kind: "sign-in", reason: "by-user" };
  }

  /** The session has ended at the server: back to the form, with the name filled in. */
  async signInAgain(reason: SignedOutReason): Promise<void> {
    const phase = this.#phase.peek();
    if (phase.kind === "main") await this.#leave(phase.account);
    this.#phase.value = { kind: "sign-in", reason };
  }

  /** Runs something a person asked for; what fails is told in their language. */
  attempt(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => this.fail(error));
  }

  fail(error: unknown): void {
    this.toasts.show("error", errorText(this.i18n.text.peek(), error));
  }

  async #restore(account: RememberedAccount): Promise<void> {
    try {
      const kit = this.#createKit(account);
      if (await kit.restore(account.userName)) {
        this.#show(kit, account);
        return;
      }
      await kit.close();
    } catch (error) {
      this.fail(error);
    }
    this.#release();
    this.#phase.value = { kind: "sign-in" };
  }

  async #enter(
    account: RememberedAccount,
    begin: (kit: ChatKitApi) => Promise<unknown>,
  ): Promise<void> {
    const kit = this.#createKit(account);
    this.#release();
    // Whoever types a password wants it here.
    this.#lock = await this.#locks.takeOver(lockName(account), () => this.#pause(account));
    try {
      await begin(kit);
    } catch (error) {
      this.#release();
      await kit.close();
      throw error;
    }
    const userName = kit.self?.profile.userName ?? account.userName;
    this.settings.server.value = account.server;
    this.settings.account.value = { ...account, userName };
    this.#show(kit, account);
  }

  #show(kit: ChatKitApi, server: ServerChoice): void {
    const account = new AccountModel(kit, server, (notice) => this.#tell(notice));
    this.#phase.value = { kind: "main", account };
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

  /** Another window took the account. */
  async #pause(account: RememberedAccount): Promise<void> {
    const phase = this.#phase.peek();
    this.#phase.value = { kind: "elsewhere", account };
    this.#lock = undefined;
    if (phase.kind === "main") await phase.account.close();
  }

  async #leave(account: AccountModel): Promise<void> {
    await account.close();
    this.#release();
  }

  #release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }
}

function lockName({ server, userName }: RememberedAccount): string {
  return `${server}|${canonicalUserName(userName)}`;
}
