import type { DeviceId } from "../../protocol/index.ts";
import type { OwnDevice } from "../api.ts";
import { calling } from "../calling.ts";
import type { DevicesApi } from "../chatkit.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { RosterBook } from "../roster/roster-book.ts";
import type { TrustBook } from "./trust-book.ts";

interface Open {
  readonly connection: ServerConnection;
  readonly roster: RosterBook;
  readonly trust: TrustBook;
}

/** One's own devices as hosts use them. */
export class DeviceCalls implements DevicesApi {
  readonly #current: () => Open | undefined;
  readonly #open: () => Open;

  /**
   * @param current the account, if one is open
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => Open | undefined, open: () => Open) {
    this.#current = current;
    this.#open = open;
  }

  list(): readonly OwnDevice[] {
    const open = this.#current();
    return open === undefined ? [] : ownDevices(open);
  }

  rename(deviceId: DeviceId, name: string): Promise<void> {
    return calling(async () => {
      await this.#open().connection.request("device.rename", { deviceId, name });
    });
  }

  /** The signed list first: nobody sends to the device any more, whatever the server does then. */
  remove(deviceId: DeviceId): Promise<void> {
    return calling(async () => {
      const { connection, trust } = this.#open();
      await trust.remove(deviceId);
      await connection.request("device.remove", { deviceId });
    });
  }
}

/** This one first, then as the server lists them. */
export function ownDevices({ connection, roster, trust }: Open): readonly OwnDevice[] {
  const self = roster.account;
  if (self === undefined) return [];
  const listed = new Set(trust.devices(self.profile.userId).map(({ deviceId }) => deviceId));
  const isServerThere = connection.state.state === "online";
  return roster
    .ownRows()
    .map(({ deviceId, name, addedAt, lastSeen }) => {
      const current = deviceId === self.deviceId;
      return {
        deviceId,
        name,
        current,
        addedAt,
        lastSeen,
        online: isServerThere && (current || roster.isOnline(deviceId)),
        vouched: listed.has(deviceId),
      };
    })
    .toSorted((a, b) => Number(b.current) - Number(a.current));
}
