import type { Clock } from "../../shared/chatkit/ports.ts";
import type { FoundService } from "./found-service.ts";
import { MAX_FOUND, MAX_FOUND_PER_DEVICE, MAX_FOUND_PER_SOURCE } from "./limits.ts";

interface Row<Key> {
  readonly key: Key;
  readonly service: FoundService;
  seenAt: number;
}

export interface FoundTableHandlers<Key> {
  /** The first announcement of it, or another one. */
  readonly onChanged: (key: Key) => void;
  /** The last one has left. */
  readonly onGone: (key: Key) => void;
}

/**
 * Who announces itself, by what it says it is. An announcement counts by its sender's address and its
 * name, so that nobody's is replaced by a stranger's. What is beyond a bound is not taken.
 */
export class FoundTable<Key> {
  readonly #clock: Clock;
  readonly #handlers: FoundTableHandlers<Key>;
  readonly #rows = new Map<string, Row<Key>>();

  constructor(clock: Clock, handlers: FoundTableHandlers<Key>) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  get size(): number {
    return this.#rows.size;
  }

  seen(key: Key, service: FoundService): void {
    const id = idOf(service);
    const seenAt = this.#clock.monotonic();
    const known = this.#rows.get(id);
    if (known !== undefined && isSame(known, { key, service })) {
      known.seenAt = seenAt;
      return;
    }
    if (known !== undefined) this.drop(known.service);
    if (!this.#hasRoom(key, service)) return;
    this.#rows.set(id, { key, service, seenAt });
    this.#handlers.onChanged(key);
  }

  drop(service: FoundService): void {
    const row = this.#rows.get(idOf(service));
    if (row === undefined) return;
    this.#rows.delete(idOf(service));
    if (this.of(row.key).length === 0) this.#handlers.onGone(row.key);
    else this.#handlers.onChanged(row.key);
  }

  /** What was not heard of for `ms`. */
  expire(ms: number): void {
    const oldest = this.#clock.monotonic() - ms;
    for (const { service, seenAt } of this.#rows.values()) if (seenAt < oldest) this.drop(service);
  }

  of(key: Key): readonly FoundService[] {
    return [...this.#rows.values()].filter((row) => row.key === key).map(({ service }) => service);
  }

  keys(): ReadonlySet<Key> {
    return new Set([...this.#rows.values()].map(({ key }) => key));
  }

  #hasRoom(key: Key, { source }: FoundService): boolean {
    if (this.#rows.size >= MAX_FOUND) return false;
    const rows = [...this.#rows.values()];
    const fromSource = rows.filter(({ service }) => service.source === source).length;
    const ofDevice = rows.filter((row) => row.key === key).length;
    return fromSource < MAX_FOUND_PER_SOURCE && ofDevice < MAX_FOUND_PER_DEVICE;
  }
}

function idOf({ source, instance }: FoundService): string {
  return `${source} ${instance}`;
}

function isSame<Key>(a: Pick<Row<Key>, "key" | "service">, b: typeof a): boolean {
  return (
    a.key === b.key &&
    a.service.port === b.service.port &&
    a.service.addresses.join() === b.service.addresses.join()
  );
}
