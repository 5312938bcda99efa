import {
  closeCodes,
  type DeviceId,
  ProtocolError,
  type Params,
  type Profile,
  type UserId,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Member } from "../connection/member.ts";
import type { Account, Store } from "../store/store.ts";
import { event } from "./event-frames.ts";
import type { PresenceService } from "./presence-service.ts";
import type { RosterService } from "./roster-service.ts";
import { ownDevice } from "./own-device.ts";

export interface AccountServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly roster: RosterService;
  readonly presence: PresenceService;
}

/** What people change about their own account. */
export class AccountService {
  readonly #options: AccountServiceOptions;

  constructor(options: AccountServiceOptions) {
    this.#options = options;
  }

  async setProfile(member: Member, params: Params<"account.setProfile">): Promise<Profile> {
    const { store, roster } = this.#options;
    await store.accounts.setDisplayName(member.userId, params.displayName);
    const account = await this.#account(member.userId);
    await Promise.all([this.selfChanged(member.userId), roster.profileChanged(member.userId)]);
    return profileOf(account);
  }

  /** @throws ProtocolError no-such-device, invalid-params (this very device) */
  async removeDevice(member: Member, { deviceId }: Params<"device.remove">): Promise<{}> {
    const { store, bus } = this.#options;
    if (deviceId === member.deviceId) {
      throw new ProtocolError("invalid-params", "Sign out to remove the device you are using.");
    }
    const device = await store.devices.get(deviceId);
    if (device?.userId !== member.userId) {
      throw new ProtocolError("no-such-device", "There is no such device.");
    }
    await store.devices.remove(deviceId);
    bus.endDevice(deviceId, closeCodes.sessionEnded);
    await this.devicesChanged(member.userId);
    return {};
  }

  async setPresence(member: Member, choice: Params<"presence.set">): Promise<{}> {
    await this.#options.presence.set(member, choice);
    await this.selfChanged(member.userId);
    return {};
  }

  /** Buddies seal for every device of the list, and one's own (but for the cause) show it. */
  async devicesChanged(userId: UserId, except?: DeviceId): Promise<void> {
    const { roster } = this.#options;
    await Promise.all([this.selfChanged(userId, except), roster.profileChanged(userId)]);
  }

  /** Tells all online devices of the account what it is now. */
  async selfChanged(userId: UserId, except?: DeviceId): Promise<void> {
    const { store, bus, presence } = this.#options;
    if (bus.user(userId) === undefined) return;
    const [account, devices] = await Promise.all([
      this.#account(userId),
      store.devices.ofUser(userId),
    ]);
    const { show, statusText } = presence.choiceOf(userId, account);
    bus.toUsers(
      [userId],
      event("self.changed", {
        profile: profileOf(account),
        devices: devices.map(ownDevice),
        show,
        statusText,
      }),
      except,
    );
  }

  async #account(userId: UserId): Promise<Account> {
    const account = await this.#options.store.accounts.byId(userId);
    if (account === undefined) throw new ProtocolError("session-ended", "The account is gone.");
    return account;
  }
}

function profileOf({ userId, userName, displayName }: Account): Profile {
  return { userId, userName, displayName };
}
