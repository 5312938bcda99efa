import {
  limits,
  ProtocolError,
  type DeviceId,
  type SignedIn,
  type UserId,
} from "../../protocol/index.ts";
import {
  sameBytes,
  decodeDeviceStatement,
  deviceStatement,
  emptyDeviceList,
  encodeBase64,
  type DeviceList,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { ChatKitError, type Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { OWN_LIST_TRIES } from "../limits.ts";
import type { Clock, Log } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";
import { deviceIdOfKey, idBytes } from "./device-id.ts";
import { lists } from "./log-reading.ts";
import { OwnLog } from "./own-log.ts";
import {
  entering,
  knowsPassword,
  removing,
  replacingPassword,
  type OwnState,
} from "./own-statements.ts";
import type { ListedDevice } from "./trust-record.ts";

export interface OwnListOptions {
  readonly identity: IdentityKeys;
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: () => UserId | undefined;
  readonly deviceName: (deviceId: DeviceId) => string | undefined;
  readonly save: (writes: readonly StoreWrite[]) => void;
  readonly beforeListed: () => Promise<void>;
  readonly notice: (notice: Notice) => void;
  /** Statements in one request; tests take fewer. */
  readonly page?: number;
  /** One's own list as it is known. */
  readonly list: () => DeviceList | undefined;
  /** As `TrustBook.refresh`, of one's own. */
  readonly refresh: () => Promise<boolean>;
  /** The server has taken these statements. */
  readonly append: (statements: readonly string[]) => void;
  /** Forgets one's own list and reads the server's from its start; as `refresh`. */
  readonly startOver: () => Promise<boolean>;
}

type Session = Pick<SignedIn, "profile" | "devices" | "logLength">;

/** The first statement of a new account's list, made before the account is. */
export function genesisFor(
  userId: UserId,
  identity: IdentityKeys,
  passwordKeys: IdentityKeys,
  now: number,
): Uint8Array {
  const change = { type: "genesis" as const, subject: identity.publicKey, passwordKeys };
  return deviceStatement(emptyDeviceList(idBytes(userId)), identity, change, now);
}

/**
 * Keeps one's own device list in order: this device in it, what the server has forgotten put back,
 * devices that are gone taken out (SPEC I4 to I7). One thing at a time.
 */
export class OwnList {
  readonly #options: OwnListOptions;
  readonly #log = new OwnLog();
  #turn: Promise<unknown> = Promise.resolve();
  /** Statements that the server had when it told last. */
  #serverLength = 0;
  /** It has another list than ours, not a longer or shorter one. */
  #isForked = false;
  #toldNotListed = false;
  /** Public key of the password last given, until the list has this device by it. */
  #given: Uint8Array | undefined;
  /** The server's list must be looked at, whatever its length. */
  #mustLook = false;

  constructor(options: OwnListOptions) {
    this.#options = options;
  }

  get #page(): number {
    return this.#options.page ?? limits.DEVICE_LOG_PAGE;
  }

  get userId(): UserId {
    const userId = this.#options.self();
    if (userId === undefined) throw new ChatKitError("not-open", "Nobody is signed in.");
    return userId;
  }

  /** @throws StoreError */
  load(store: Store): Promise<void> {
    return this.#log.load(store);
  }

  /** Has the password that was given not endorsed that list? It may be the server's making. */
  doubts(list: DeviceList): boolean {
    return this.#given !== undefined && !knowsPassword(list, this.#given);
  }

  /** What the server told of one's own list. @param isForked it does not continue ours */
  serverHas(length: number, isForked: boolean): void {
    this.#serverLength = length;
    this.#isForked = isForked;
  }

  /** As `TrustBook.signedIn`. */
  signedIn(session: Session, passwordKey: IdentityKeys | undefined): Promise<void> {
    return this.#exclusive(async () => {
      this.serverHas(session.logLength, false);
      const isPasswordGiven = passwordKey !== undefined;
      if (isPasswordGiven) this.#given = passwordKey.publicKey;
      const listed = new Set(this.#list().devices.map(deviceIdOfKey));
      const isStrange = session.devices.some(({ deviceId }) => !listed.has(deviceId));
      // A list of the same length may be another.
      this.#mustLook = isPasswordGiven || isStrange;
      await this.#settle(() => this.#due(session, passwordKey), isPasswordGiven);
      if (isPasswordGiven) this.#given = undefined;
      this.#tellWhereNotListed();
    });
  }

  /** Takes a device out; no effect where this one is not in the list itself, or that one is not. */
  remove(device: ListedDevice | undefined): Promise<void> {
    return this.#exclusive(async () => {
      if (device === undefined) return;
      // Who leaves knows.
      if (sameBytes(device.publicKey, this.#options.identity.publicKey)) this.#toldNotListed = true;
      await this.#settle(() => {
        const isThere = lists(this.#list(), device.publicKey);
        return isThere ? removing(this.#state(), [device.publicKey]) : [];
      }, false);
    });
  }

  /** As `TrustBook.passwordStatement`. */
  passwordStatement(present: Uint8Array, next: IdentityKeys): Uint8Array {
    return replacingPassword(this.#state(), present, next);
  }

  /** Statements of the list were read, from the server or from this device itself. */
  read(
    before: DeviceList,
    list: DeviceList,
    statements: readonly Uint8Array[],
    isFirst: boolean,
  ): void {
    const { identity, notice, save } = this.#options;
    const writes = this.#log.add(before.length, statements);
    if (!this.doubts(list)) save(writes);
    this.#serverLength = Math.max(this.#serverLength, list.length);
    // Whoever comes to a list that is there already has nothing to compare it with.
    if (isFirst) return;
    const isNew = (key: Uint8Array): boolean =>
      !lists(before, key) && !sameBytes(key, identity.publicKey);
    const names = list.devices.filter(isNew).map((key) => this.#nameOf(key));
    const what = names.length > 0 ? `: ${names.join(", ")}` : "";
    if (list.resets > before.resets) {
      notice({
        kind: "own-devices-changed",
        detail: `The list of your devices began anew${what}`,
      });
    } else if (names.length > 0) {
      notice({ kind: "own-devices-changed", detail: `New among your devices${what}` });
    } else if (
      statements.some((bytes) => this.#isForeignPassword(bytes)) &&
      // Whoever has just given that password knows.
      !(this.#given !== undefined && knowsPassword(list, this.#given))
    ) {
      // Whoever has a device of ours, unlocked, could say so, and add more by that password later.
      const detail = "Another of your devices says that your password was changed.";
      notice({ kind: "own-devices-changed", detail });
    }
    this.#tellWhereNotListed();
  }

  /**
   * Appends what is due, again after whatever another device appended meanwhile.
   * @param mayStartOver whoever has just given the password may take another list for their own
   */
  async #settle(due: () => readonly Uint8Array[], mayStartOver: boolean): Promise<void> {
    let conflict: unknown;
    for (let attempt = 0; attempt < OWN_LIST_TRIES; attempt++) {
      const isKnown = this.#serverLength === this.#list().length && !this.#mustLook;
      if (conflict !== undefined || !isKnown) {
        this.#mustLook = false;
        await this.#catchUp(mayStartOver);
      }
      const statements = due();
      if (statements.length === 0) return;
      if (!this.#isListed()) await this.#options.beforeListed();
      try {
        await this.#append(statements.map(encodeBase64));
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        conflict = error;
      }
    }
    throw conflict;
  }

  /** The server's list and ours are made one: ours is read on, or the server gets back what it lost. */
  async #catchUp(mayStartOver: boolean): Promise<void> {
    const { notice, refresh, startOver } = this.#options;
    await refresh();
    if (this.#serverLength < this.#list().length) await this.#giveBack();
    if (this.#isForked && mayStartOver) {
      await startOver();
      notice({
        kind: "own-devices-changed",
        detail: "The list of your devices is another than this device knew: look through it.",
      });
    }
    if (this.#isForked || this.#serverLength > this.#list().length) {
      throw new ChatKitError("device-list-conflict", "The list of devices was not read.", {
        retryable: true,
      });
    }
  }

  /** The server has lost the end of the list. */
  async #giveBack(): Promise<void> {
    const { connection, log } = this.#options;
    for (;;) {
      const statements = this.#log.from(this.#serverLength).slice(0, this.#page);
      if (statements.length === 0) return;
      log.warn("the server gets the end of the device list back", { from: this.#serverLength });
      try {
        await connection.request("devices.append", { statements: [...statements] });
      } catch (error) {
        if (!isConflict(error)) throw error;
        this.#isForked = true;
        return;
      }
      this.#serverLength += statements.length;
    }
  }

  async #append(statements: readonly string[]): Promise<void> {
    for (let at = 0; at < statements.length; at += this.#page) {
      const page = statements.slice(at, at + this.#page);
      await this.#options.connection.request("devices.append", { statements: page });
      this.#options.append(page);
    }
  }

  /** What must be in the list and is not yet. */
  #due(session: Session, passwordKey: IdentityKeys | undefined): readonly Uint8Array[] {
    const state = this.#state();
    const isKnown = passwordKey === undefined || knowsPassword(state.list, passwordKey.publicKey);
    if (this.#isListed() && isKnown) {
      const gone = state.list.devices.filter((key) => this.#isGone(key, session));
      return removing(state, gone);
    }
    return passwordKey === undefined ? [] : [entering(state, passwordKey)];
  }

  /** The server had no row of a device that was in the list already, and has none now. */
  #isGone(publicKey: Uint8Array, { devices, logLength }: Session): boolean {
    const deviceId = deviceIdOfKey(publicKey);
    return (
      !sameBytes(publicKey, this.#options.identity.publicKey) &&
      !devices.some((row) => row.deviceId === deviceId) &&
      this.#options.deviceName(deviceId) === undefined &&
      // One that came into the list since the session began has a row that came since, too.
      this.#log.lastAdded(publicKey) < logLength
    );
  }

  #state(): OwnState {
    const { clock, identity } = this.#options;
    return { list: this.#list(), identity, now: clock.now() };
  }

  #list(): DeviceList {
    return this.#options.list() ?? emptyDeviceList(idBytes(this.userId));
  }

  #isListed(): boolean {
    return lists(this.#list(), this.#options.identity.publicKey);
  }

  #tellWhereNotListed(): void {
    const isListed = this.#isListed();
    if (!isListed && !this.#toldNotListed) {
      this.#options.notice({
        kind: "own-devices-changed",
        detail: "This device is not among your devices any more: sign in with your password.",
      });
    }
    this.#toldNotListed = !isListed;
  }

  #isForeignPassword(bytes: Uint8Array): boolean {
    const statement = decodeDeviceStatement(bytes);
    const { publicKey } = this.#options.identity;
    return statement?.type === "password" && !sameBytes(statement.signer, publicKey);
  }

  #nameOf(publicKey: Uint8Array): string {
    const deviceId = deviceIdOfKey(publicKey);
    return this.#options.deviceName(deviceId) ?? deviceId;
  }

  #exclusive(use: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(use);
    // The next in turn does not care how this one ended; its caller is told.
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ProtocolError && error.errorName === "device-list-conflict";
}
