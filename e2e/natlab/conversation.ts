import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../client-driver.ts";
import { PATHS, type Path, type Person, type Slowest } from "./scenario.ts";

/** Messages each way. */
export const MESSAGES = 100;

/** What the measurement uses of a client. */
export type Talker = Pick<Client, "send" | "events" | "received" | "history">;

/** How often is looked whether something has come. */
const LOOK_MS = 50;

/** One direction of a conversation: what was sent, and what became of it. */
export class OneWay {
  readonly #from: Talker;
  readonly #to: Talker;
  readonly #names: { readonly from: Person; readonly to: Person };
  readonly #length: number;
  readonly #ids: string[] = [];
  readonly #sentAt = new Map<string, number>();

  constructor(
    names: { readonly from: Person; readonly to: Person },
    from: Talker,
    to: Talker,
    length = 0,
  ) {
    this.#names = names;
    this.#from = from;
    this.#to = to;
    this.#length = length;
  }

  get sent(): number {
    return this.#ids.length;
  }

  async send(): Promise<void> {
    const text = String(this.#ids.length).padStart(6, "0").padEnd(this.#length, ".");
    const { id, at } = await this.#from.send(this.#names.to, text);
    this.#ids.push(id);
    this.#sentAt.set(id, at);
  }

  /** Until all that was sent has its receipt. False where that did not come in time. */
  async delivered(patienceMs: number): Promise<boolean> {
    const end = performance.now() + patienceMs;
    while (this.#deliveries().size < this.#ids.length) {
      if (performance.now() > end) return false;
      await pause(LOOK_MS);
    }
    return true;
  }

  /** The path of the nth message; undefined until its receipt has come. */
  path(n: number): Path | undefined {
    return this.#deliveries().get(this.#ids[n] ?? "")?.path;
  }

  /** How many took that path, but for the first one. */
  countBy(path: Path): number {
    const deliveries = this.#deliveries();
    return this.#ids.slice(1).filter((id) => deliveries.get(id)?.path === path).length;
  }

  /** From the first message's `send` to its receipt. */
  get firstMs(): number | undefined {
    return this.#elapsed()[0];
  }

  /** The message that took longest, of those that have arrived. */
  get slowest(): Slowest | undefined {
    const all = this.#elapsed().flatMap((ms, n) => {
      const path = this.path(n);
      return ms === undefined || path === undefined
        ? []
        : [{ from: this.#names.from, number: n + 1, ms, path }];
    });
    return all.toSorted((a, b) => b.ms - a.ms)[0];
  }

  /** Counts at the receiving end, of what it told and of what it keeps. */
  async count(): Promise<{ lost: number; doubled: number; outOfOrder: number }> {
    const history = await this.#to.history(this.#names.from, 10 * MESSAGES);
    const kept = history.filter(({ own }) => !own);
    const told = this.#to.received;
    const ids = new Set(kept.map(({ id }) => id));
    const toldIds = new Set(told.map(({ id }) => id));
    return {
      lost: this.#ids.filter((id) => !ids.has(id) || !toldIds.has(id)).length,
      doubled: told.length - toldIds.size + kept.length - ids.size,
      outOfOrder: Math.max(inversions(told), inversions(kept)),
    };
  }

  /** For each message from `send` to its receipt, ms; undefined for those without one. */
  #elapsed(): readonly (number | undefined)[] {
    const deliveries = this.#deliveries();
    return this.#ids.map((id) => {
      const [sent, arrived] = [this.#sentAt.get(id), deliveries.get(id)?.at];
      return sent === undefined || arrived === undefined ? undefined : arrived - sent;
    });
  }

  #deliveries(): ReadonlyMap<string, { readonly path: Path; readonly at: number }> {
    const found = new Map<string, { path: Path; at: number }>();
    for (const event of this.#from.events) {
      if (event.event !== "messageChanged" || event.message.state !== "delivered") continue;
      const path = pathOf(event.message.path);
      if (path !== undefined && !found.has(event.message.id)) {
        found.set(event.message.id, { path, at: event.at });
      }
    }
    return found;
  }
}

/** Texts sort as they were sent. */
function inversions(messages: readonly { readonly text: string }[]): number {
  return messages.filter(({ text }, n) => n > 0 && text < (messages[n - 1]?.text ?? "")).length;
}

function pathOf(path: string | undefined): Path | undefined {
  return PATHS.find((known) => known === path);
}
