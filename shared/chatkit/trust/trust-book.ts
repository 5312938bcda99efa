import * as v from "valibot";
import { UserId, type DeviceId, type SignedIn } from "../../protocol/index.ts";
import { sameBytes, type DeviceList, type IdentityKeys } from "../../crypto/index.ts";
import type { Notice } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { MAX_FORMER_DEVICES, MAX_TRUST_RECORDS } from "../limits.ts";
import { RecentIds } from "../links/recent-ids.ts";
import type { Clock, Log, Random } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";
import { LogFetcher, type FetchedLog } from "./log-fetcher.ts";
import { ForkedLogs, type WholeLog } from "./forked-logs.ts";
import { continueLog, lists, readLog, type LogReading } from "./log-reading.ts";
import { extendTrail, isBeginning } from "./log-trail.ts";
import { OwnList } from "./own-list.ts";
import { changedRecord } from "./safety-change.ts";
import {
  decodeRecord,
  encodeRecord,
  unknownAccount,
  type ListedDevice,
  type TrustRecord,
} from "./trust-record.ts";

const RECORD = "trust/";
const OLD = "an old device list";
const OTHER = "another device list than the one known here";

/** What the rest of the engine asks: whose device is that really? */
export interface TrustedLists {
  /** The devices in that account's verified list; none while nothing is known of it. */
  devices(userId: UserId): readonly ListedDevice[];
  isListed(userId: UserId, publicKey: Uint8Array): boolean;
  /**
   * The server says that the list has so many statements, and shows these devices: reads on where
   * that is news.
   */
  wants(userId: UserId, length: number, shown: readonly DeviceId[]): void;
}

export interface TrustBookOptions {
  readonly identity: IdentityKeys;
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Statements of one's own in one request; tests take fewer. */
  readonly page?: number;
  /** This account, once it is known. */
  readonly self: () => UserId | undefined;
  /** What to call that account or one's own device in a notice. */
  readonly nameOf: (userId: UserId) => string;
  readonly deviceName: (deviceId: DeviceId) => string | undefined;
  /** Those whose lists must be kept. */
  readonly isKept: (userId: UserId) => boolean;
  readonly save: (writes: readonly StoreWrite[]) => void;
  /** Done before this device is put into its account's list: it can then be sent to. */
  readonly beforeListed: () => Promise<void>;
  /** Keys that stood in that account's list at some time; their mail may still be on its way. */
  readonly onKeys: (userId: UserId, publicKeys: readonly Uint8Array[]) => void;
  /** Keys that stood in a list at some time, and do not now. */
  readonly onLeft?: (publicKeys: readonly Uint8Array[]) => void;
  /** Devices came into that account's list, or left it. */
  readonly onChanged: (userId: UserId) => void;
  /** The verified mark, or what is told of a change, is another. */
  readonly onSafety: (userId: UserId) => void;
  readonly notice: (notice: Notice) => void;
}

/**
 * The device lists of one's own account and of everybody on the roster, each as far as it was read
 * and verified (SPEC I). The server can hide a list's end, and let one begin anew, which is told: what
 * does not continue the list known here is not believed, or counts as such a beginning.
 */
export class TrustBook implements TrustedLists, Disposable {
  readonly #options: TrustBookOptions;
  readonly #records = new Map<UserId, TrustRecord>();
  readonly #fetcher: LogFetcher;
  readonly #own: OwnList;
  readonly #unsubscribe: () => void;
  /** Accounts whose lists are being read for the first time, and are not read to their end yet. */
  readonly #first = new Set<UserId>();
  readonly #forks = new ForkedLogs();
  /** Devices shown in this session that are in no list: a list may be another of the same length. */
  #strangers = new RecentIds<DeviceId>(MAX_FORMER_DEVICES);
  /** Accounts about which the user was told in this session that the server is not believed. */
  readonly #told = new Set<UserId>();

  constructor(options: TrustBookOptions) {
    this.#options = options;
    const { connection } = options;
    this.#fetcher = new LogFetcher({
      ...options,
      after: (userId) => this.#after(userId),
      take: (log, after) => this.#take(log, after),
    });
    this.#own = new OwnList({
      ...options,
      list: () => this.list(this.#self()),
      refresh: () => this.refresh(this.#self()),
      append: (statements) => this.#appended(statements),
      startOver: () => this.#startOver(),
    });
    this.#unsubscribe = connection.onEvent("devices.changed", ({ userId, length }) =>
      this.wants(userId, length, []),
    );
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    for (const [key, text] of await store.values(RECORD)) {
      const userId = v.parse(UserId, key.slice(RECORD.length));
      this.#records.set(userId, decodeRecord(userId, text));
    }
    await this.#own.load(store);
  }

  devices(userId: UserId): readonly ListedDevice[] {
    const record = this.#records.get(userId);
    return record === undefined || this.#isDoubtful(userId, record) ? [] : record.devices;
  }

  isListed(userId: UserId, publicKey: Uint8Array): boolean {
    return this.devices(userId).some((device) => sameBytes(device.publicKey, publicKey));
  }

  /** The verified list; undefined while nothing is known of it. */
  list(userId: UserId): DeviceList | undefined {
    return this.#records.get(userId)?.list;
  }

  record(userId: UserId): TrustRecord | undefined {
    return this.#records.get(userId);
  }

  wants(userId: UserId, length: number, shown: readonly DeviceId[]): void {
    const { isKept, self } = this.#options;
    if (!(userId === self() || isKept(userId))) return;
    const record = this.#records.get(userId);
    const listed = new Set(record?.devices.map(({ deviceId }) => deviceId));
    const strangers = shown.filter((id) => !listed.has(id) && !this.#strangers.has(id));
    for (const deviceId of strangers) this.#strangers.add(deviceId);
    if (length !== (record?.list.length ?? 0) || strangers.length > 0) void this.refresh(userId);
  }

  /**
   * Reads that account's list on to its end. True when it is known to the end; false where the
   * server could not be asked, held something back or was not believed.
   */
  refresh(userId: UserId): Promise<boolean> {
    return this.#fetcher.fetch(userId);
  }

  /** Resolves once a first look at the list was taken, as far as there is a server to ask. */
  async ready(userId: UserId): Promise<void> {
    await this.refresh(userId);
  }

  /**
   * A session began: brings one's own list in order. After a sign-in by password, this device is in
   * the list when this resolves, and the sign-in is finished only then.
   * @param passwordKey made of the password that was just given; undefined for a device that came back
   * @throws ChatKitError, ProtocolError where the list could not be brought in order
   */
  async signedIn(
    session: Pick<SignedIn, "profile" | "devices" | "logLength">,
    passwordKey: IdentityKeys | undefined,
  ): Promise<void> {
    this.#told.clear();
    this.#forks.clear();
    this.#strangers = new RecentIds(MAX_FORMER_DEVICES);
    await this.#own.signedIn(session, passwordKey);
  }

  /** Takes one of the account's devices out of the list. @throws ChatKitError, ProtocolError */
  remove(deviceId: DeviceId): Promise<void> {
    return this.#own.remove(this.devices(this.#self()).find((one) => one.deviceId === deviceId));
  }

  /**
   * What makes another password vouch for this account's devices, for `account.passwordFinish`; on
   * device-list-conflict `refresh` and ask again.
   * @param present the present password's public key
   * @param next the next password's keys
   */
  passwordStatement(present: Uint8Array, next: IdentityKeys): Uint8Array {
    return this.#own.passwordStatement(present, next);
  }

  /** Marks the list as compared, or takes the mark away; a change told before is thereby seen. */
  setVerified(userId: UserId, verified: boolean): void {
    const record = this.#records.get(userId);
    if (record === undefined) return;
    this.#put(userId, { ...record, verified, change: verified ? undefined : record.change });
    this.#options.onSafety(userId);
  }

  acknowledgeChange(userId: UserId): void {
    const record = this.#records.get(userId);
    if (record?.change === undefined) return;
    this.#put(userId, { ...record, change: undefined });
    this.#options.onSafety(userId);
  }

  close(): void {
    this.#unsubscribe();
    this.#fetcher.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #self(): UserId {
    return this.#own.userId;
  }

  #take(
    { userId, statements, length }: FetchedLog,
    after: number,
  ): "done" | "more" | "held-back" | "refused" {
    // This device has put something into its own list meanwhile: the answer is older.
    if (this.#after(userId) !== after) return "more";
    const whole = this.#forks.reading(userId);
    if (whole !== undefined) return this.#takeWhole(userId, whole, statements, length);
    const before = this.#records.get(userId) ?? unknownAccount(userId);
    const isOwn = userId === this.#options.self();
    const reading = continueLog(before.list, statements, length);
    if (isOwn) this.#own.serverHas(length, reading.kind === "broken" || reading.kind === "forked");
    if (reading.kind !== "read") {
      // One's own is given back, or taken over by the password.
      const isWorthALook = !isOwn && reading.kind !== "broken";
      if (isWorthALook && this.#forks.begin(userId, length)) return "more";
      return this.#refused(userId, reading.kind === "shorter" ? OLD : OTHER);
    }
    if (before.list.length === 0) this.#first.add(userId);
    const hasNews = reading.statements.length > 0;
    if (hasNews) this.#read(userId, before, reading);
    const isHeldBack = before.list.length > 0 && statements.length === 0;
    if (isHeldBack || reading.list.length < length) return hasNews ? "more" : "held-back";
    this.#first.delete(userId);
    return "done";
  }

  /** A log that does not continue the one known. Where it is its beginning, the server is rolled back. */
  #takeWhole(
    userId: UserId,
    known: WholeLog,
    statements: readonly string[],
    length: number,
  ): "done" | "more" | "held-back" | "refused" {
    const whole = this.#forks.read(userId, known, statements);
    if (whole === undefined) return this.#refused(userId, OTHER);
    if (whole.list.length < length) return statements.length > 0 ? "more" : "held-back";
    this.#forks.end(userId);
    const before = this.#records.get(userId) ?? unknownAccount(userId);
    if (isBeginning(whole.trail, before.trail)) return this.#refused(userId, OLD);
    this.#options.log.warn("a device list is another than the one known, and began anew");
    this.#first.delete(userId);
    this.#changedTo(userId, before, whole);
    return "done";
  }

  #read(
    userId: UserId,
    before: TrustRecord,
    { list, statements, keys }: Extract<LogReading, { kind: "read" }>,
  ): void {
    const trail = extendTrail(before.trail, statements);
    this.#changedTo(userId, before, { list, trail, keys }, statements);
  }

  #changedTo(
    userId: UserId,
    before: TrustRecord,
    next: WholeLog,
    statements: readonly Uint8Array[] = [],
  ): void {
    const { clock, onChanged, onKeys, onLeft, onSafety, self } = this.#options;
    const isOwn = userId === self();
    const isFirst = this.#first.has(userId);
    const record = changedRecord(before, next, isOwn || isFirst ? undefined : clock.now());
    this.#put(userId, record);
    if (!this.#isDoubtful(userId, record)) {
      const wasDoubtful = this.#isDoubtful(userId, before);
      onKeys(userId, wasDoubtful ? [...next.list.devices, ...next.keys] : next.keys);
    }
    onLeft?.([...before.list.devices, ...next.keys].filter((key) => !lists(next.list, key)));
    if (isOwn) this.#own.read(before.list, next.list, statements, isFirst);
    if (record.change !== before.change || record.verified !== before.verified) onSafety(userId);
    onChanged(userId);
  }

  /** One's own list, read at a sign-in by a password that it does not know: nothing of it counts. */
  #isDoubtful(userId: UserId, { list }: TrustRecord): boolean {
    return userId === this.#options.self() && this.#own.doubts(list);
  }

  /** The last statement known is asked for again: it tells whether it is still the same log. */
  #after(userId: UserId): number {
    const whole = this.#forks.reading(userId);
    return whole?.list.length ?? Math.max(0, (this.list(userId)?.length ?? 0) - 1);
  }

  /** The server has taken statements of this device's. */
  #appended(statements: readonly string[]): void {
    const userId = this.#self();
    const before = this.#records.get(userId) ?? unknownAccount(userId);
    const reading = readLog(before.list, statements);
    // An event may have been faster, and read them already.
    if (reading.kind === "read") this.#read(userId, before, reading);
  }

  /** One's own list as the server has it, from its start. */
  async #startOver(): Promise<boolean> {
    this.#records.delete(this.#self());
    return await this.refresh(this.#self());
  }

  #put(userId: UserId, record: TrustRecord): void {
    // What changed last stands last: the others go first when there are too many.
    this.#records.delete(userId);
    this.#records.set(userId, record);
    if (this.#isDoubtful(userId, record)) return;
    const writes: StoreWrite[] = [
      { type: "put-value", key: RECORD + userId, value: encodeRecord(record) },
    ];
    for (const old of this.#records.keys()) {
      if (this.#records.size <= MAX_TRUST_RECORDS) break;
      if (old === userId || old === this.#options.self() || this.#options.isKept(old)) continue;
      this.#records.delete(old);
      writes.push({ type: "delete-value", key: RECORD + old });
    }
    this.#options.save(writes);
  }

  #refused(userId: UserId, what: string): "refused" {
    if (this.#told.has(userId)) return "refused";
    this.#told.add(userId);
    const { nameOf, notice, self } = this.#options;
    const isOwn = userId === self() && what === OTHER;
    const how = isOwn ? " Sign in with your password to look through your devices." : "";
    notice({
      kind: "server-untrusted",
      detail: `The server showed ${what}, of ${nameOf(userId)}; it was not believed.${how}`,
    });
    return "refused";
  }
}
