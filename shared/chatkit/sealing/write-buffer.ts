import type { StoreWrite } from "../store.ts";

/**
 * Writes that wait for the next commit, the newest of each key. Bounded by the records of the groups
 * that were used since the last one.
 */
export class WriteBuffer {
  readonly #writes = new Map<string, () => StoreWrite>();

  put(key: string, value: string): void {
    this.#set(key, () => ({ type: "put-value", key, value }));
  }

  /** @param seal asked for when the write is taken: of many changes to one key, only the last is sealed */
  putSealed(key: string, seal: () => string): void {
    this.#set(key, () => ({ type: "put-value", key, value: seal() }));
  }

  delete(key: string): void {
    this.#set(key, () => ({ type: "delete-value", key }));
  }

  /** All of them; each is handed out once. */
  take(): readonly StoreWrite[] {
    const writes = [...this.#writes.values()].map((made) => made());
    this.#writes.clear();
    return writes;
  }

  get isEmpty(): boolean {
    return this.#writes.size === 0;
  }

  has(prefix: string): boolean {
    for (const key of this.#writes.keys()) if (key.startsWith(prefix)) return true;
    return false;
  }

  clear(): void {
    this.#writes.clear();
  }

  drop(prefix: string): void {
    for (const key of this.#writes.keys()) if (key.startsWith(prefix)) this.#writes.delete(key);
  }

  /** The order is that of the last change. */
  #set(key: string, write: () => StoreWrite): void {
    this.#writes.delete(key);
    this.#writes.set(key, write);
  }
}
