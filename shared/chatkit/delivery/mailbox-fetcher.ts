import type { DeviceId, MailboxItem } from "../../protocol/index.ts";
import { decodeBase64 } from "../../crypto/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { MAILBOX_RETRY_MIN_MS } from "../limits.ts";
import type { Clock, Log, Timer } from "../ports.ts";
import type { Arrival, Fate } from "./arrival.ts";

interface FetcherOptions {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly log: Log;
  readonly receive: (arrival: Arrival) => void;
  /** Is that device in the roster, or was it? */
  readonly knows: (device: DeviceId) => boolean;
}

/** Senders remembered whose envelopes were passed over; of more, the next session thinks. */
const MAX_STRANGERS = 256;

/** Empties this device's mailbox, page by page; a page is deleted there once it is durable here. */
export class MailboxFetcher {
  readonly #options: FetcherOptions;
  #after = 0;
  /** How often somebody asked to begin afresh. */
  #rounds = 0;
  #wanted = false;
  #running = false;
  #closed = false;
  #retry: Timer | undefined;
  /** Whose envelopes were passed over, for they were not known. */
  readonly #strangers = new Set<DeviceId>();

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /**
   * Something is there.
   * @param afresh from the first envelope on, also those that were passed over: of senders not known
   * then, or of conversations that had to catch up
   */
  fetch(afresh: boolean): void {
    if (this.#closed) return;
    if (afresh) {
      this.#after = 0;
      this.#rounds++;
      this.#strangers.clear();
    }
    this.#wanted = true;
    this.#retry?.cancel();
    if (!this.#running) void this.#run();
  }

  /** The roster changed: what was passed over may be readable now. */
  directoryChanged(): void {
    const known = [...this.#strangers].filter((device) => this.#options.knows(device));
    if (known.length > 0) this.fetch(true);
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#wanted && !this.#closed) {
        this.#wanted = false;
        while (await this.#page());
      }
    } catch (error) {
      // The connection failed or the server refused: what is there stays there.
      this.#options.log.debug("mailbox not fetched", { error: String(error) });
      this.#tryLater();
    } finally {
      this.#running = false;
    }
  }

  /** True where there is more. */
  async #page(): Promise<boolean> {
    if (this.#closed) return false;
    const { connection } = this.#options;
    const after = this.#after;
    const round = this.#rounds;
    const { items, more } = await connection.request("mailbox.fetch", { after });
    const fates = await Promise.all(items.map((item) => this.#receive(item)));
    for (const [at, { from }] of items.entries()) {
      if (fates[at] !== "unknown-sender" || this.#strangers.size >= MAX_STRANGERS) continue;
      this.#strangers.add(from.deviceId);
    }
    const positions = items.filter((_, at) => fates[at] === "done").map(({ position }) => position);
    if (positions.length > 0) await connection.request("mailbox.acknowledge", { positions });
    if (fates.includes("failed")) {
      this.#tryLater();
      return false;
    }
    // Unless somebody asked to begin afresh meanwhile.
    const last = items.at(-1);
    if (this.#rounds !== round) return true;
    // A page that does not lead on is the last, whatever the server says.
    if (last === undefined || last.position <= after) return false;
    this.#after = last.position;
    return more;
  }

  #receive(item: MailboxItem): Promise<Fate> {
    return new Promise((settle) => {
      this.#options.receive({
        bytes: decodeBase64(item.envelope),
        from: item.from,
        link: undefined,
        settle,
      });
    });
  }

  #tryLater(): void {
    // A new connection fetches by itself.
    if (this.#closed || this.#options.connection.state.state !== "online") return;
    this.#retry?.cancel();
    this.#retry = this.#options.clock.setTimer(() => this.fetch(true), MAILBOX_RETRY_MIN_MS);
  }
}
