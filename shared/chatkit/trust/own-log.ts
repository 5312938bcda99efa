import * as v from "valibot";
import {
  sameBytes,
  decodeBase64,
  decodeDeviceStatement,
  encodeBase64,
} from "../../crypto/index.ts";
import type { Store, StoreWrite } from "../store.ts";

const KEY = "own-device-log";
const Saved = v.array(v.string());

/**
 * The statements of one's own device list as they were signed: a server that has lost the newest of
 * them gets them back. Bounded by `MAX_DEVICE_STATEMENTS`.
 */
export class OwnLog {
  #statements: readonly string[] = [];

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    const saved = await store.value(KEY);
    if (saved !== undefined) this.#statements = v.parse(Saved, JSON.parse(saved));
  }

  /** @param index of the first of them; what was there from it on is replaced */
  add(index: number, statements: readonly Uint8Array[]): readonly StoreWrite[] {
    // With a gap it would be of no use.
    if (index > this.#statements.length) return [];
    this.#statements = [...this.#statements.slice(0, index), ...statements.map(encodeBase64)];
    return [{ type: "put-value", key: KEY, value: JSON.stringify(this.#statements) }];
  }

  /** The place of the statement by which that device came into the list last; -1 where there is none. */
  lastAdded(publicKey: Uint8Array): number {
    return this.#statements.findLastIndex((text) => {
      const statement = decodeDeviceStatement(decodeBase64(text));
      const adds = statement?.type !== "remove" && statement?.type !== "password";
      return statement !== undefined && adds && sameBytes(statement.subject, publicKey);
    });
  }

  /** Those from that index on. */
  from(index: number): readonly string[] {
    return this.#statements.slice(index);
  }
}
