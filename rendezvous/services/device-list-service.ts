import {
  limits,
  ProtocolError,
  type Params,
  type Result,
  type UserId,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Member } from "../connection/member.ts";
import type { Store } from "../store/store.ts";
import type { AccountService } from "./account-service.ts";
import { base64 } from "./base64.ts";
import type { DeviceLists } from "./device-lists.ts";
import { event } from "./event-frames.ts";

/** Statements in one answer, shared alike by the accounts asked about. */
const STATEMENTS_PER_ANSWER = 4096;

export interface DeviceListServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly accounts: AccountService;
  readonly lists: DeviceLists;
}

/** Keeps accounts' device lists and hands them to those who need them. It can vouch for nothing. */
export class DeviceListService {
  readonly #options: DeviceListServiceOptions;

  constructor(options: DeviceListServiceOptions) {
    this.#options = options;
  }

  /** @throws ProtocolError device-list-conflict */
  async append(member: Member, { statements }: Params<"devices.append">): Promise<{}> {
    const { store, lists } = this.#options;
    const { userId } = member;
    const extension = await lists.extend(userId, statements);
    await store.deviceLogs.append(userId, extension);
    await this.grew(userId, extension.after + statements.length, member);
    return {};
  }

  /**
   * Tells buddies, people in the same groups, and one's own devices but for the cause, how long the list
   * is now.
   */
  async grew(userId: UserId, length: number, cause?: Member): Promise<void> {
    const { store, bus } = this.#options;
    const frame = event("devices.changed", { userId, length });
    bus.toUsers([userId], frame, cause?.deviceId);
    const [buddies, companions] = await Promise.all([
      store.roster.buddies(userId),
      store.conversations.companions(userId),
    ]);
    bus.toUsers(new Set([...buddies, ...companions]), frame);
  }

  /** Accounts that the member may not ask about are left out. */
  log(member: Member, { of }: Params<"devices.log">): Promise<Result<"devices.log">> {
    const { store } = this.#options;
    const limit = Math.min(limits.DEVICE_LOG_PAGE, Math.floor(STATEMENTS_PER_ANSWER / of.length));
    return member.connection.inTurn(async () => {
      const logs: Result<"devices.log">["logs"] = [];
      for (const { userId, after } of of) {
        if (!(await this.#mayRead(member.userId, userId))) continue;
        const { statements, length } = await store.deviceLogs.read(userId, { after, limit });
        logs.push({ userId, statements: statements.map(base64), length });
      }
      return { logs };
    });
  }

  /** @throws ProtocolError no-such-device */
  async rename(member: Member, { deviceId, name }: Params<"device.rename">): Promise<{}> {
    const { store, accounts } = this.#options;
    if (!(await store.devices.rename(member.userId, deviceId, name))) {
      throw new ProtocolError("no-such-device", "There is no such device.");
    }
    await accounts.devicesChanged(member.userId);
    return {};
  }

  /**
   * Whoever asks shows their list with that, and sees the other's once they have agreed. Who was
   * blocked after that must not notice, and still sees it. The membership log of a group is checked by
   * the lists of all whom it names.
   */
  async #mayRead(reader: UserId, owner: UserId): Promise<boolean> {
    if (reader === owner) return true;
    const { conversations, roster } = this.#options.store;
    const row = await roster.row(reader, owner);
    if (row?.state === "buddies" || row?.state === "pending") return true;
    return conversations.inLogOf(reader, owner);
  }
}
