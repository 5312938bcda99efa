import { randomBytes } from "node:crypto";
import { Bonjour } from "bonjour-service";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { ownAddresses, type OwnAddresses } from "./ipv4-interfaces.ts";
import { MDNS_PORT, MulticastSocket, overSocket } from "./multicast-socket.ts";
import type { ServiceAdvertisement } from "./service-advertisement.ts";

/** How soon an interface that comes or goes is noticed. */
export const LOOK_MS = 5000;
/** The goodbye is a courtesy: without it the server is forgotten when its records expire. */
const GOODBYE_MS = 500;

export interface AdvertiserOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The machine's own where absent. */
  readonly addresses?: () => OwnAddresses;
  readonly port?: number;
}

/**
 * Announces a service by DNS-SD (RFC 6763) over multicast DNS (RFC 6762) on every IPv4 interface,
 * with a socket for each: one sends on one interface only. Where that cannot be, it is logged once
 * and tried again; nothing else depends on it.
 */
export class Advertiser implements AsyncDisposable {
  readonly #advertisement: ServiceAdvertisement;
  readonly #options: AdvertiserOptions;
  /** The machine's name would meet that of its own multicast DNS program. */
  readonly #host = `beeline-${randomBytes(4).toString("hex")}.local`;
  readonly #open = new Map<string, Bonjour>();
  readonly #timer: Disposable;
  #fingerprint = "";
  #looking: Promise<void> | undefined;
  #failed = false;
  #closed: Promise<void> | undefined;

  private constructor(advertisement: ServiceAdvertisement, options: AdvertiserOptions) {
    this.#advertisement = advertisement;
    this.#options = options;
    this.#timer = options.clock.every(LOOK_MS, () => this.#look());
  }

  /** Resolves when it is announced wherever that was possible at once. Never rejects. */
  static async start(
    advertisement: ServiceAdvertisement,
    options: AdvertiserOptions,
  ): Promise<Advertiser> {
    const advertiser = new Advertiser(advertisement, options);
    await advertiser.look();
    return advertiser;
  }

  /** The addresses of the interfaces it is announced on. */
  get on(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Looks for interfaces that have come or gone; also done every `LOOK_MS`. */
  async look(): Promise<void> {
    this.#look();
    await this.#looking;
  }

  /** Says goodbye, and resolves when all sockets are closed; soon in any case. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  #look(): void {
    if (this.#closed !== undefined) return;
    this.#looking ??= this.#follow().finally(() => {
      this.#looking = undefined;
    });
  }

  async #follow(): Promise<void> {
    const { addresses = ownAddresses } = this.#options;
    const { ipv4, fingerprint } = addresses();
    if (fingerprint !== this.#fingerprint) {
      // What is announced names all addresses. Nobody is told goodbye: it is there still.
      this.#fingerprint = fingerprint;
      await Promise.all([...this.#open.keys()].map((address) => this.#destroy(address)));
    }
    for (const address of ipv4) {
      if (this.#open.has(address)) continue;
      try {
        this.#open.set(address, await this.#publish(address));
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  async #publish(address: string): Promise<Bonjour> {
    const { clock, port = MDNS_PORT } = this.#options;
    const onError = (error: unknown): void => this.#onError(error);
    const socket = await MulticastSocket.open(address, { clock, port, onError });
    const bonjour = new Bonjour({ ...overSocket(socket), port }, onError);
    const { type, instance, port: servicePort, txt } = this.#advertisement;
    bonjour.publish({
      type,
      name: instance,
      port: servicePort,
      host: this.#host,
      txt: { ...txt },
      // The name is one of its own, and other sockets of this very process would object.
      probe: false,
    });
    return bonjour;
  }

  /** Once: most likely the same happens again every few seconds. */
  #onError(error: unknown): void {
    const { log } = this.#options;
    if (this.#failed) return;
    this.#failed = true;
    log.warn({ err: error }, "the server is not announced everywhere on the local network");
  }

  async #close(): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#looking;
    // From here on the network may be gone, which is no news.
    this.#failed = true;
    await Promise.all(
      Array.from(this.#open, async ([address, bonjour]) => {
        await goodbye(bonjour);
        await this.#destroy(address);
      }),
    );
  }

  async #destroy(address: string): Promise<void> {
    const bonjour = this.#open.get(address);
    this.#open.delete(address);
    await new Promise<void>((resolve) => {
      if (bonjour === undefined) resolve();
      else bonjour.destroy(() => resolve());
    });
  }
}

async function goodbye(bonjour: Bonjour): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GOODBYE_MS);
  bonjour.unpublishAll(() => resolve());
  await promise;
  clearTimeout(timer);
}
