import type { IceServers } from "../../protocol/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { ICE_RETRY_MIN_MS } from "../limits.ts";
import type { IceServer, Ports, Timer } from "../ports.ts";

export interface IceServerBookOptions {
  readonly connection: ServerConnection;
  readonly ports: Pick<Ports, "clock" | "log">;
  /** Name or address by which the server is reached, IPv6 in brackets: it answers STUN there. */
  readonly host: string;
}

/**
 * The STUN and TURN servers that the server offers: told with each session, renewed at half their
 * life. None other is ever used; without any, links open where both devices see each other.
 */
export class IceServerBook implements Disposable {
  readonly #options: IceServerBookOptions;
  readonly #unsubscribe: () => void;
  #known: IceServers | undefined;
  /** By the monotonic clock. */
  #expiresAt = 0;
  #renewal: Timer | undefined;
  /** Counts sessions: an answer that comes after the next one began is old. */
  #session = 0;

  constructor(options: IceServerBookOptions) {
    this.#options = options;
    this.#unsubscribe = options.connection.onSession(({ ice }) => this.#began(ice));
  }

  /** For an attempt that begins now. */
  get servers(): readonly IceServer[] {
    if (this.#known === undefined) return [];
    const { stunPort, turn } = this.#known;
    const servers: IceServer[] = [];
    if (stunPort !== undefined) {
      servers.push({ urls: [`stun:${this.#options.host}:${stunPort}`] });
    }
    // Expired credentials would only cost TURN's refusal.
    if (turn !== undefined && this.#leftMs > 0) {
      const { uris, username, credential } = turn;
      servers.push({ urls: uris, username, credential });
    }
    return servers;
  }

  close(): void {
    this.#unsubscribe();
    this.#session += 1;
    this.#renewal?.cancel();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #leftMs(): number {
    return this.#expiresAt - this.#options.ports.clock.monotonic();
  }

  /** A server that offers nothing is older, and has nothing to renew either. */
  #began(ice: IceServers | undefined): void {
    this.#session += 1;
    this.#renewal?.cancel();
    this.#known = ice;
    if (ice !== undefined) this.#take(ice);
  }

  #take(ice: IceServers): void {
    this.#known = ice;
    this.#expiresAt = this.#options.ports.clock.monotonic() + ice.ttlMs;
    this.#renewIn(ice.ttlMs / 2);
  }

  #renewIn(ms: number): void {
    const session = this.#session;
    this.#renewal = this.#options.ports.clock.setTimer(() => void this.#renew(session), ms);
  }

  async #renew(session: number): Promise<void> {
    const { connection, ports } = this.#options;
    try {
      const ice = await connection.request("ice.servers", {});
      if (session === this.#session) this.#take(ice);
    } catch (error) {
      ports.log.debug("STUN and TURN servers were not renewed", { error });
      // Without a connection the next session brings them.
      if (session !== this.#session || connection.state.state !== "online") return;
      this.#renewIn(Math.max(ICE_RETRY_MIN_MS, this.#leftMs / 2));
    }
  }
}
