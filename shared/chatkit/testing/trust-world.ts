import {
  ProtocolError,
  type DeviceId,
  type EventName,
  type EventParams,
  type MethodName,
  type OwnDeviceRow,
  type Params,
  type Result,
  type UserId,
} from "../../protocol/index.ts";
import { encodeBase64, type IdentityKeys } from "../../crypto/index.ts";
import { ChatKitError, type ConnectionState, type Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { TrustBook } from "../trust/trust-book.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import type { DeviceLogs } from "./device-logs.ts";
import { FakeClock, flushMicrotasks } from "./fake-clock.ts";
import { MemoryStores, type MemoryStore } from "./memory-store.ts";
import { MemoryLog, seededRandom } from "./test-ports.ts";
import { testServerInfo } from "./test-server-info.ts";

/** Statements that a device sends of its own list at once; few, so that tests see several requests. */
export const OWN_PAGE = 4;

type Answer<M extends MethodName> = (params: Params<M>) => Result<M> | Promise<Result<M>>;

/** A connection to a server that knows device lists and nothing else. */
export class TrustConnection implements ServerConnection {
  state: ConnectionState = { state: "online", server: testServerInfo("trust", 0) };
  readonly bufferedAmount = 0;
  readonly requests: { readonly method: MethodName; readonly params: unknown }[] = [];
  log: Answer<"devices.log">;
  append: Answer<"devices.append">;
  readonly #changed = new Set<(params: EventParams<"devices.changed">) => void>();
  readonly #state = new Set<(state: ConnectionState) => void>();

  constructor(logs: DeviceLogs, self: UserId) {
    this.log = (params) => logs.log(params);
    this.append = ({ statements }) => {
      logs.append(self, statements);
      return {};
    };
  }

  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  async request(
    ...call:
      | ["devices.log", Params<"devices.log">]
      | ["devices.append", Params<"devices.append">]
      | ["device.remove", Params<"device.remove">]
      | ["device.rename", Params<"device.rename">]
  ): Promise<unknown> {
    this.requests.push({ method: call[0], params: call[1] });
    await Promise.resolve();
    if (this.state.state !== "online") {
      throw new ChatKitError("server-unreachable", "gone", { retryable: true });
    }
    switch (call[0]) {
      case "devices.log":
        return await this.log(call[1]);
      case "devices.append":
        return await this.append(call[1]);
      case "device.remove":
      case "device.rename":
        return {};
      default:
        throw new ProtocolError("unknown-method", "not played");
    }
  }

  count(method: MethodName): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  tell(params: EventParams<"devices.changed">): void {
    for (const handler of this.#changed) handler(params);
  }

  setOnline(isOnline: boolean): void {
    this.state = isOnline
      ? { state: "online", server: testServerInfo("trust", 0) }
      : { state: "waiting", attempt: 1, retryAt: 0 };
    for (const handler of this.#state) handler(this.state);
  }

  suspect(): void {}

  sendChannelData(): boolean {
    return false;
  }

  onState(handler: (state: ConnectionState) => void): () => void {
    this.#state.add(handler);
    return () => this.#state.delete(handler);
  }

  onSession(): () => void {
    return () => {};
  }

  onEvent<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void;
  onEvent(event: string, handler: (params: EventParams<"devices.changed">) => void): () => void {
    if (event === "devices.changed") this.#changed.add(handler);
    return () => this.#changed.delete(handler);
  }

  onChannelData(): () => void {
    return () => {};
  }
}

/** One device with its trust book, on a store that survives `restart`. */
export class TrustNode {
  readonly identity: IdentityKeys;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly connection: TrustConnection;
  readonly clock: FakeClock;
  readonly notices: Notice[] = [];
  readonly changed: UserId[] = [];
  readonly safety: UserId[] = [];
  readonly keys: Uint8Array[] = [];
  /** Who hears of keys, beside `keys`. */
  onKeys: (userId: UserId, keys: readonly Uint8Array[]) => void = () => {};
  readonly log = new MemoryLog();
  /** What happened before the device was listed, told by `beforeListed`. */
  listings = 0;
  /** Who hears of safety, beside `safety`. */
  onSafety: (userId: UserId) => void = () => {};
  book: TrustBook;
  readonly #stores = new MemoryStores();
  #store: MemoryStore | undefined;

  private constructor(
    userId: UserId,
    identity: IdentityKeys,
    logs: DeviceLogs,
    clock: FakeClock = new FakeClock(),
  ) {
    this.userId = userId;
    this.identity = identity;
    this.deviceId = deviceIdOfKey(identity.publicKey);
    this.clock = clock;
    this.connection = new TrustConnection(logs, userId);
    this.book = this.#make();
  }

  static async start(userId: UserId, identity: IdentityKeys, logs: DeviceLogs): Promise<TrustNode> {
    const node = new TrustNode(userId, identity, logs);
    await node.#load();
    return node;
  }

  /** The program ends, and begins anew on the same store. */
  async restart(): Promise<void> {
    await flushMicrotasks();
    this.book.close();
    await this.#store?.[Symbol.asyncDispose]();
    this.book = this.#make();
    await this.#load();
  }

  async #load(): Promise<void> {
    this.#store = await this.#stores.open("trust");
    await this.book.load(this.#store);
  }

  /** A session begins, with these of the account's devices known to the server. */
  signedIn(
    logLength: number,
    passwordKey?: IdentityKeys,
    others: readonly IdentityKeys[] = [],
  ): Promise<void> {
    const profile = { userId: this.userId, userName: "self", displayName: "Self" };
    const devices = [this.identity, ...others].map(rowOf);
    return this.book.signedIn({ profile, devices, logLength }, passwordKey);
  }

  kinds(): readonly string[] {
    return this.notices.map(({ kind }) => kind);
  }

  #make(): TrustBook {
    return new TrustBook({
      identity: this.identity,
      page: OWN_PAGE,
      connection: this.connection,
      clock: this.clock,
      random: seededRandom(5),
      log: this.log,
      self: () => this.userId,
      nameOf: (userId) => `user ${userId.slice(0, 4)}`,
      deviceName: () => undefined,
      isKept: () => true,
      save: (writes) => void this.#store?.commit(writes),
      beforeListed: async () => {
        await Promise.resolve();
        this.listings += 1;
      },
      onKeys: (userId, keys) => {
        this.keys.push(...keys);
        this.onKeys(userId, keys);
      },
      onChanged: (userId) => this.changed.push(userId),
      onSafety: (userId) => {
        this.safety.push(userId);
        this.onSafety(userId);
      },
      notice: (notice) => this.notices.push(notice),
    });
  }
}

export function rowOf({ publicKey }: IdentityKeys): OwnDeviceRow {
  return {
    deviceId: deviceIdOfKey(publicKey),
    name: "device",
    publicKey: encodeBase64(publicKey),
    addedAt: 0,
    lastSeen: 0,
  };
}
