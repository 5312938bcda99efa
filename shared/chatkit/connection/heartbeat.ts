import { limits } from "../../protocol/index.ts";
import { LATE_TIMER_MS } from "../limits.ts";
import type { Clock, Timer } from "../ports.ts";
import type { RpcSocket } from "./rpc-socket.ts";

/** Nothing at all came back for this long after a ping: the socket is dead, whatever TCP thinks. */
export const PING_TIMEOUT_MS = 8_000;

/**
 * The same where something else speaks for it: a silent link, a request without an answer, other
 * addresses. Two retransmissions of TCP (RFC 6298 §2.4, §5.5) and what is on its way out besides.
 */
export const SUSPECT_TIMEOUT_MS = 3_000;

/** A ping that is under way. Times are monotonic ms. */
interface Probe {
  readonly received: number;
  buffered: number;
  deadAt: number;
  /** The judgement came late once and was put off. */
  excused: boolean;
}

/** Pings an idle connection and notices one that is open on one side only. */
export class Heartbeat {
  readonly #rpc: RpcSocket;
  readonly #clock: Clock;
  readonly #onDead: () => void;
  #timer: Timer;
  #probe: Probe | undefined;

  constructor(rpc: RpcSocket, clock: Clock, onDead: () => void) {
    this.#rpc = rpc;
    this.#clock = clock;
    this.#onDead = onDead;
    this.#timer = clock.setTimer(() => this.#check(), limits.HEARTBEAT_MS);
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** Asks for a proof of life now: after a request that timed out, after sleep. */
  probe(): void {
    if (this.#unanswered() === undefined) this.#ping(PING_TIMEOUT_MS);
  }

  /** As `probe`, and waits less long, for there are other signs already that it is dead. */
  suspect(): void {
    const ms = Math.min(SUSPECT_TIMEOUT_MS + this.#rpc.backlogMs, PING_TIMEOUT_MS);
    const probe = this.#unanswered();
    if (probe === undefined) return this.#ping(ms);
    const deadAt = this.#clock.monotonic() + ms;
    if (deadAt < probe.deadAt) this.#judgeAt(probe, deadAt);
  }

  /** What came before there was a reason to ask again proves nothing of now. */
  #unanswered(): Probe | undefined {
    const probe = this.#probe;
    return probe !== undefined && this.#rpc.received === probe.received ? probe : undefined;
  }

  #check(): void {
    const idle = this.#clock.monotonic() - this.#rpc.idleSince;
    if (idle < limits.HEARTBEAT_MS) this.#wait(limits.HEARTBEAT_MS - idle);
    else this.#ping(PING_TIMEOUT_MS);
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimer(() => this.#check(), ms);
  }

  #ping(withinMs: number): void {
    const { received, bufferedAmount } = this.#rpc;
    const probe = { received, buffered: bufferedAmount, deadAt: 0, excused: false };
    this.#probe = probe;
    this.#judgeAt(probe, this.#clock.monotonic() + withinMs);
    // Any frame proves life; the answer itself, or its refusal, says nothing more.
    this.#rpc.call("session.ping", {}, { resolve: () => {}, reject: () => {} });
  }

  #judgeAt(probe: Probe, deadAt: number): void {
    this.#timer.cancel();
    probe.deadAt = deadAt;
    this.#timer = this.#clock.setTimer(() => this.#judge(probe), deadAt - this.#clock.monotonic());
  }

  #judge(probe: Probe): void {
    const now = this.#clock.monotonic();
    if (this.#rpc.received > probe.received) {
      this.#probe = undefined;
      return this.#check();
    }
    const { bufferedAmount } = this.#rpc;
    // The ping waits behind what was sent before it, and that leaves.
    if (bufferedAmount < probe.buffered) {
      probe.buffered = bufferedAmount;
      return this.#judgeAt(probe, now + SUSPECT_TIMEOUT_MS);
    }
    // This machine slept or was busy: what came back meanwhile is yet to be read.
    if (now - probe.deadAt > LATE_TIMER_MS && !probe.excused) {
      probe.excused = true;
      return this.#judgeAt(probe, now + LATE_TIMER_MS);
    }
    this.#probe = undefined;
    this.#onDead();
  }
}
