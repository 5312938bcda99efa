import type { Device, DeviceId, UserId } from "../../protocol/index.ts";
import { MAX_FORMER_DEVICES, NEWCOMER_GRACE_MS } from "../limits.ts";
import { RecentIds } from "../links/recent-ids.ts";
import type { Clock } from "../ports.ts";
import type { TrustBook } from "./trust-book.ts";

/** An account and its devices as the server shows them. */
export interface ShownDevices {
  readonly userId: UserId;
  readonly devices: readonly Pick<Device, "deviceId">[];
}

/**
 * Devices that the server shows and whose account's list is not known to have them: they may have
 * signed in a moment ago, with the list on its way. Whoever sends waits for it, once for each.
 */
export class Newcomers {
  readonly #trust: Pick<TrustBook, "devices" | "ready">;
  readonly #clock: Clock;
  /** Those after whom was looked; their lists tell by themselves when they change. */
  readonly #looked = new RecentIds<DeviceId>(MAX_FORMER_DEVICES);
  readonly #looking = new Map<UserId, Promise<void>>();

  constructor(trust: Pick<TrustBook, "devices" | "ready">, clock: Clock) {
    this.#trust = trust;
    this.#clock = clock;
  }

  /**
   * Resolves once the lists were asked for newcomers. Does not wait longer than `NEWCOMER_GRACE_MS`
   * for one more device of an account that has others, for the server may be slow on purpose.
   */
  async look(shown: readonly ShownDevices[]): Promise<void> {
    await Promise.all(shown.map((account) => this.#lookAt(account)));
  }

  #lookAt({ userId, devices }: ShownDevices): Promise<void> {
    const listed = new Set(this.#trust.devices(userId).map(({ deviceId }) => deviceId));
    const unlisted = devices.filter(({ deviceId }) => !listed.has(deviceId));
    const known = this.#looking.get(userId);
    const isNew = unlisted.some(({ deviceId }) => !this.#looked.has(deviceId));
    const hasOthers = unlisted.length < devices.length;
    // Whom nothing can be sent to is looked for again and again.
    if (known !== undefined || unlisted.length === 0 || (!isNew && hasOthers)) {
      return known ?? Promise.resolve();
    }
    for (const { deviceId } of unlisted) this.#looked.add(deviceId);
    const ready = this.#trust.ready(userId);
    const looking = (hasOthers ? this.#atMost(ready) : ready).finally(() =>
      this.#looking.delete(userId),
    );
    this.#looking.set(userId, looking);
    return looking;
  }

  #atMost(ready: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(resolve, NEWCOMER_GRACE_MS);
      ready.finally(() => timer.cancel()).then(resolve, reject);
    });
  }
}
