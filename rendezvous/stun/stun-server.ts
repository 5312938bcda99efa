import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { OperatorError } from "../config/operator-error.ts";
import { plainAddress } from "../connection/client-address.ts";
import { RateLimiter } from "../connection/rate-limiter.ts";
import type { Rate } from "../connection/token-bucket.ts";
import type { Metrics } from "../metrics.ts";
import { networkOf } from "../sign-in/sign-in-throttle.ts";
import { answerBinding } from "./binding.ts";

/**
 * Answers for one source address (for IPv6, one /64). A thousand people behind one address who all
 * come back at once ask some 6 links × 4 requests each within a minute, and who gets no answer asks again;
 * in a victim's name it makes 46 kB/s at most, about what was spent to cause it. The table of sources
 * is `RateLimiter`'s.
 */
const STUN_RATE: Rate = { burst: 5_000, perSecond: 500 };

/** Answers that the system has not taken yet; more are dropped, as the network itself would. */
const MAX_UNSENT = 1_000;

export interface StunServerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "stun">;
  readonly rate?: Rate;
}

/**
 * STUN Binding over UDP (RFC 8489 §7.1), without credentials: tells a client its address as seen from
 * here. Keeps nothing of a datagram but the count of its source. On the wildcard the system chooses
 * the address that it answers from (Node cannot say which), by its routes; clients drop an answer from
 * another one than they asked, so a machine with several in one network listens on the one it names.
 */
export class StunServer implements AsyncDisposable {
  readonly port: number;
  readonly #socket: Socket;
  readonly #options: StunServerOptions;
  readonly #limiter: RateLimiter;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, options: StunServerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#limiter = new RateLimiter(options.clock, options.rate ?? STUN_RATE);
    this.port = socket.address().port;
    socket.on("message", (datagram, source) => this.#receive(datagram, source));
    socket.on("error", (error) => options.log.error({ err: error }, "STUN"));
  }

  /**
   * The wildcard `::` hears IPv4 too; without IPv6 on the machine it becomes `0.0.0.0`.
   * @throws OperatorError port in use, not permitted, no such address
   */
  static async listen(host: string, port: number, options: StunServerOptions): Promise<StunServer> {
    try {
      return new StunServer(await bound(host, port), options);
    } catch (error) {
      const code = codeOf(error);
      if (host === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL")) {
        return StunServer.listen("0.0.0.0", port, options);
      }
      throw new OperatorError(
        `STUN cannot listen on ${host}, UDP port ${port} (${code}). ` +
          "Choose another with --stun-port, or do without by --stun-port off.",
        { cause: error },
      );
    }
  }

  /** Resolves when the port is free. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    await this.#closed;
  }

  #receive(datagram: Uint8Array, source: RemoteInfo): void {
    const { metrics } = this.#options;
    const address = plainAddress(source.address);
    const answer =
      address === undefined ? undefined : answerBinding(datagram, { address, port: source.port });
    if (address === undefined || answer === undefined) return metrics.stun("ignored");
    const isShareUsed = this.#limiter.tryTake(networkOf(address)) > 0;
    if (isShareUsed || this.#socket.getSendQueueCount() >= MAX_UNSENT) {
      return metrics.stun("limited");
    }
    metrics.stun(answer.outcome);
    this.#socket.send(answer.datagram, source.port, source.address, (error) => {
      // There may be no way back; the client asks again if it still wants to know.
      if (error !== null) this.#options.log.debug({ err: error }, "a STUN answer was not sent");
    });
  }
}

async function bound(host: string, port: number): Promise<Socket> {
  const { family } = await lookup(host);
  const socket = createSocket(family === 4 ? "udp4" : "udp6");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.off("error", reject);
        resolve();
      });
    });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
