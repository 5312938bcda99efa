import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import type { RawData, WebSocket } from "ws";
import { closeCodes, limits, type CloseCode } from "../shared/protocol/index.ts";
import type { AuditLog } from "./audit/audit-log.ts";
import { Auditor } from "./audit/auditor.ts";
import { StoredAuditLog } from "./audit/stored-audit-log.ts";
import type { Bus } from "./bus/bus.ts";
import { createInProcessBus } from "./bus/in-process-bus.ts";
import { systemClock, type Clock } from "./clock.ts";
import { clientAddress } from "./connection/client-address.ts";
import { Connection, type ConnectionHost } from "./connection/connection.ts";
import { AddressCount } from "./connection/address-count.ts";
import { Dispatcher } from "./connection/dispatcher.ts";
import { Flusher } from "./connection/flusher.ts";
import { sweep, SWEEP_MS } from "./connection/keeper.ts";
import { PeerSocket } from "./connection/peer-socket.ts";
import { Strangers } from "./connection/strangers.ts";
import { TokenBucket, type Rate } from "./connection/token-bucket.ts";
import { createUpgrader, type Room } from "./connection/upgrade.ts";
import { createServices } from "./create-services.ts";
import { memberHandlers, openHandlers, type Services } from "./handlers.ts";
import { IceOffer } from "./ice/ice-offer.ts";
import type { Metrics } from "./metrics.ts";
import type { RendezvousConfig } from "./rendezvous-config.ts";
import { AccountAllowances } from "./services/allowances.ts";
import { Background } from "./services/background.ts";
import type { Store } from "./store/store.ts";

/** How often old envelopes are removed. */
const PURGE_MS = 10 * 60 * 1000;
/** Longest wait for running requests, and then for clients to answer the close frame. */
const DRAIN_REQUESTS_MS = 5000;
const DRAIN_CLOSES_MS = 1500;

export interface RendezvousOptions {
  readonly store: Store;
  /** In this process where absent. */
  readonly bus?: Bus;
  readonly config: RendezvousConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
  /** What members may use for ICE; nothing where absent. */
  readonly ice?: IceOffer;
}

export interface Rendezvous extends AsyncDisposable {
  /** In the store; for what happens around the core. */
  readonly audit: AuditLog;
  /** Takes WebSocket upgrades of this HTTP server. The server stays the caller's. */
  attach(server: HttpServer | HttpsServer): void;
  /**
   * Ends every connection whose session the store no longer has: another process may have disabled
   * the account or changed its password.
   */
  recheckSessions(): void;
  /**
   * Finishes what runs, then closes every connection with `goingAway`; resolves when what had to be
   * written is written. Ends within some seconds, whatever clients do.
   */
  drain(): Promise<void>;
}

/** The core of the rendezvous server. The store stays the caller's, too. */
export function createRendezvous(options: RendezvousOptions): Rendezvous {
  return new RendezvousServer(options);
}

class RendezvousServer implements Rendezvous, ConnectionHost {
  readonly flusher = new Flusher();
  now: number;

  readonly #options: RendezvousOptions;
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #background: Background;
  readonly #services: Services;
  readonly #audit: StoredAuditLog;
  readonly #auditor: Auditor;
  readonly #dispatcher: Dispatcher;
  readonly #rate: Rate;
  readonly #connections = new Set<Connection>();
  readonly #addresses: AddressCount;
  readonly #strangers = new Strangers();
  readonly #timers = new DisposableStack();
  readonly #attached = new DisposableStack();
  readonly #upgrade: ReturnType<typeof createUpgrader>;
  #drained: Promise<void> | undefined;

  constructor(options: RendezvousOptions) {
    const { config, log, metrics, clock = systemClock, bus = createInProcessBus() } = options;
    const { ice = new IceOffer() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#bus = bus;
    this.now = Math.floor(clock.monotonic());
    this.#background = new Background(log);
    this.#services = createServices({
      ...options,
      clock,
      bus,
      ice,
      background: this.#background,
    });
    const auditing = { clock, background: this.#background };
    this.#audit = new StoredAuditLog({ ...auditing, store: options.store.audit });
    const { accounts } = options.store;
    const auditor = new Auditor({ ...auditing, log: this.#audit, accounts });
    this.#auditor = auditor;
    this.#rate = { perSecond: config.requestsPerSecond, burst: config.requestBurst };
    this.#addresses = new AddressCount(config.connectionsPerAddress);
    const allowances = new AccountAllowances(clock, config.allowances);
    this.#dispatcher = new Dispatcher({
      open: auditor.open(openHandlers(this.#services, config, clock)),
      member: auditor.member(memberHandlers(this.#services, ice, clock)),
      refused: (...refusal) => auditor.refused(...refusal),
      spend: ({ userId }, method, params) => allowances.spend(userId, method, params),
      rate: this.#rate,
      clock,
      log,
      metrics,
    });
    this.#upgrade = createUpgrader({
      allowedOrigins: config.allowedOrigins,
      room: (request) => this.#room(request),
      accepted: (ws, socket, request, supported) => this.#accept(ws, socket, request, supported),
    });
    this.#timers.use(this.#audit);
    this.#timers.use(clock.every(SWEEP_MS, () => this.#sweep()));
    this.#timers.use(clock.every(PURGE_MS, () => this.#purge()));
  }

  get audit(): AuditLog {
    return this.#audit;
  }

  attach(server: HttpServer | HttpsServer): void {
    const upgrade = this.#upgrade;
    server.on("upgrade", upgrade);
    this.#attached.defer(() => server.off("upgrade", upgrade));
  }

  /** A connection has ended, by whichever side. */
  left(connection: Connection, code: CloseCode | undefined): void {
    const { metrics } = this.#options;
    if (code !== undefined) metrics.closed(code);
    this.#auditor.left(connection);
    this.#services.relay.left(connection, code);
    if (connection.member !== undefined) {
      this.#services.presence.left(connection.member);
      metrics.devicesOnline(this.#bus.devicesOnline);
    }
  }

  recheckSessions(): void {
    const { sessions } = this.#services;
    for (const { member } of this.#connections) {
      if (member?.ready === true) {
        this.#background.run("a session was not checked", sessions.recheck(member));
      }
    }
  }

  async drain(): Promise<void> {
    this.#drained ??= this.#drain();
    await this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
    this.#timers.dispose();
    this.#attached.dispose();
    this.#bus[Symbol.dispose]();
  }

  async #drain(): Promise<void> {
    await within(DRAIN_REQUESTS_MS, this.#dispatcher.drain());
    this.#services.presence.silence();
    const closed = [...this.#connections].map(
      (connection) => new Promise((resolve) => connection.socket.once("close", resolve)),
    );
    for (const connection of this.#connections) connection.end(closeCodes.goingAway);
    await within(DRAIN_CLOSES_MS, Promise.all(closed));
    for (const connection of this.#connections) connection.ws.terminate();
    await this.#background.settled();
  }

  #room(request: IncomingMessage): Room {
    const { config } = this.#options;
    if (this.#drained !== undefined || this.#connections.size >= config.maxConnections) {
      return "server-full";
    }
    const { address } = clientAddress(request, config.trustProxy);
    if (this.#addresses.hasRoom(address)) return "free";
    this.#auditor.crowded(address);
    return "address-full";
  }

  #accept(ws: PeerSocket, socket: Socket, request: IncomingMessage, supported: boolean): void {
    const { config, metrics } = this.#options;
    const connection = new Connection({
      ws,
      socket,
      address: clientAddress(request, config.trustProxy),
      bucket: new TokenBucket(this.#rate, this.#clock.monotonic()),
      host: this,
    });
    ws.connection = connection;
    this.#connections.add(connection);
    this.#addresses.opened(connection.address.address);
    this.#strangers.watch(connection);
    metrics.connections(this.#connections.size);
    ws.on("message", this.#onMessage);
    ws.on("close", this.#onClose);
    ws.on("error", onError);
    ws.on("ping", onAlive);
    ws.on("pong", onAlive);
    if (!supported) connection.end(closeCodes.unsupportedVersion);
  }

  // Shared by all sockets; `ws` calls them with the socket as `this`.
  readonly #onMessage = messageListener((connection, data, isBinary) => {
    if (!connection.open) return;
    connection.heard();
    const isStranger = connection.member === undefined;
    if (isStranger && data.length > limits.MAX_STRANGER_FRAME_BYTES) {
      connection.end(closeCodes.messageTooBig);
    } else if (!isBinary) this.#dispatcher.receive(connection, data.toString());
    else if (data.length > limits.MAX_BINARY_FRAME_BYTES) connection.end(closeCodes.messageTooBig);
    else this.#services.relay.forward(connection, data);
  });

  readonly #onClose = closeListener((connection) => {
    connection.closed();
    this.#connections.delete(connection);
    this.#addresses.closed(connection.address.address);
    this.#options.metrics.connections(this.#connections.size);
  });

  #sweep(): void {
    const before = this.now;
    this.now = Math.floor(this.#clock.monotonic());
    const { relay } = this.#services;
    relay.earn(this.now - before);
    for (const connection of this.#connections) {
      sweep(connection, this.now);
      connection.relay?.sweep(this.now);
      relay.resume(connection);
    }
    relay.report();
    this.#options.metrics.devicesOnline(this.#bus.devicesOnline);
  }

  #purge(): void {
    const { conversations, mailbox, groups } = this.#services;
    const { store } = this.#options;
    const work = Promise.all([
      mailbox.purge(),
      groups.purge(),
      conversations.purge(),
      store.invites.removeExpired(this.#clock.now()),
      this.#audit.trim(),
    ]);
    this.#background.run("what is old was not removed", work);
  }
}

function messageListener(
  receive: (connection: Connection, data: Buffer, isBinary: boolean) => void,
): (this: WebSocket, data: RawData, isBinary: boolean) => void {
  return function onMessage(data, isBinary) {
    const connection = connectionOf(this);
    // `ws` gives Buffers unless told otherwise.
    if (connection !== undefined && Buffer.isBuffer(data)) receive(connection, data, isBinary);
  };
}

function closeListener(closed: (connection: Connection) => void): (this: WebSocket) => void {
  return function onClose() {
    const connection = connectionOf(this);
    if (connection !== undefined) closed(connection);
  };
}

function connectionOf(ws: WebSocket): Connection | undefined {
  return ws instanceof PeerSocket ? ws.connection : undefined;
}

/** Always followed by "close", which does what there is to do. */
function onError(): void {}

function onAlive(this: WebSocket): void {
  connectionOf(this)?.heard();
}

/** Waits for the work, but not for longer. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
