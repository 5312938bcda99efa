import type { UserId } from "../../protocol/index.ts";
import { emptyDeviceList, type DeviceList } from "../../crypto/index.ts";
import { idBytes } from "./device-id.ts";
import { readLog } from "./log-reading.ts";
import { extendTrail, type LogTrail } from "./log-trail.ts";

/** A log as far as it was read from its start. */
export interface WholeLog {
  readonly list: DeviceList;
  readonly trail: LogTrail;
  /** Keys that were in the list at some time. */
  readonly keys: readonly Uint8Array[];
}

/**
 * Logs that do not continue what is known here, being read whole: a server restored from a backup may
 * have gone on without what it lost (SPEC I9). For each account one at a time, and in a session only
 * longer ones again: a server cannot go to and fro between two.
 */
export class ForkedLogs {
  readonly #reading = new Map<UserId, WholeLog>();
  readonly #looked = new Map<UserId, number>();

  /** False where one of that length was looked at in this session already. */
  begin(userId: UserId, length: number): boolean {
    if (length <= (this.#looked.get(userId) ?? -1)) return false;
    this.#looked.set(userId, length);
    const list = emptyDeviceList(idBytes(userId));
    this.#reading.set(userId, { list, trail: new Uint8Array(), keys: [] });
    return true;
  }

  /** What was read of it, while it is being read. */
  reading(userId: UserId): WholeLog | undefined {
    return this.#reading.get(userId);
  }

  /** Reads on; undefined where it is broken: then it is given up. */
  read(
    userId: UserId,
    { list, trail, keys }: WholeLog,
    log: readonly string[],
  ): WholeLog | undefined {
    const reading = readLog(list, log);
    if (reading.kind === "broken") {
      this.#reading.delete(userId);
      return undefined;
    }
    const whole = {
      list: reading.list,
      trail: extendTrail(trail, reading.statements),
      keys: [...keys, ...reading.keys],
    };
    this.#reading.set(userId, whole);
    return whole;
  }

  end(userId: UserId): void {
    this.#reading.delete(userId);
  }

  /** A new session: everything may be looked at once more. */
  clear(): void {
    this.#reading.clear();
    this.#looked.clear();
  }
}
