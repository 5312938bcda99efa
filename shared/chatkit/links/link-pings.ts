import {
  decodeLinkControl,
  encodeLinkControl,
  PING_TOKEN_BYTES,
  ProtocolError,
  type LinkControl,
} from "../../protocol/index.ts";
import { LINK_PING_TIMEOUT_MS, PONG_EVERY_MS, PONGS_AT_ONCE } from "../limits.ts";
import { LinkError, type Link } from "../link.ts";
import type { Ports, Timer } from "../ports.ts";
import { TokenBucket } from "./token-bucket.ts";

interface Ping {
  readonly token: string;
  readonly sentAt: number;
  readonly answer: Promise<number>;
  readonly resolve: (ms: number) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

export interface LinkPingsOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log">;
  /** A round trip was measured, ms. */
  readonly onPong: (link: Link, roundTripMs: number) => void;
  readonly onSealed: (link: Link, sealed: Uint8Array) => void;
}

/** Control frames (SPEC L1 to L3): answers pings, times one's own, hands on what is sealed. */
export class LinkPings {
  readonly #options: LinkPingsOptions;
  /** At most one for each open link. */
  readonly #pings = new Map<Link, Ping>();
  readonly #answers = new WeakMap<Link, TokenBucket>();

  constructor(options: LinkPingsOptions) {
    this.#options = options;
  }

  /** @throws LinkError closed, silent */
  ping(link: Link): Promise<number> {
    const underWay = this.#pings.get(link);
    if (underWay !== undefined) return underWay.answer;
    const { clock, random } = this.#options.ports;
    const token = random.bytes(PING_TOKEN_BYTES);
    try {
      link.send(encodeLinkControl({ type: "ping", token }));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    const { promise: answer, resolve, reject } = Promise.withResolvers<number>();
    const timer = clock.setTimer(() => {
      this.#pings.delete(link);
      reject(new LinkError("silent", "nothing came back over the link in time"));
    }, LINK_PING_TIMEOUT_MS);
    const sentAt = clock.monotonic();
    this.#pings.set(link, { token: token.join(), sentAt, answer, resolve, reject, timer });
    return answer;
  }

  /** A frame that `isLinkControl`. */
  take(link: Link, frame: Uint8Array): void {
    let control: LinkControl | undefined;
    try {
      control = decodeLinkControl(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.ports.log.debug("a broken control frame", { error });
      return;
    }
    switch (control?.type) {
      case "ping":
        return this.#answer(link, control.token);
      case "pong":
        return this.#measure(link, control.token);
      case "sealed":
        return this.#options.onSealed(link, control.sealed);
      case undefined:
        // A later version's.
        return;
    }
  }

  /** The link has ended: nothing comes back over it any more. */
  forget(link: Link): void {
    const ping = this.#pings.get(link);
    if (ping === undefined) return;
    this.#pings.delete(link);
    ping.timer.cancel();
    ping.reject(new LinkError("closed", "the link was closed before the answer came"));
  }

  #answer(link: Link, token: Uint8Array): void {
    const { clock, log } = this.#options.ports;
    let bucket = this.#answers.get(link);
    if (bucket === undefined) {
      bucket = new TokenBucket(clock, { burst: PONGS_AT_ONCE, perMs: 1 / PONG_EVERY_MS });
      this.#answers.set(link, bucket);
    }
    if (!bucket.take(1)) return;
    try {
      link.send(encodeLinkControl({ type: "pong", token }));
    } catch (error) {
      // Closed, or full beyond its bound: whoever asked takes the silence for what it is.
      if (!(error instanceof LinkError)) throw error;
      log.debug("a ping was not answered", { error });
    }
  }

  #measure(link: Link, token: Uint8Array): void {
    const ping = this.#pings.get(link);
    if (ping?.token !== token.join()) return;
    this.#pings.delete(link);
    ping.timer.cancel();
    const roundTripMs = this.#options.ports.clock.monotonic() - ping.sentAt;
    this.#options.onPong(link, roundTripMs);
    ping.resolve(roundTripMs);
  }
}
