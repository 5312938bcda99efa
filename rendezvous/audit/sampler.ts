import type { AuditAction, AuditEvent } from "./audit-log.ts";

/** What strangers can cause as often as they like; it must not push out everything else. */
const FREQUENT: ReadonlySet<AuditAction> = new Set([
  "registration-refused",
  "sign-in-failed",
  "limit-reached",
]);

/** Of one frequent action in one window: from one address, and from all together. */
const PER_ADDRESS = 5;
const PER_ACTION = 60;

interface Window {
  written: number;
  leftOut: number;
  /** At most `PER_ACTION` addresses. */
  readonly byAddress: Map<string, number>;
}

/** Lets through what is rare, and so many of what is frequent in each window of time. */
export class AuditSampler {
  readonly #windows = new Map<AuditAction, Window>();

  /** False: it is counted and not to be written. */
  admits({ action, address = "" }: AuditEvent): boolean {
    if (!FREQUENT.has(action)) return true;
    const window = this.#windowOf(action);
    const fromThere = window.byAddress.get(address) ?? 0;
    if (fromThere >= PER_ADDRESS || window.written >= PER_ACTION) {
      window.leftOut += 1;
      return false;
    }
    window.written += 1;
    window.byAddress.set(address, fromThere + 1);
    return true;
  }

  /** Begins a new window; gives an event for each action of which some were left out. */
  nextWindow(): readonly AuditEvent[] {
    const told = Array.from(this.#windows, ([action, { leftOut }]) => ({ action, leftOut }));
    this.#windows.clear();
    return told
      .filter(({ leftOut }) => leftOut > 0)
      .map(({ action, leftOut }) => ({
        action,
        actor: "server",
        detail: `${leftOut} more were left out`,
      }));
  }

  #windowOf(action: AuditAction): Window {
    const known = this.#windows.get(action);
    if (known !== undefined) return known;
    const window: Window = { written: 0, leftOut: 0, byAddress: new Map() };
    this.#windows.set(action, window);
    return window;
  }
}
