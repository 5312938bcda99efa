import * as v from "valibot";
import { DeviceId } from "../../protocol/index.ts";
import { MAX_FORMER_DEVICES } from "../limits.ts";
import type { Store, StoreWrite } from "../store.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";

const KEY = "group-former-devices";
const Saved = v.object({ count: v.number(), left: v.array(v.tuple([DeviceId, v.number()])) });

/**
 * In which order this device learned that others have left their accounts' lists. A group's log that was
 * read to its end after that has no statement of theirs any more (SPEC G4).
 */
export class FormerDevices {
  readonly #save: (writes: readonly StoreWrite[]) => void;
  readonly #left = new Map<DeviceId, number>();
  #count = 0;

  constructor(save: (writes: readonly StoreWrite[]) => void) {
    this.#save = save;
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    const text = await store.value(KEY);
    const saved = v.safeParse(Saved, text === undefined ? undefined : JSON.parse(text));
    if (!saved.success) return;
    this.#count = saved.output.count;
    for (const [deviceId, place] of saved.output.left) this.#left.set(deviceId, place);
  }

  /** How many have left so far. */
  get count(): number {
    return this.#count;
  }

  /** @param publicKeys of devices that are not in their account's list, or not any more */
  left(publicKeys: readonly Uint8Array[]): void {
    if (publicKeys.length === 0) return;
    for (const publicKey of publicKeys) {
      const deviceId = deviceIdOfKey(publicKey);
      this.#left.delete(deviceId);
      this.#left.set(deviceId, this.#count++);
    }
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= MAX_FORMER_DEVICES) break;
      this.#left.delete(oldest);
    }
    const saved: v.InferOutput<typeof Saved> = { count: this.#count, left: [...this.#left] };
    this.#save([{ type: "put-value", key: KEY, value: JSON.stringify(saved) }]);
  }

  /** Was it known that this device had left, when so many had? */
  hadLeft(deviceId: DeviceId, count: number): boolean {
    const place = this.#left.get(deviceId);
    return place !== undefined && place < count;
  }
}
