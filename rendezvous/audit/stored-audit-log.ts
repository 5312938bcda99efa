import type { Clock } from "../clock.ts";
import type { Background } from "../services/background.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { AuditEvent, AuditLog } from "./audit-log.ts";
import { AuditSampler } from "./sampler.ts";

/** How much of the log is kept: whichever is reached first. */
export const AUDIT_MAX_AGE_MS = 400 * 24 * 60 * 60 * 1000;
const MAX_ENTRIES = 100_000;

const WINDOW_MS = 60_000;

/** The audit log of a running server: in its store, with frequent events sampled. */
export class StoredAuditLog implements AuditLog, Disposable {
  readonly #store: AuditStore;
  readonly #clock: Clock;
  readonly #background: Background;
  readonly #sampler = new AuditSampler();
  readonly #timer: Disposable;

  constructor(options: { store: AuditStore; clock: Clock; background: Background }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#background = options.background;
    this.#timer = options.clock.every(WINDOW_MS, () => this.#tellLeftOut());
  }

  write(event: AuditEvent): void {
    if (this.#sampler.admits(event)) this.#append(event);
  }

  /** Removes what is too old or too much. */
  trim(): Promise<number> {
    return this.#store.trim(this.#clock.now() - AUDIT_MAX_AGE_MS, MAX_ENTRIES);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#tellLeftOut();
  }

  #tellLeftOut(): void {
    for (const event of this.#sampler.nextWindow()) this.#append(event);
  }

  #append(event: AuditEvent): void {
    const written = this.#store.append({ at: this.#clock.now(), ...event });
    this.#background.run("the audit log was not written", written);
  }
}
