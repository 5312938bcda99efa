import * as v from "valibot";
import {
  DeviceId,
  OwnDeviceRow,
  Profile,
  RosterEntry,
  Show,
  UserId,
  type Device,
  type Presence,
  type SignedIn,
} from "../../protocol/index.ts";
import { decodeBase64, encodeBase64 } from "../../crypto/index.ts";
import { ChatKitError, type Self } from "../api.ts";
import type { Directory } from "../delivery/directory.ts";
import { MAX_FORMER_DEVICES } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { LinkPeers } from "../links/link-service.ts";
import type { Store, StoreWrite } from "../store.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import type { TrustedLists } from "../trust/trust-book.ts";

const ENTRY = "roster/";
const DEVICE = "device-key/";
const NAME = "name/";
const SELF = "self";

const SavedSelf = v.object({
  profile: Profile,
  deviceId: DeviceId,
  devices: v.array(OwnDeviceRow),
  show: Show,
  statusText: v.string(),
});
/** As `Self`, with what the server tells of one's own devices alone. */
type OwnSelf = v.InferOutput<typeof SavedSelf>;
const SavedDevice = v.object({ userId: UserId, publicKey: v.string() });

interface KnownDevice {
  readonly userId: UserId;
  readonly publicKey: Uint8Array;
}

export interface RosterHandlers {
  readonly onEntry: (entry: RosterEntry) => void;
  readonly onRemoved: (userId: UserId) => void;
  readonly onSelf: (self: Self) => void;
  /** Anything that delivery or the links must look at. */
  readonly onChanged: () => void;
  /** To be saved; losing it costs nothing but an older roster at the next start offline. */
  readonly save: (writes: readonly StoreWrite[]) => void;
}

/**
 * The account and its roster as the server told last, kept for offline starts. Devices count only
 * where their account's verified list has them, too: the server may hide one, and add none (I8).
 */
export class RosterBook implements Directory, LinkPeers {
  readonly #handlers: RosterHandlers;
  readonly #trust: TrustedLists;
  readonly #entries = new Map<UserId, RosterEntry>();
  /** Whatever was in a verified list at some time. */
  readonly #devices = new Map<DeviceId, KnownDevice>();
  readonly #online = new Set<DeviceId>();
  /** One's own other devices that are online. */
  #ownOnline: readonly DeviceId[] = [];
  /** What those were called who are not on the roster any more: for old conversations. */
  readonly #formerNames = new Map<string, string>();
  #self: OwnSelf | undefined;

  constructor(handlers: RosterHandlers, trust: TrustedLists) {
    this.#handlers = handlers;
    this.#trust = trust;
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    for (const [key, value] of await store.values(DEVICE)) {
      const saved = v.parse(SavedDevice, JSON.parse(value));
      const deviceId = v.parse(DeviceId, key.slice(DEVICE.length));
      const publicKey = decodeBase64(saved.publicKey);
      // An older version kept keys of another kind.
      if (deviceIdOfKey(publicKey) !== deviceId) continue;
      this.#devices.set(deviceId, { userId: saved.userId, publicKey });
    }
    for (const value of (await store.values(ENTRY)).values()) {
      const entry = v.safeParse(RosterEntry, JSON.parse(value));
      // What an older version kept comes anew with the session.
      if (entry.success) this.#entries.set(entry.output.profile.userId, entry.output);
    }
    for (const [key, name] of await store.values(NAME)) {
      this.#formerNames.set(key.slice(NAME.length), name);
    }
    const self = await store.value(SELF);
    const saved = v.safeParse(SavedSelf, self === undefined ? undefined : JSON.parse(self));
    if (saved.success) this.#self = saved.output;
  }

  get account(): Self | undefined {
    return this.#self;
  }

  get self(): LinkPeer {
    if (this.#self === undefined) throw new ChatKitError("not-open", "Nobody is signed in.");
    return { userId: this.#self.profile.userId, deviceId: this.#self.deviceId };
  }

  entries(): readonly RosterEntry[] {
    return [...this.#entries.values()];
  }

  get(userId: UserId): RosterEntry | undefined {
    return this.#entries.get(userId);
  }

  /** What to call that person, also after they have left the roster. */
  nameOf(userId: UserId): string {
    const entry = this.#entries.get(userId);
    return (entry && nameIn(entry)) ?? this.#formerNames.get(userId) ?? userId;
  }

  device(deviceId: DeviceId): KnownDevice | undefined {
    return this.#devices.get(deviceId);
  }

  devicesOf(userId: UserId): readonly LinkPeer[] {
    const entry = this.#entries.get(userId);
    return entry?.state === "buddies" ? this.#verified(userId, entry.devices) : [];
  }

  memberDevices(userId: UserId): readonly LinkPeer[] {
    if (this.isBuddy(userId)) return this.devicesOf(userId);
    return this.#trust.devices(userId).map(({ deviceId }) => ({ userId, deviceId }));
  }

  people(): readonly UserId[] {
    return [...this.#entries.keys()];
  }

  ownOthers(): readonly LinkPeer[] {
    const self = this.#self;
    if (self === undefined) return [];
    return this.#verified(self.profile.userId, self.devices).filter(
      ({ deviceId }) => deviceId !== self.deviceId,
    );
  }

  /** The account's own devices as the server tells, verified or not. */
  ownRows(): readonly OwnDeviceRow[] {
    return this.#self?.devices ?? [];
  }

  isOnline(deviceId: DeviceId): boolean {
    return this.#online.has(deviceId);
  }

  isBuddy(userId: UserId): boolean {
    return this.#entries.get(userId)?.state === "buddies";
  }

  isBlocked(userId: UserId): boolean {
    return this.#entries.get(userId)?.state === "blocked";
  }

  permits(userId: UserId, deviceId: DeviceId): boolean {
    const peers = userId === this.#self?.profile.userId ? this.ownOthers() : this.devicesOf(userId);
    return peers.some((peer) => peer.deviceId === deviceId);
  }

  publicKeyOf({ userId, deviceId }: LinkPeer): Uint8Array | undefined {
    return this.#trust.devices(userId).find((one) => one.deviceId === deviceId)?.publicKey;
  }

  /** Keys that were in that account's verified list at some time. */
  learn(userId: UserId, publicKeys: readonly Uint8Array[]): void {
    for (const publicKey of publicKeys) {
      const deviceId = deviceIdOfKey(publicKey);
      if (this.#devices.get(deviceId)?.userId === userId) continue;
      this.#devices.set(deviceId, { userId, publicKey });
      const value = JSON.stringify({ userId, publicKey: encodeBase64(publicKey) });
      this.#handlers.save([{ type: "put-value", key: DEVICE + deviceId, value }]);
    }
    if (this.#devices.size > MAX_FORMER_DEVICES) this.#forgetFormer();
  }

  /** A sign-in or resumption: everything anew. */
  session(session: Omit<SignedIn, "mailboxCount" | "server" | "logLength">): void {
    const { profile, deviceId, devices, show, statusText, roster } = session;
    const gone = new Set(this.#entries.keys());
    this.#ownOnline = [];
    this.#putSelf({ profile, deviceId, devices, show, statusText });
    for (const entry of roster) {
      gone.delete(entry.profile.userId);
      this.#putEntry(entry);
    }
    for (const userId of gone) this.#drop(userId);
    this.#changed();
  }

  /** The answer to a request of one's own: what events told meanwhile is newer. */
  answered(entry: RosterEntry): void {
    const known = this.#entries.get(entry.profile.userId);
    const isSame = known?.state === entry.state;
    this.entryChanged(isSame ? { ...entry, presence: known.presence } : entry);
  }

  entryChanged(entry: RosterEntry): void {
    this.#putEntry(entry);
    this.#changed();
  }

  removed(userId: UserId): void {
    if (!this.#entries.has(userId)) return;
    this.#drop(userId);
    this.#changed();
  }

  presenceChanged(userId: UserId, presence: Presence): void {
    if (userId === this.#self?.profile.userId) {
      this.#ownOnline = presence.endpoints.map(({ deviceId }) => deviceId);
      this.#changed();
      return;
    }
    const entry = this.#entries.get(userId);
    if (entry === undefined) return;
    const changed = { ...entry, presence };
    // Not saved: at the next start it would be out of date.
    this.#entries.set(userId, changed);
    this.#handlers.onEntry(changed);
    this.#changed();
  }

  /** Something of one's own account changed, here or on another device; it stays the same account. */
  changeSelf(change: Partial<OwnSelf>): void {
    if (this.#self === undefined) return;
    const { userId } = this.#self.profile;
    if (change.profile !== undefined && change.profile.userId !== userId) return;
    this.#putSelf({ ...this.#self, ...change });
    this.#changed();
  }

  #putSelf(self: OwnSelf): void {
    const isSame = JSON.stringify(self) === JSON.stringify(this.#self);
    this.#self = self;
    if (!isSame) {
      this.#handlers.save([{ type: "put-value", key: SELF, value: JSON.stringify(self) }]);
    }
    this.#handlers.onSelf(self);
  }

  #putEntry(entry: RosterEntry): void {
    const { userId } = entry.profile;
    const before = this.#entries.get(userId);
    this.#entries.set(userId, entry);
    // Whoever is no buddy is shown without their list.
    const shown = entry.devices.map(({ deviceId }) => deviceId);
    if (entry.state === "buddies") this.#trust.wants(userId, entry.logLength, shown);
    const value = asSaved(entry);
    if (before === undefined || asSaved(before) !== value) {
      this.#handlers.save([{ type: "put-value", key: ENTRY + userId, value }]);
    }
    this.#handlers.onEntry(entry);
  }

  #drop(userId: UserId): void {
    const name = this.nameOf(userId);
    this.#entries.delete(userId);
    this.#formerNames.set(userId, name);
    this.#handlers.save([
      { type: "delete-value", key: ENTRY + userId },
      { type: "put-value", key: NAME + userId, value: name },
    ]);
    this.#handlers.onRemoved(userId);
  }

  #verified(userId: UserId, rows: readonly Device[]): readonly LinkPeer[] {
    const listed = new Set(this.#trust.devices(userId).map(({ deviceId }) => deviceId));
    return rows
      .filter(({ deviceId }) => listed.has(deviceId))
      .map(({ deviceId }) => ({ userId, deviceId }));
  }

  /** Of too many, those learnt first that are in no list any more go. */
  #forgetFormer(): void {
    for (const [deviceId, { userId }] of this.#devices) {
      if (this.#devices.size <= MAX_FORMER_DEVICES) return;
      if (this.publicKeyOf({ userId, deviceId }) !== undefined) continue;
      this.#devices.delete(deviceId);
      this.#handlers.save([{ type: "delete-value", key: DEVICE + deviceId }]);
    }
  }

  #changed(): void {
    this.#online.clear();
    for (const deviceId of this.#ownOnline) this.#online.add(deviceId);
    for (const { presence } of this.#entries.values()) {
      for (const { deviceId } of presence.endpoints) this.#online.add(deviceId);
    }
    this.#handlers.onChanged();
  }
}

function nameIn({ nickname, profile }: RosterEntry): string {
  return nickname || profile.displayName || profile.userName;
}

function asSaved(entry: RosterEntry): string {
  const presence: Presence = { show: "offline", statusText: "", endpoints: [] };
  return JSON.stringify({ ...entry, presence });
}
