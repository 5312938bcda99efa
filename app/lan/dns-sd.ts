import { Bonjour, type Browser } from "bonjour-service";
import type { Clock, Log, Timer } from "../../shared/chatkit/ports.ts";
import { systemClock } from "../peer/system-clock.ts";
import { foundService, type FoundService } from "./found-service.ts";
import { lanInterfaces, type LanInterface } from "./interfaces.ts";
import { ASK_MS, FOUND_PER_ASK, LOOK_MS, MAX_ASK_MS, MAX_FOUND } from "./limits.ts";
import {
  MDNS_PORT,
  MulticastSocket,
  openMulticast,
  type OpenMulticast,
} from "./multicast-socket.ts";

/** What the rest of the machine gives; all but the log has a default. */
export interface LanOptions extends Omit<LanParts, "clock"> {
  readonly clock?: Clock;
}

export interface LanParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly interfaces?: () => readonly LanInterface[];
  readonly multicast?: OpenMulticast;
}

export function lanParts(options: LanOptions): LanParts {
  return { ...options, clock: options.clock ?? systemClock };
}

/** Something of one's own that is announced on each interface. */
export interface Announced {
  /** One DNS label, unlike any other's. */
  readonly instance: string;
  readonly txt: Readonly<Record<string, string>>;
  /** Listens on the interface; its port is announced. @throws what the system says */
  listen(on: LanInterface): Promise<{ readonly port: number; close(): void }>;
}

export interface DnsSdOptions extends LanParts {
  /** Without underscore and protocol, e.g. `beeline`; over TCP. */
  readonly type: string;
  readonly announced?: Announced;
  /** Again and again for each that is there. */
  readonly onFound: (service: FoundService) => void;
  /** It said goodbye. */
  readonly onGone: (service: FoundService) => void;
  /** Every few seconds, after the interfaces were looked at. */
  readonly onLook: () => void;
}

interface Joined {
  readonly bonjour: Bonjour;
  readonly close: () => void;
  browser: Browser;
}

/**
 * DNS-SD (RFC 6763) over multicast DNS (RFC 6762) on every IPv4 interface, as interfaces come and go.
 * Where that cannot be, it is logged and tried again; nothing throws.
 */
export class DnsSd {
  readonly #options: DnsSdOptions;
  readonly #joined = new Map<string, Joined>();
  /** Interfaces on which it failed: logged once each. */
  readonly #failed = new Set<string>();
  #look: Timer | undefined;
  #ask: Timer | undefined;
  #askMs = ASK_MS;
  #answers = 0;
  #isClosed = false;

  constructor(options: DnsSdOptions) {
    this.#options = options;
    this.#lookAgain();
    this.#askLater();
  }

  /** Interfaces that it is on. */
  get size(): number {
    return this.#joined.size;
  }

  /** How long until all that are there have been heard of once, about. */
  get askMs(): number {
    return this.#askMs;
  }

  /** Says goodbye and ends. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#look?.cancel();
    this.#ask?.cancel();
    for (const { close } of this.#joined.values()) close();
    this.#joined.clear();
  }

  #lookAgain(): void {
    void this.#follow().finally(() => {
      if (this.#isClosed) return;
      this.#options.onLook();
      this.#look = this.#options.clock.setTimer(() => this.#lookAgain(), LOOK_MS);
    });
  }

  async #follow(): Promise<void> {
    const { interfaces = lanInterfaces, log } = this.#options;
    const present = new Map(interfaces().map((one) => [`${one.name} ${one.cidr}`, one]));
    for (const [key, { close }] of this.#joined) {
      if (present.has(key)) continue;
      this.#joined.delete(key);
      close();
    }
    for (const [key, one] of present) {
      if (this.#joined.has(key)) continue;
      try {
        const joined = await this.#join(one);
        this.#failed.delete(key);
        if (this.#isClosed) joined.close();
        else this.#joined.set(key, joined);
      } catch (error) {
        const isNews = !this.#failed.has(key);
        this.#failed.add(key);
        if (isNews) log.warn("no DNS-SD on an interface", { interface: one.name, error });
      }
    }
    for (const key of this.#failed) if (!present.has(key)) this.#failed.delete(key);
  }

  async #join(on: LanInterface): Promise<Joined> {
    const { announced, clock, log, multicast = openMulticast, type } = this.#options;
    const listener = await announced?.listen(on);
    let socket: MulticastSocket;
    try {
      socket = await MulticastSocket.open(on, { clock, log, open: multicast });
    } catch (error) {
      listener?.close();
      throw error;
    }
    // What `multicast-dns` needs to know of a socket that is bound already.
    const over = { socket, bind: false, port: MDNS_PORT };
    const bonjour = new Bonjour(over, (error: unknown) => log.debug("not answered", { error }));
    if (announced !== undefined && listener !== undefined) {
      const { instance, txt } = announced;
      // The machine's name stays out of it. It needs no probing: the instance's name is random.
      const host = `${instance}.local`;
      const { port } = listener;
      bonjour.publish({ type, name: instance, port, host, txt, probe: false, disableIPv6: true });
    }
    return {
      bonjour,
      browser: this.#browse(bonjour),
      close: () => {
        listener?.close();
        bonjour.unpublishAll(() => bonjour.destroy());
      },
    };
  }

  /** It asks when it begins, and tells each service once: so another one begins at every ask. */
  #browse(bonjour: Bonjour): Browser {
    const { onFound, onGone, type } = this.#options;
    const browser = bonjour.find({ type });
    let count = 0;
    const found = (service: unknown): void => {
      count += 1;
      this.#answers += 1;
      // It remembers all that it has heard of.
      if (count >= MAX_FOUND) browser.stop();
      const read = foundService(service);
      if (read !== undefined && !this.#isClosed) onFound(read);
    };
    browser.on("up", found);
    browser.on("srv-update", found);
    browser.on("txt-update", found);
    browser.on("down", (service) => {
      const read = foundService(service);
      if (read !== undefined && !this.#isClosed) onGone(read);
    });
    return browser;
  }

  #askLater(): void {
    // Not all at once after a power cut.
    const delay = this.#askMs * (0.75 + Math.random() / 2);
    this.#ask = this.#options.clock.setTimer(() => {
      this.#askMs = Math.min(MAX_ASK_MS, ASK_MS * Math.max(1, this.#answers / FOUND_PER_ASK));
      this.#answers = 0;
      for (const joined of this.#joined.values()) {
        joined.browser.stop();
        joined.browser = this.#browse(joined.bonjour);
      }
      this.#askLater();
    }, delay);
  }
}
