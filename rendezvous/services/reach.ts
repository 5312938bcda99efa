import { ProtocolError, type DeviceId, type UserId } from "../../shared/protocol/index.ts";
import type { Bus, BusDevice } from "../bus/bus.ts";
import type { Member } from "../connection/member.ts";
import type { Store } from "../store/store.ts";
import type { BuddyLists } from "./buddy-lists.ts";

/** Devices whose owner is remembered: an owner never changes, so nothing has to be forgotten. */
const MAX_OWNERS = 20_000;

/**
 * `own`, `buddy`: may be reached. `concealed`: they blocked the asker, who must not notice. Unknown
 * devices and those of strangers are the same: `none`.
 */
type Standing = "own" | "buddy" | "concealed" | "none";

export interface ReachOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly buddies: BuddyLists;
}

/** Whom a device may signal to, open channels to and leave envelopes for. */
export class Reach {
  readonly #options: ReachOptions;
  readonly #owners = new Map<DeviceId, UserId>();

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /**
   * The online device, where the member may reach it.
   * @throws ProtocolError no-such-device (unknown, or a stranger's), peer-offline
   */
  online(member: Member, deviceId: DeviceId): BusDevice | Promise<BusDevice> {
    const device = this.#options.bus.device(deviceId);
    const known = this.known(member, deviceId);
    if (device !== undefined && known === "own" && device !== member) return device;
    if (device !== undefined && known === "buddy" && this.#visible(member, device)) {
      // Whoever appears offline and begins to talk may be answered.
      if (this.#options.bus.user(member.userId)?.show === "offline") member.contact(deviceId);
      return device;
    }
    return this.#refuse(member, deviceId);
  }

  /** As far as it can be told at once; undefined: ask `standing`. */
  known(member: Member, deviceId: DeviceId): "own" | "buddy" | undefined {
    const owner = this.knownOwnerOf(deviceId);
    if (owner === undefined) return undefined;
    if (owner === member.userId) return "own";
    return this.#options.buddies.areBuddies(member.userId, owner) ? "buddy" : undefined;
  }

  async standing(member: Member, deviceId: DeviceId): Promise<Standing> {
    const owner = await this.ownerOf(deviceId);
    return owner === undefined ? "none" : this.standingWith(member, owner);
  }

  /** As far as it is known without asking the store. */
  knownOwnerOf(deviceId: DeviceId): UserId | undefined {
    return this.#options.bus.device(deviceId)?.userId ?? this.#owners.get(deviceId);
  }

  /** Undefined for a device that nobody knows. */
  async ownerOf(deviceId: DeviceId): Promise<UserId | undefined> {
    const known = this.knownOwnerOf(deviceId);
    if (known !== undefined) return known;
    const owner = (await this.#options.store.devices.get(deviceId))?.userId;
    if (owner !== undefined) this.#remember(deviceId, owner);
    return owner;
  }

  async standingWith(member: Member, owner: UserId): Promise<Standing> {
    const { store, buddies } = this.#options;
    if (owner === member.userId) return "own";
    if (buddies.areBuddies(member.userId, owner)) return "buddy";
    const row = await store.roster.row(member.userId, owner);
    return row?.state === "buddies" ? "concealed" : "none";
  }

  async #refuse(member: Member, deviceId: DeviceId): Promise<never> {
    const standing = await this.standing(member, deviceId);
    if (standing === "none" || deviceId === member.deviceId) {
      throw new ProtocolError("no-such-device", "There is no such device.");
    }
    throw new ProtocolError("peer-offline", "The device is not online.");
  }

  #visible(member: Member, device: BusDevice): boolean {
    if (this.#options.bus.user(device.userId)?.show !== "offline") return true;
    return device.hasContacted(member.deviceId);
  }

  #remember(deviceId: DeviceId, owner: UserId): void {
    this.#owners.set(deviceId, owner);
    if (this.#owners.size > MAX_OWNERS) {
      for (const oldest of this.#owners.keys()) {
        this.#owners.delete(oldest);
        break;
      }
    }
  }
}
