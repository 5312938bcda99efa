import type { RosterEntry, UserId } from "../../protocol/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { ROUTE_RETRY_MAX_MS } from "../limits.ts";
import type { Clock, Log, Timer } from "../ports.ts";
import type { RouteBook } from "./route-book.ts";

export interface AddressHidingOptions {
  readonly book: Pick<RouteBook, "own" | "people">;
  readonly connection: ServerConnection;
  readonly entry: (userId: UserId) => RosterEntry | undefined;
  /** The server's answer. */
  readonly onEntry: (entry: RosterEntry) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Has the server keep this account's addresses from those towards whom the policy is relay-only
 * (SPEC R8). Any device hides them; only the one where the next policy was chosen shows them again,
 * for another may not have heard of a newer one yet.
 */
export class AddressHiding {
  readonly #options: AddressHidingOptions;
  /** What was asked for in this session; a server that does not know of it is not asked again. */
  readonly #asked = new Map<UserId, boolean>();
  #running = false;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: AddressHidingOptions) {
    this.#options = options;
  }

  /** A session began: the server may be another, or have lost what it was told. */
  sessionBegan(): void {
    this.#asked.clear();
    this.look();
  }

  /** The roster changed, or a policy did. */
  look(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    void this.#askAll();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  async #askAll(): Promise<void> {
    const { connection, clock } = this.#options;
    let failed = false;
    for (let next = this.#next(); next !== undefined && !failed; next = this.#next()) {
      if (this.#closed || connection.state.state !== "online") break;
      failed = !(await this.#ask(next.userId, next.hide));
    }
    this.#running = false;
    if (!failed || this.#closed) return;
    this.#retry = clock.setTimer(() => this.look(), ROUTE_RETRY_MAX_MS);
  }

  /** Somebody whose entry at the server is not as it should be. */
  #next(): { readonly userId: UserId; readonly hide: boolean } | undefined {
    const { book, entry } = this.#options;
    for (const userId of book.people()) {
      const own = book.own(userId);
      const row = entry(userId);
      if (own === undefined || row === undefined) continue;
      const hide = own.policy === "relay-only";
      if (hide === (row.hideAddresses ?? false)) this.#asked.delete(userId);
      else if ((hide || own.here) && this.#asked.get(userId) !== hide) return { userId, hide };
    }
    return undefined;
  }

  async #ask(userId: UserId, hide: boolean): Promise<boolean> {
    const { connection, log, onEntry } = this.#options;
    this.#asked.set(userId, hide);
    try {
      onEntry(await connection.request("roster.update", { userId, hideAddresses: hide }));
      return true;
    } catch (error) {
      log.info("addresses could not be hidden, or shown", { error });
      this.#asked.delete(userId);
      return false;
    }
  }
}
